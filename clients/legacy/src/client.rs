//! Sends bodies over HTTP/1 and reads the documented answers.

use crate::caller::Caller;
use crate::contract::Request;
use crate::sign::{SignError, Signer};
use bytes::Bytes;
use http::{StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client as Http, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;
use std::time::Duration;

/// A client of one gateway, for one caller.
#[derive(Debug)]
pub struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    base: String,
    signer: Signer,
    timeout: Duration,
}

/// The client can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is not `http://host:port`.
    #[error("{0}: expected http://host:port, the gateway's address")]
    Address(String),
}

/// Why there is no success. [`CallError::is_unknown`] tells what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing was sent.
    #[error("not signed: {0}")]
    Sign(#[from] SignError),
    /// Nothing was sent: the gateway can't be reached.
    #[error("the gateway can't be reached")]
    NotSent,
    /// The connection closed without an answer, or none came in time: the outcome is unknown. Send the
    /// same numbers again, or reverse them.
    #[error("no answer: the outcome is unknown")]
    NoAnswer,
    /// The documented failure.
    #[error("{errcode}: {errmsg}")]
    Failed {
        /// Never 0.
        errcode: i64,
        /// The reason in words.
        errmsg: String,
    },
    /// Something else answered, or not as documented: treat it as [`CallError::NoAnswer`].
    #[error("the answer is not as documented: {0}")]
    Undocumented(String),
}

impl CallError {
    /// Whether the call may have taken effect.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::NoAnswer | Self::Undocumented(_) => true,
            Self::Sign(_) | Self::NotSent | Self::Failed { .. } => false,
        }
    }
}

#[derive(Deserialize)]
struct Head {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

impl Client {
    /// A client with a timeout of 30 s.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn new(base: &str, caller: Caller) -> Result<Self, ClientError> {
        Self::with_signer(base, Signer::new(caller))
    }

    /// A client with a signer of its own.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn with_signer(base: &str, signer: Signer) -> Result<Self, ClientError> {
        let base = base.trim_end_matches('/').to_owned();
        let wrong = || ClientError::Address(base.clone());
        let uri: Uri = base.parse().map_err(|_| wrong())?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() {
            return Err(wrong());
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = Http::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self {
            http,
            base,
            signer,
            timeout: Duration::from_secs(30),
        })
    }

    /// The same with another timeout for a whole call.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The signer, to make a body without sending it.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Signs, sends, and reads the answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Answer, CallError> {
        let body = self.signer.body(request)?;
        let answer = self.post(R::ENDPOINT.path, body).await?;
        let read = |error: serde_json::Error| CallError::Undocumented(error.to_string());
        let head: Head = serde_json::from_str(&answer).map_err(read)?;
        if head.errcode != 0 {
            return Err(CallError::Failed {
                errcode: head.errcode,
                errmsg: head.errmsg,
            });
        }
        serde_json::from_str(&answer).map_err(read)
    }

    /// Sends a body as it is; the text of the answer, success or failure.
    ///
    /// # Errors
    /// [`CallError::NotSent`], [`CallError::NoAnswer`], [`CallError::Undocumented`].
    pub async fn post(&self, path: &str, body: String) -> Result<String, CallError> {
        let request = http::Request::post(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, "application/json; charset=UTF-8")
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| CallError::NotSent)?;
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| {
                if error.is_connect() {
                    CallError::NotSent
                } else {
                    CallError::NoAnswer
                }
            })?;
            let status = response.status();
            let body = response
                .into_body()
                .collect()
                .await
                .map_err(|_| CallError::NoAnswer)?
                .to_bytes();
            match status {
                StatusCode::OK => String::from_utf8(body.into())
                    .map_err(|_| CallError::Undocumented("the body is not UTF-8".into())),
                StatusCode::SERVICE_UNAVAILABLE => Err(CallError::NoAnswer),
                other => Err(CallError::Undocumented(format!("HTTP status {other}"))),
            }
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or(Err(CallError::NoAnswer))
    }
}
