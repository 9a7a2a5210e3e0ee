//! What a call can end with: a decision (a refusal), or an open outcome.

use map_proto::ERROR_DOMAIN;
use map_proto::common::v1::ErrorReason;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A field that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// Its path in the request, such as `key.serial_number`.
    pub field: String,
    /// What was expected.
    pub description: String,
}

/// A decision against the call: this call moved nothing. What an earlier call did under the same
/// key is told by the reason: `PAYMENT_REVERSED`, `PAYMENT_CANCELLED`, `REPLAY_WINDOW_PASSED` and
/// `IDEMPOTENCY_KEY_REUSED` mean that there was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why; `Unspecified` for a reason this client is too old to know (see `reason_text`).
    pub reason: ErrorReason,
    /// The reason as the core wrote it, such as `INSUFFICIENT_BALANCE`.
    pub reason_text: String,
    /// The gRPC code.
    pub code: Code,
    /// For people; not for programs.
    pub message: String,
    /// For malformed requests: what is wrong.
    pub fields: Vec<FieldViolation>,
    /// What a program may want to know besides the reason, under the keys that `ErrorReason` documents;
    /// `request_id` is among them.
    pub metadata: BTreeMap<String, String>,
    /// How long to wait before the same is asked for again, where waiting helps.
    pub retry_delay: Option<Duration>,
}

impl Refusal {
    /// The name of the refused request in the core's logs; tell it to who looks into it. `None`: it was not
    /// the core that refused.
    pub fn request_id(&self) -> Option<&str> {
        self.metadata.get("request_id").map(String::as_str)
    }
}

/// Why a call did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The core decided against it.
    #[error("refused: {} ({})", .0.reason_text, .0.message)]
    Refused(Refusal),
    /// Nobody knows yet whether it happened: ask again under the same idempotency key.
    #[error("outcome unknown after {attempts} attempts ({code:?}: {message}): ask again under the same key")]
    OutcomeUnknown {
        /// How often it was tried.
        attempts: u32,
        /// The last gRPC code.
        code: Code,
        /// For people: what came of the last attempt, with what lies below it, such as a connection refused or a
        /// certificate that is not trusted.
        message: String,
        /// The name of the last attempt in the core's logs. `None`: nothing came from the core.
        request_id: Option<String>,
    },
}

impl Error {
    /// The reason of a refusal.
    pub const fn reason(&self) -> Option<ErrorReason> {
        match self {
            Self::Refused(refusal) => Some(refusal.reason),
            Self::OutcomeUnknown { .. } => None,
        }
    }
}

/// What is known where attempts or time are used up.
pub(crate) fn unknown(attempts: u32, status: &Status) -> Error {
    let below = std::iter::successors(status.source(), |&error| error.source());
    // What is at the bottom, such as "Connection refused", says most; the status may have no more than its kind.
    let bottom = below.last().map(ToString::to_string);
    let bottom = bottom.filter(|bottom| !status.message().contains(bottom.as_str()));
    let message = bottom.map_or_else(
        || status.message().to_owned(),
        |bottom| format!("{}: {bottom}", status.message()),
    );
    Error::OutcomeUnknown {
        attempts,
        code: status.code(),
        message,
        request_id: refusal(status).request_id().map(str::to_owned),
    }
}

/// Whether this status leaves open what happened, and asking again under the same key helps.
pub(crate) fn is_open(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable
        | Code::DeadlineExceeded
        | Code::Cancelled
        | Code::Unknown
        | Code::Internal
        | Code::Aborted
        | Code::DataLoss => true,
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => false,
    }
}

/// Whether this status is about who calls, and not about the request: after an attempt whose
/// outcome is open it decides nothing.
pub(crate) fn is_about_the_caller(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented
    )
}

/// Whether the core gave this status: its own have a reason. A proxy's have none, nor do those that the client
/// makes of an answer that it can't take, such as one that is too long; the request may have had its effect.
pub(crate) fn is_of_the_core(status: &Status) -> bool {
    let info = status.get_details_error_info();
    info.is_some_and(|info| info.domain == ERROR_DOMAIN)
}

/// How long the core asks to wait.
pub(crate) fn retry_delay(status: &Status) -> Option<Duration> {
    status.get_details_retry_info().and_then(|info| info.retry_delay)
}

/// Reads a decision out of a status.
pub(crate) fn refusal(status: &Status) -> Refusal {
    let details = status.get_error_details();
    let (reason_text, metadata) = details
        .error_info()
        .map(|info| (info.reason.clone(), info.metadata.clone().into_iter().collect()))
        .unwrap_or_default();
    let reason = ErrorReason::from_name(&reason_text);
    let fields = details.bad_request().map_or_else(Vec::new, |bad| {
        bad.field_violations
            .iter()
            .map(|violation| FieldViolation {
                field: violation.field.clone(),
                description: violation.description.clone(),
            })
            .collect()
    });
    Refusal {
        reason: reason.unwrap_or(ErrorReason::Unspecified),
        reason_text,
        code: status.code(),
        message: status.message().to_owned(),
        fields,
        metadata,
        retry_delay: details.retry_info().and_then(|info| info.retry_delay),
    }
}
