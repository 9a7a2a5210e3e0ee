//! SMS codes by a signed HTTP POST to a provider of the installation's own.
//!
//! Body: `{"mobile_number":"…","code":"…","sent_at_ms":…}`. Headers: `x-map-timestamp` (ms)
//! and `x-map-signature: v1=<hex>`, HMAC-SHA256 over timestamp, a dot, body. 2xx means taken.
//!
//! Over https the provider's certificate is verified, against `ca_file` alone or the system's
//! authorities.
//!
//! What it does not do: repeat a message (the caller asks again), write a number or a code to a
//! log.

use super::trust::{Trust, TrustError};
use crate::ports::{SmsNotSent, SmsSender};
use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use http::{Request, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use map_domain::{MobileNumber, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::path::PathBuf;
use std::time::Duration;

/// Where codes are posted to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// An `https://` URL; `http://` for a relay on this machine or a private network.
    pub url: String,
    /// PEM file with the authorities that may vouch for the provider, and no others. Default: those
    /// of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The file that holds the signing key: its bytes without white space at the ends.
    pub key_file: PathBuf,
    /// How long the provider may take, in ms. Default 5000.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
}

/// Without the URL: its path, too, may be what gives access.
impl std::fmt::Debug for WebhookConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookConfig")
            .field("ca_file", &self.ca_file)
            .field("key_file", &self.key_file)
            .field("timeout_ms", &self.timeout_ms)
            .finish_non_exhaustive()
    }
}

const fn default_timeout_ms() -> u64 {
    5_000
}

/// Why a webhook can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The URL is not one. It is not shown: it may hold a secret.
    #[error("sms.url: not an https:// or http:// URL")]
    Url,
    /// The authorities can't be used.
    #[error("sms.ca_file: {0}")]
    Authorities(TrustError),
    /// Authorities are named, but nothing would be checked against them.
    #[error("sms.ca_file: the URL is not https://")]
    AuthoritiesUnused,
    /// The key file can't be read.
    #[error("sms.key_file {0}: {1}")]
    KeyFile(PathBuf, std::io::Error),
    /// The key is too short to be one.
    #[error("sms.key_file {0}: at least 16 bytes are needed")]
    KeyTooShort(PathBuf),
}

/// Posts codes to a provider.
pub struct SmsWebhook {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    key: Vec<u8>,
    timeout: Duration,
}

#[derive(Serialize)]
struct Message<'a> {
    mobile_number: &'a str,
    code: &'a str,
    sent_at_ms: i64,
}

impl SmsWebhook {
    /// Reads the key and makes the client.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub fn new(config: &WebhookConfig) -> Result<Self, WebhookError> {
        let uri: Uri = config.url.parse().map_err(|_| WebhookError::Url)?;
        let trust = match (uri.scheme_str(), uri.host(), &config.ca_file) {
            (Some("https"), Some(_), Some(file)) => Trust::File(file),
            (Some("https"), Some(_), None) => Trust::System,
            (Some("http"), Some(_), None) => Trust::Nobody,
            (Some("http"), Some(_), Some(_)) => return Err(WebhookError::AuthoritiesUnused),
            _ => return Err(WebhookError::Url),
        };
        let tls = trust.config().map_err(WebhookError::Authorities)?;
        let key = std::fs::read(&config.key_file)
            .map_err(|error| WebhookError::KeyFile(config.key_file.clone(), error))?;
        let key = key.trim_ascii().to_vec();
        if key.len() < 16 {
            return Err(WebhookError::KeyTooShort(config.key_file.clone()));
        }
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls);
        let connector = connector.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self {
            client,
            uri,
            key,
            timeout: Duration::from_millis(config.timeout_ms),
        })
    }

    fn request(
        &self,
        mobile: &MobileNumber,
        code: &str,
        at: Timestamp,
    ) -> Result<Request<Full<Bytes>>, SmsNotSent> {
        let sent_at_ms = at.as_millis();
        let message = Message {
            mobile_number: mobile.as_str(),
            code,
            sent_at_ms,
        };
        let body = serde_json::to_vec(&message)
            .map_err(|_| SmsNotSent("the message can't be encoded".to_owned()))?;
        let timestamp = sent_at_ms.to_string();
        Request::post(self.uri.clone())
            .header("content-type", "application/json")
            .header("x-map-signature", signature(&self.key, &timestamp, &body))
            .header("x-map-timestamp", timestamp)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| SmsNotSent("the request can't be built".to_owned()))
    }
}

#[async_trait]
impl SmsSender for SmsWebhook {
    async fn send(&self, mobile: &MobileNumber, code: &str, at: Timestamp) -> Result<(), SmsNotSent> {
        let request = self.request(mobile, code, at)?;
        match tokio::time::timeout(self.timeout, self.client.request(request)).await {
            Ok(Ok(response)) if response.status().is_success() => Ok(()),
            Ok(Ok(response)) => Err(SmsNotSent(format!(
                "the provider answered {}",
                response.status().as_u16()
            ))),
            Ok(Err(error)) => Err(SmsNotSent(format!(
                "the provider can't be reached: {error}: {}",
                cause(&error)
            ))),
            Err(_) => Err(SmsNotSent("the provider did not answer in time".to_owned())),
        }
    }

    fn outbox(&self) -> Option<Vec<crate::ports::SentCode>> {
        None
    }
}

/// What is at the bottom of an error: a refused connection, a certificate of somebody else.
fn cause(error: &dyn std::error::Error) -> &dyn std::error::Error {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest
}

/// What `x-map-signature` must say for this body.
pub fn signature(key: &[u8], timestamp: &str, body: &[u8]) -> String {
    // HMAC takes a key of any length; the error can't come.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}
