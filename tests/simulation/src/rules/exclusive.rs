//! A payment is given back once: by one undo, one cancellation or one act of an operator. Who comes later
//! is told so, and truly.

use super::Case;
use crate::request::Request;
use map_domain::OrderState;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut given_back: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for call in &case.history.calls {
        if let (Request::Undo(_) | Request::Cancel(_) | Request::OperatorReverse(_), Some(yes)) =
            (&call.request, call.yes())
        {
            given_back.entry(&yes.payment).or_default().insert(&yes.number);
        }
    }
    let twice = given_back.iter().filter(|(_, by)| by.len() > 1);
    let mut broken: Vec<String> = twice
        .map(|(payment, by)| format!("payment {payment} was given back by {by:?}"))
        .collect();
    for call in &case.history.calls {
        let state = case.orders.get(&call.key()).map(|order| &order.state);
        let fits = match (&call.request, call.no()) {
            (Request::Undo(_) | Request::Pay(_), Some("PAYMENT_CANCELLED")) => {
                matches!(state, Some(OrderState::Cancelled(_)))
            }
            (Request::Pay(_), Some("PAYMENT_REVERSED")) => matches!(state, Some(OrderState::Reversed(_))),
            _ => true,
        };
        if !fits {
            broken.push(format!("{call}\nbut the payment is {state:?}"));
        }
    }
    broken
}
