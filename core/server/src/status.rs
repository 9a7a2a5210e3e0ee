//! From a [`Failure`] to what a caller sees: a gRPC code, a reason, a fixed text.
//!
//! The table is documented in `map/common/v1/error_reason.proto`; a test compares the two.
//! No text in here comes from data, but for the field names of the caller's own request.

use crate::failure::Failure;
use crate::telemetry;
use http::HeaderMap;
use map_domain::{Policy, Refusal};
use map_proto::ERROR_DOMAIN;
use map_proto::common::v1::ErrorReason;
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// When to try again after a refusal for load or a store that is not well.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// What is said of a failure: code, reason, a short text that never varies.
struct Verdict {
    code: Code,
    reason: ErrorReason,
    text: &'static str,
}

const fn verdict(code: Code, reason: ErrorReason, text: &'static str) -> Verdict {
    Verdict { code, reason, text }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let Verdict { code, reason, text } = verdict_of(&failure);
        let mut details = ErrorDetails::new();
        details.set_error_info(reason.name(), ERROR_DOMAIN, facts(&failure));
        match failure {
            Failure::Malformed(fields) => {
                details.set_bad_request(violations(
                    fields.into_iter().map(|(at, what)| (at.to_owned(), what)),
                ));
            }
            Failure::InvalidDocument(errors) => {
                details.set_bad_request(violations(errors.into_iter()));
            }
            Failure::Overloaded | Failure::Unavailable | Failure::OutcomeUnknown => {
                details.set_retry_info(Some(RETRY_AFTER));
            }
            Failure::TooSoon(wait) => {
                details.set_retry_info(Some(wait));
            }
            Failure::Internal(text) => {
                // The request id is a field of the span that every call runs in.
                tracing::error!(defect = text, "internal failure");
                metrics::counter!(telemetry::INTERNAL_FAILURES).increment(1);
            }
            Failure::Unauthenticated
            | Failure::CallerInactive
            | Failure::PermissionDenied
            | Failure::NetworkNotAllowed
            | Failure::TerminalUnknown
            | Failure::ProofReused
            | Failure::OpeningNotFound
            | Failure::SmsNotSent
            | Failure::NotSupported
            | Failure::CatalogueChanged { .. }
            | Failure::Refused(_)
            | Failure::KeyHolds { .. }
            | Failure::NotFound(_) => {}
        }
        Self::with_error_details(code, text, details)
    }
}

/// The status of a call whose deadline passed; the work goes on to its end.
pub(crate) fn deadline_exceeded() -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(ErrorReason::OutcomeUnknown.name(), ERROR_DOMAIN, HashMap::new());
    details.set_retry_info(Some(RETRY_AFTER));
    Status::with_error_details(
        Code::DeadlineExceeded,
        "the deadline passed; ask again under the same key",
        details,
    )
}

/// Puts into an error what the edge knows: the request id, and the setting that the reason is about. An error
/// of the framework, which no service has seen, gets a reason of ours.
pub(crate) fn complete(headers: &mut HeaderMap, request_id: &str, policy: &Policy) {
    let Some(status) = Status::from_header_map(headers).filter(|status| status.code() != Code::Ok) else {
        return;
    };
    let mut details = status.get_error_details();
    let told = details.error_info().cloned();
    let (code, reason, mut metadata) = match told {
        Some(info) => (status.code(), info.reason, info.metadata),
        None => match not_begun(status.code()) {
            Some((code, reason)) => (code, reason.name().to_owned(), HashMap::new()),
            None => return,
        },
    };
    metadata.insert("request_id".to_owned(), request_id.to_owned());
    metadata.extend(setting(&reason, policy).map(|(key, value)| (key.to_owned(), value)));
    details.set_error_info(reason, ERROR_DOMAIN, metadata);
    let completed = Status::with_error_details(code, status.message(), details);
    if completed.add_header(headers).is_err() {
        // Never with texts of ours; the error as it was is an error, too.
        tracing::warn!("an error could not be completed");
    }
}

/// What an error of the framework means. It comes before the service: nothing was done.
fn not_begun(code: Code) -> Option<(Code, ErrorReason)> {
    let known = [
        // The message is too long.
        (Code::OutOfRange, Code::OutOfRange, ErrorReason::MalformedRequest),
        // The message is none of this type. The framework calls it internal, which would leave it open.
        (
            Code::Internal,
            Code::InvalidArgument,
            ErrorReason::MalformedRequest,
        ),
        // There is no such call, or it is compressed in a way we do not know.
        (
            Code::Unimplemented,
            Code::Unimplemented,
            ErrorReason::NotSupported,
        ),
    ];
    let found = known.into_iter().find(|(told, ..)| *told == code);
    found.map(|(_, code, reason)| (code, reason))
}

/// The setting that a reason is about, for the program that explains it to a person. How many attempts are
/// left is no such thing: it would tell a guesser when to stop before the lock is noticed.
fn setting(reason: &str, policy: &Policy) -> Option<(&'static str, String)> {
    match reason {
        "PAYMENT_CODE_WRONG" | "PAYMENT_CODE_LOCKED" => {
            Some(("max_attempts", policy.max_code_failures.to_string()))
        }
        "REPLAY_WINDOW_PASSED" => Some(("replay_window_ms", policy.replay_window_ms.to_string())),
        "REVERSAL_WINDOW_PASSED" => Some(("reversal_window_ms", policy.reversal_window_ms.to_string())),
        "OPENING_EXPIRED" => Some(("opening_deadline_ms", policy.opening_deadline_ms.to_string())),
        _ => None,
    }
}

/// The reason a failure is told under, for audit entries.
pub(crate) fn reason_of(failure: &Failure) -> &'static str {
    verdict_of(failure).reason.name()
}

/// What a program may want to know besides the reason: the keys that `error_reason.proto` documents.
fn facts(failure: &Failure) -> HashMap<String, String> {
    let facts: &[(&str, String)] = match failure {
        Failure::CatalogueChanged { expected, current } => &[
            ("expected_revision", expected.to_string()),
            ("current_revision", current.to_string()),
        ],
        Failure::KeyHolds { order, .. } => &[("order_number", order.to_string())],
        Failure::Malformed(_)
        | Failure::InvalidDocument(_)
        | Failure::Unauthenticated
        | Failure::CallerInactive
        | Failure::PermissionDenied
        | Failure::NetworkNotAllowed
        | Failure::TerminalUnknown
        | Failure::ProofReused
        | Failure::OpeningNotFound
        | Failure::SmsNotSent
        | Failure::NotSupported
        | Failure::Refused(_)
        | Failure::TooSoon(_)
        | Failure::NotFound(_)
        | Failure::Overloaded
        | Failure::Unavailable
        | Failure::OutcomeUnknown
        | Failure::Internal(_) => &[],
    };
    facts
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect()
}

fn violations(errors: impl Iterator<Item = (String, String)>) -> Vec<FieldViolation> {
    errors
        .map(|(field, description)| FieldViolation::new(field, description))
        .collect()
}

fn verdict_of(failure: &Failure) -> Verdict {
    use ErrorReason as R;
    match failure {
        Failure::Malformed(_) | Failure::InvalidDocument(_) => verdict(
            Code::InvalidArgument,
            R::MalformedRequest,
            "the request is malformed",
        ),
        Failure::Unauthenticated => verdict(
            Code::Unauthenticated,
            R::Unauthenticated,
            "no or an unknown bearer key",
        ),
        Failure::CallerInactive => verdict(
            Code::PermissionDenied,
            R::CallerInactive,
            "the caller is unknown or deactivated",
        ),
        Failure::PermissionDenied => verdict(
            Code::PermissionDenied,
            R::PermissionDenied,
            "the caller may not do this",
        ),
        Failure::NetworkNotAllowed => verdict(
            Code::PermissionDenied,
            R::NetworkNotAllowed,
            "the caller may not act for this POS network",
        ),
        Failure::TerminalUnknown => verdict(
            Code::FailedPrecondition,
            R::TerminalUnknown,
            "seller, store and terminal are unknown or do not belong together",
        ),
        Failure::ProofReused => verdict(
            Code::AlreadyExists,
            R::ProofReused,
            "what was presented to authorise this was used for another request",
        ),
        Failure::OpeningNotFound => verdict(Code::NotFound, R::OpeningNotFound, "no opening under this key"),
        Failure::SmsNotSent => verdict(Code::Unavailable, R::SmsNotSent, "the SMS code was not sent"),
        Failure::NotSupported => verdict(
            Code::FailedPrecondition,
            R::NotSupported,
            "this installation does not do this",
        ),
        Failure::CatalogueChanged { .. } => verdict(
            Code::FailedPrecondition,
            R::CatalogueChanged,
            "the catalogue has another revision",
        ),
        Failure::Refused(refusal) | Failure::KeyHolds { refusal, .. } => refused(*refusal),
        Failure::TooSoon(_) => refused(Refusal::SmsRateLimited),
        Failure::NotFound(refusal) => Verdict {
            code: code_of_read(*refusal),
            ..refused(*refusal)
        },
        Failure::Overloaded => verdict(
            Code::Unavailable,
            R::Overloaded,
            "too much work at once; nothing was done",
        ),
        Failure::Unavailable => verdict(Code::Unavailable, R::Unavailable, "the ledger is not available"),
        Failure::OutcomeUnknown => verdict(
            Code::Unavailable,
            R::OutcomeUnknown,
            "not settled in time; ask again under the same key",
        ),
        Failure::Internal(_) => verdict(Code::Internal, R::Internal, "internal error"),
    }
}

/// The code where the thing was only to be read: most refusals keep theirs.
fn code_of_read(refusal: Refusal) -> Code {
    if matches!(
        refusal,
        Refusal::PaymentNotFound | Refusal::AccountNotFound | Refusal::ProductUnknown
    ) {
        Code::NotFound
    } else {
        refused(refusal).code
    }
}

fn refused(refusal: Refusal) -> Verdict {
    use ErrorReason as R;
    let (reason, text) = match refusal {
        Refusal::IdempotencyKeyReused => (R::IdempotencyKeyReused, "the key was used with other content"),
        Refusal::ReplayWindowPassed => (R::ReplayWindowPassed, "repeated after the replay window"),
        Refusal::PaymentReversed => (R::PaymentReversed, "the payment was reversed"),
        Refusal::PaymentCancelled => (R::PaymentCancelled, "the payment was cancelled"),
        Refusal::KeyClosed => (R::KeyClosed, "a reversal came first and closed the key"),
        Refusal::PaymentUnknownKeyClosed => (
            R::PaymentUnknownKeyClosed,
            "there was no successful payment; the key is closed now",
        ),
        Refusal::KeyHoldsNoPayment => (R::KeyHoldsNoPayment, "the key holds no payment"),
        Refusal::PaymentNotFound => (R::PaymentNotFound, "there is no such payment"),
        Refusal::PaymentNotPaid => (R::PaymentNotPaid, "the payment was declined or closed"),
        Refusal::ReversalWindowPassed => (R::ReversalWindowPassed, "the payment is too old"),
        Refusal::AlreadyReversed => (R::AlreadyReversed, "the payment was given back before"),
        Refusal::OpeningExpired => (R::OpeningExpired, "the opening was not finished in time"),
        Refusal::OrderNumberAmbiguous => (
            R::OrderNumberAmbiguous,
            "more than one payment carries this order number; name it by its POS key",
        ),
        Refusal::SellerInactive => (R::SellerInactive, "the seller accepts no payments"),
        Refusal::TerminalInactive => (R::TerminalInactive, "the terminal accepts no payments"),
        Refusal::ProductUnknown => (R::ProductUnknown, "no such product on sale"),
        Refusal::ConsumerUnknown => (R::ConsumerUnknown, "no customer or account has this number"),
        Refusal::CustomerNotFound => (R::CustomerNotFound, "no customer has this number"),
        Refusal::AccountNotFound => (R::AccountNotFound, "no account has this number"),
        Refusal::AccountNotOwned => (R::AccountNotOwned, "the account does not belong to the number"),
        Refusal::IdentityMismatch => (R::IdentityMismatch, "the ID number is not the customer's"),
        Refusal::PinBlockUnreadable => (R::PinBlockUnreadable, "the PIN block holds no payment code"),
        Refusal::PaymentCodeLocked => (R::PaymentCodeLocked, "the payment code is locked"),
        Refusal::PaymentCodeNotSet => (R::PaymentCodeNotSet, "no payment code is set"),
        Refusal::PaymentCodeRequired => (R::PaymentCodeRequired, "the payment code is missing"),
        Refusal::PaymentCodeWrong => (R::PaymentCodeWrong, "the payment code is wrong"),
        Refusal::SmsCodeWrong => (R::SmsCodeWrong, "the SMS code is not valid"),
        Refusal::SmsRateLimited => (R::SmsRateLimited, "too many SMS codes for this number"),
        Refusal::AccountFrozen => (R::AccountFrozen, "the account is frozen"),
        Refusal::AccountPending => (R::AccountPending, "the card is not delivered yet"),
        Refusal::AccountNotYetValid => (R::AccountNotYetValid, "the card is not valid yet"),
        Refusal::AccountExpired => (R::AccountExpired, "the card has expired"),
        Refusal::RuleMismatch => (R::RuleMismatch, "the card can't be spent here, now, or for this"),
        Refusal::NotTransferable => (
            R::NotTransferable,
            "money of this type of account can't be transferred",
        ),
        Refusal::InsufficientBalance => (R::InsufficientBalance, "the account has not enough"),
        Refusal::AmountOutOfRange => (R::AmountOutOfRange, "the amount is out of range"),
    };
    verdict(code_of(reason), reason, text)
}

/// The code of a refusal: a state of the ledger stands against it, but for these.
fn code_of(reason: ErrorReason) -> Code {
    const EXCEPTIONS: [(ErrorReason, Code); 4] = [
        (ErrorReason::IdempotencyKeyReused, Code::AlreadyExists),
        (ErrorReason::PinBlockUnreadable, Code::InvalidArgument),
        (ErrorReason::SmsRateLimited, Code::ResourceExhausted),
        (ErrorReason::CustomerNotFound, Code::NotFound),
    ];
    let exception = EXCEPTIONS.iter().find(|(of, _)| *of == reason);
    exception.map_or(Code::FailedPrecondition, |(_, code)| *code)
}
