//! What a gRPC status says about the outcome: decided, or open.

use crate::call::CallError;
use map_proto::ERROR_DOMAIN;
use map_proto::common::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Reads a status. Only a status with the core's own reason, and about the request, is a decision: whatever
/// comes from elsewhere, such as a proxy, or is about the gateway itself may not be so the next time.
pub(crate) fn classify(status: &Status) -> CallError {
    let details = status.get_error_details();
    let info = details.error_info().filter(|info| info.domain == ERROR_DOMAIN);
    let reason = info.and_then(|info| ErrorReason::from_name(&info.reason));
    match reason {
        Some(reason) if is_decided(status.code(), reason) => {
            let violation = details.bad_request().and_then(|bad| bad.field_violations.first());
            let field = violation.map(|violation| violation.field.clone());
            CallError::Declined { reason, field }
        }
        Some(_) | None => CallError::Unknown {
            code: status.code(),
            reason,
        },
    }
}

fn is_decided(code: Code, reason: ErrorReason) -> bool {
    !is_about_the_caller(reason) && is_final(code, reason)
}

/// A caller that the gateway may not act for, or the gateway itself: deactivated or provisioned wrongly, which
/// an operator puts right, and the same bytes succeed. It also refuses the repeat of what was paid. A
/// deactivated app is told so by the gateway, once the directory says it.
fn is_about_the_caller(reason: ErrorReason) -> bool {
    matches!(
        reason,
        ErrorReason::Unauthenticated | ErrorReason::CallerInactive | ErrorReason::PermissionDenied
    )
}

fn is_final(code: Code, reason: ErrorReason) -> bool {
    match code {
        // The sender of an SMS said no, and nothing was promised.
        Code::ResourceExhausted => reason == ErrorReason::SmsRateLimited,
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange => true,
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => false,
    }
}
