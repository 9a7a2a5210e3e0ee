//! A request whose key was used before (decision 19): the one place that says what it is told.

use crate::{ContentDigest, Context, Decision, EventKind, Order, OrderState, Refusal};

/// Answers a request from the order that its key holds. Nothing moves.
///
/// A success is repeated as one within the replay window; after it the answer is a refusal and an
/// event, for a terminal's serials are not unique for ever.
///
/// # Errors
/// What the stored order says for ever, so that nothing has to be written: other content, reversed,
/// cancelled, closed, or declined as it was the first time.
pub fn replay(order: &Order, content: &ContentDigest, context: &Context) -> Result<Decision, Refusal> {
    match &order.state {
        // Nobody asked for a closed key by its content: there is none to compare.
        OrderState::Closed => Err(Refusal::KeyClosed),
        _ if order.content != *content => Err(Refusal::IdempotencyKeyReused),
        OrderState::Declined(refusal) => Err(*refusal),
        OrderState::Reversed(_) => Err(Refusal::PaymentReversed),
        OrderState::Cancelled(_) => Err(Refusal::PaymentCancelled),
        OrderState::Done if context.now.millis_since(order.at) > context.policy.replay_window_ms => {
            Ok(Decision::answer(Err(Refusal::ReplayWindowPassed)).event(
                EventKind::ReplayAfterWindow,
                &order.id,
                context.now,
            ))
        }
        OrderState::Done => Ok(Decision::answer(Ok(order.clone()))),
    }
}
