//! A folder with a known history, and all that can be read from a folder.

#[path = "copy.rs"]
mod copy;

use bytes::Bytes;
pub(crate) use copy::copy;
use map_domain::CustomerId;
use map_store::{
    BulkRow, BulkTable, Claim, ClaimKey, ClaimTable, ClaimValue, Commit, CommitOutcome, ContentHash,
    FeedItem, IndexKey, IndexRow, IndexTable, PartitionId, Row, RowKey, RowKind, RowWrite, Store,
    StoreResult, Version,
};
use map_store_embedded::{EmbeddedStore, Options};
use std::path::Path;
use tempfile::TempDir;

/// Commits before and after the state is written to disk.
const COMMITS: [u64; 2] = [24, 8];

/// Small enough that every byte can be tried, with several segments.
pub(crate) fn options(path: &Path) -> Options {
    Options {
        segment_bytes: 32 * 1024,
        memtable_bytes: 64 * 1024,
        cache_bytes: 1024 * 1024,
        ..Options::new(path)
    }
}

/// The folder as a crash leaves it: part of the history is in tables on disk, the rest in the log only.
pub(crate) fn make(parent: &Path) -> TempDir {
    let folder = TempDir::with_prefix_in("history-", parent).unwrap();
    let crashed = TempDir::with_prefix_in("crashed-", parent).unwrap();
    let mut number = 0;
    for commits in COMMITS {
        let store = EmbeddedStore::open(options(folder.path()).create([7; 16])).unwrap();
        for _ in 0..commits {
            act(&store, number);
            number += 1;
        }
        copy(folder.path(), crashed.path());
    }
    crashed
}

#[tokio::main(flavor = "current_thread")]
async fn act(store: &EmbeddedStore, number: u64) {
    if number % 5 == 4 {
        store.claim(vec![closed(number)]).await.unwrap();
    }
    let outcome = store.commit(commit(number)).await;
    assert!(matches!(outcome, Ok(CommitOutcome::Applied(_))), "{outcome:?}");
}

fn closed(number: u64) -> Claim {
    Claim {
        key: key(ClaimTable::CallerOrder, number),
        value: ClaimValue::Closed(Bytes::from_static(b"closed for ever")),
    }
}

fn key(table: ClaimTable, number: u64) -> ClaimKey {
    let key = Bytes::copy_from_slice(&number.to_be_bytes());
    ClaimKey { table, key }
}

/// Six customers take turns.
fn commit(number: u64) -> Commit {
    let partition = PartitionId::Customer(CustomerId::new([u8::try_from(number % 6).unwrap(); 16]));
    let row = |kind, key: &[u8], body: String| Row {
        key: RowKey::new(kind, key.to_vec()),
        body: body.into(),
    };
    let order = number.to_be_bytes();
    let value = ClaimValue::Bound {
        partition: partition.clone(),
        content: ContentHash([9; 32]),
        business_day: 20_261_121,
    };
    Commit {
        expected: Version(number / 6),
        rows: vec![
            RowWrite::Put(row(RowKind::Header, b"", format!("header after {number}"))),
            RowWrite::Put(row(RowKind::Account, b"a", format!("balance after {number}"))),
            RowWrite::Insert(row(RowKind::Order, &order, format!("order {number}"))),
        ],
        claims: vec![Claim {
            key: key(ClaimTable::Pos, number),
            value,
        }],
        index: vec![IndexRow {
            key: IndexKey {
                table: IndexTable::OrderNumber,
                key: Bytes::copy_from_slice(&order),
            },
            partition: partition.clone(),
            row: RowKey::new(RowKind::Order, order.to_vec()),
        }],
        business_day: None,
        partition,
    }
}

/// Everything that a store answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) rows: StoreResult<Vec<BulkRow>>,
    pub(crate) feed: StoreResult<Vec<FeedItem>>,
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn read(store: &EmbeddedStore) -> Content {
    Content {
        rows: rows(store).await,
        feed: feed(store).await,
    }
}

async fn rows(store: &EmbeddedStore) -> StoreResult<Vec<BulkRow>> {
    let snapshot = store.snapshot().await?;
    let mut rows = Vec::new();
    for table in [BulkTable::Partitions, BulkTable::Claims, BulkTable::Index] {
        let mut from = None;
        loop {
            let (page, next) = snapshot.scan(table, from, 100).await?;
            rows.extend(page);
            from = next;
            if from.is_none() {
                break;
            }
        }
    }
    Ok(rows)
}

async fn feed(store: &EmbeddedStore) -> StoreResult<Vec<FeedItem>> {
    let mut items: Vec<FeedItem> = Vec::new();
    loop {
        let after = items.last().map_or(0, |item| item.sequence);
        let page = store.feed().unwrap().read(after, 7).await?;
        if page.is_empty() {
            return Ok(items);
        }
        items.extend(page);
    }
}
