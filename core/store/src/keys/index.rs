//! Index rows: where what is looked for by another name is to be found.

use super::name::{Name, Parts, ordered};
use crate::{IndexKey, IndexTable, PartitionId, RowKey, RowKind};
use bytes::Bytes;
use map_domain::{OrderId, SellerId, Timestamp};

/// What an order number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberRole {
    /// The order itself.
    Own,
    /// A later step of its life: a reversal, a cancellation.
    Step,
}

impl NumberRole {
    const fn code(self) -> u8 {
        match self {
            Self::Own => 0,
            Self::Step => 1,
        }
    }
}

/// The place of an order number in its index, by what carries it. A reversal's number may be an
/// order of its own (an operator's act) and a step of the payment, and nothing but chance keeps two
/// processes from giving out one number: each has its place.
pub fn order_number(id: &OrderId, role: NumberRole, partition: &PartitionId, row: &RowKey) -> IndexKey {
    Name::default()
        .text(id.as_str())
        .byte(role.code())
        .pointer(partition, row)
        .index(IndexTable::OrderNumber)
}

/// What all places of an order number begin with.
pub fn order_number_prefix(id: &OrderId) -> Bytes {
    Name::default().text(id.as_str()).prefix()
}

/// The number, the role and the row that [`order_number`] wrote; `None`: it is none.
pub fn parse_order_number(name: &[u8]) -> Option<(OrderId, NumberRole, (PartitionId, RowKey))> {
    let mut parts = Parts(name);
    let id = OrderId::parse(parts.text()?).ok()?;
    let role = match parts.byte()? {
        0 => NumberRole::Own,
        1 => NumberRole::Step,
        _ => return None,
    };
    Some((id, role, parts.pointer()?))
}

/// The place of a payment, or of its reversal or cancellation, in a seller's day (`yyyyMMdd`), by
/// its number and what carries it.
pub fn seller_day(
    seller: &SellerId,
    day: u32,
    id: &OrderId,
    partition: &PartitionId,
    row: &RowKey,
) -> IndexKey {
    Name::default()
        .text(seller.as_str())
        .u32(day)
        .text(id.as_str())
        .pointer(partition, row)
        .index(IndexTable::SellerDay)
}

/// What all places of a seller's day begin with.
pub fn seller_day_prefix(seller: &SellerId, day: u32) -> Bytes {
    Name::default().text(seller.as_str()).u32(day).prefix()
}

/// The seller, day, order number and row that [`seller_day`] wrote; `None`: it is none.
pub fn parse_seller_day(name: &[u8]) -> Option<(SellerId, u32, OrderId, (PartitionId, RowKey))> {
    let mut parts = Parts(name);
    let seller = SellerId::parse(parts.text()?).ok()?;
    let day = parts.u32()?;
    let id = OrderId::parse(parts.text()?).ok()?;
    Some((seller, day, id, parts.pointer()?))
}

/// The place of a row to be seen or sent: newest first, then by partition and row.
pub fn outbox(at: Timestamp, partition: &PartitionId, row: &RowKey) -> IndexKey {
    Name::default()
        .u64(!ordered(at))
        .pointer(partition, row)
        .index(IndexTable::Outbox)
}

/// The place that the row of an event has in the outbox, from its name; `None`: it is no such row.
pub fn outbox_of_row(partition: &PartitionId, row: &RowKey) -> Option<IndexKey> {
    let at = Parts(&row.key).u64()? ^ (1 << 63);
    (row.kind == RowKind::Outbox).then(|| outbox(Timestamp::from_millis(at.cast_signed()), partition, row))
}
