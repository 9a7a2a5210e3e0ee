//! How long a call may take: `grpc-timeout` as the caller wrote it, within our bounds. In
//! process nobody else enforces it.

use http::{HeaderMap, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const HEADER: &str = "grpc-timeout";

/// Times in ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// For a call whose caller names no deadline. Default 10000.
    pub default_ms: u64,
    /// The longest a caller may ask for. Default 60000.
    pub maximum_ms: u64,
    /// From a connection's beginning, through its TLS handshake, to its first call; a client that connects
    /// and calls later connects again. Default 10000.
    pub handshake_ms: u64,
    /// Without a call before a connection is closed (over HTTP/2 with a word, so that clients go on with
    /// another). Default 75000: who calls once a minute keeps theirs.
    pub idle_ms: u64,
    /// Between pings on a connection that is quiet; as long again for the answer. Default 30000.
    pub keep_alive_ms: u64,
    /// For calls that still run when the server stops. Default 30000.
    pub drain_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            default_ms: 10_000,
            maximum_ms: 60_000,
            handshake_ms: 10_000,
            idle_ms: 75_000,
            keep_alive_ms: 30_000,
            drain_ms: 30_000,
        }
    }
}

/// The call's timeout; afterwards the header says so too, for whom the call reaches.
pub(super) fn settle(headers: &mut HeaderMap, timeouts: &Timeouts) -> Duration {
    let asked = parse(headers).unwrap_or(Duration::from_millis(timeouts.default_ms));
    let settled = asked.min(Duration::from_millis(timeouts.maximum_ms));
    headers.insert(HEADER, format(settled));
    settled
}

/// How long the caller waits, as the layer settled it; the default where no layer did.
pub fn timeout_of(headers: &HeaderMap) -> Duration {
    parse(headers).unwrap_or(Duration::from_millis(Timeouts::default().default_ms))
}

/// `1*8 digits, then a unit` (gRPC over HTTP/2). What is malformed counts as absent.
fn parse(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value.saturating_mul(3600))),
        "M" => Some(Duration::from_secs(value.saturating_mul(60))),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

/// In the finest unit that eight digits hold.
fn format(timeout: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let units = [
        (timeout.as_nanos(), 'n'),
        (timeout.as_micros(), 'u'),
        (timeout.as_millis(), 'm'),
    ];
    let (value, unit) = units
        .into_iter()
        .find(|(value, _)| *value <= MOST)
        .unwrap_or((u128::from(timeout.as_secs()).min(MOST), 'S'));
    HeaderValue::from_str(&format!("{value}{unit}")).unwrap_or(HeaderValue::from_static("10S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(given: Option<&str>) -> (Duration, Duration) {
        let mut headers = HeaderMap::new();
        if let Some(given) = given {
            headers.insert(HEADER, HeaderValue::from_str(given).unwrap());
        }
        let settled = settle(&mut headers, &Timeouts::default());
        (settled, timeout_of(&headers))
    }

    #[test]
    fn a_timeout_is_the_callers_within_bounds_and_reaches_the_service() {
        let ms = Duration::from_millis;
        let cases = [
            (None, ms(10_000)),
            (Some("5S"), ms(5_000)),
            (Some("250m"), ms(250)),
            (Some("99999999n"), Duration::from_nanos(99_999_999)),
            (Some("1H"), ms(60_000)),
            (Some("2M"), ms(60_000)),
            (Some("99999999H"), ms(60_000)),
            (Some("123456789m"), ms(10_000)),
            (Some("5"), ms(10_000)),
            (Some("S"), ms(10_000)),
            (Some("-1S"), ms(10_000)),
            (Some("1.5S"), ms(10_000)),
            (Some("5x"), ms(10_000)),
        ];
        for (given, expected) in cases {
            assert_eq!(settled(given), (expected, expected), "{given:?}");
        }
    }
}
