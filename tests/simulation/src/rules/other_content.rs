//! The same key with other content moves nothing: nobody is told "yes" for two contents of one key, what
//! is there is what was told, and who is told that a key was used before can see by what.

use super::Case;
use crate::history::Call;
use crate::request::Effect;
use map_domain::{Order, OrderDetail};
use std::collections::BTreeSet;

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for (key, calls) in &case.calls {
        let orders: Vec<&&Call> = calls
            .iter()
            .filter(|call| call.request.effect() == Effect::Order)
            .collect();
        let yes: Vec<&&&Call> = orders.iter().filter(|call| call.yes().is_some()).collect();
        let contents: BTreeSet<String> = yes.iter().map(|call| call.request.content()).collect();
        if contents.len() > 1 {
            broken.push(format!("{key:?}: yes to {contents:?}"));
        }
        if let (Some(order), Some(call)) = (case.done(key), yes.first()) {
            let asked = call.request.fen();
            if moved(order).is_some() && asked.is_some() && moved(order) != asked {
                broken.push(format!(
                    "{key:?}: asked for {asked:?} fen, moved {:?}",
                    moved(order)
                ));
            }
        }
        for call in &orders {
            let other = |earlier: &&&Call| {
                earlier.asked < call.told.as_ref().map_or(0, |(told, _)| *told)
                    && earlier.request.content() != call.request.content()
            };
            if call.no() == Some("IDEMPOTENCY_KEY_REUSED") && !orders.iter().any(other) {
                broken.push(format!(
                    "{key:?}: told to be used by other content, which nobody asked for"
                ));
            }
        }
    }
    broken
}

/// How much an order moved, where it says so.
pub(super) fn moved(order: &Order) -> Option<i64> {
    match &order.detail {
        OrderDetail::Payment(payment) => Some(payment.amount.get()),
        OrderDetail::Transfer(transfer) => Some(transfer.amount.get()),
        _ => None,
    }
}
