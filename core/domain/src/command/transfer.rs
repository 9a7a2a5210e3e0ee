//! Transfer from an instalment card to the cash account (002 转账（到现金账户）接口; decision 27).

use crate::order::{TransferDetail, replay};
use crate::payment_code::Attempt;
use crate::posting::{Movement, negative, to_account};
use crate::{
    Account, AccountNumber, CallerId, CodeProof, ContentDigest, Context, Customer, CustomerState, Decision,
    EntryKind, Fen, Order, OrderDetail, OrderId, OrderKey, OrderState, PaymentCodeState, Refusal, Timestamp,
};

/// Transfer to the cash account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferToCash {
    /// The caller's key.
    pub key: OrderKey,
    /// The order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks.
    pub caller: CallerId,
    /// The card.
    pub from: AccountNumber,
    /// How much; positive.
    pub amount: Fen,
    /// The payment code.
    pub code: CodeProof,
    /// Whether the caller may omit it although the customer has one.
    pub may_omit_code: bool,
    /// The number of the cash account, where the customer has none.
    pub cash_number: AccountNumber,
    /// As given.
    pub remark: String,
}

/// Decides. Every refusal is a declined order under the key, as for a payment. A frozen cash account takes
/// money: a freeze keeps money in.
///
/// # Errors
/// What [`replay`] says of a key that was used; [`Refusal::PinBlockUnreadable`];
/// [`Refusal::AmountOutOfRange`] for an amount that is not positive.
pub fn decide(
    state: &CustomerState,
    command: &TransferToCash,
    context: &Context,
) -> Result<Decision, Refusal> {
    if let Some(order) = state.order(&command.key) {
        return replay(order, &command.content, context);
    }
    if !command.amount.is_positive() {
        return Err(Refusal::AmountOutOfRange);
    }
    let decline = |refusal| Decision::order(declined(command, refusal, context));
    let Some(card) = state.account(&command.from) else {
        return Ok(decline(Refusal::AccountNotOwned));
    };
    match present(&state.customer.payment_code, command, context) {
        Attempt::Refused(Refusal::PinBlockUnreadable) => Err(Refusal::PinBlockUnreadable),
        Attempt::Refused(refusal) => Ok(decline(refusal)),
        Attempt::Wrong(code) => Ok(decline(Refusal::PaymentCodeWrong).code(state, code, context.now)),
        Attempt::Right(code) => Ok(match transfer(state, command, card, &code, context) {
            Ok(decision) => decision,
            Err(refusal) => decline(refusal).code(state, code, context.now),
        }),
    }
}

/// The declined order of a transfer, for a key that no customer's partition holds, too.
pub fn declined(command: &TransferToCash, refusal: Refusal, context: &Context) -> Order {
    order(
        command,
        OrderState::Declined(refusal),
        None,
        [Fen::ZERO, Fen::ZERO],
        context.now,
    )
}

/// Presents the payment code. It may be absent while the customer has set none or where the caller may
/// omit it, but not past a lock.
fn present(code: &PaymentCodeState, command: &TransferToCash, context: &Context) -> Attempt {
    let may_be_absent = !code.locked && (code.digest.is_none() || command.may_omit_code);
    if command.code == CodeProof::Absent && may_be_absent {
        return Attempt::Right(code.clone());
    }
    code.present(&command.code, context.policy.max_code_failures)
}

/// Transfers, the payment code being right.
fn transfer(
    state: &CustomerState,
    command: &TransferToCash,
    card: &Account,
    code: &PaymentCodeState,
    context: &Context,
) -> Result<Decision, Refusal> {
    let now = context.now;
    card.may_spend(now)?;
    if !card.kind.is_transferable() {
        return Err(Refusal::NotTransferable);
    }
    if card.available(now) < command.amount {
        return Err(Refusal::InsufficientBalance);
    }
    let cash = state.cash_or_new(&command.cash_number, &command.caller, now);
    let to = cash.number.clone();
    let postings = vec![
        to_account(&card.number, negative(command.amount)?),
        to_account(&to, command.amount),
    ];
    let customer = Customer {
        payment_code: code.clone(),
        ..state.customer.clone()
    };
    let movement = Movement {
        order: &command.id,
        kind: EntryKind::Transfer,
        at: now,
    };
    let moved = movement.post(&customer, vec![card.clone(), cash], postings)?;
    let mut available = moved.accounts.iter().map(|account| account.available(now));
    let available = [
        available.next().unwrap_or_default(),
        available.next().unwrap_or_default(),
    ];
    Ok(Decision::order(order(command, OrderState::Done, Some(to), available, now)).moved(moved))
}

/// `available`: of the card and of the cash account, right after.
fn order(
    command: &TransferToCash,
    state: OrderState,
    to: Option<AccountNumber>,
    available: [Fen; 2],
    at: Timestamp,
) -> Order {
    let [from_available_after, to_available_after] = available;
    Order {
        key: command.key.clone(),
        id: command.id.clone(),
        content: command.content,
        caller: command.caller.clone(),
        at,
        state,
        detail: OrderDetail::Transfer(TransferDetail {
            from: Some(command.from.clone()),
            to,
            amount: command.amount,
            from_available_after,
            to_available_after,
            remark: command.remark.clone(),
        }),
    }
}
