//! A signature's digest moves money for one request: of all that it was presented for, one was ever told
//! "yes", or is there though nobody else asked for it.

use super::Case;
use crate::history::Call;
use crate::request::Effect;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut served: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for call in &case.history.calls {
        if let Some(proof) = call.proof
            && (call.yes().is_some() || made_alone(case, call))
        {
            let request = format!(
                "{:?} of {:?}: {}",
                call.request.effect(),
                call.key(),
                call.request.content()
            );
            served.entry(proof).or_default().insert(request);
        }
    }
    let many = served.into_iter().filter(|(_, requests)| requests.len() > 1);
    many.map(|(proof, requests)| format!("{proof:?} served {requests:?}"))
        .collect()
}

/// Whether the order is there, and only this signature was ever presented for it.
fn made_alone(case: &Case<'_>, call: &Call) -> bool {
    let key = call.key();
    let is_order = |call: &Call| call.request.effect() == Effect::Order;
    let mut asked = case
        .calls
        .get(&key)
        .into_iter()
        .flatten()
        .filter(|call| is_order(call));
    is_order(call) && case.done(&key).is_some() && asked.all(|other| other.proof == call.proof)
}
