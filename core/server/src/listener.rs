//! One loop that takes connections and serves HTTP/2 (gRPC) and HTTP/1 (gRPC-web) on them,
//! with TLS where it is set, until it is told to stop.
//!
//! Not tonic's own server: that one enforces `grpc-timeout` by dropping the call, and here
//! work that commits must go on to its end (see [`crate::layers`]).

use crate::config::{CoreConfig, Limits, Timeouts};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tower::Service;

/// Bounds of a listener.
#[derive(Clone, Copy)]
struct Bounds {
    handshake: Duration,
    keep_alive: Duration,
    streams: u32,
    header_bytes: u32,
}

impl Bounds {
    const fn new(limits: &Limits, timeouts: &Timeouts) -> Self {
        Self {
            handshake: Duration::from_millis(timeouts.handshake_ms),
            keep_alive: Duration::from_millis(timeouts.keep_alive_ms),
            streams: limits.streams_per_connection,
            header_bytes: limits.header_bytes,
        }
    }
}

/// Serves until `shutdown`, then lets the connections finish what runs on them; those that
/// have not finished after `timeouts.drain_ms` are cut.
pub(crate) async fn run<S>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: S,
    config: &CoreConfig,
    shutdown: impl Future<Output = ()>,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let bounds = Bounds::new(&config.limits, &config.timeouts);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(
        config.limits.connections.min(Semaphore::MAX_PERMITS),
    ));
    let mut connections = tokio::task::JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let watcher = graceful.watcher();
                connections.spawn(connection(
                    stream,
                    tls.clone(),
                    service.clone(),
                    bounds,
                    watcher,
                    place,
                ));
            }
            Err(error) => {
                tracing::warn!(%error, "no connection accepted");
                // Out of file descriptors, say: it helps to wait.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let limit = Duration::from_millis(config.timeouts.drain_ms);
    if tokio::time::timeout(limit, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were cut: the drain limit passed");
    }
    connections.shutdown().await;
}

/// One connection from its first byte to its last.
async fn connection<S>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: S,
    bounds: Bounds,
    watcher: Watcher,
    _place: Option<OwnedSemaphorePermit>,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    metrics::gauge!("map_core_connections").increment(1.0);
    if let Err(error) = try_connection(stream, tls, service, bounds, watcher).await {
        tracing::debug!(error, "connection ended");
    }
    metrics::gauge!("map_core_connections").decrement(1.0);
}

async fn try_connection<S>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: S,
    bounds: Bounds,
    watcher: Watcher,
) -> Result<(), Box<dyn Error + Send + Sync>>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    stream.set_nodelay(true)?;
    // Who says nothing holds no place.
    tokio::time::timeout(bounds.handshake, stream.peek(&mut [0])).await??;
    match tls {
        Some(tls) => {
            let stream = tokio::time::timeout(bounds.handshake, tls.accept(stream)).await??;
            serve(stream, service, bounds, watcher).await
        }
        None => serve(stream, service, bounds, watcher).await,
    }
}

async fn serve<S, IO>(
    stream: IO,
    service: S,
    bounds: Bounds,
    watcher: Watcher,
) -> Result<(), Box<dyn Error + Send + Sync>>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.handshake);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(bounds.keep_alive))
        .keep_alive_timeout(bounds.keep_alive)
        .max_concurrent_streams(bounds.streams)
        .max_header_list_size(bounds.header_bytes);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    watcher.watch(connection.into_owned()).await
}
