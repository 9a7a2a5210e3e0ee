//! A balance as a terminal asks for it (002, 003 线下查询余额接口). It moves nothing, but a wrong
//! payment code counts as an attempt, once for each POS key (decision 32).

use crate::command::pay::Payer;
use crate::payment_code::Attempt;
use crate::{
    Account, CallerId, CodeProof, ContentDigest, Context, CustomerState, Decision, Order, OrderDetail,
    OrderId, OrderState, PosKey, Refusal, Slot,
};

/// Ask for a balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBalance {
    /// The query's key; not used up.
    pub key: PosKey,
    /// The order number under which a wrong code is remembered.
    pub id: OrderId,
    /// Who asks.
    pub caller: CallerId,
    /// Of which account; a mobile number means the cash account.
    pub payer: Payer,
    /// The payment code.
    pub code: CodeProof,
    /// Whether the caller must present one (a POS network must, an app need not).
    pub code_required: bool,
}

/// Decides. The answer says that the balance may be shown; what it is, [`account`] says.
///
/// A wrong code is remembered under the key's query slot. The same key is told so again whatever code it
/// presents: otherwise one counted attempt would be good for any number of guesses.
///
/// # Errors
/// [`Refusal::AccountNotFound`], also for a mobile number that has no cash account yet; what the payment
/// code is refused for without an attempt.
pub fn decide(state: &CustomerState, command: &GetBalance, context: &Context) -> Result<Decision, Refusal> {
    let remembered = state
        .order(&command.key.slot(Slot::Query))
        .map(|order| &order.state);
    if let Some(OrderState::Declined(refusal)) = remembered {
        return Err(*refusal);
    }
    account(state, &command.payer).ok_or(Refusal::AccountNotFound)?;
    let read = Decision::answer(Ok(order(command, OrderState::Done, context)));
    if command.code == CodeProof::Absent && !command.code_required {
        return Ok(read);
    }
    match state
        .customer
        .payment_code
        .present(&command.code, context.policy.max_code_failures)
    {
        Attempt::Refused(refusal) => Err(refusal),
        Attempt::Right(code) => Ok(read.code(state, code, context.now)),
        Attempt::Wrong(code) => {
            let wrong = OrderState::Declined(Refusal::PaymentCodeWrong);
            Ok(Decision::order(order(command, wrong, context)).code(state, code, context.now))
        }
    }
}

/// Whose balance is asked for: the account that was presented, or the cash account of a mobile number.
pub fn account<'a>(state: &'a CustomerState, payer: &Payer) -> Option<&'a Account> {
    match payer {
        Payer::Mobile => state.cash(),
        Payer::Account(number) => state.account(number),
    }
}

fn order(command: &GetBalance, state: OrderState, context: &Context) -> Order {
    Order {
        key: command.key.slot(Slot::Query),
        id: command.id.clone(),
        content: ContentDigest::NONE,
        caller: command.caller.clone(),
        at: context.now,
        state,
        detail: OrderDetail::Act,
    }
}
