//! What the rules are made of: partitions, rows, claims and commits with nothing in them
//! that a rule does not ask for.

use crate::{
    Claim, ClaimKey, ClaimTable, ClaimValue, Commit, CommitOutcome, ContentHash, IndexKey, IndexRow,
    IndexTable, Load, Loaded, PartitionId, Row, RowKey, RowKind, RowWrite, Store, Version,
};
use bytes::Bytes;
use map_domain::CustomerId;

/// A customer whose identifier is this number.
pub(super) fn customer(number: u64) -> PartitionId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    PartitionId::Customer(CustomerId::new(bytes))
}

pub(super) fn row(kind: RowKind, key: &[u8], body: &[u8]) -> Row {
    Row {
        key: RowKey::new(kind, key.to_vec()),
        body: Bytes::copy_from_slice(body),
    }
}

pub(super) fn header(body: &[u8]) -> Row {
    Row {
        key: RowKey::HEADER,
        body: Bytes::copy_from_slice(body),
    }
}

/// The key of the entry with this sequence.
pub(super) fn sequence(number: u64) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

pub(super) fn claim_key(table: ClaimTable, key: &[u8]) -> ClaimKey {
    ClaimKey {
        table,
        key: Bytes::copy_from_slice(key),
    }
}

/// A claim of a caller's order, bound to this partition with this content.
pub(super) fn bound(key: &[u8], partition: &PartitionId, content: u8) -> Claim {
    Claim {
        key: claim_key(ClaimTable::CallerOrder, key),
        value: ClaimValue::Bound {
            partition: partition.clone(),
            content: ContentHash([content; 32]),
            business_day: 20_261_121,
        },
    }
}

/// A claim of a caller's order, closed with this outcome.
pub(super) fn closed(key: &[u8], outcome: &[u8]) -> Claim {
    Claim {
        key: claim_key(ClaimTable::CallerOrder, key),
        value: ClaimValue::Closed(Bytes::copy_from_slice(outcome)),
    }
}

pub(super) fn index_row(table: IndexTable, key: &[u8], partition: &PartitionId) -> IndexRow {
    IndexRow {
        key: IndexKey {
            table,
            key: Bytes::copy_from_slice(key),
        },
        partition: partition.clone(),
        row: RowKey::new(RowKind::Order, key.to_vec()),
    }
}

/// A commit of nothing.
pub(super) fn commit(partition: &PartitionId, expected: u64) -> Commit {
    Commit {
        partition: partition.clone(),
        expected: Version(expected),
        rows: Vec::new(),
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}

/// A commit that puts these rows.
pub(super) fn put(partition: &PartitionId, expected: u64, rows: Vec<Row>) -> Commit {
    Commit {
        rows: rows.into_iter().map(RowWrite::Put).collect(),
        ..commit(partition, expected)
    }
}

/// Commits, and insists that it is applied and gives the next version.
pub(super) async fn applied(store: &dyn Store, commit: Commit) {
    let next = commit.expected.next();
    let outcome = store.commit(commit).await.expect("the store answers");
    assert_eq!(outcome, CommitOutcome::Applied(next));
}

/// Loads every kind.
pub(super) async fn load_all(store: &dyn Store, partition: &PartitionId) -> Loaded {
    let kinds = RowKind::ALL
        .into_iter()
        .filter(|kind| *kind != RowKind::Header)
        .collect();
    store
        .load(
            partition,
            Load {
                kinds,
                keys: Vec::new(),
            },
        )
        .await
        .expect("the store answers")
}

/// What one claim says.
pub(super) async fn read_claim(store: &dyn Store, key: &ClaimKey) -> Option<ClaimValue> {
    let found = store
        .read_claims(std::slice::from_ref(key))
        .await
        .expect("the store answers");
    assert_eq!(found.len(), 1, "one answer per key");
    found.into_iter().next().flatten()
}
