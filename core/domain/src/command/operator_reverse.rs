//! An operator gives a payment back, however old it is.

use crate::give_back::GiveBack;
use crate::order::{CancellationDetail, replay};
use crate::{
    CallerId, ContentDigest, Context, CustomerState, Decision, Order, OrderDetail, OrderId, OrderKey,
    OrderState, Refusal,
};

/// Reverse a payment as an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorReverse {
    /// The operator's key.
    pub key: OrderKey,
    /// The reversal's order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Which operator.
    pub caller: CallerId,
    /// The payment's key.
    pub payment: OrderKey,
}

/// Decides. The operator's order is a cancellation that names the payment; the payment becomes reversed.
/// A refusal uses no key up, for the operator may try again once the payment is settled.
///
/// # Errors
/// What [`replay`] says of a key that was used; [`Refusal::PaymentNotFound`]; [`Refusal::PaymentNotPaid`]
/// where it was declined or closed; [`Refusal::AlreadyReversed`] where it was given back before.
pub fn decide(
    state: &CustomerState,
    command: &OperatorReverse,
    context: &Context,
) -> Result<Decision, Refusal> {
    if let Some(order) = state.order(&command.key) {
        return replay(order, &command.content, context);
    }
    let order = state.order(&command.payment).ok_or(Refusal::PaymentNotFound)?;
    match &order.state {
        OrderState::Declined(_) | OrderState::Closed => return Err(Refusal::PaymentNotPaid),
        OrderState::Reversed(_) | OrderState::Cancelled(_) => return Err(Refusal::AlreadyReversed),
        OrderState::Done => {}
    }
    let payment = order.payment().ok_or(Refusal::PaymentNotFound)?;
    let step = GiveBack {
        id: &command.id,
        caller: &command.caller,
        cancelled: false,
    };
    let mut decision = step.decide(state, order, context)?;
    let reversal = Order {
        key: command.key.clone(),
        id: command.id.clone(),
        content: command.content,
        caller: command.caller.clone(),
        at: context.now,
        state: OrderState::Done,
        detail: OrderDetail::Cancellation(CancellationDetail {
            original: Some(command.payment.clone()),
            reference: order.id.to_string(),
            network: payment.network.clone(),
        }),
    };
    decision.orders.insert(0, reversal.clone());
    Ok(Decision {
        answer: Ok(reversal),
        ..decision
    })
}
