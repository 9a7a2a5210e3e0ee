//! The core's settings, each with its default and unit. Unknown names are refused; what the types can't refuse is
//! in `check`.

mod check;

pub use check::ConfigError;

use crate::adapters::{SmsOutbox, SmsWebhook, WebhookConfig, WebhookError};
pub use crate::layers::{Limits, Timeouts};
use crate::ledger;
use crate::ports::SmsSender;
use map_domain::Policy;
pub use map_listener::TlsConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::sync::Arc;

/// The core's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CoreConfig {
    /// Where gRPC and gRPC-web are served. Default `127.0.0.1:50051`.
    #[schemars(extend("format" = "address"))]
    pub bind: SocketAddr,
    /// TLS for that address. Default: none, which is for loopback and private networks.
    pub tls: Option<TlsConfig>,
    /// Origins of web pages that may call over gRPC-web, such as `https://till.example`. Default:
    /// none.
    pub cors_origins: Vec<String>,
    /// The key of all digests, 32 bytes, made when the ledger is new. Default `map.secret` in the
    /// working folder; the binary puts it beside the data folder.
    pub secret_file: PathBuf,
    /// Bounds on load.
    pub limits: Limits,
    /// Deadlines.
    pub timeouts: Timeouts,
    /// Settings that decisions depend on.
    pub rules: Rules,
    /// How requests are settled.
    pub ledger: LedgerConfig,
    /// How SMS codes are sent. Default: the development outbox.
    pub sms: SmsConfig,
    /// How often the catalogue's version and the store's health are looked at, in ms.
    /// Default 1000.
    pub poll_ms: u64,
}

impl Default for CoreConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 50051)),
            tls: None,
            cors_origins: Vec::new(),
            secret_file: PathBuf::from("map.secret"),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            rules: Rules::default(),
            ledger: LedgerConfig::default(),
            sms: SmsConfig::default(),
            poll_ms: 1_000,
        }
    }
}

/// Settings that decisions depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// A success is repeated as a success this long, in ms. Default 7 days (604800000).
    pub replay_window_ms: i64,
    /// A payment can be reversed or cancelled this long without an operator, in ms. Default 7 days.
    pub reversal_window_ms: i64,
    /// An opening can be committed this long after it was asked for, in ms. Default 30000.
    pub opening_deadline_ms: i64,
    /// Wrong payment codes in a row that lock it. Default 5.
    pub max_code_failures: u32,
    /// The least time between two SMS codes to one number, in ms. Default 60000.
    pub sms_interval_ms: i64,
}

impl Default for Rules {
    fn default() -> Self {
        let Policy {
            replay_window_ms,
            reversal_window_ms,
            opening_deadline_ms,
            max_code_failures,
            sms_interval_ms,
        } = Policy::default();
        Self {
            replay_window_ms,
            reversal_window_ms,
            opening_deadline_ms,
            max_code_failures,
            sms_interval_ms,
        }
    }
}

impl From<Rules> for Policy {
    fn from(rules: Rules) -> Self {
        let Rules {
            replay_window_ms,
            reversal_window_ms,
            opening_deadline_ms,
            max_code_failures,
            sms_interval_ms,
        } = rules;
        Self {
            replay_window_ms,
            reversal_window_ms,
            opening_deadline_ms,
            max_code_failures,
            sms_interval_ms,
        }
    }
}

/// How requests are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerConfig {
    /// How long one request is tried to be settled where the store does not tell its outcome,
    /// in ms. Default 10000.
    pub settle_ms: u64,
    /// This process in order numbers, 0 to 9999, where several serve one store. Default: random.
    pub node: Option<u16>,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        let ledger::Options { settle_ms, node } = ledger::Options::default();
        Self { settle_ms, node }
    }
}

impl From<LedgerConfig> for ledger::Options {
    fn from(config: LedgerConfig) -> Self {
        let LedgerConfig { settle_ms, node } = config;
        Self { settle_ms, node }
    }
}

/// How SMS codes are sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "adapter", rename_all = "snake_case")]
pub enum SmsConfig {
    /// Not at all: an operator reads them in the development outbox.
    #[default]
    Outbox,
    /// By a signed HTTP POST.
    Webhook(WebhookConfig),
}

impl SmsConfig {
    /// The adapter that these settings name.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub fn sender(&self) -> Result<Arc<dyn SmsSender>, WebhookError> {
        Ok(match self {
            Self::Outbox => Arc::new(SmsOutbox::default()),
            Self::Webhook(config) => Arc::new(SmsWebhook::new(config)?),
        })
    }
}
