//! Looks at what changes without a call: the catalogue, which another process may have provisioned, and whether
//! the store takes commits. What is out of order is told when it begins and when it ends, not at every look.

use crate::core::Core;
use crate::health::Health;
use crate::layers::Admission;
use crate::telemetry;
use map_trace::Outage;
use std::sync::Arc;
use std::time::Duration;

/// Looks, and says what it saw.
pub(crate) struct Watcher {
    core: Arc<Core>,
    health: Arc<Health>,
    admission: Arc<Admission>,
    store: Outage,
    catalogue: Outage,
}

impl Watcher {
    pub(crate) fn new(core: Arc<Core>, health: Arc<Health>, admission: Arc<Admission>) -> Self {
        Self {
            core,
            health,
            admission,
            store: Outage::default(),
            catalogue: Outage::default(),
        }
    }

    /// Looks every so often, until it is dropped.
    pub(crate) async fn run(mut self, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look_at_catalogue().await;
            self.look_at_store().await;
        }
    }

    async fn look_at_catalogue(&mut self) {
        self.catalogue.look(
            self.core.refresh_catalogue().await.err(),
            |failure| {
                tracing::warn!(
                    ?failure,
                    "the catalogue can't be read; the last one stays in force"
                );
            },
            || tracing::info!("the catalogue can be read again"),
        );
    }

    /// Health says what is seen.
    pub(crate) async fn look_at_store(&mut self) {
        let unwell = self.core.store.health().await.err();
        let well = unwell.is_none();
        self.store.look(
            unwell,
            |error| tracing::warn!(%error, "the store accepts no commits"),
            || tracing::info!("the store accepts commits again"),
        );
        metrics::gauge!(telemetry::STORE_HEALTHY).set(if well { 1.0 } else { 0.0 });
        self.health.say(well && !self.admission.draining()).await;
    }
}
