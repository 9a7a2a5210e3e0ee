//! What core and gateway say of their work alike: a trace across processes (the W3C `traceparent` of a request, read
//! where it comes in and written where it goes on), and an [`Outage`], when it begins and when it ends.
//!
//! Without the feature `otel` nothing is traced, and neither does anything. What this crate does not do: export
//! (the binary does), or take over `tracestate` and baggage: what strangers write there is no affair of ours.

mod outage;

pub use outage::Outage;

use http::HeaderMap;
use tracing::Span;

/// Makes a span that nobody has entered yet part of the trace that these headers name, sampled as they say, where
/// whoever sent them is trusted. A stranger's trace is linked to: whether ours is sampled is not for strangers to
/// say, and neither is its identifier, which that depends on.
pub fn follow(span: &Span, headers: &HeaderMap, trusted: impl FnOnce() -> bool) {
    #[cfg(feature = "otel")]
    w3c::follow(span, headers, trusted);
    #[cfg(not(feature = "otel"))]
    let _ = (span, headers, trusted);
}

/// Names the current span's trace in these headers.
pub fn carry(headers: &mut HeaderMap) {
    #[cfg(feature = "otel")]
    w3c::carry(headers);
    #[cfg(not(feature = "otel"))]
    let _ = headers;
}

#[cfg(feature = "otel")]
mod w3c;
