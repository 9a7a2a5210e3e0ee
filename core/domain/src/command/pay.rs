//! Pay at a terminal (002, 003 线下支付接口; decisions 19–21, 25–27).

use crate::order::{PaymentDetail, Purchase, replay};
use crate::paying_account;
use crate::payment_code::Attempt;
use crate::posting::{Movement, negative, to_account};
use crate::{
    AccountNumber, AccountStatus, CallerId, CodeProof, ContentDigest, Context, Customer, CustomerState,
    Decision, EntryKind, Fen, LedgerAccount, NetworkId, Order, OrderDetail, OrderId, OrderState,
    PaymentCodeState, PosKey, Posting, Refusal, Slot, StoreId, Timestamp,
};

/// Which account pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payer {
    /// A mobile number: discount cards first, then the cash account.
    Mobile,
    /// This account.
    Account(AccountNumber),
}

/// Pay.
#[derive(Clone, PartialEq, Eq)]
pub struct Pay {
    /// The payment's key.
    pub key: PosKey,
    /// Its order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks.
    pub caller: CallerId,
    /// Which account pays.
    pub payer: Payer,
    /// As asked for: a mobile or account number.
    pub consumer: String,
    /// The payment code.
    pub code: CodeProof,
    /// How much; positive.
    pub amount: Fen,
    /// The terminal's network.
    pub network: NetworkId,
    /// Whether the seller accepts payments.
    pub seller_active: bool,
    /// Whether the terminal accepts payments.
    pub terminal_active: bool,
    /// The store.
    pub store: StoreId,
    /// Who served the customer.
    pub clerk: String,
    /// What is bought.
    pub purchase: Purchase,
    /// The caller's own order number.
    pub caller_order: String,
    /// As given.
    pub remark: String,
}

/// Leaves out whose number was asked for; the payer shows its end.
impl std::fmt::Debug for Pay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pay")
            .field("key", &self.key)
            .field("id", &self.id)
            .field("caller", &self.caller)
            .field("payer", &self.payer)
            .field("amount", &self.amount)
            .field("network", &self.network)
            .field("store", &self.store)
            .field("purchase", &self.purchase)
            .finish_non_exhaustive()
    }
}

/// Decides. Every refusal is a declined order under the key, committed, so that a delayed duplicate can
/// never turn it into a charge (decision 20); a wrong payment code is counted by the same commit.
///
/// # Errors
/// What [`replay`] says of a key that was used; [`Refusal::PinBlockUnreadable`], which uses no key up and
/// counts no attempt; [`Refusal::AmountOutOfRange`] for an amount that is not positive.
pub fn decide(state: &CustomerState, command: &Pay, context: &Context) -> Result<Decision, Refusal> {
    if let Some(order) = state.order(&command.key.slot(Slot::Pay)) {
        return replay(order, &command.content, context);
    }
    if !command.amount.is_positive() {
        return Err(Refusal::AmountOutOfRange);
    }
    let decline = |refusal| Decision::order(declined(command, refusal, context));
    if let Err(refusal) = may_ask(state, command) {
        return Ok(decline(refusal));
    }
    let max_failures = context.policy.max_code_failures;
    match state.customer.payment_code.present(&command.code, max_failures) {
        Attempt::Refused(Refusal::PinBlockUnreadable) => Err(Refusal::PinBlockUnreadable),
        Attempt::Refused(refusal) => Ok(decline(refusal)),
        Attempt::Wrong(code) => Ok(decline(Refusal::PaymentCodeWrong).code(state, code, context.now)),
        Attempt::Right(code) => Ok(match pay(state, command, &code, context) {
            Ok(decision) => decision,
            Err(refusal) => decline(refusal).code(state, code, context.now),
        }),
    }
}

/// The declined order of a payment, for a key that no customer's partition holds, too.
pub fn declined(command: &Pay, refusal: Refusal, context: &Context) -> Order {
    let nothing = After {
        account: None,
        available: Fen::ZERO,
        status: AccountStatus::Normal,
    };
    order(command, OrderState::Declined(refusal), nothing, context.now)
}

/// What is refused before the payment code is looked at: a terminal that may not ask learns nothing.
fn may_ask(state: &CustomerState, command: &Pay) -> Result<(), Refusal> {
    if !command.seller_active {
        return Err(Refusal::SellerInactive);
    }
    if !command.terminal_active {
        return Err(Refusal::TerminalInactive);
    }
    match &command.payer {
        Payer::Account(number) if state.account(number).is_none() => Err(Refusal::ConsumerUnknown),
        Payer::Account(_) | Payer::Mobile => Ok(()),
    }
}

/// Pays from one account, the payment code being right.
fn pay(
    state: &CustomerState,
    command: &Pay,
    code: &PaymentCodeState,
    context: &Context,
) -> Result<Decision, Refusal> {
    let account = paying_account::choose(state, command, context.now)?;
    let seller = LedgerAccount::SellerPayable(command.key.seller.clone());
    let postings = vec![
        to_account(&account.number, negative(command.amount)?),
        Posting {
            ledger: seller,
            amount: command.amount,
        },
    ];
    let customer = Customer {
        payment_code: code.clone(),
        ..state.customer.clone()
    };
    let movement = Movement {
        order: &command.id,
        kind: EntryKind::Payment,
        at: context.now,
    };
    let moved = movement.post(&customer, vec![account.clone()], postings)?;
    let after = After {
        account: Some(account.number.clone()),
        available: moved
            .accounts
            .first()
            .map_or(Fen::ZERO, |account| account.available(context.now)),
        status: account.status(context.now, code.locked),
    };
    Ok(Decision::order(order(command, OrderState::Done, after, context.now)).moved(moved))
}

/// The paying account right after.
struct After {
    account: Option<AccountNumber>,
    available: Fen,
    status: AccountStatus,
}

fn order(command: &Pay, state: OrderState, after: After, at: Timestamp) -> Order {
    let detail = PaymentDetail {
        consumer: command.consumer.clone(),
        account: after.account,
        amount: command.amount,
        network: command.network.clone(),
        store: command.store.clone(),
        clerk: command.clerk.clone(),
        purchase: command.purchase.clone(),
        caller_order: command.caller_order.clone(),
        remark: command.remark.clone(),
        available_after: after.available,
        status_after: after.status,
    };
    Order {
        key: command.key.slot(Slot::Pay),
        id: command.id.clone(),
        content: command.content,
        caller: command.caller.clone(),
        at,
        state,
        detail: OrderDetail::Payment(detail),
    }
}
