//! What a client is shown of a payment or an opening stays: what was paid is there, and what was given
//! back, declined or closed once is so for ever.

use super::{Case, happened};
use crate::request::Request;
use map_domain::OrderState;

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for call in &case.history.calls {
        let Some(yes) = call.yes() else { continue };
        let order = case.orders.get(&call.key()).copied();
        let state = order.map(|order| &order.state);
        let fits = match (&call.request, yes.said.as_str()) {
            (Request::FindOpening(_), _) | (Request::FindPayment(_), "PAYMENT_STATE_PAID") => {
                order.is_some_and(|order| happened(order) && order.id.as_str() == yes.number)
            }
            (Request::FindPayment(_), "PAYMENT_STATE_REVERSED") => {
                matches!(state, Some(OrderState::Reversed(_)))
            }
            (Request::FindPayment(_), "PAYMENT_STATE_CANCELLED") => {
                matches!(state, Some(OrderState::Cancelled(_)))
            }
            // Declined or closed; where nobody's partition holds it, its claim does.
            (Request::FindPayment(_), _) => !order.is_some_and(happened),
            _ => true,
        };
        if !fits {
            broken.push(format!("{call}\nbut there is {state:?}"));
        }
    }
    broken
}
