//! How to reach the core and as whom.

use crate::RetryPolicy;
use std::time::Duration;

/// How to reach the core and as whom.
#[derive(Clone)]
pub struct ClientConfig {
    pub(crate) endpoint: String,
    pub(crate) bearer_key: String,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) deadline: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

/// The key is not shown.
impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig")
            .field("endpoint", &self.endpoint)
            .field("on_behalf_of", &self.on_behalf_of)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl ClientConfig {
    /// The core's address, such as `http://127.0.0.1:50051`, and the caller's bearer key.
    ///
    /// Defaults: 10 s for a call with all its retries, 3 s for each attempt.
    pub fn new(endpoint: impl Into<String>, bearer_key: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            bearer_key: bearer_key.into(),
            on_behalf_of: None,
            deadline: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(3),
            retry: RetryPolicy::default(),
        }
    }

    /// For gateways: act for this caller, such as `app/zjhtwallet`.
    #[must_use]
    pub fn on_behalf_of(mut self, caller: impl Into<String>) -> Self {
        self.on_behalf_of = Some(caller.into());
        self
    }

    /// How long a call may take, all its retries included.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long one attempt may take; the core is told, so that it does not work in vain.
    #[must_use]
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// When and how often a call is tried again.
    #[must_use]
    pub const fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }
}

/// The configuration can't work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The endpoint is not a URL such as `http://127.0.0.1:50051`.
    #[error("endpoint {0:?} is not a URL such as http://127.0.0.1:50051")]
    Endpoint(String),
    /// The endpoint asks for TLS, whose roots are yours to choose.
    #[error("endpoint {0:?} asks for TLS: make a channel with your roots and give it to MapClient::over")]
    Tls(String),
    /// The bearer key holds characters that a header can't.
    #[error("the bearer key holds characters that a header can't carry")]
    BearerKey,
    /// The caller to act for holds characters that a header can't.
    #[error("the caller to act for holds characters that a header can't carry")]
    OnBehalfOf,
}
