//! All listeners of the gateway: each has its network, its address list and its places; what they do with a
//! connection is [`map_listener`]'s.

mod bind;
mod no_answer;

pub use bind::{Listener, State};
pub use no_answer::NoAnswer;

use crate::load::Load;
use crate::telemetry;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use ipnet::IpNet;
use map_listener::Bounds;
use no_answer::Answering;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::watch;
use tower::BoxError;

/// Bytes of a request's headers. One of the contract's has a few hundred.
const HEADER_BYTES: u32 = 16 * 1024;

/// Bounds of every connection.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From a connection's beginning to its first request.
    pub header_timeout: Duration,
    /// Between two requests.
    pub idle_timeout: Duration,
    /// Requests at once over HTTP/2.
    pub streams: u32,
    /// For open requests, once a shutdown began.
    pub drain_timeout: Duration,
}

impl Limits {
    fn bounds(self, state: &State) -> Bounds {
        Bounds {
            connections: state.max_connections,
            per_address: state.per_address,
            first_request: self.header_timeout,
            idle: self.idle_timeout,
            keep_alive: self.idle_timeout,
            streams: self.streams,
            header_bytes: HEADER_BYTES,
            drain: self.drain_timeout,
        }
    }
}

/// What a request's listener says about it.
#[derive(Debug, Clone)]
pub struct ListenerContext {
    state: Arc<State>,
    peer: IpAddr,
}

impl ListenerContext {
    /// The context of a connection.
    pub fn of(state: &Arc<State>, peer: IpAddr) -> Self {
        Self {
            state: Arc::clone(state),
            peer,
        }
    }

    /// A context without a socket, for tests in process.
    pub fn detached(config: &crate::ListenerConfig, peer: IpAddr) -> Self {
        Self {
            state: Arc::new(State::new(config)),
            peer,
        }
    }

    /// The POS network that calls without credential belong to.
    pub fn network(&self) -> Option<&str> {
        self.state.network.as_deref()
    }

    /// Where the request comes from.
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    pub(crate) fn load(&self) -> &Load {
        &self.state.load
    }
}

/// Whether an address is in a list; an empty list allows any. IPv4 in IPv6 counts as IPv4.
pub(crate) fn allowed(list: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    list.is_empty() || list.iter().any(|net| net.contains(&address))
}

/// Serves listeners until `shutdown` resolves, then drains: no new connections, open requests finish
/// within the drain timeout. A listener that can't accept waits and tries again.
pub async fn serve_all<S, B>(
    listeners: Vec<Listener>,
    limits: Limits,
    service: impl Fn(&Arc<State>, SocketAddr) -> S,
    shutdown: impl Future<Output = ()> + Send,
) where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let (stop, stopped) = watch::channel(false);
    let loops = listeners.into_iter().map(|Listener { socket, state }| {
        let (service, mut stopped) = (&service, stopped.clone());
        let bounds = limits.bounds(&state);
        let answering = move |peer| let_in(&state, peer).then(|| Answering(service(&state, peer)));
        socket.serve(bounds, answering, crowded, async move {
            let _nobody_left = stopped.wait_for(|stopped| *stopped).await.is_err();
        })
    });
    let all = all(loops);
    tokio::pin!(all);
    tokio::select! {
        () = &mut all => return,
        () = shutdown => {}
    }
    stop.send_replace(true);
    all.await;
}

/// Polls all loops to their end.
async fn all(loops: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut open: Vec<_> = loops.map(Box::pin).collect();
    std::future::poll_fn(move |context| {
        open.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if open.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// A connection was closed because its address has enough.
fn crowded() {
    metrics::counter!(telemetry::CONNECTIONS_CROWDED).increment(1);
}

/// Whether a listener takes connections from this address.
fn let_in(state: &State, peer: SocketAddr) -> bool {
    let allowed = allowed(&state.addresses, peer.ip());
    if !allowed {
        metrics::counter!(telemetry::CONNECTIONS_REFUSED).increment(1);
        tracing::warn!(%peer, "connection from an address that is not allowed");
    }
    allowed
}
