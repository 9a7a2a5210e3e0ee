//! The core's own socket: its bounds from the settings, and its connections counted.

use crate::config::{Limits, Timeouts};
use crate::telemetry;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::service::{TowerToHyperService, TowerToHyperServiceFuture};
use map_listener::Bounds;
use std::convert::Infallible;
use std::time::Duration;
use tonic::body::Body;
use tower::Service;

/// The settings as bounds.
pub(crate) fn bounds(limits: &Limits, timeouts: &Timeouts) -> Bounds {
    let half = limits.connections.div_ceil(2);
    Bounds {
        connections: limits.connections,
        per_address: limits.connections_per_address.unwrap_or(half),
        first_request: Duration::from_millis(timeouts.handshake_ms),
        idle: Duration::from_millis(timeouts.idle_ms),
        keep_alive: Duration::from_millis(timeouts.keep_alive_ms),
        streams: limits.streams_per_connection,
        header_bytes: limits.header_bytes,
        drain: Duration::from_millis(timeouts.drain_ms),
    }
}

/// A connection was closed because its address has enough.
pub(crate) fn crowded() {
    metrics::counter!(telemetry::CONNECTIONS_REFUSED).increment(1);
}

/// What answers on one connection, which is counted while this lives.
pub(crate) struct Counted<S>(TowerToHyperService<S>);

impl<S> Counted<S> {
    pub(crate) fn new(service: S) -> Self {
        metrics::gauge!(telemetry::CONNECTIONS).increment(1.0);
        Self(TowerToHyperService::new(service))
    }
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        metrics::gauge!(telemetry::CONNECTIONS).decrement(1.0);
    }
}

impl<S> hyper::service::Service<Request<Incoming>> for Counted<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = TowerToHyperServiceFuture<S, Request<Incoming>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.0.call(request)
    }
}
