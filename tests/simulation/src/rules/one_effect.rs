//! Under one key at most one thing is ever done: everybody who was told "yes" was told of the same order,
//! and every order that moved money, and every step that gave it back, made one entry.

use super::{Case, happened, step};
use crate::request::{Effect, Request};
use map_domain::OrderDetail;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = told(case);
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for order in case.orders.values() {
        let moves = match order.detail {
            OrderDetail::Payment(_) | OrderDetail::Opening(_) | OrderDetail::Transfer(_) => true,
            // Its entry is the payment's step.
            OrderDetail::Cancellation(_) | OrderDetail::Closure => false,
            OrderDetail::Act | OrderDetail::GenerationRaised(_) | OrderDetail::Provisioned(_) => false,
        };
        if moves && happened(order) {
            *expected.entry(order.id.as_str()).or_default() += 1;
        }
        if let Some(step) = step(order) {
            *expected.entry(step.id.as_str()).or_default() += 1;
        }
    }
    for (id, count) in &expected {
        let found = case.entries.get(*id).map_or(0, Vec::len);
        if found != *count {
            broken.push(format!("order {id} made {found} entries, not {count}"));
        }
    }
    let unknown = case.entries.keys().filter(|id| !expected.contains_key(**id));
    broken.extend(unknown.map(|id| format!("an entry of order {id}, which is not there")));
    broken
}

/// What clients were told under one key.
fn told(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for (key, calls) in &case.calls {
        for effect in [Effect::Order, Effect::Undo] {
            let yes = calls
                .iter()
                .filter(|call| call.request.effect() == effect)
                .filter_map(|call| call.yes());
            let numbers: BTreeSet<_> = yes.map(|yes| &yes.number).collect();
            if numbers.len() > 1 {
                broken.push(format!("{key:?}: clients were told of {numbers:?}"));
            }
        }
        let paid = calls
            .iter()
            .filter(|call| matches!(call.request, Request::Pay(_)));
        let said: BTreeSet<_> = paid.filter_map(|call| call.yes()).map(|yes| &yes.said).collect();
        if said.len() > 1 {
            broken.push(format!("{key:?}: repeats were told other things: {said:?}"));
        }
    }
    broken
}
