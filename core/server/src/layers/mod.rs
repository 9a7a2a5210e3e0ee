//! What every call passes before it reaches a service, over a socket and in process alike:
//! a request id, a span and metrics, admission, a deadline, a net under panics.
//!
//! One service instead of five stacked ones: the order is the body of `Edge::handle`.
//! What it never does: look into a body.

mod admission;
mod observe;
mod request_id;
mod timeout;

pub use admission::{Admission, Limits};
pub use timeout::{Timeouts, timeout_of};

use crate::auth::Rpc;
use crate::failure::Failure;
use crate::ports::Random;
use crate::status::deadline_exceeded;
use http::{Request, Response};
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

/// A service behind the layers. Cheap to clone.
#[derive(Clone)]
pub struct Edge<S> {
    inner: S,
    admission: Arc<Admission>,
    timeouts: Timeouts,
    random: Arc<dyn Random>,
}

impl<S> Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Puts the layers around a service.
    pub fn new(inner: S, admission: Arc<Admission>, timeouts: Timeouts, random: Arc<dyn Random>) -> Self {
        Self {
            inner,
            admission,
            timeouts,
            random,
        }
    }

    async fn handle(self, mut request: Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let id = request_id::ensure(request.headers_mut(), &*self.random);
        let timeout = timeout::settle(request.headers_mut(), &self.timeouts);
        let deadline = started.checked_add(timeout).unwrap_or(started);
        let rpc = Rpc::from_path(request.uri().path());
        let observed = observe::Observed::begin(request.uri().path(), rpc, &id, started);
        let span = observed.span();
        let mut response = async {
            match self.admission.admit(rpc, deadline).await {
                Ok(permit) => self.run(request, permit, deadline).await,
                Err(failure) => Status::from(failure).into_http(),
            }
        }
        .instrument(span)
        .await;
        request_id::answer(response.headers_mut(), &id);
        observed.end(&response);
        response
    }

    /// Runs the call in a task of its own: when the caller has gone or the deadline has passed,
    /// the work goes on to its end, because a commit must not be cancelled half way. The
    /// permit goes with it.
    async fn run(
        self,
        request: Request<Body>,
        permit: admission::Permit,
        deadline: Instant,
    ) -> Response<Body> {
        let inner = self.inner;
        let work = async move {
            let _permit = permit;
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
