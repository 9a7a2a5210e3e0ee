//! What of the settings makes no sense: all of it at once, each by its name and with what would be right.

use super::{CoreConfig, LedgerConfig, Limits, Rules, Timeouts};
use crate::cors::is_origin;
use crate::layers::DOCUMENT_BYTES;

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("core.{setting}: {problem}")]
pub struct ConfigError {
    /// Which one.
    pub setting: &'static str,
    /// What is wrong, and what would be right.
    pub problem: &'static str,
}

/// Which setting, whether it is right, and what would be.
type Check = (&'static str, bool, &'static str);

const AT_LEAST_1: &str = "must be at least 1";

impl CoreConfig {
    /// Checks what the types can't: every error at once.
    pub fn validate(&self) -> Vec<ConfigError> {
        let checks = [
            limits(&self.limits),
            timeouts(&self.timeouts),
            rules(&self.rules),
            ledger(&self.ledger),
            own(self),
        ];
        let failed = checks.into_iter().flatten().filter(|(_, right, _)| !right);
        failed
            .map(|(setting, _, problem)| ConfigError { setting, problem })
            .collect()
    }
}

fn own(config: &CoreConfig) -> Vec<Check> {
    vec![
        (
            "cors_origins",
            config.cors_origins.iter().all(|origin| is_origin(origin)),
            "each must be scheme://host or scheme://host:port in small letters, without a path; \"*\" is refused",
        ),
        ("poll_ms", config.poll_ms >= 10, "must be at least 10"),
    ]
}

fn limits(limits: &Limits) -> Vec<Check> {
    vec![
        ("limits.concurrent_calls", limits.concurrent_calls > 0, AT_LEAST_1),
        (
            "limits.reserved_calls",
            limits.reserved_calls > 0,
            "must be at least 1: reversals need a place",
        ),
        (
            "limits.message_bytes",
            limits.message_bytes >= 1024,
            "must be at least 1024",
        ),
        (
            "limits.total_message_bytes",
            limits.total_message_bytes >= limits.message_bytes.max(DOCUMENT_BYTES),
            "must not be below message_bytes, nor below 16 MiB: a provisioning document",
        ),
        ("limits.connections", limits.connections > 0, AT_LEAST_1),
        (
            "limits.connections_per_address",
            limits.connections_per_address != Some(0),
            AT_LEAST_1,
        ),
        (
            "limits.streams_per_connection",
            limits.streams_per_connection > 0,
            AT_LEAST_1,
        ),
        (
            "limits.header_bytes",
            limits.header_bytes >= 1024,
            "must be at least 1024",
        ),
    ]
}

fn timeouts(timeouts: &Timeouts) -> Vec<Check> {
    vec![
        ("timeouts.default_ms", timeouts.default_ms > 0, AT_LEAST_1),
        (
            "timeouts.maximum_ms",
            timeouts.maximum_ms >= timeouts.default_ms,
            "must not be below default_ms",
        ),
        ("timeouts.handshake_ms", timeouts.handshake_ms > 0, AT_LEAST_1),
        ("timeouts.idle_ms", timeouts.idle_ms > 0, AT_LEAST_1),
        ("timeouts.keep_alive_ms", timeouts.keep_alive_ms > 0, AT_LEAST_1),
    ]
}

fn rules(rules: &Rules) -> Vec<Check> {
    const POSITIVE: &str = "must be positive";
    vec![
        ("rules.replay_window_ms", rules.replay_window_ms > 0, POSITIVE),
        ("rules.reversal_window_ms", rules.reversal_window_ms > 0, POSITIVE),
        (
            "rules.opening_deadline_ms",
            rules.opening_deadline_ms > 0,
            POSITIVE,
        ),
        ("rules.max_code_failures", rules.max_code_failures > 0, AT_LEAST_1),
        (
            "rules.sms_interval_ms",
            rules.sms_interval_ms >= 0,
            "must not be negative",
        ),
    ]
}

fn ledger(ledger: &LedgerConfig) -> Vec<Check> {
    vec![
        ("ledger.settle_ms", ledger.settle_ms > 0, AT_LEAST_1),
        (
            "ledger.node",
            ledger.node.is_none_or(|node| node < 10_000),
            "must be below 10000",
        ),
    ]
}
