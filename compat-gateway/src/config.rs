//! The gateway's configuration; the `map` binary embeds it.

use crate::secret::Secret;
use crate::settings::UnknownAnswer;
use ipnet::IpNet;
use map_listener::TlsConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Everything but the core itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// The gateway's bearer key at the core.
    #[schemars(with = "String")]
    pub core_key: Secret,
    /// Where it listens. Default: one listener on 127.0.0.1:8080 without a POS network.
    pub listeners: Vec<ListenerConfig>,
    /// Longest body in bytes. Default 1 MiB.
    pub max_body_bytes: usize,
    /// Bytes of all bodies and answers at once, from a body's first byte until its answer is sent, without the
    /// first 4 KiB of each (of connections × streams that is the larger part: 256 MiB at the defaults, half of it from one
    /// address); beyond that: busy. Default 64 MiB (67108864).
    pub total_body_bytes: usize,
    /// Deepest nesting of a body. Default 16; at most 64.
    pub max_json_depth: usize,
    /// Time from a connection's beginning, through its TLS handshake, to the end of its first request's head,
    /// in ms. Default 10,000.
    pub header_timeout_ms: u64,
    /// How long a connection is kept between two requests, the next one's head included, in ms. Default
    /// 75,000: who calls once a minute keeps theirs.
    pub idle_timeout_ms: u64,
    /// Requests at once on one connection over HTTP/2. Default 16: the callers of this contract speak
    /// HTTP/1.1, one at a time; a proxy opens more connections.
    pub streams_per_connection: u32,
    /// Time for a request's body, in ms. Default 10,000.
    pub body_timeout_ms: u64,
    /// Time for the core's answer, in ms. Default 10,000.
    pub core_timeout_ms: u64,
    /// Time for open requests after a shutdown began, in ms. Default 15,000.
    pub drain_timeout_ms: u64,
    /// How often the directory is asked for, in ms. Default 5,000.
    pub directory_refresh_ms: u64,
    /// Threads for MD5withRSA. Default 2.
    pub slow_verifications: usize,
    /// What a call with an unknown outcome gets while its caller isn't known. Default `close`.
    pub unknown_answer: UnknownAnswer,
}

/// One address to listen at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerConfig {
    /// Address and port; port 0 takes a free one. Default 127.0.0.1:8080.
    #[schemars(extend("format" = "address"))]
    pub bind: SocketAddr,
    /// The POS network whose calls without credential arrive here; none, the default: such calls are
    /// refused.
    pub network: Option<String>,
    /// Source addresses that may connect, as CIDR ranges; empty, the default: any.
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<IpNet>,
    /// TLS; none, the default: plain.
    pub tls: Option<TlsConfig>,
    /// Connections at once; more wait to be accepted. Default 4,096.
    pub max_connections: usize,
    /// Connections at once from one address (IPv6: from one /64); more are closed. Default: half of
    /// `max_connections`. Of what other addresses leave it may have the same part. Behind a proxy, whose address
    /// is everybody's, as many as `max_connections`.
    pub max_connections_per_address: Option<usize>,
    /// Calls at once. Default 512.
    pub concurrency: usize,
    /// Calls beyond that which give money back (pay_undo, pay_cancel). Default 64.
    pub reserved: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            core_key: Secret::default(),
            listeners: vec![ListenerConfig::default()],
            max_body_bytes: 1 << 20,
            total_body_bytes: 64 << 20,
            max_json_depth: 16,
            header_timeout_ms: 10_000,
            idle_timeout_ms: 75_000,
            streams_per_connection: 16,
            body_timeout_ms: 10_000,
            core_timeout_ms: 10_000,
            drain_timeout_ms: 15_000,
            directory_refresh_ms: 5_000,
            slow_verifications: 2,
            unknown_answer: UnknownAnswer::default(),
        }
    }
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            network: None,
            addresses: Vec::new(),
            tls: None,
            max_connections: 4096,
            max_connections_per_address: None,
            concurrency: 512,
            reserved: 64,
        }
    }
}

impl ListenerConfig {
    /// What makes no sense, each behind the listener's own place.
    fn errors(&self) -> Vec<String> {
        let per_address = self.max_connections_per_address;
        let positive = [
            ("max_connections", self.max_connections > 0),
            ("max_connections_per_address", per_address != Some(0)),
            ("concurrency", self.concurrency > 0),
            ("reserved", self.reserved > 0),
        ];
        let zero = positive.into_iter().filter(|(_, right)| !right);
        let zero = zero.map(|(setting, _)| format!(".{setting} must be more than 0"));
        let open = self.is_open().then(|| {
            " is a POS network's door with no credential but the address: name its addresses (addresses = \
             [\"0.0.0.0/0\", \"::/0\"] means anyone), or tls.client_ca_file"
                .to_owned()
        });
        zero.chain(open).collect()
    }

    /// Whether anyone who reaches it from another machine could speak for its network.
    fn is_open(&self) -> bool {
        let by_certificate = self.tls.as_ref().is_some_and(|tls| tls.client_ca_file.is_some());
        self.network.is_some()
            && self.addresses.is_empty()
            && !by_certificate
            && !self.bind.ip().is_loopback()
    }
}

impl GatewayConfig {
    /// Checks what the types can't: every error at once, each for the operator and with its key.
    pub fn validate(&self) -> Vec<String> {
        const POSITIVE: &str = "must be more than 0";
        // More is a mistake, and too much to count with.
        const TIME: &str = "must be 1 to 86400000, a day";
        let is_time = |value: u64| (1..=86_400_000).contains(&value);
        let checks = [
            (
                "max_json_depth",
                (1..=64).contains(&self.max_json_depth),
                "must be 1 to 64",
            ),
            ("max_body_bytes", self.max_body_bytes > 0, POSITIVE),
            (
                "total_body_bytes",
                self.total_body_bytes >= self.max_body_bytes,
                "must not be below max_body_bytes",
            ),
            ("header_timeout_ms", is_time(self.header_timeout_ms), TIME),
            ("idle_timeout_ms", is_time(self.idle_timeout_ms), TIME),
            (
                "streams_per_connection",
                self.streams_per_connection > 0,
                POSITIVE,
            ),
            ("body_timeout_ms", is_time(self.body_timeout_ms), TIME),
            ("core_timeout_ms", is_time(self.core_timeout_ms), TIME),
            ("directory_refresh_ms", is_time(self.directory_refresh_ms), TIME),
            ("slow_verifications", self.slow_verifications > 0, POSITIVE),
        ];
        let own = checks.into_iter().filter(|(_, right, _)| !right);
        let own = own.map(|(setting, _, problem)| format!("gateway.{setting} {problem}"));
        let listeners = self.listeners.iter().enumerate().flat_map(|(at, listener)| {
            let errors = listener.errors().into_iter();
            errors.map(move |error| format!("gateway.listeners[{at}]{error}"))
        });
        own.chain(listeners).collect()
    }

    /// The POS network of each listener.
    pub(crate) fn networks(&self) -> Vec<Option<String>> {
        self.listeners
            .iter()
            .map(|listener| listener.network.clone())
            .collect()
    }

    pub(crate) fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    pub(crate) fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    pub(crate) fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    pub(crate) fn core_timeout(&self) -> Duration {
        Duration::from_millis(self.core_timeout_ms)
    }

    pub(crate) fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }

    pub(crate) fn directory_refresh(&self) -> Duration {
        Duration::from_millis(self.directory_refresh_ms)
    }
}
