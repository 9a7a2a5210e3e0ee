//! Orders: what was decided under an idempotency key, and what became of it.

use crate::{
    AccountNumber, AccountStatus, BatchNumber, CallerId, Fen, NetworkId, OrderId, ProductId, Refusal,
    SellerId, SerialNumber, StoreId, TerminalId, Timestamp,
};
use std::fmt;

pub use crate::replay::replay;

/// Names a transaction of a terminal (decision 19). An operator raises the generation when
/// the terminal is replaced or reset: its serials start again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PosKey {
    /// The seller.
    pub seller: SellerId,
    /// The terminal.
    pub terminal: TerminalId,
    /// The terminal's generation.
    pub generation: u32,
    /// The batch.
    pub batch: BatchNumber,
    /// The serial.
    pub serial: SerialNumber,
}

/// One POS key holds one thing of each of these: the samples give a cancellation the serial
/// of its original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// A payment.
    Pay,
    /// A cancellation.
    Cancel,
    /// An opening at the POS.
    Open,
    /// A balance query whose payment code was wrong; it occupies nothing, it is counted once.
    Query,
}

/// What a caller's own order number is for; the same number may be used once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Open a card.
    OpenCard,
    /// Card to cash account.
    TransferToCash,
    /// From outside to the cash account.
    TopUp,
    /// Send an SMS code.
    SendSmsCode,
    /// Set a payment code.
    SetPaymentCode,
    /// Reset a payment code.
    ResetPaymentCode,
    /// Operator: reverse a payment.
    OperatorReverse,
    /// Operator: unlock a payment code.
    UnlockPaymentCode,
    /// Operator: freeze an account.
    FreezeAccount,
    /// Operator: lift a freeze.
    UnfreezeAccount,
    /// Operator: raise a terminal's generation.
    RaiseTerminalGeneration,
    /// Operator: apply a provisioning document.
    ApplyProvisioning,
}

/// An idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrderKey {
    /// A terminal's.
    Pos(PosKey, Slot),
    /// A caller's own order number for an operation.
    Caller {
        /// Whose number it is.
        caller: CallerId,
        /// What for.
        operation: Operation,
        /// The number.
        number: String,
    },
}

/// A digest over the business values of a request; no payment code goes into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentDigest(pub [u8; 32]);

impl ContentDigest {
    /// Of an order that nobody asked for by its content: a closed key, a wrong code in a query.
    pub const NONE: Self = Self([0; 32]);
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderState {
    /// Done: paid, cancelled its original, opened, transferred…
    Done,
    /// Declined; nothing moved, and nothing ever will under this key.
    Declined(Refusal),
    /// A payment that was done, then reversed.
    Reversed(LifeStep),
    /// A payment that was done, then cancelled.
    Cancelled(LifeStep),
    /// Closed by a reversal that came first; nothing moved, and nothing ever will.
    Closed,
}

/// A later step in an order's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeStep {
    /// The step's own order number.
    pub id: OrderId,
    /// When.
    pub at: Timestamp,
    /// Who asked.
    pub caller: CallerId,
    /// What the account had available right after.
    pub available_after: Fen,
    /// Its status right after.
    pub status_after: AccountStatus,
}

/// What was bought, as the terminal wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purchase {
    /// Code or name of the product; empty where none was given.
    pub product_name: String,
    /// Price of one unit.
    pub unit_price: Option<Fen>,
    /// How many units, as text.
    pub quantity: String,
}

/// A payment as it was asked for and made.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentDetail {
    /// As asked for: a mobile or account number.
    pub consumer: String,
    /// Which account paid; `None` where declined before one was chosen.
    pub account: Option<AccountNumber>,
    /// How much.
    pub amount: Fen,
    /// The network of the terminal: who may cancel, reverse and see it.
    pub network: NetworkId,
    /// The store.
    pub store: StoreId,
    /// Who served the customer.
    pub clerk: String,
    /// What was bought.
    pub purchase: Purchase,
    /// The caller's own order number.
    pub caller_order: String,
    /// As given.
    pub remark: String,
    /// What the account had available right after.
    pub available_after: Fen,
    /// Its status right after.
    pub status_after: AccountStatus,
}

/// Leaves out whose number was asked for.
impl fmt::Debug for PaymentDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentDetail")
            .field("account", &self.account)
            .field("amount", &self.amount)
            .field("network", &self.network)
            .field("store", &self.store)
            .field("purchase", &self.purchase)
            .field("caller_order", &self.caller_order)
            .field("available_after", &self.available_after)
            .field("status_after", &self.status_after)
            .finish_non_exhaustive()
    }
}

/// A cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancellationDetail {
    /// The payment that it cancels; `None` where none was found.
    pub original: Option<OrderKey>,
    /// As asked for: a serial or an order number.
    pub reference: String,
    /// The network of the terminal.
    pub network: NetworkId,
}

/// An opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningDetail {
    /// The new card; `None` where declined.
    pub card: Option<AccountNumber>,
    /// The product.
    pub product: ProductId,
    /// The sales channel, a record.
    pub channel: String,
    /// The sales channel's order number, a record.
    pub channel_order: String,
    /// As given.
    pub remark: String,
}

/// A transfer or top-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferDetail {
    /// The card; `None` for a top-up.
    pub from: Option<AccountNumber>,
    /// The cash account; `None` where declined before it was known.
    pub to: Option<AccountNumber>,
    /// How much.
    pub amount: Fen,
    /// What the card had available right after.
    pub from_available_after: Fen,
    /// What the cash account had available right after.
    pub to_available_after: Fen,
    /// As given.
    pub remark: String,
}

/// What an order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderDetail {
    /// A payment.
    Payment(PaymentDetail),
    /// A cancellation.
    Cancellation(CancellationDetail),
    /// An opening.
    Opening(OpeningDetail),
    /// A transfer or top-up.
    Transfer(TransferDetail),
    /// A key that a reversal closed before anything arrived.
    Closure,
    /// A balance query whose payment code was wrong, or an act on the customer without money:
    /// freeze, unlock, payment code set.
    Act,
    /// A terminal's generation was raised, to this one.
    GenerationRaised(u32),
    /// A provisioning document was applied.
    Provisioned(ProvisionedDetail),
}

/// What came of a provisioning document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedDetail {
    /// What it changed, one line each.
    pub changes: Vec<String>,
    /// The catalogue's revision after it.
    pub revision: u64,
}

/// A decision under an idempotency key. It is what a retry is answered from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its key.
    pub key: OrderKey,
    /// The platform's order number.
    pub id: OrderId,
    /// What was asked; the same key with other content is an error.
    pub content: ContentDigest,
    /// Who asked.
    pub caller: CallerId,
    /// When it was decided.
    pub at: Timestamp,
    /// What became of it.
    pub state: OrderState,
    /// What it is about.
    pub detail: OrderDetail,
}

impl Order {
    /// A key that a reversal closed before anything arrived, as the reversal left it.
    pub const fn closure(key: OrderKey, id: OrderId, caller: CallerId, at: Timestamp) -> Self {
        Self {
            key,
            id,
            content: ContentDigest::NONE,
            caller,
            at,
            state: OrderState::Closed,
            detail: OrderDetail::Closure,
        }
    }

    /// The payment, where it is one.
    pub const fn payment(&self) -> Option<&PaymentDetail> {
        match &self.detail {
            OrderDetail::Payment(payment) => Some(payment),
            OrderDetail::Cancellation(_)
            | OrderDetail::Opening(_)
            | OrderDetail::Transfer(_)
            | OrderDetail::Closure
            | OrderDetail::Act
            | OrderDetail::GenerationRaised(_)
            | OrderDetail::Provisioned(_) => None,
        }
    }

    /// The key of the payment that it gives back, where it is a cancellation or an operator's reversal of one.
    pub const fn gives_back(&self) -> Option<&OrderKey> {
        match &self.detail {
            OrderDetail::Cancellation(cancellation) => cancellation.original.as_ref(),
            OrderDetail::Payment(_)
            | OrderDetail::Opening(_)
            | OrderDetail::Transfer(_)
            | OrderDetail::Closure
            | OrderDetail::Act
            | OrderDetail::GenerationRaised(_)
            | OrderDetail::Provisioned(_) => None,
        }
    }
}

impl PosKey {
    /// The key of one of its slots.
    pub fn slot(&self, slot: Slot) -> OrderKey {
        OrderKey::Pos(self.clone(), slot)
    }
}

/// Written `seller/terminal/generation/batch/serial`, for people; identifiers may hold a slash, so this
/// is no key.
impl fmt::Display for PosKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seller,
            terminal,
            generation,
            batch,
            serial,
        } = self;
        write!(f, "{seller}/{terminal}/{generation}/{batch}/{serial}")
    }
}
