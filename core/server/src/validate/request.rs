//! What the ledger is asked for: requests whose fields are well-formed.

use crate::ledger::PresentedCode;
use map_domain::order::Purchase;
use map_domain::{
    AccountNumber, BatchNumber, CustomerId, Fen, MobileNumber, PosKey, ProductId, SellerId, SerialNumber,
    StoreId, TerminalId,
};

/// A POS key as callers know it; the platform adds the terminal's generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalKey {
    /// The seller.
    pub seller: SellerId,
    /// The terminal.
    pub terminal: TerminalId,
    /// The terminal's batch.
    pub batch: BatchNumber,
    /// The serial within the batch.
    pub serial: SerialNumber,
}

impl TerminalKey {
    /// Whether it names this key, of whatever generation.
    pub fn names(&self, key: &PosKey) -> bool {
        self.seller == key.seller
            && self.terminal == key.terminal
            && self.batch == key.batch
            && self.serial == key.serial
    }
}

/// Who pays or is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consumer {
    /// The owner of this mobile number.
    Mobile(MobileNumber),
    /// This account.
    Account(AccountNumber),
}

impl Consumer {
    /// As it was asked for.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Mobile(mobile) => mobile.as_str(),
            Self::Account(number) => number.as_str(),
        }
    }
}

/// A payment that is asked for.
#[derive(Debug, Clone)]
pub struct Paying {
    /// Its key.
    pub key: TerminalKey,
    /// Who pays.
    pub consumer: Consumer,
    /// The payment code.
    pub code: Option<PresentedCode>,
    /// How much; positive.
    pub amount: Fen,
    /// The store.
    pub store: StoreId,
    /// Who serves.
    pub clerk: String,
    /// What is bought.
    pub purchase: Purchase,
    /// The caller's own order number.
    pub caller_order: String,
    /// As given.
    pub remark: String,
}

/// A cancellation that is asked for.
#[derive(Debug, Clone)]
pub struct Cancelling {
    /// Its own key.
    pub key: TerminalKey,
    /// The payment: a serial of the same batch, or an order number.
    pub original: String,
    /// The caller's own order number.
    pub caller_order: String,
}

/// A balance that is asked for at a terminal.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The query's key.
    pub key: TerminalKey,
    /// Whose.
    pub consumer: Consumer,
    /// The payment code.
    pub code: Option<PresentedCode>,
    /// The store.
    pub store: StoreId,
}

/// An opening that is asked for.
#[derive(Clone)]
pub struct Opening {
    /// The caller's order number.
    pub number: String,
    /// Normalised: the 17 digits that 15 and 18 of one person share.
    pub identity: Identity,
    /// The owner's name.
    pub name: String,
    /// The owner.
    pub mobile: MobileNumber,
    /// What proves the number.
    pub sms_code: SmsCodeText,
    /// `None`: the default product.
    pub product: Option<ProductId>,
    /// The sales channel.
    pub channel: String,
    /// The sales channel's order number.
    pub channel_order: String,
    /// As given.
    pub remark: String,
}

/// Leaves out who it is.
impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening")
            .field("number", &self.number)
            .field("mobile", &self.mobile)
            .field("product", &self.product)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// A transfer that is asked for.
#[derive(Debug, Clone)]
pub struct Transferring {
    /// The caller's order number.
    pub number: String,
    /// The owner.
    pub mobile: MobileNumber,
    /// The card.
    pub from: AccountNumber,
    /// How much; positive.
    pub amount: Fen,
    /// Verified and used up where present.
    pub sms_code: Option<SmsCodeText>,
    /// The payment code.
    pub code: Option<PresentedCode>,
    /// As given.
    pub remark: String,
}

/// A top-up that is asked for.
#[derive(Debug, Clone)]
pub struct ToppingUp {
    /// The caller's order number.
    pub number: String,
    /// Whose cash account.
    pub mobile: MobileNumber,
    /// How much; positive.
    pub amount: Fen,
    /// As given.
    pub remark: String,
}

/// A new payment code that is asked for.
#[derive(Debug, Clone)]
pub struct CodeChange {
    /// The caller's key.
    pub number: String,
    /// Whose.
    pub mobile: MobileNumber,
    /// What proves the number.
    pub sms_code: SmsCodeText,
    /// Who says so; resets only.
    pub identity: Option<Identity>,
    /// The new code: digits or their MD5.
    pub code: PresentedCode,
}

/// An SMS code as it was presented. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsCodeText(pub String);

/// A normalised ID number. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(pub String);

impl std::fmt::Debug for SmsCodeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmsCodeText(…)")
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// How a customer is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerName {
    /// By the mobile number.
    Mobile(MobileNumber),
    /// By the platform's identifier.
    Id(CustomerId),
}
