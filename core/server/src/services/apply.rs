//! Applying a document: compared with what is stored and written in one commit of the catalogue's
//! partition, again and again until the two are equal.
//!
//! It has no key: equal content is what has been asked for, whoever made it so. That is why the revision a
//! caller expects is compared only where something would change: the repeat of an attempt whose answer was
//! lost finds its own work and no other revision.

use super::wire::revision;
use crate::catalogue::CATALOGUE_ROUNDS;
use crate::core::Core;
use crate::failure::Failure;
use crate::provisioning::{Plan, plan};
use map_proto::provisioning::v1::ApplyResponse;
use map_store::records::{CatalogueItem, CatalogueRecords, decode_catalogue, load_catalogue};
use map_store::{Commit, CommitOutcome, PartitionId, StoreError, Version};

/// What a document wants to be stored.
pub(super) struct Wanted {
    pub(super) records: CatalogueRecords,
    /// The only revision it may be applied to; `None`: to any.
    pub(super) expected: Option<u64>,
}

impl Wanted {
    /// What it would change, at the revision it was compared with.
    ///
    /// # Errors
    /// [`Failure::CatalogueChanged`]; what the store says.
    pub(super) async fn compare(&self, core: &Core) -> Result<(Plan, Version), Failure> {
        let loaded = core.store.load(&PartitionId::Catalogue, load_catalogue()).await?;
        let plan = plan(decode_catalogue(&loaded)?, self.records.clone());
        let current = loaded.version.0;
        match self.expected {
            Some(expected) if expected != current && !plan.items.is_empty() => {
                Err(Failure::CatalogueChanged { expected, current })
            }
            Some(_) | None => Ok((plan, loaded.version)),
        }
    }

    /// Writes until what is stored equals what is wanted. To write it twice changes nothing, so
    /// an unknown outcome is settled by comparing again.
    ///
    /// # Errors
    /// As [`Wanted::compare`]; after an unknown outcome [`Failure::OutcomeUnknown`] and nothing else.
    pub(super) async fn apply(&self, core: &Core) -> Result<ApplyResponse, Failure> {
        let mut told = Vec::new();
        let mut unknown = false;
        for _ in 0..CATALOGUE_ROUNDS {
            let (plan, version) = match self.compare(core).await {
                Ok(compared) => compared,
                // Also where another revision is there now: it may have come after ours.
                Err(_) if unknown => return Err(Failure::OutcomeUnknown),
                Err(failure) => return Err(failure),
            };
            if plan.items.is_empty() {
                let changes = if unknown { told } else { Vec::new() };
                return Ok(applied(changes, version));
            }
            match core.commit(commit(version, &plan)).await {
                Ok(CommitOutcome::Applied(version)) => return Ok(applied(plan.changes, version)),
                Ok(CommitOutcome::Stale | CommitOutcome::ClaimHeld { .. } | CommitOutcome::RowExists(_)) => {}
                Err(StoreError::OutcomeUnknown(reason)) => {
                    tracing::warn!(reason, "provisioning: compared again after an unknown outcome");
                    unknown = true;
                    told = plan.changes;
                }
                Err(_) if unknown => return Err(Failure::OutcomeUnknown),
                Err(error) => return Err(error.into()),
            }
        }
        Err(if unknown {
            Failure::OutcomeUnknown
        } else {
            Failure::Unavailable
        })
    }
}

/// What is answered: what changed, or would, and the revision after it.
pub(super) fn applied(changes: Vec<String>, version: Version) -> ApplyResponse {
    ApplyResponse {
        changes,
        revision: revision(version.0),
    }
}

fn commit(expected: Version, plan: &Plan) -> Commit {
    Commit {
        partition: PartitionId::Catalogue,
        expected,
        rows: plan.items.iter().map(CatalogueItem::write).collect(),
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}
