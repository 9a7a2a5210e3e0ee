//! The index rows that an order calls for. One function says it for those who write and for
//! those who check.

use crate::keys::{self, NumberRole};
use crate::{IndexRow, PartitionId};
use map_domain::{LifeStep, Order, OrderDetail, OrderKey, OrderState, SellerId, Timestamp};

/// The business day of a moment in Shanghai, as `yyyyMMdd`; 0 outside the years 1 to 9999.
pub fn business_day(at: Timestamp) -> u32 {
    at.business_day()
}

/// The later step of an order's life, where it had one.
pub(crate) const fn step(order: &Order) -> Option<&LifeStep> {
    match &order.state {
        OrderState::Reversed(step) | OrderState::Cancelled(step) => Some(step),
        OrderState::Done | OrderState::Declined(_) | OrderState::Closed => None,
    }
}

/// Whose money a payment moved; `None`: it is no payment, or it moved nothing.
pub(crate) const fn paid_seller(order: &Order) -> Option<&SellerId> {
    match (&order.key, &order.detail, &order.state) {
        (
            OrderKey::Pos(key, _),
            OrderDetail::Payment(_),
            OrderState::Done | OrderState::Reversed(_) | OrderState::Cancelled(_),
        ) => Some(&key.seller),
        _ => None,
    }
}

/// The index rows of an order: its number, the number of its later step, and, where it moved a
/// seller's money, the seller's day of each.
///
/// `day` is the business day (`yyyyMMdd`) that the claim fixed for a payment; `None`: the day
/// of its time. A later step belongs to the day of its own time.
pub fn index_rows(partition: &PartitionId, order: &Order, day: Option<u32>) -> Vec<IndexRow> {
    let row = keys::order_row(&order.key);
    let step = step(order);
    let mut places = vec![keys::order_number(&order.id, NumberRole::Own, partition, &row)];
    places.extend(step.map(|step| keys::order_number(&step.id, NumberRole::Step, partition, &row)));
    if let Some(seller) = paid_seller(order) {
        places.push(keys::seller_day(
            seller,
            day.unwrap_or_else(|| business_day(order.at)),
            &order.id,
            partition,
            &row,
        ));
        places.extend(
            step.map(|step| keys::seller_day(seller, business_day(step.at), &step.id, partition, &row)),
        );
    }
    places
        .into_iter()
        .map(|key| IndexRow {
            key,
            partition: partition.clone(),
            row: row.clone(),
        })
        .collect()
}
