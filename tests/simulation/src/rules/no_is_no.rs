//! Nobody is told "no" for something that happened, or happens later.
//!
//! What was declined under its key stays declined. What was refused before it was decided (a wrong SMS
//! code, nothing to act on) leaves the key free: it may happen, but only where it was asked for again
//! afterwards, or in other words. Where the server says that it did nothing, and nobody asked again,
//! nothing was done.

use super::Case;
use crate::history::{Answer, Call};
use crate::request::{Effect, Request};
use map_domain::{Order, OrderState};

/// Reasons that tell of what happened: the other rules see whether they are true.
const TELLING: [&str; 5] = [
    "PAYMENT_REVERSED",
    "PAYMENT_CANCELLED",
    "REPLAY_WINDOW_PASSED",
    "ALREADY_REVERSED",
    "IDEMPOTENCY_KEY_REUSED",
];

/// Reasons that use no key up.
const FREE: [&str; 7] = [
    "SMS_CODE_WRONG",
    "SMS_RATE_LIMITED",
    "CUSTOMER_NOT_FOUND",
    "ACCOUNT_NOT_FOUND",
    "PAYMENT_NOT_FOUND",
    "OPENING_NOT_FOUND",
    "MALFORMED_REQUEST",
];

/// Answers by which a server says that this attempt did nothing.
const NOTHING_DONE: [&str; 2] = ["UNAVAILABLE", "OVERLOADED"];

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for (key, calls) in &case.calls {
        let Some(order) = case.done(key) else { continue };
        let wanted: Vec<&&Call> = calls
            .iter()
            .filter(|call| call.request.effect() == Effect::Order)
            .collect();
        for call in calls {
            let refused = match call.request {
                Request::FindOpening(_) => {
                    call.no() == Some("OPENING_NOT_FOUND") && !came_after(call, &wanted)
                }
                Request::Undo(_) => is_denied(call, order),
                _ if call.request.effect() == Effect::Order => is_no(call, &wanted),
                _ => false,
            };
            if refused {
                broken.push(format!("{call}\nbut there is {order:?}"));
            }
        }
    }
    broken
}

/// Whether this is a "no" that does not go together with its having happened.
fn is_no(call: &Call, wanted: &[&&Call]) -> bool {
    match call.answer() {
        Some(Answer::No(reason)) if TELLING.contains(&reason.as_str()) => false,
        // Signed by somebody else as well, or anew, it may have happened.
        Some(Answer::No(reason)) if reason == "PROOF_REUSED" => {
            !wanted.iter().any(|other| other.proof != call.proof)
        }
        Some(Answer::No(reason)) if FREE.contains(&reason.as_str()) => !came_after(call, wanted),
        Some(Answer::No(_)) => !wanted
            .iter()
            .any(|other| other.request.content() != call.request.content()),
        Some(Answer::Unsure(reason)) => wanted.len() == 1 && NOTHING_DONE.contains(&reason.as_str()),
        Some(Answer::Yes(_)) | None => false,
    }
}

/// Whether it was asked for again after this answer, or in other words.
fn came_after(call: &Call, wanted: &[&&Call]) -> bool {
    if matches!(call.request, Request::FindOpening(_)) {
        return wanted
            .iter()
            .any(|other| other.is_after(call) || is_elsewhere(other, call));
    }
    let again = |other: &Call| other.is_after(call) || other.request != call.request;
    wanted.iter().any(|other| again(other))
}

/// Whether an opening may have been under way in another process when it was asked for. A question waits
/// for those of its own process, and stands in the way of those that have taken the key; it takes none.
fn is_elsewhere(opening: &Call, question: &Call) -> bool {
    let asked_before = question
        .told
        .as_ref()
        .is_none_or(|(told, _)| opening.asked < *told);
    let worked_on = match &opening.told {
        // The client has gone, the server goes on.
        Some((_, Answer::Unsure(reason))) if reason == "gave up" => true,
        Some((told, _)) => *told > question.asked,
        None => true,
    };
    opening.server != question.server && asked_before && worked_on
}

/// Whether an undo was told "too late" and did it all the same.
fn is_denied(undo: &Call, payment: &Order) -> bool {
    undo.no() == Some("REVERSAL_WINDOW_PASSED")
        && matches!(&payment.state, OrderState::Reversed(step) if step.caller.as_str() != "operator/root")
}
