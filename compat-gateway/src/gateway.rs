//! One request from first byte to last, and the service as a whole.

mod encoding;
mod render;

use crate::answer::Object;
use crate::call::{Call, CallError};
use crate::clock::{Clock, SystemClock};
use crate::config::GatewayConfig;
use crate::contract::{self, Effect, Encryption, Endpoint};
use crate::core::Core;
use crate::core_health::{self, CoreHealth};
use crate::directory::{Caller, Directory};
use crate::envelope;
use crate::listener::{Listener, ListenerContext};
use crate::pool::Pool;
use crate::refusal::Refusal;
use crate::{refresh, telemetry};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use map_listener::{Intake, Share};
use map_proto::common::v1::ErrorReason;
use map_proto::metadata::{REQUEST_ID, is_request_id};
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tower::BoxError;
use tracing::Instrument;

/// The gateway. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    config: GatewayConfig,
    core: Core,
    clock: Box<dyn Clock>,
    directory: watch::Sender<Option<Arc<Directory>>>,
    core_health: watch::Sender<CoreHealth>,
    pool: Pool,
    intake: Intake,
    /// Distinguishes this process's request ids from another's.
    started: i64,
    requests: AtomicU64,
}

/// Why the gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Settings that make no sense; all of them.
    #[error("{}", .0.join("\n"))]
    Config(Vec<String>),
    /// The core did not give the directory.
    #[error("the core gave no directory: {0:?}")]
    Directory(tonic::Code),
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateway(…)")
    }
}

/// How a request ended, before it is put into bytes.
pub(crate) struct Outcome {
    endpoint: Option<&'static Endpoint>,
    caller: Option<Arc<Caller>>,
    result: Result<Object, CallError>,
}

impl Gateway {
    /// A gateway with the machine's clock.
    ///
    /// # Errors
    /// [`GatewayError::Config`].
    pub fn new(config: GatewayConfig, core: Core) -> Result<Self, GatewayError> {
        Self::with_clock(config, core, SystemClock)
    }

    /// A gateway with another clock.
    ///
    /// # Errors
    /// [`GatewayError::Config`].
    pub fn with_clock(config: GatewayConfig, core: Core, clock: impl Clock) -> Result<Self, GatewayError> {
        let errors = config.validate();
        if !errors.is_empty() {
            return Err(GatewayError::Config(errors));
        }
        let inner = Inner {
            pool: Pool::new(config.slow_verifications),
            intake: Intake::new(config.total_body_bytes),
            started: clock.unix_seconds(),
            clock: Box::new(clock),
            directory: watch::Sender::new(None),
            core_health: watch::Sender::new(CoreHealth::Serving),
            requests: AtomicU64::new(0),
            config,
            core,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Asks the core for the directory, for a start or a test; [`Gateway::serve`] keeps it current.
    ///
    /// # Errors
    /// [`GatewayError::Directory`].
    pub async fn refresh(&self) -> Result<bool, GatewayError> {
        let Inner {
            core,
            directory,
            config,
            ..
        } = &*self.inner;
        let asked = refresh::once(core, directory, &config.networks(), config.core_timeout()).await;
        asked.map_err(|status| GatewayError::Directory(status.code()))
    }

    /// Why calls can't be answered now, as of less than two seconds ago while [`Gateway::serve`] runs; `None`:
    /// they can.
    pub fn obstacle(&self) -> Option<String> {
        let of_core = self.inner.core_health.borrow().obstacle();
        let none = || "the gateway has no directory from the core yet".to_owned();
        of_core.or_else(|| self.inner.directory.borrow().is_none().then(none))
    }

    /// Serves bound listeners until `shutdown` resolves, then drains them.
    pub async fn serve(&self, listeners: Vec<Listener>, shutdown: impl Future<Output = ()> + Send) {
        let Inner {
            core,
            directory,
            core_health,
            config,
            ..
        } = &*self.inner;
        let directory = refresh::keep(
            core.clone(),
            directory.clone(),
            core_health.subscribe(),
            config.networks(),
            config.directory_refresh(),
            config.core_timeout(),
        );
        let core_health = core_health::keep(core.clone(), core_health.clone());
        let limits = crate::listener::Limits {
            header_timeout: config.header_timeout(),
            idle_timeout: config.idle_timeout(),
            streams: config.streams_per_connection,
            drain_timeout: config.drain_timeout(),
        };
        let service = |listener: &Arc<crate::listener::State>, peer: std::net::SocketAddr| {
            let (gateway, context) = (self.clone(), ListenerContext::of(listener, peer.ip()));
            hyper::service::service_fn(move |request| {
                let (gateway, context) = (gateway.clone(), context.clone());
                async move { Ok::<_, Infallible>(gateway.handle(&context, request).await) }
            })
        };
        tokio::select! {
            () = crate::listener::serve_all(listeners, limits, service, shutdown) => {}
            never = directory => match never {},
            never = core_health => match never {},
        }
    }

    /// Answers one request. A response that carries [`crate::NoAnswer`] among its extensions must not be sent:
    /// the listener closes the connection instead.
    pub async fn handle<B>(&self, context: &ListenerContext, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<BoxError>,
    {
        let request_id = self.request_id(request.headers());
        let span = telemetry::span(&request_id);
        // Whoever calls here is from outside.
        map_trace::follow(&span, request.headers(), || false);
        self.observed(context, request, &request_id)
            .instrument(span)
            .await
    }

    async fn observed<B>(
        &self,
        context: &ListenerContext,
        request: Request<B>,
        request_id: &str,
    ) -> Response<Full<Bytes>>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<BoxError>,
    {
        let begun = Instant::now();
        let (head, body) = request.into_parts();
        let candidates: Vec<_> = contract::at(head.uri.path()).collect();
        let served = served(&head, &candidates);
        let is_pos_call = contract::is_pos_call(head.uri.path());
        // Headers are larger than most bodies; who takes their time holds none.
        drop(head);
        let mut received = None;
        let outcome = match served {
            Err(refusal) => {
                // Read to be repeated, and so that who sends all of it before it reads gets its answer.
                if refusal == Refusal::ContentEncoding || (refusal == Refusal::UnknownPath && is_pos_call) {
                    received = self.read(body).await.ok();
                }
                Outcome::refused(candidates.first().copied(), refusal)
            }
            // The body first: who sends it slowly, or never ends it, takes nobody's place.
            Ok(first) => match self.read(body).await {
                Err(error) => Outcome {
                    endpoint: Some(first),
                    caller: None,
                    result: Err(error),
                },
                Ok(whole) => {
                    let (bytes, _share) = received.insert(whole);
                    match self.admit(context, first.effect).await {
                        None => Outcome::refused(Some(first), Refusal::Busy),
                        Some(_place) => self.answer(context, &candidates, bytes, request_id).await,
                    }
                }
            },
        };
        let (received, mut share) = match received {
            Some((bytes, share)) => (Some(bytes), share),
            None => (None, self.inner.intake.share()),
        };
        let unknown = self.inner.config.unknown_answer;
        let mut rendered = render::outcome(&outcome, received.as_deref(), unknown);
        // An echo can be six times as long as what it repeats: where that finds no memory there is none.
        if share.grow(rendered.response.body().len()).is_err() {
            metrics::counter!(telemetry::BODIES_REFUSED).increment(1);
            rendered = render::outcome(&outcome, None, unknown);
        }
        if let Ok(id) = HeaderValue::from_str(request_id) {
            rendered.response.headers_mut().insert(REQUEST_ID, id);
        }
        telemetry::record(&telemetry::End {
            endpoint: outcome.endpoint,
            caller: outcome.caller.as_ref().map(|caller| caller.id.as_str()),
            request_id,
            errcode: rendered.errcode,
            result: &rendered.result,
            latency: begun.elapsed(),
        });
        rendered
            .response
            .map(|text| Full::new(Bytes::from_owner(Answer { text, _share: share })))
    }

    async fn admit(&self, context: &ListenerContext, effect: Effect) -> Option<OwnedSemaphorePermit> {
        // Calls that give money back wait for a place, but not for ever.
        tokio::time::timeout(self.inner.config.core_timeout(), context.load().admit(effect))
            .await
            .ok()?
    }

    /// Reads a body up to the limit, and as long as there is memory for it. What follows is thrown away for a
    /// while, so that a client that writes everything before it reads still gets its answer.
    async fn read<B>(&self, mut body: B) -> Result<(Bytes, Share), CallError>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<BoxError>,
    {
        let limit = self.inner.config.max_body_bytes;
        let broken = || CallError::Unknown {
            code: tonic::Code::Cancelled,
            reason: None,
        };
        let collect = async {
            let (mut bytes, mut share) = (BytesMut::new(), self.inner.intake.share());
            let (mut seen, mut refused) = (0_usize, None);
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(|_| broken())?.into_data() else {
                    continue;
                };
                seen = seen.saturating_add(data.len());
                if seen > limit {
                    refused = Some(Refusal::TooLarge);
                } else if refused.is_none() && share.grow(seen).is_err() {
                    metrics::counter!(telemetry::BODIES_REFUSED).increment(1);
                    refused = Some(Refusal::Busy);
                }
                if refused.is_none() {
                    bytes.extend_from_slice(&data);
                } else if seen > limit.saturating_mul(8) {
                    break;
                } else {
                    (bytes, share) = (BytesMut::new(), self.inner.intake.share());
                }
            }
            match refused {
                None => Ok((bytes.freeze(), share)),
                Some(refusal) => Err(CallError::Refused(refusal)),
            }
        };
        match tokio::time::timeout(self.inner.config.body_timeout(), collect).await {
            Ok(collected) => collected,
            Err(_) => Err(broken()),
        }
    }

    /// Opens the envelope and calls the core.
    async fn answer(
        &self,
        context: &ListenerContext,
        candidates: &[&'static Endpoint],
        body: &[u8],
        request_id: &str,
    ) -> Outcome {
        let Some(directory) = self.inner.directory.borrow().clone() else {
            return Outcome::refused(candidates.first().copied(), Refusal::Unavailable);
        };
        let opening = envelope::Context {
            directory: &directory,
            clock: &*self.inner.clock,
            network: context.network(),
            peer: context.peer(),
            max_depth: self.inner.config.max_json_depth,
        };
        let sealed = match envelope::open(candidates, body, &opening) {
            Ok(sealed) => sealed,
            Err(refused) => {
                let result = Err(CallError::Refused(refused.refusal));
                return Outcome {
                    endpoint: refused.endpoint,
                    caller: refused.caller,
                    result,
                };
            }
        };
        let (endpoint, caller) = (sealed.endpoint, Arc::clone(&sealed.caller));
        let result = self.call(sealed, request_id).await;
        Outcome {
            endpoint: Some(endpoint),
            caller: Some(caller),
            result,
        }
    }

    async fn call(&self, sealed: envelope::Sealed<'_>, request_id: &str) -> Result<Object, CallError> {
        let verified = sealed.verify(&self.inner.pool).await;
        let proof = verified.map_err(CallError::Refused)?;
        let (endpoint, caller) = (sealed.endpoint, Arc::clone(&sealed.caller));
        let values = sealed.decrypt().map_err(|refusal| {
            if is_payment_code(endpoint, refusal) {
                note_unreadable(endpoint, &caller);
            }
            CallError::Refused(refusal)
        })?;
        let (core, deadline) = (&self.inner.core, self.inner.config.core_timeout());
        let call = Call {
            core,
            endpoint,
            caller: &caller,
            values: &values,
            request_id,
            proof: proof.as_deref(),
            deadline,
        };
        let answer = (endpoint.call)(call).await;
        if let Err(CallError::Declined { reason, .. }) = &answer
            && *reason == ErrorReason::PinBlockUnreadable
        {
            note_unreadable(endpoint, &caller);
        }
        answer
    }

    /// The caller's own request id where it is harmless, else one of ours.
    fn request_id(&self, headers: &HeaderMap) -> String {
        let own = headers
            .get(REQUEST_ID)
            .and_then(|id| id.to_str().ok())
            .filter(|id| is_request_id(id));
        own.map_or_else(
            || {
                let number = self.inner.requests.fetch_add(1, Ordering::Relaxed);
                format!("{:x}-{number:x}", self.inner.started)
            },
            str::to_owned,
        )
    }
}

/// An answer, with its part of the memory of all: given back once it is sent, or nobody waits for it.
struct Answer {
    text: String,
    _share: Share,
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Outcome {
    fn refused(endpoint: Option<&'static Endpoint>, refusal: Refusal) -> Self {
        Self {
            endpoint,
            caller: None,
            result: Err(CallError::Refused(refusal)),
        }
    }
}

/// The endpoint of a path (the first, where several share it), or why this request reaches none.
fn served(
    head: &http::request::Parts,
    candidates: &[&'static Endpoint],
) -> Result<&'static Endpoint, Refusal> {
    match candidates.first() {
        None => Err(Refusal::UnknownPath),
        Some(_) if head.method != Method::POST => Err(Refusal::Method),
        Some(_) if encoding::is_encoded(&head.headers) => Err(Refusal::ContentEncoding),
        Some(first) => Ok(first),
    }
}

/// Whether what can't be decrypted is a payment code.
fn is_payment_code(endpoint: &Endpoint, refusal: Refusal) -> bool {
    let Refusal::Undecryptable(name) = refusal else {
        return false;
    };
    let is_code = |field: &contract::Field| field.name == name && field.encryption == Encryption::PaymentCode;
    endpoint.fields.iter().any(is_code)
}

/// A payment code that can't be read, here or by the core, counts as no attempt, but a wrong POSP key looks just
/// like this.
fn note_unreadable(endpoint: &Endpoint, caller: &Caller) {
    metrics::counter!(telemetry::PIN_BLOCKS, "caller" => caller.id.clone()).increment(1);
    tracing::warn!(
        caller = caller.id,
        endpoint = endpoint.name,
        "payment code can't be opened"
    );
}
