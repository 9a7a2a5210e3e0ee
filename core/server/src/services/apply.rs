//! Applying a document: compared with what is stored and written in one commit of the catalogue's partition,
//! together with the answer under the operator's key.
//!
//! A document that changes nothing is no commit, for that would raise the revision: its answer stands in the
//! key's claim alone. Either way a repeat gets the first answer, also where somebody else changed the catalogue
//! since. The revision a caller expects is compared only where something would change.
//!
//! A key may be bound by a commit that never came. Then its repeat applies the document as it compares now; where
//! nothing would change, its order is written all the same, at the price of a revision, for the claim can't carry it.

use super::catalogue_commit::{commit, settled};
use super::wire::revision;
use crate::core::Core;
use crate::failure::Failure;
use crate::provisioning::{Plan, plan};
use map_domain::order::ProvisionedDetail;
use map_domain::{
    CallerId, ContentDigest, Operation, Order, OrderDetail, OrderId, OrderKey, OrderState, Refusal,
};
use map_proto::provisioning::v1::ApplyResponse;
use map_store::codec::Body;
use map_store::records::{CatalogueItem, CatalogueRecords, closed_claim, decode_catalogue, load_catalogue};
use map_store::{ClaimValue, CommitOutcome, ContentHash, Load, PartitionId, Version, keys};

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
}

/// An operator's request to apply a document, the same for all its attempts.
pub(super) struct Apply {
    pub(super) operator: CallerId,
    /// The operator's key.
    pub(super) number: String,
    /// The order number, if it is decided now.
    pub(super) id: OrderId,
    pub(super) content: ContentDigest,
    pub(super) wanted: Wanted,
}

/// What the operator's key holds.
enum Held {
    /// Nothing.
    Free,
    /// This document, and nothing came of it yet.
    Bound,
    /// What was done under it.
    Done(Box<Order>),
}

impl Apply {
    /// Applies it, once.
    ///
    /// # Errors
    /// [`Failure::KeyHolds`], or the same refusal without an order, where the key was used with another document; as [`Wanted::compare`]; after an
    /// unknown outcome [`Failure::OutcomeUnknown`] and nothing else until the store has told what became of it.
    pub(super) async fn apply(&self, core: &Core) -> Result<ProvisionedDetail, Failure> {
        settled("provisioning", || self.attempt(core)).await
    }

    /// `None`: somebody else was faster.
    async fn attempt(&self, core: &Core) -> Result<Option<ProvisionedDetail>, Failure> {
        let bound = match self.held(core).await.map_err(read)? {
            Held::Done(order) => return self.answered(&order).map(Some),
            Held::Bound => true,
            Held::Free => false,
        };
        let (plan, version) = self.wanted.compare(core).await.map_err(read)?;
        if plan.items.is_empty() && !bound {
            let order = self.order(core, Vec::new(), version.0);
            // A claim moves nothing: where it is not known to be there, it is asked for again.
            let said = core.store.claim(vec![closed_claim(&order)]).await?;
            let mine = said.first() == Some(&closed_claim(&order).value);
            return if mine {
                self.answered(&order).map(Some)
            } else {
                Ok(None)
            };
        }
        let after = version.0.saturating_add(1);
        let order = self.order(core, plan.changes, after);
        let rows = plan.items.iter().map(CatalogueItem::write).collect();
        match core.commit(commit(version, rows, &order)).await? {
            CommitOutcome::Applied(_) => self.answered(&order).map(Some),
            CommitOutcome::Stale | CommitOutcome::ClaimHeld { .. } | CommitOutcome::RowExists(_) => Ok(None),
        }
    }

    fn key(&self) -> OrderKey {
        OrderKey::Caller {
            caller: self.operator.clone(),
            operation: Operation::ApplyProvisioning,
            number: self.number.clone(),
        }
    }

    fn order(&self, core: &Core, changes: Vec<String>, revision: u64) -> Order {
        Order {
            key: self.key(),
            id: self.id.clone(),
            content: self.content,
            caller: self.operator.clone(),
            at: core.clock.now(),
            state: OrderState::Done,
            detail: OrderDetail::Provisioned(ProvisionedDetail { changes, revision }),
        }
    }

    /// What the key holds.
    async fn held(&self, core: &Core) -> Result<Held, Failure> {
        let claims = core.store.read_claims(&[keys::order_claim(&self.key())]).await?;
        let Some(claim) = claims.into_iter().next().flatten() else {
            return Ok(Held::Free);
        };
        let content = match claim {
            ClaimValue::Closed(body) => return Ok(Held::Done(Box::new(Order::from_body(&body)?))),
            ClaimValue::Bound { content, .. } => content,
        };
        let load = Load {
            kinds: Vec::new(),
            keys: vec![keys::order_row(&self.key())],
        };
        let loaded = core.store.load(&PartitionId::Catalogue, load).await?;
        match loaded.rows.first() {
            Some(row) => Ok(Held::Done(Box::new(Order::from_body(&row.body)?))),
            None if content == ContentHash(self.content.0) => Ok(Held::Bound),
            // The claim is durable: so is the refusal.
            None => Err(Failure::Refused(Refusal::IdempotencyKeyReused)),
        }
    }

    /// What the key's order says.
    fn answered(&self, done: &Order) -> Result<ProvisionedDetail, Failure> {
        if done.content != self.content {
            return Err(Failure::KeyHolds {
                refusal: Refusal::IdempotencyKeyReused,
                order: done.id.clone(),
            });
        }
        match &done.detail {
            OrderDetail::Provisioned(done) => Ok(done.clone()),
            OrderDetail::Payment(_)
            | OrderDetail::Cancellation(_)
            | OrderDetail::Opening(_)
            | OrderDetail::Transfer(_)
            | OrderDetail::Closure
            | OrderDetail::Act
            | OrderDetail::GenerationRaised(_) => Err(Failure::Internal(
                "a document was applied, but its order does not say so".to_owned(),
            )),
        }
    }
}

/// A failed read changed nothing, whatever the store calls it.
fn read(failure: Failure) -> Failure {
    if failure == Failure::OutcomeUnknown {
        Failure::Unavailable
    } else {
        failure
    }
}

/// What is answered: what changed, or would, and the revision after it.
pub(super) fn response(detail: ProvisionedDetail) -> ApplyResponse {
    ApplyResponse {
        changes: detail.changes,
        revision: revision(detail.revision),
    }
}
