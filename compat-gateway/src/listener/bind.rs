//! A bound socket with what belongs to it. Binding is early and separate from serving, so that a port in
//! use is known before anything else starts.

use super::tls;
use crate::config::ListenerConfig;
use crate::load::Load;
use ipnet::IpNet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A bound listener.
pub struct Listener {
    pub(super) tcp: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) state: Arc<State>,
}

/// What all connections of a listener share.
#[derive(Debug)]
pub struct State {
    pub(super) network: Option<String>,
    pub(super) addresses: Vec<IpNet>,
    pub(super) max_connections: usize,
    pub(super) load: Load,
}

impl State {
    pub(super) fn new(config: &ListenerConfig) -> Self {
        Self {
            network: config.network.clone(),
            addresses: config.addresses.clone(),
            max_connections: config.max_connections,
            load: Load::new(config.concurrency, config.reserved),
        }
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Listener {
    /// Binds the address and reads the TLS files.
    ///
    /// # Errors
    /// The address is in use, or a TLS file can't be read or used; the text names it.
    pub async fn bind(config: &ListenerConfig) -> io::Result<Self> {
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", config.bind));
        let tcp = TcpListener::bind(config.bind).await.map_err(named)?;
        Ok(Self {
            tcp,
            tls,
            state: Arc::new(State::new(config)),
        })
    }

    /// Where it listens, which matters where port 0 was asked for.
    ///
    /// # Errors
    /// The system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
