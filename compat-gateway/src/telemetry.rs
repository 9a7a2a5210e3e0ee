//! Metrics and the log line of a request. Never bodies, keys, numbers of persons or codes.

use crate::contract::{ENDPOINTS, Endpoint};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;
use tracing::Span;
use tracing::field::Empty;

/// Requests by endpoint and result.
pub(crate) const REQUESTS: &str = "map_gateway_requests_total";
/// Seconds from the first byte to the answer, by endpoint.
pub(crate) const LATENCY: &str = "map_gateway_request_seconds";
/// Calls whose outcome was unknown and that got no answer, by endpoint.
pub(crate) const NO_ANSWERS: &str = "map_gateway_no_answers_total";
/// PIN blocks that could not be opened, by caller: a wrong POSP key looks like this.
pub(crate) const PIN_BLOCKS: &str = "map_gateway_unreadable_pin_blocks_total";
/// The directory's revision.
pub(crate) const DIRECTORY: &str = "map_gateway_directory_revision";
/// Connections from an address that the listener does not allow.
pub(crate) const CONNECTIONS_REFUSED: &str = "map_gateway_connections_refused_total";
/// Connections closed because their address has enough.
pub(crate) const CONNECTIONS_CROWDED: &str = "map_gateway_connections_crowded_total";
/// Requests whose bodies found no memory.
pub(crate) const BODIES_REFUSED: &str = "map_gateway_bodies_refused_total";

/// What stands for the endpoint where none was found.
const NO_ENDPOINT: &str = "none";

/// Tells the installed recorder of each metric what it is, and begins its series: an alarm on one that appears
/// with its first increment misses that increment. Series of callers begin when the directory names them.
pub fn register() {
    describe_counter!(REQUESTS, "Requests by endpoint and result: ok, failed, no_answer");
    describe_histogram!(
        LATENCY,
        Unit::Seconds,
        "Time from first byte to answer, by endpoint"
    );
    describe_counter!(
        NO_ANSWERS,
        "Requests whose outcome was open and that got no answer, by endpoint"
    );
    for endpoint in ENDPOINTS
        .iter()
        .map(|endpoint| endpoint.name)
        .chain([NO_ENDPOINT])
    {
        for result in ["ok", "failed", "no_answer"] {
            counter!(REQUESTS, "endpoint" => endpoint, "result" => result).increment(0);
        }
        counter!(NO_ANSWERS, "endpoint" => endpoint).increment(0);
        let _begun = histogram!(LATENCY, "endpoint" => endpoint);
    }
    describe_counter!(PIN_BLOCKS, "PIN blocks that could not be opened, by caller");
    describe_counter!(
        CONNECTIONS_REFUSED,
        "Connections from addresses that a listener does not allow"
    );
    describe_counter!(
        CONNECTIONS_CROWDED,
        "Connections closed because their address has as many as it may"
    );
    describe_counter!(BODIES_REFUSED, "Requests whose bodies found no memory");
    for name in [CONNECTIONS_REFUSED, CONNECTIONS_CROWDED, BODIES_REFUSED] {
        counter!(name).increment(0);
    }
    describe_gauge!(DIRECTORY, "Revision of the directory in force; 0: none yet");
    gauge!(DIRECTORY).increment(0.0);
}

/// Begins the series of callers.
pub(crate) fn register_callers<'a>(ids: impl Iterator<Item = &'a str>) {
    for id in ids {
        counter!(PIN_BLOCKS, "caller" => id.to_owned()).increment(0);
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End<'a> {
    pub endpoint: Option<&'static Endpoint>,
    pub caller: Option<&'a str>,
    pub request_id: &'a str,
    /// errcode of the answer; none: no answer.
    pub errcode: Option<i32>,
    /// A reason's stable name, `ok`, or why there was no answer.
    pub result: &'a str,
    pub latency: Duration,
}

/// The span of a request. For traces: the log line says the same by itself.
pub(crate) fn span(request_id: &str) -> Span {
    tracing::debug_span!(
        "legacy call",
        otel.kind = "server",
        request_id,
        endpoint = Empty,
        caller = Empty,
        result = Empty
    )
}

/// Records a request, from within its span.
pub(crate) fn record(end: &End<'_>) {
    let endpoint = end.endpoint.map_or(NO_ENDPOINT, |endpoint| endpoint.name);
    let kind = match end.errcode {
        Some(0) => "ok",
        Some(_) => "failed",
        None => "no_answer",
    };
    let span = Span::current();
    span.record("endpoint", endpoint);
    span.record("result", end.result);
    if let Some(caller) = end.caller {
        span.record("caller", caller);
    }
    counter!(REQUESTS, "endpoint" => endpoint, "result" => kind).increment(1);
    histogram!(LATENCY, "endpoint" => endpoint).record(end.latency.as_secs_f64());
    if end.errcode.is_none() {
        counter!(NO_ANSWERS, "endpoint" => endpoint).increment(1);
    }
    tracing::info!(
        request_id = end.request_id,
        endpoint,
        path = end.endpoint.and_then(|endpoint| endpoint.paths.first()).copied(),
        caller = end.caller,
        errcode = end.errcode,
        result = end.result,
        latency_us = u64::try_from(end.latency.as_micros()).unwrap_or(u64::MAX),
        "legacy call"
    );
}
