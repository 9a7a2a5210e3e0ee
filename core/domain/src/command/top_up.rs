//! Put money from outside on the cash account: the caller owes it from now on.

use crate::order::{TransferDetail, replay};
use crate::posting::{Movement, negative, to_account};
use crate::{
    AccountNumber, CallerId, ContentDigest, Context, CustomerState, Decision, EntryKind, Fen, LedgerAccount,
    Order, OrderDetail, OrderId, OrderKey, OrderState, Posting, Refusal,
};

/// Top up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUp {
    /// The caller's key.
    pub key: OrderKey,
    /// The order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks, and owes the money.
    pub caller: CallerId,
    /// How much; positive.
    pub amount: Fen,
    /// The number of the cash account, where the customer has none.
    pub cash_number: AccountNumber,
    /// As given.
    pub remark: String,
}

/// Decides. The customer and the cash account come into being where needed; a frozen one takes money, too.
/// A balance beyond the range of money is declined under the key; the header is written even then, for
/// the customer may be a new one.
///
/// # Errors
/// What [`replay`] says of a key that was used; [`Refusal::AmountOutOfRange`] for an amount that is not
/// positive.
pub fn decide(state: &CustomerState, command: &TopUp, context: &Context) -> Result<Decision, Refusal> {
    if let Some(order) = state.order(&command.key) {
        return replay(order, &command.content, context);
    }
    if !command.amount.is_positive() {
        return Err(Refusal::AmountOutOfRange);
    }
    top_up(state, command, context).or_else(|refusal| {
        let order = order(command, OrderState::Declined(refusal), None, Fen::ZERO, context);
        Ok(Decision {
            customer: Some(state.customer.clone()),
            ..Decision::order(order)
        })
    })
}

fn top_up(state: &CustomerState, command: &TopUp, context: &Context) -> Result<Decision, Refusal> {
    let cash = state.cash_or_new(&command.cash_number, &command.caller, context.now);
    let to = cash.number.clone();
    let receivable = LedgerAccount::CallerReceivable(command.caller.clone());
    let postings = vec![
        to_account(&to, command.amount),
        Posting {
            ledger: receivable,
            amount: negative(command.amount)?,
        },
    ];
    let movement = Movement {
        order: &command.id,
        kind: EntryKind::TopUp,
        at: context.now,
    };
    let moved = movement.post(&state.customer, vec![cash], postings)?;
    let available = moved
        .accounts
        .first()
        .map_or(Fen::ZERO, |cash| cash.available(context.now));
    Ok(Decision::order(order(command, OrderState::Done, Some(to), available, context)).moved(moved))
}

fn order(
    command: &TopUp,
    state: OrderState,
    to: Option<AccountNumber>,
    to_available_after: Fen,
    context: &Context,
) -> Order {
    Order {
        key: command.key.clone(),
        id: command.id.clone(),
        content: command.content,
        caller: command.caller.clone(),
        at: context.now,
        state,
        detail: OrderDetail::Transfer(TransferDetail {
            from: None,
            to,
            amount: command.amount,
            from_available_after: Fen::ZERO,
            to_available_after,
            remark: command.remark.clone(),
        }),
    }
}
