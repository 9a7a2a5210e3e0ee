//! Events as an operator reads them: a stable name and one sentence.

use map_domain::{Event, EventKind};
use map_proto::operator::v1 as wire;

/// An event as the protos write it.
pub(super) fn event(event: &Event) -> wire::Event {
    let (kind, detail) = describe(event.kind);
    wire::Event {
        time: Some(super::wire::timestamp(event.at)),
        kind: kind.to_owned(),
        target: event.target.clone(),
        detail: detail.to_owned(),
    }
}

const fn describe(kind: EventKind) -> (&'static str, &'static str) {
    match kind {
        EventKind::ReplayAfterWindow => (
            "REPLAY_AFTER_WINDOW",
            "A payment was asked for again after the replay window; was the terminal reset?",
        ),
        EventKind::ReversalAfterWindow => (
            "REVERSAL_AFTER_WINDOW",
            "A payment was to be given back after the reversal window; only an operator can.",
        ),
        EventKind::ReversalOfNonPayment => (
            "REVERSAL_OF_NON_PAYMENT",
            "A reversal named a key that holds only a cancellation or an opening; a payment under it is refused from now on.",
        ),
        EventKind::KeyClosedBeforePayment => (
            "KEY_CLOSED_BEFORE_PAYMENT",
            "A reversal came first; a payment under its key is refused from now on.",
        ),
        EventKind::PinBlockUnreadable => (
            "PIN_BLOCK_UNREADABLE",
            "A terminal sent a PIN block that holds no payment code; is its key the right one?",
        ),
        EventKind::PaymentCodeLocked => (
            "PAYMENT_CODE_LOCKED",
            "Wrong payment codes in a row locked a customer; GetCustomer and UnlockPaymentCode take the identifier.",
        ),
        EventKind::IdentityMismatch => (
            "IDENTITY_MISMATCH",
            "An opening, or a payment code that was to be set or reset, came without the ID number of the customer.",
        ),
    }
}
