//! Metrics and the log line of a request. Never bodies, keys, numbers of persons or codes.

use crate::contract::Endpoint;
use std::time::Duration;

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

/// Records a request.
pub(crate) fn record(end: &End<'_>) {
    let endpoint = end.endpoint.map_or("none", |endpoint| endpoint.name);
    let kind = match end.errcode {
        Some(0) => "ok",
        Some(_) => "failed",
        None => "no_answer",
    };
    metrics::counter!(REQUESTS, "endpoint" => endpoint, "result" => kind).increment(1);
    metrics::histogram!(LATENCY, "endpoint" => endpoint).record(end.latency.as_secs_f64());
    if end.errcode.is_none() {
        metrics::counter!(NO_ANSWERS, "endpoint" => endpoint).increment(1);
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
