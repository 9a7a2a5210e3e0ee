//! What every call passes before it reaches a service, over a socket and in process alike:
//! a request id, a deadline, a span and metrics, the bearer key, the message, admission, a net
//! under panics.
//!
//! One service instead of seven stacked ones: the order is the body of `Edge::handle` and
//! `Edge::serve`. Whoever has no key is refused before a byte of the message is read.
//! What it never does: look into a message.

mod admission;
mod intake;
mod observe;
mod question;
mod request_id;
mod timeout;

pub use admission::{Admission, Limits};
pub(crate) use intake::DOCUMENT_BYTES;
pub(crate) use question::QUESTION_BYTES;
pub use timeout::{Timeouts, timeout_of};

use crate::auth::{self, Rpc};
use crate::core::Core;
use crate::failure::Failure;
use crate::status::{complete, deadline_exceeded};
use http::{Request, Response};
use map_listener::Share;
use question::UntilDrained;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tower::{Service, ServiceExt};
use tracing::Instrument;

/// Questions of health that don't stay open: probes are never shut out by those that do.
const ANSWERED_AT_ONCE: [&str; 2] = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/List"];

/// A service behind the layers. Cheap to clone.
#[derive(Clone)]
pub struct Edge<S> {
    inner: S,
    core: Arc<Core>,
    admission: Arc<Admission>,
    timeouts: Timeouts,
}

impl<S> Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Puts the layers around a service.
    pub fn new(inner: S, core: Arc<Core>, admission: Arc<Admission>, timeouts: Timeouts) -> Self {
        Self {
            inner,
            core,
            admission,
            timeouts,
        }
    }

    async fn handle(self, mut request: Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let id = request_id::ensure(request.headers_mut(), &*self.core.random);
        let policy = self.core.policy;
        let timeout = timeout::settle(request.headers_mut(), &self.timeouts);
        let deadline = started.checked_add(timeout).unwrap_or(started);
        let rpc = Rpc::from_path(request.uri().path());
        let observed = observe::Observed::begin(request.uri().path(), rpc, &id, started);
        let span = observed.span();
        map_trace::follow(&span, request.headers(), || {
            auth::is_gateway(&self.core, request.headers())
        });
        let mut response = async {
            let answer = match rpc {
                Some(rpc) => self.serve(rpc, request, deadline).await,
                None => self.pass(request, deadline).await,
            };
            answer.unwrap_or_else(Status::into_http)
        }
        .instrument(span)
        .await;
        request_id::answer(response.headers_mut(), &id);
        complete(response.headers_mut(), &id, &policy);
        observed.end(&response);
        response
    }

    /// A call of ours: who calls, with what, and is there a place? Up to the place nothing is
    /// done that does not end with the deadline or the caller.
    async fn serve(
        self,
        rpc: Rpc,
        request: Request<Body>,
        deadline: Instant,
    ) -> Result<Response<Body>, Status> {
        auth::enter(&self.core, request.headers(), rpc)?;
        let (head, body) = request.into_parts();
        let taken = tokio::time::timeout_at(deadline, self.admission.take(rpc, body)).await;
        let (body, share) = taken.map_err(|_| deadline_exceeded())??;
        let permit = self.admission.admit(rpc, deadline).await?;
        let request = Request::from_parts(head, body);
        Ok(self.run(request, (permit, share), deadline).await)
    }

    /// What is no rpc of ours (health, reflection) needs no key, and ends with the deadline: it commits
    /// nothing. One that may stay open has a place among its like, and ends when a drain begins.
    async fn pass(self, request: Request<Body>, deadline: Instant) -> Result<Response<Body>, Status> {
        let at_once = ANSWERED_AT_ONCE.contains(&request.uri().path());
        let place = if at_once {
            None
        } else {
            Some(self.admission.question()?)
        };
        let admission = Arc::clone(&self.admission);
        let draining = || {
            let admission = Arc::clone(&admission);
            async move { admission.questions_end().await }
        };
        let request = question::bare(request).map(|body| UntilDrained::asked(body, draining()));
        let answer = async {
            let (head, body) = request.into_parts();
            let body = if at_once {
                question::whole(body).await?
            } else {
                body
            };
            let Ok(answer) = self.inner.oneshot(Request::from_parts(head, body)).await;
            Ok::<_, Status>(answer)
        };
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(answer) => Ok(answer?.map(|body| UntilDrained::answered(body, draining(), place))),
            Err(_) => Err(deadline_exceeded()),
        }
    }

    /// Runs the call in a task of its own: when the caller has gone or the deadline has passed,
    /// the work goes on to its end, because a commit must not be cancelled half way. What
    /// it holds goes with it.
    async fn run(
        self,
        request: Request<Body>,
        holds: (admission::Permit, Share),
        deadline: Instant,
    ) -> Response<Body> {
        let inner = self.inner;
        let work = async move {
            let _holds = holds;
            inner.oneshot(request).await
        };
        let task = tokio::spawn(work.in_current_span());
        match tokio::time::timeout_at(deadline, task).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(stopped)) if stopped.is_panic() => {
                Status::from(Failure::Internal("a call panicked".to_owned())).into_http()
            }
            // The runtime is shutting down; how far the call came nobody knows.
            Ok(Err(_)) => Status::from(Failure::OutcomeUnknown).into_http(),
            Err(_) => deadline_exceeded().into_http(),
        }
    }
}

impl<S> Service<Request<Body>> for Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Overload is answered, not waited for; see `Admission`.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let edge = self.clone();
        Box::pin(async move { Ok(edge.handle(request).await) })
    }
}
