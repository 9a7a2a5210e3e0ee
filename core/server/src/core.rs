//! What all services share.

use crate::catalogue::{Catalogue, ProvisionedCaller};
use crate::failure::Failure;
use crate::ports::{Clock, Random, SmsSender};
use crate::secrets::Secrets;
use map_domain::{Context, Policy};
use map_store::{Commit, CommitOutcome, Store, StoreResult};
use std::sync::{Arc, PoisonError, RwLock};
use tracing::Instrument;

/// What all services share. Cheap to clone behind an `Arc`.
pub struct Core {
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Sends SMS codes.
    pub sms: Arc<dyn SmsSender>,
    /// Makes keyed digests.
    pub secrets: Secrets,
    /// Settings that rules depend on.
    pub policy: Policy,
    /// Callers that are configured and not provisioned: the gateway in the same process, the
    /// operator who provisions an empty ledger. They are part of every catalogue.
    pub extra_callers: Vec<ProvisionedCaller>,
    /// The catalogue as last read.
    pub catalogue: RwLock<Arc<Catalogue>>,
}

impl Core {
    /// The catalogue as last read; one view for a whole call.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the catalogue, unless a newer one is there already.
    fn set_catalogue(&self, catalogue: Catalogue) {
        let mut current = self.catalogue.write().unwrap_or_else(PoisonError::into_inner);
        if current.revision <= catalogue.revision {
            *current = Arc::new(catalogue);
        }
    }

    /// Reads the catalogue again where it has changed. Says whether it had.
    ///
    /// # Errors
    /// What the store says, and [`Failure::Internal`] where it is damaged; the old catalogue
    /// stays in force.
    pub async fn refresh_catalogue(&self) -> Result<bool, Failure> {
        let known = self.catalogue().revision;
        let Some(catalogue) = Catalogue::load(&*self.store, Some(known), &self.extra_callers).await? else {
            return Ok(false);
        };
        self.set_catalogue(catalogue);
        Ok(true)
    }

    /// Commits, under a span of its own.
    ///
    /// # Errors
    /// What the store says.
    pub async fn commit(&self, commit: Commit) -> StoreResult<CommitOutcome> {
        let span = tracing::debug_span!("commit");
        self.store.commit(commit).instrument(span).await
    }

    /// The moment of a decision that is taken now.
    pub fn context(&self) -> Context {
        Context {
            now: self.clock.now(),
            policy: self.policy,
        }
    }
}
