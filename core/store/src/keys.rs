//! Names of rows, claims and index rows as bytes.
//!
//! Every part of variable length carries its length, so no two different names have equal
//! bytes. Times and sequences are big-endian, so rows are ordered by them. **These bytes are
//! stored: a change of one is a change of the format**; the tests hold them fast.
//!
//! A claim of an order has the bytes of the order's row, so that one is found from the other.

mod claims;
mod index;
mod name;
mod rows;

pub use claims::{
    account_claim, mobile_claim, order_claim, parse_account_claim, parse_mobile_claim, parse_proof_claim,
    proof_claim, secret_claim,
};
pub use index::{
    NumberRole, order_number, order_number_prefix, outbox, outbox_of_row, parse_order_number,
    parse_seller_day, seller_day, seller_day_prefix,
};
pub use rows::{
    Item, account_row, caller_orders, entry_row, event_row, order_row, parse_entry, parse_order, stream_row,
};

use crate::PartitionId;
use map_domain::CustomerId;

/// The partition of a customer.
pub const fn customer(id: CustomerId) -> PartitionId {
    PartitionId::Customer(id)
}

/// The partition of the events without a customer that are about this. One for each: a flood of
/// them does not queue for one version.
pub fn events(target: &str) -> PartitionId {
    PartitionId::Audit(format!("events/{target}"))
}

/// The partition of what operators did.
pub fn operator_acts() -> PartitionId {
    PartitionId::Audit("operator".to_owned())
}

#[cfg(test)]
mod tests;
