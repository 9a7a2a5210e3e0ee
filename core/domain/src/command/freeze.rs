//! An operator freezes an account, or lifts the freeze.

use crate::order::replay;
use crate::{
    Account, AccountNumber, CallerId, ContentDigest, Context, CustomerState, Decision, Order, OrderDetail,
    OrderId, OrderKey, OrderState, Refusal,
};

/// Freeze an account or lift the freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The operator's key.
    pub key: OrderKey,
    /// The order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Which operator.
    pub caller: CallerId,
    /// Which account.
    pub account: AccountNumber,
    /// True: freeze; false: lift.
    pub frozen: bool,
}

/// Decides. An account that is as wanted already is no error; a repeat says what was done then and does not
/// do it again.
///
/// # Errors
/// What [`replay`] says of a key that was used; [`Refusal::AccountNotFound`].
pub fn decide(state: &CustomerState, command: &Freeze, context: &Context) -> Result<Decision, Refusal> {
    if let Some(order) = state.order(&command.key) {
        return replay(order, &command.content, context);
    }
    let account = state.account(&command.account).ok_or(Refusal::AccountNotFound)?;
    let changed = Account {
        frozen: command.frozen,
        ..account.clone()
    };
    let order = Order {
        key: command.key.clone(),
        id: command.id.clone(),
        content: command.content,
        caller: command.caller.clone(),
        at: context.now,
        state: OrderState::Done,
        detail: OrderDetail::Act,
    };
    Ok(Decision {
        accounts: vec![changed],
        ..Decision::order(order)
    })
}
