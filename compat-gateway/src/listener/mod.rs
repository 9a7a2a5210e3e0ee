//! One loop for all listeners, HTTP/1 and HTTP/2: TLS, limits, timeouts, drain, and the closed connection
//! of a call without an answer. `axum::serve` can't do the last, since its services never fail.

mod bind;
mod connection;
mod tls;

pub use bind::{Listener, State};

use crate::load::Load;
use bytes::Bytes;
use connection::serve_connection;
use http::{Request, Response};
use hyper::body::Incoming;
use ipnet::IpNet;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::BoxError;

/// Marks a response that must not be sent: its connection closes instead (HTTP/2: its stream is reset).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the outcome is unknown: no answer")]
pub struct NoAnswer;

/// Times of every listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a request's head; also how long an idle connection is kept.
    pub header_timeout: Duration,
    /// For open requests, once a shutdown began.
    pub drain_timeout: Duration,
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
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (stop, stopped) = watch::channel(false);
    let loops = listeners
        .into_iter()
        .map(|listener| serve(listener, limits, &service, stopped.clone()));
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

/// Serves one listener until `stopped` turns true, then drains it.
async fn serve<S, B>(
    listener: Listener,
    limits: Limits,
    service: impl Fn(&Arc<State>, SocketAddr) -> S,
    mut stopped: watch::Receiver<bool>,
) where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let places = Arc::new(Semaphore::new(
        listener.state.max_connections.min(Semaphore::MAX_PERMITS),
    ));
    let mut open = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, accept(&listener).await)
        };
        tokio::select! {
            () = stopping(&mut stopped) => break,
            (place, (stream, peer)) = next => {
                let service = service(&listener.state, peer);
                let (tls, stopped) = (listener.tls.clone(), stopped.clone());
                open.spawn(async move {
                    let _place = place;
                    serve_connection(stream, tls, limits, service, stopped).await;
                });
            }
            Some(_) = open.join_next(), if !open.is_empty() => {}
        }
    }
    drop(listener);
    let drained = tokio::time::timeout(limits.drain_timeout, async {
        while open.join_next().await.is_some() {}
    });
    if drained.await.is_err() {
        tracing::warn!(
            connections = open.len(),
            "connections cut after the drain timeout"
        );
    }
}

/// Waits until `stopped` turns true, or nobody is left to turn it.
async fn stopping(stopped: &mut watch::Receiver<bool>) {
    let _nobody_left = stopped.wait_for(|stopped| *stopped).await.is_err();
}

/// The next connection from an allowed address.
async fn accept(listener: &Listener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.tcp.accept().await {
            Ok((stream, peer)) if allowed(&listener.state.addresses, peer.ip()) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY");
                }
                return (stream, peer);
            }
            Ok((_, peer)) => {
                metrics::counter!("map_gateway_connections_refused_total").increment(1);
                tracing::warn!(%peer, "connection from an address that is not allowed");
            }
            Err(error) => {
                // Out of file handles, mostly: wait for some to be closed.
                tracing::error!(%error, "accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
