//! What the server says of its health, for the server as a whole and for each service alike.

use crate::auth::Rpc;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as HealthApi, HealthServer};
use tonic_health::server::{HealthReporter, health_reporter};

/// Says it to whoever asks or watches.
pub(crate) struct Health {
    reporter: HealthReporter,
    said: Mutex<Option<ServingStatus>>,
}

impl Health {
    /// With the service that answers.
    pub(crate) fn new() -> (Self, HealthServer<impl HealthApi>) {
        let (reporter, service) = health_reporter();
        let health = Self {
            reporter,
            said: Mutex::new(None),
        };
        (health, service)
    }

    /// Says whether calls are taken. What was said before is not said again: who watches hears of changes.
    pub(crate) async fn say(&self, serving: bool) {
        let status = if serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        if *self.said() == Some(status) {
            return;
        }
        // The empty name is the server as a whole.
        let services: BTreeSet<&str> = Rpc::ALL.iter().map(|rpc| rpc.service()).collect();
        for service in std::iter::once("").chain(services) {
            self.reporter.set_service_status(service, status).await;
        }
        // Last: who is stopped half way says it all again.
        *self.said() = Some(status);
    }

    fn said(&self) -> MutexGuard<'_, Option<ServingStatus>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
