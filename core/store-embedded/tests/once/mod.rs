//! A customer's one commit, which is there whole and once, or not at all.

use bytes::Bytes;
use map_domain::CustomerId;
use map_store::{
    Claim, ClaimKey, ClaimTable, ClaimValue, Commit, ContentHash, Load, PartitionId, Row, RowKey, RowKind,
    RowWrite, Store, Version,
};
use map_store_embedded::EmbeddedStore;

fn customer(number: u64) -> PartitionId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    PartitionId::Customer(CustomerId::new(bytes))
}

fn claim(number: u64) -> Claim {
    Claim {
        key: ClaimKey {
            table: ClaimTable::Pos,
            key: Bytes::copy_from_slice(&number.to_be_bytes()),
        },
        value: ClaimValue::Bound {
            partition: customer(number),
            content: ContentHash([0; 32]),
            business_day: 0,
        },
    }
}

/// The one commit of this customer: an order that may exist once, and a claim.
pub(crate) fn commit(number: u64, body: Bytes) -> Commit {
    let order = Row {
        key: RowKey::new(RowKind::Order, "order"),
        body,
    };
    Commit {
        partition: customer(number),
        expected: Version::NONE,
        rows: vec![RowWrite::Insert(order)],
        claims: vec![claim(number)],
        index: Vec::new(),
        business_day: None,
    }
}

/// Whether the customer's commit is there; half of it, or another, is a failure.
pub(crate) async fn is_there(store: &EmbeddedStore, number: u64, body: Bytes) -> bool {
    let what = Load {
        kinds: vec![RowKind::Order],
        keys: Vec::new(),
    };
    let loaded = store.load(&customer(number), what).await.expect("reads go on");
    let claims = store.read_claims(&[claim(number).key]).await;
    let claimed = claims.expect("reads go on")[0].is_some();
    match (loaded.version, &loaded.rows[..]) {
        (Version(0), []) => {
            assert!(!claimed, "{number}: a claim without its commit");
            false
        }
        (Version(1), [row]) => {
            assert!(row.body == body, "customer {number} holds another body");
            assert!(claimed, "{number}: a commit without its claim");
            true
        }
        other => panic!("{number}: half a commit, or one twice: {:?}", other.0),
    }
}
