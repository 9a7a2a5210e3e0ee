//! Looks at what changes without a call: the catalogue, which another process may have provisioned, and whether
//! the store takes commits. What is out of order is told when it begins and when it ends, not at every look.

use crate::core::Core;
use crate::health::Health;
use crate::layers::Admission;
use crate::telemetry;
use std::sync::Arc;
use std::time::Duration;

/// Looks, and says what it saw.
pub(crate) struct Watcher {
    core: Arc<Core>,
    health: Arc<Health>,
    admission: Arc<Admission>,
    store_is_unwell: bool,
    catalogue_is_unread: bool,
}

impl Watcher {
    pub(crate) const fn new(core: Arc<Core>, health: Arc<Health>, admission: Arc<Admission>) -> Self {
        Self {
            core,
            health,
            admission,
            store_is_unwell: false,
            catalogue_is_unread: false,
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
        let unread = self.core.refresh_catalogue().await.err();
        match (&unread, self.catalogue_is_unread) {
            (Some(failure), false) => tracing::warn!(
                ?failure,
                "the catalogue can't be read; the last one stays in force"
            ),
            (None, true) => tracing::info!("the catalogue can be read again"),
            (Some(_), true) | (None, false) => {}
        }
        self.catalogue_is_unread = unread.is_some();
    }

    /// Health says what is seen.
    pub(crate) async fn look_at_store(&mut self) {
        let unwell = self.core.store.health().await.err();
        match (&unwell, self.store_is_unwell) {
            (Some(error), false) => tracing::warn!(%error, "the store accepts no commits"),
            (None, true) => tracing::info!("the store accepts commits again"),
            (Some(_), true) | (None, false) => {}
        }
        self.store_is_unwell = unwell.is_some();
        metrics::gauge!(telemetry::STORE_HEALTHY).set(if unwell.is_none() { 1.0 } else { 0.0 });
        self.health
            .say(unwell.is_none() && !self.admission.draining())
            .await;
    }
}
