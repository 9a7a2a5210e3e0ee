//! Nothing is invented: every order that was done was asked for, with this amount, and every payment that
//! was given back was to be given back by somebody.

use super::other_content::moved;
use super::{Case, happened, step};
use crate::history::Call;
use crate::request::{Effect, Request};
use map_domain::{Order, OrderKey, OrderState};

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for order in case.orders.values() {
        if !happened(order) {
            continue;
        }
        let none = Vec::new();
        let calls = case.calls.get(&order.key).unwrap_or(&none);
        let asks = |call: &&&Call| {
            call.request.effect() == Effect::Order
                && call.request.fen().is_none_or(|fen| moved(order) == Some(fen))
        };
        if !calls.iter().any(|call| asks(&call)) {
            broken.push(format!("nobody asked for {order:?}"));
        }
        if step(order).is_some() && !case.history.calls.iter().any(|call| gives_back(call, order)) {
            broken.push(format!("nobody asked to give back {order:?}"));
        }
    }
    broken
}

/// Whether a call asks to give this payment back in the way it was.
fn gives_back(call: &Call, payment: &Order) -> bool {
    let OrderKey::Pos(key, _) = &payment.key else {
        return false;
    };
    match (&call.request, &payment.state) {
        (Request::Undo(_), OrderState::Reversed(_)) => call.key() == payment.key,
        (Request::OperatorReverse(asked), OrderState::Reversed(_)) => {
            asked.order_number == payment.id.as_str()
        }
        (Request::Cancel(asked), OrderState::Cancelled(_)) => {
            asked.original == key.serial.as_str() || asked.original == payment.id.as_str()
        }
        _ => false,
    }
}
