//! From the platform's order number to the order.

use super::index::step;
use super::load::decode_order;
use crate::keys::{self, NumberRole};
use crate::{IndexRow, IndexTable, Load, PartitionId, Store, StoreResult, Version};
use map_domain::{Order, OrderId};

/// Places read at once: more than a number ever has.
const CHUNK: usize = 16;

/// An order that carries a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOrder {
    /// Where it is.
    pub partition: PartitionId,
    /// The version of the partition it was read at.
    pub version: Version,
    /// Whether the number is its own or a later step's.
    pub role: NumberRole,
    /// The order.
    pub order: Order,
}

/// The orders that carry this number, those whose own it is first. Usually one; a reversal by an
/// operator has two: the operator's act and the payment. Numbers that two processes gave out alike
/// have more. Index rows may dangle: each is checked against its partition.
///
/// # Errors
/// As the store's.
pub async fn find_by_number(store: &dyn Store, id: &OrderId) -> StoreResult<Vec<FoundOrder>> {
    let prefix = keys::order_number_prefix(id);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let places = store
            .scan_index(IndexTable::OrderNumber, &prefix, after.as_ref(), CHUNK)
            .await?;
        for place in &places {
            found.extend(carrier(store, id, place).await?);
        }
        if places.len() < CHUNK {
            return Ok(found);
        }
        after = places.into_iter().next_back().map(|place| place.key);
    }
}

/// The order at this place, if it carries the number.
async fn carrier(store: &dyn Store, id: &OrderId, place: &IndexRow) -> StoreResult<Option<FoundOrder>> {
    let Some((_, role, _)) = keys::parse_order_number(&place.key.key) else {
        return Ok(None);
    };
    let load = Load {
        kinds: Vec::new(),
        keys: vec![place.row.clone()],
    };
    let loaded = store.load(&place.partition, load).await?;
    let Some(row) = loaded.rows.iter().find(|row| row.key == place.row) else {
        return Ok(None);
    };
    let order = decode_order(&place.partition, row)?;
    let carried = match role {
        NumberRole::Own => Some(&order.id),
        NumberRole::Step => step(&order).map(|step| &step.id),
    };
    Ok((carried == Some(id)).then(|| FoundOrder {
        partition: place.partition.clone(),
        version: loaded.version,
        role,
        order,
    }))
}
