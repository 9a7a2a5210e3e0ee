//! A bound socket with what belongs to it.

use crate::config::ListenerConfig;
use crate::load::Load;
use ipnet::IpNet;
use map_listener::BindError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// A bound listener.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: map_listener::Listener,
    pub(super) state: Arc<State>,
}

/// What all connections of a listener share.
#[derive(Debug)]
pub struct State {
    pub(super) network: Option<String>,
    pub(super) addresses: Vec<IpNet>,
    pub(super) max_connections: usize,
    pub(super) per_address: usize,
    pub(super) load: Load,
}

impl State {
    pub(super) fn new(config: &ListenerConfig) -> Self {
        Self {
            network: config.network.clone(),
            addresses: config.addresses.clone(),
            max_connections: config.max_connections,
            per_address: config
                .max_connections_per_address
                .unwrap_or(config.max_connections.div_ceil(2)),
            load: Load::new(config.concurrency, config.reserved),
        }
    }
}

impl Listener {
    /// Reads the TLS files and binds the address.
    ///
    /// # Errors
    /// See [`BindError`].
    pub async fn bind(config: &ListenerConfig) -> Result<Self, BindError> {
        Ok(Self {
            socket: map_listener::Listener::bind(config.bind, config.tls.as_ref()).await?,
            state: Arc::new(State::new(config)),
        })
    }

    /// Where it listens, which matters where port 0 was asked for.
    ///
    /// # Errors
    /// The system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}
