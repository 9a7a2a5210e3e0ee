//! Places, as a person reads them: numbers of persons and accounts are masked.

use crate::{BulkRow, ClaimKey, ClaimTable, IndexKey, IndexTable, PartitionId, RowKey, RowKind, keys};
use map_domain::OrderKey;

/// A logical row of any table.
pub(crate) fn of_bulk_row(row: &BulkRow) -> String {
    match row {
        BulkRow::Partition { id, version } => format!("{id:?}, version {}", version.0),
        BulkRow::Row { partition, row } => of_row(partition, &row.key),
        BulkRow::Claim(claim) => of_claim(&claim.key),
        BulkRow::Index(row) => of_index(&row.key),
    }
}

/// A row of a partition.
pub(crate) fn of_row(partition: &PartitionId, key: &RowKey) -> String {
    let row = match key.kind {
        RowKind::Header => "header".to_owned(),
        RowKind::Account => masked_account(&key.key),
        RowKind::Order => of_order(&key.key),
        RowKind::Entry => match keys::parse_entry(&key.key) {
            Some(sequence) => format!("entry {sequence}"),
            None => format!("entry ({} bytes)", key.key.len()),
        },
        RowKind::Item if *partition == PartitionId::Catalogue => {
            format!("item {}", String::from_utf8_lossy(&key.key))
        }
        RowKind::Rule | RowKind::Voucher | RowKind::Outbox | RowKind::Item => {
            format!("{:?} {}", key.kind, hex(&key.key))
        }
    };
    format!("{partition:?}, {row}")
}

/// A claim.
pub(crate) fn of_claim(key: &ClaimKey) -> String {
    match key.table {
        ClaimTable::Pos | ClaimTable::CallerOrder => format!("claim of {}", of_order(&key.key)),
        ClaimTable::Account => match keys::parse_account_claim(&key.key) {
            Some(number) => format!("claim of account {number:?}"),
            None => format!("claim of account ({} bytes)", key.key.len()),
        },
        ClaimTable::Mobile => match keys::parse_mobile_claim(&key.key) {
            Some((mobile, generation)) => {
                format!("claim of mobile number {mobile:?}, generation {generation}")
            }
            None => format!("claim of mobile number ({} bytes)", key.key.len()),
        },
        ClaimTable::Secret => format!("claim of the secret ({} bytes)", key.key.len()),
        ClaimTable::Proof => match keys::parse_proof_claim(&key.key) {
            Some((caller, _)) => format!("claim of a proof of {caller}"),
            None => format!("claim of a proof ({} bytes)", key.key.len()),
        },
    }
}

/// An index row.
pub(crate) fn of_index(key: &IndexKey) -> String {
    match key.table {
        IndexTable::OrderNumber => match keys::parse_order_number(&key.key) {
            Some((id, role, _)) => format!("order number {id} ({role:?})"),
            None => format!("order number ({} bytes)", key.key.len()),
        },
        IndexTable::SellerDay => match keys::parse_seller_day(&key.key) {
            Some((seller, day, id, _)) => format!("seller day {seller} {day} {id}"),
            None => format!("seller day ({} bytes)", key.key.len()),
        },
        // An outbox place holds a partition's key, which may be a mobile number.
        IndexTable::Outbox => format!("{:?} ({} bytes)", key.table, key.key.len()),
    }
}

fn of_order(name: &[u8]) -> String {
    match keys::parse_order(name) {
        Some(OrderKey::Pos(key, slot)) => format!(
            "order {slot:?} {}/{} generation {} batch {} serial {}",
            key.seller, key.terminal, key.generation, key.batch, key.serial
        ),
        Some(OrderKey::Caller {
            caller,
            operation,
            number,
        }) => {
            format!("order {operation:?} {caller} {number}")
        }
        None => format!("order ({} bytes)", name.len()),
    }
}

fn masked_account(name: &[u8]) -> String {
    let number = std::str::from_utf8(name)
        .ok()
        .and_then(|text| map_domain::AccountNumber::parse(text).ok());
    match number {
        Some(number) => format!("account {number:?}"),
        None => format!("account ({} bytes)", name.len()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
