//! An undo is final, whichever came first: after its answer nothing is charged under the key, now or
//! later, and what was charged came back once.

use super::Case;
use crate::history::Call;
use crate::request::Request;
use map_domain::{LedgerAccount, OrderKey, OrderState};

/// What an undo is told where nothing was paid and nothing will be.
const CLOSED: [&str; 2] = ["PAYMENT_UNKNOWN_KEY_CLOSED", "KEY_HOLDS_NO_PAYMENT"];

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for (key, calls) in &case.calls {
        let undos = calls
            .iter()
            .filter(|call| matches!(call.request, Request::Undo(_)));
        for undo in undos {
            let closed = undo.no().is_some_and(|reason| CLOSED.contains(&reason));
            if !closed && undo.yes().is_none() {
                continue;
            }
            let paid = |call: &&&Call| matches!(call.request, Request::Pay(_)) && call.yes().is_some();
            let late = |call: &&&Call| paid(call) && (closed || call.is_after(undo));
            if let Some(call) = calls.iter().find(|call| late(call)) {
                broken.push(format!("{undo}\nbut {call}"));
            }
            let charged = charged(case, key);
            if charged != 0 {
                broken.push(format!("{undo}\nbut {charged} fen are charged"));
            }
            let state = case.orders.get(key).map(|order| &order.state);
            let fits = match state {
                Some(OrderState::Reversed(_)) => !closed,
                Some(OrderState::Declined(_) | OrderState::Closed) | None => closed,
                Some(OrderState::Done | OrderState::Cancelled(_)) => false,
            };
            if !fits {
                broken.push(format!("{undo}\nbut the payment is {state:?}"));
            }
        }
    }
    broken
}

/// What the payment under a key and its step took from the customer's accounts, together.
fn charged(case: &Case<'_>, key: &OrderKey) -> i64 {
    let Some(payment) = case.orders.get(key) else {
        return 0;
    };
    let ids = std::iter::once(&payment.id).chain(super::step(payment).map(|step| &step.id));
    let entries = ids.filter_map(|id| case.entries.get(id.as_str())).flatten();
    let postings = entries.flat_map(|entry| &entry.postings);
    let accounts = postings.filter(|posting| matches!(posting.ledger, LedgerAccount::Account(_)));
    -accounts.map(|posting| posting.amount.get()).sum::<i64>()
}
