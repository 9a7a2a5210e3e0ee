//! Where connections come in: a bound address, its TLS, and one loop that serves HTTP/2 and HTTP/1 there
//! within bounds, until it is told to stop; then it drains. The core and the gateway share it.
//!
//! Neither tonic's server nor `axum::serve`: the first enforces `grpc-timeout` by dropping the call, where
//! work that commits must go on to its end; the second can't close a connection without an answer.
//!
//! What this crate does not do: look at a request, keep metrics, or decide who may connect; its callers do.

mod addresses;
mod connection;
mod descriptors;
mod intake;
mod quiet;
mod tls;

pub use intake::{FREE_BYTES, Full, Intake, Share};
pub use tls::{TlsConfig, TlsError, authorities};

use addresses::{Addresses, Entry};
use bytes::Bytes;
use connection::Connection;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use quiet::Requests;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tower::BoxError;

/// How long the loop waits where no connection can be accepted: out of file handles, mostly.
const BREATH: Duration = Duration::from_millis(50);

/// A bound address with its TLS. Binding is early and apart from serving, so that a port in use is known
/// before anything else starts.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("tcp", &self.tcp)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}

/// Why a listener can't be had.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Its TLS files can't be used.
    #[error("tls: {0}")]
    Tls(#[from] TlsError),
    /// The address can't be bound.
    #[error("{0}: {1}")]
    Address(SocketAddr, io::Error),
}

/// Bounds of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// Connections at once from one address (IPv6: one /64) where it is alone; of what others leave it may have
    /// the same part. More are closed.
    pub per_address: usize,
    /// From a connection's beginning, through its TLS handshake, to its first request: who says nothing, or
    /// says it slowly, holds no place.
    pub first_request: Duration,
    /// Without a request after that, before the connection is closed, where it can be said (HTTP/2) with a
    /// word.
    pub idle: Duration,
    /// Between pings on a quiet HTTP/2 connection, and again for their answer.
    pub keep_alive: Duration,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// Bytes of a request's headers; over HTTP/1, where they are what is buffered of a connection, 8 KiB or
    /// more.
    pub header_bytes: u32,
    /// For open requests, once a shutdown began.
    pub drain: Duration,
}

impl Listener {
    /// Reads the TLS files, then binds the address; port 0 takes a free one.
    ///
    /// # Errors
    /// See [`BindError`].
    pub async fn bind(address: SocketAddr, tls: Option<&TlsConfig>) -> Result<Self, BindError> {
        let tls = tls.map(TlsConfig::acceptor).transpose()?;
        let bound = TcpListener::bind(address).await;
        let tcp = bound.map_err(|error| BindError::Address(address, error))?;
        Ok(Self { tcp, tls })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves until `shutdown`, then takes no more connections and lets open requests finish; what has not
    /// finished after `bounds.drain` is cut.
    ///
    /// `service` makes what answers on the connection from an address, and is dropped with it; `None` closes
    /// the connection. Where answering fails, the connection closes, or the stream is reset, without an
    /// answer. `crowded` hears of each connection that was closed because its address has enough.
    pub async fn serve<S, B>(
        self,
        bounds: Bounds,
        service: impl Fn(SocketAddr) -> Option<S>,
        crowded: impl Fn(),
        shutdown: impl Future<Output = ()>,
    ) where
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let (stop, stopped) = watch::channel(false);
        let places = Arc::new(Semaphore::new(bounds.connections.min(Semaphore::MAX_PERMITS)));
        let addresses = Addresses::new(bounds.per_address, bounds.connections);
        let mut open = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let next = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, self.accept(&service, &addresses, &crowded).await)
            };
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                (place, (stream, entry, service)) = next => {
                    let (tls, stopped) = (self.tls.clone(), stopped.clone());
                    let requests = Requests::none(Instant::now());
                    let connection = Connection { tls, bounds, stopped, requests };
                    open.spawn(async move {
                        // Dropped from the last to the first: whoever gets the place finds the entry free.
                        let (_place, _entry) = (place, entry);
                        connection.serve(stream, service).await;
                    });
                }
                Some(_) = open.join_next(), if !open.is_empty() => {}
            }
        }
        drop(self);
        stop.send_replace(true);
        let drained = async { while open.join_next().await.is_some() {} };
        if tokio::time::timeout(bounds.drain, drained).await.is_err() {
            tracing::warn!(
                connections = open.len(),
                "connections were cut: the drain limit passed"
            );
        }
        open.shutdown().await;
    }

    /// The next connection that is let in.
    async fn accept<S>(
        &self,
        service: &impl Fn(SocketAddr) -> Option<S>,
        addresses: &Arc<Addresses>,
        crowded: &impl Fn(),
    ) -> (TcpStream, Entry, S) {
        loop {
            match self.tcp.accept().await {
                Ok((stream, _)) if descriptors::is_one_of_the_last(&stream) => {
                    drop(stream);
                    tracing::warn!("a connection was closed: the last file descriptors are kept for files");
                    tokio::time::sleep(BREATH).await;
                }
                Ok((stream, peer)) => match addresses.enter(peer.ip()) {
                    Ok(entry) => {
                        if let Some(service) = service(peer) {
                            return (stream, entry, service);
                        }
                    }
                    Err(refused) => {
                        crowded();
                        if refused.news {
                            tracing::warn!(address = %peer.ip(), "an address has as many connections as it may");
                        }
                    }
                },
                Err(error) => {
                    tracing::warn!(%error, "no connection accepted");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}
