//! What is told of a call: a span, one log line, metrics. Method, caller, code, latency and
//! request id; never a body, a key, or a path that we do not know.

use crate::auth::Rpc;
use crate::telemetry;
use http::Response;
use tokio::time::Instant;
use tonic::Code;
use tonic::body::Body;
use tracing::field::Empty;

/// What gateways and probes ask.
const HEALTH_CHECK: &str = "/grpc.health.v1.Health/Check";

/// A call under observation.
pub(super) struct Observed {
    span: tracing::Span,
    method: &'static str,
    /// Gateways ask all the time, and say themselves when they hear news.
    routine: bool,
    started: Instant,
}

impl Observed {
    /// Begins. `caller` is filled in by [`crate::auth::enter`].
    pub(super) fn begin(path: &str, rpc: Option<Rpc>, request_id: &str, started: Instant) -> Self {
        let method = rpc.map_or_else(|| other(path), Rpc::path);
        let span = tracing::info_span!("call", method, request_id, caller = Empty);
        Self {
            span,
            method,
            routine: rpc == Some(Rpc::GetDirectory) || path == HEALTH_CHECK,
            started,
        }
    }

    pub(super) fn span(&self) -> tracing::Span {
        self.span.clone()
    }

    /// Ends: the log line and the metrics.
    pub(super) fn end(&self, response: &Response<Body>) {
        let code = code_name(code_of(response));
        let elapsed = self.started.elapsed();
        let latency_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.span.in_scope(|| {
            if self.routine && code == "OK" {
                tracing::debug!(code, latency_us, "answered");
            } else {
                tracing::info!(code, latency_us, "answered");
            }
        });
        metrics::counter!(telemetry::CALLS, "method" => self.method, "code" => code).increment(1);
        metrics::histogram!(telemetry::CALL_SECONDS, "method" => self.method).record(elapsed.as_secs_f64());
    }
}

/// A label for what is no rpc of ours; one for all unknown paths, so that nobody can make
/// labels without end.
fn other(path: &str) -> &'static str {
    if path.starts_with("/grpc.health.v1.Health/") {
        "/grpc.health.v1.Health"
    } else if path.starts_with("/grpc.reflection.v1.ServerReflection/") {
        "/grpc.reflection.v1.ServerReflection"
    } else {
        "unknown"
    }
}

/// A failed unary call has its code in the headers (trailers-only); success is told later,
/// in the trailers.
fn code_of(response: &Response<Body>) -> Code {
    let header = response.headers().get("grpc-status");
    header.map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}

const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
