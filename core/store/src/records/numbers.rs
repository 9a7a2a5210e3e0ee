//! From the platform's order number to the order.

use super::index::step;
use super::load::decode_order;
use crate::keys::{self, NumberRole};
use crate::{IndexTable, Load, PartitionId, Store, StoreResult, Version};
use map_domain::{Order, OrderId};

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

/// The orders that carry this number, its own order first. Usually one; a reversal by an
/// operator has two: the operator's act and the payment. Index rows may dangle: each is
/// checked against its partition.
///
/// # Errors
/// As the store's.
pub async fn find_by_number(store: &dyn Store, id: &OrderId) -> StoreResult<Vec<FoundOrder>> {
    const PLACES: usize = 2;
    let places = store
        .scan_index(
            IndexTable::OrderNumber,
            &keys::order_number_prefix(id),
            None,
            PLACES,
        )
        .await?;
    let mut found = Vec::new();
    for place in places {
        let Some((_, role)) = keys::parse_order_number(&place.key.key) else {
            continue;
        };
        let load = Load {
            kinds: Vec::new(),
            keys: vec![place.row.clone()],
        };
        let loaded = store.load(&place.partition, load).await?;
        for row in loaded.rows.iter().filter(|row| row.key == place.row) {
            let order = decode_order(&place.partition, row)?;
            let carried = match role {
                NumberRole::Own => Some(&order.id),
                NumberRole::Step => step(&order).map(|step| &step.id),
            };
            if carried == Some(id) {
                found.push(FoundOrder {
                    partition: place.partition.clone(),
                    version: loaded.version,
                    role,
                    order,
                });
            }
        }
    }
    Ok(found)
}
