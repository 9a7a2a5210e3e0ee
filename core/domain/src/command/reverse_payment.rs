//! Reverse a payment whose outcome the terminal does not know (002, 003 线下交易冲正接口;
//! decision 21). Final whenever it arrives.

use crate::give_back::{GiveBack, is_too_old};
use crate::{
    CallerId, Context, CustomerState, Decision, EventKind, NetworkId, Order, OrderId, OrderState, PosKey,
    Refusal, Slot,
};

/// Reverse a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversePayment {
    /// The payment's key.
    pub key: PosKey,
    /// The reversal's order number, if it is decided now.
    pub id: OrderId,
    /// Who asks.
    pub caller: CallerId,
    /// The terminal's network.
    pub network: NetworkId,
    /// Whether the key's other slots hold a cancellation or an opening; what a reversal closed does not
    /// count.
    pub holds_other: bool,
}

/// Decides. Where the key holds no payment yet, the decision closes it: a late payment is refused.
/// A reversal that repeats one gives the answer of the first, however late.
///
/// # Errors
/// [`Refusal::PaymentUnknownKeyClosed`] or [`Refusal::KeyHoldsNoPayment`] where the key was closed or
/// declined before; [`Refusal::PaymentCancelled`]; [`Refusal::PaymentNotFound`] for a payment of another
/// network, which is neither reversed nor fenced (decision 16).
pub fn decide(
    state: &CustomerState,
    command: &ReversePayment,
    context: &Context,
) -> Result<Decision, Refusal> {
    let Some(order) = state.order(&command.key.slot(Slot::Pay)) else {
        return Ok(close(command, context));
    };
    if order
        .payment()
        .is_some_and(|payment| payment.network != command.network)
    {
        return Err(Refusal::PaymentNotFound);
    }
    match &order.state {
        OrderState::Declined(_) | OrderState::Closed => Err(closed(order, command)),
        OrderState::Cancelled(_) => Err(Refusal::PaymentCancelled),
        OrderState::Reversed(_) => Ok(Decision::answer(Ok(order.clone()))),
        OrderState::Done if is_too_old(order, context) => Ok(Decision::answer(Err(
            Refusal::ReversalWindowPassed,
        ))
        .event(EventKind::ReversalAfterWindow, &order.id, context.now)),
        OrderState::Done => {
            let step = GiveBack {
                id: &command.id,
                caller: &command.caller,
                cancelled: false,
            };
            step.decide(state, order, context)
        }
    }
}

/// Closes the payment slot of a key that holds no payment: the decision's one order is the closure, the
/// answer says that nothing was paid. It needs no customer: where the key is bound to none, its claim
/// carries the order.
pub fn close(command: &ReversePayment, context: &Context) -> Decision {
    let key = command.key.slot(Slot::Pay);
    let closure = Order::closure(key, command.id.clone(), command.caller.clone(), context.now);
    let kind = if command.holds_other {
        EventKind::ReversalOfNonPayment
    } else {
        EventKind::KeyClosedBeforePayment
    };
    let answer = Err(closed(&closure, command));
    Decision {
        orders: vec![closure],
        ..Decision::answer(answer)
    }
    .event(kind, &command.key, context.now)
}

/// What a reversal is told of a key whose payment slot is closed or declined, in a partition or in its
/// claim.
pub const fn closed(order: &Order, command: &ReversePayment) -> Refusal {
    match order.state {
        OrderState::Closed if command.holds_other => Refusal::KeyHoldsNoPayment,
        OrderState::Closed
        | OrderState::Declined(_)
        | OrderState::Done
        | OrderState::Reversed(_)
        | OrderState::Cancelled(_) => Refusal::PaymentUnknownKeyClosed,
    }
}
