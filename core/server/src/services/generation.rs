//! Raising a terminal's generation: one commit of the catalogue's partition that changes the
//! seller and keeps the act's order, so that the same key raises once.

use super::catalogue_commit::{commit, settled};
use crate::content;
use crate::core::Core;
use crate::failure::Failure;
use map_domain::catalogue::Seller;
use map_domain::{
    CallerId, ContentDigest, Operation, Order, OrderDetail, OrderId, OrderKey, OrderState, Refusal,
};
use map_domain::{SellerId, TerminalId};
use map_store::codec::Body;
use map_store::records::CatalogueItem;
use map_store::{ClaimValue, CommitOutcome, ContentHash, Load, PartitionId, keys};

/// What is asked.
pub(super) struct Raise {
    pub(super) operator: CallerId,
    /// The operator's key.
    pub(super) number: String,
    /// The order number, if it is decided now.
    pub(super) id: OrderId,
    pub(super) seller: SellerId,
    pub(super) terminal: TerminalId,
}

impl Raise {
    fn key(&self) -> OrderKey {
        OrderKey::Caller {
            caller: self.operator.clone(),
            operation: Operation::RaiseTerminalGeneration,
            number: self.number.clone(),
        }
    }

    fn content(&self) -> ContentDigest {
        content::raise_generation(&self.seller, &self.terminal)
    }

    /// The terminal, for the audit trail.
    pub(super) fn target(&self) -> String {
        format!("terminal {}/{}", self.seller, self.terminal)
    }
}

/// Raises it, and answers the generation that it was raised to; a repeat answers the same.
///
/// # Errors
/// [`Failure::TerminalUnknown`]; [`Refusal::IdempotencyKeyReused`]; what the store says. After
/// an unknown outcome nothing else is said until the store has told what became of it.
pub(super) async fn raise(core: &Core, raise: &Raise) -> Result<u32, Failure> {
    settled("raising a generation", || attempt(core, raise)).await
}

/// `None`: somebody else was faster.
async fn attempt(core: &Core, raise: &Raise) -> Result<Option<u32>, Failure> {
    let seller_row = keys::Item::Seller(raise.seller.as_str()).row();
    let order_row = keys::order_row(&raise.key());
    let load = Load {
        kinds: Vec::new(),
        keys: vec![seller_row.clone(), order_row.clone()],
    };
    let loaded = core.store.load(&PartitionId::Catalogue, load).await?;
    let mut seller = None;
    let mut done = None;
    for row in &loaded.rows {
        if row.key == seller_row {
            seller = Some(CatalogueItem::read(row)?);
        } else if row.key == order_row {
            done = Some(Order::from_body(&row.body)?);
        }
    }
    if let Some(done) = done {
        return raised_to(&done, raise).map(Some);
    }
    let Some(CatalogueItem::Seller(mut seller)) = seller else {
        return Err(Failure::TerminalUnknown);
    };
    let generation = generation(&mut seller, &raise.terminal).ok_or(Failure::TerminalUnknown)?;
    *generation = generation
        .checked_add(1)
        .ok_or(Failure::Refused(Refusal::AmountOutOfRange))?;
    let raised = *generation;
    let order = order(core, raise, raised);
    let rows = vec![CatalogueItem::Seller(seller).write()];
    match core.commit(commit(loaded.version, rows, &order)).await? {
        CommitOutcome::Applied(_) => Ok(Some(raised)),
        CommitOutcome::ClaimHeld { held, .. } if !is_ours(&held, raise) => {
            Err(Failure::Refused(Refusal::IdempotencyKeyReused))
        }
        CommitOutcome::Stale | CommitOutcome::RowExists(_) | CommitOutcome::ClaimHeld { .. } => Ok(None),
    }
}

/// What the key's act raised the generation to, however often it was raised since.
fn raised_to(done: &Order, raise: &Raise) -> Result<u32, Failure> {
    if done.content != raise.content() {
        return Err(Failure::KeyHolds {
            refusal: Refusal::IdempotencyKeyReused,
            order: done.id.clone(),
        });
    }
    match done.detail {
        OrderDetail::GenerationRaised(generation) => Ok(generation),
        OrderDetail::Payment(_)
        | OrderDetail::Cancellation(_)
        | OrderDetail::Opening(_)
        | OrderDetail::Transfer(_)
        | OrderDetail::Closure
        | OrderDetail::Act
        | OrderDetail::Provisioned(_) => Err(Failure::Internal(
            "a generation was raised, but its order does not say so".to_owned(),
        )),
    }
}

fn generation<'a>(seller: &'a mut Seller, terminal: &TerminalId) -> Option<&'a mut u32> {
    let terminals = seller.stores.iter_mut().flat_map(|store| &mut store.terminals);
    terminals
        .into_iter()
        .find(|known| known.id == *terminal)
        .map(|known| &mut known.generation)
}

fn is_ours(held: &ClaimValue, raise: &Raise) -> bool {
    match held {
        ClaimValue::Bound {
            partition, content, ..
        } => *partition == PartitionId::Catalogue && *content == ContentHash(raise.content().0),
        ClaimValue::Closed(_) => false,
    }
}

fn order(core: &Core, raise: &Raise, generation: u32) -> Order {
    Order {
        key: raise.key(),
        id: raise.id.clone(),
        content: raise.content(),
        caller: raise.operator.clone(),
        at: core.clock.now(),
        state: OrderState::Done,
        detail: OrderDetail::GenerationRaised(generation),
    }
}
