//! How many durable commits a second the embedded store makes on this machine.
//!
//! `cargo run --release -p map-store-embedded --example commit_rate [FOLDER]`: each producer
//! commits what a payment does (header, account, order, two entries; one claim; two index rows)
//! to customers of its own, one after the other. FOLDER must be on the disk to be measured; the
//! default is the folder for temporary files.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measuring tool: it reads the clock, prints, and stops at the first fault"
)]

use bytes::Bytes;
use map_domain::CustomerId;
use map_store::{
    Claim, ClaimKey, ClaimTable, ClaimValue, Commit, CommitOutcome, ContentHash, IndexKey, IndexRow,
    IndexTable, PartitionId, Row, RowKey, RowKind, RowWrite, Store, Version,
};
use map_store_embedded::{EmbeddedStore, Options};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SECONDS: u64 = 5;
const CUSTOMERS_EACH: u64 = 100;

fn row(kind: RowKind, key: Bytes, size: usize) -> Row {
    Row {
        key: RowKey { kind, key },
        body: vec![0x5a; size].into(),
    }
}

/// What the payment number `number` of a producer changes; its customers take turns.
fn payment(producer: u64, number: u64) -> Commit {
    let customer = number % CUSTOMERS_EACH;
    let version = number / CUSTOMERS_EACH;
    let mut id = [0; 16];
    id[..8].copy_from_slice(
        &(producer * CUSTOMERS_EACH + customer)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_be_bytes(),
    );
    let partition = PartitionId::Customer(CustomerId::new(id));
    let order = Bytes::from(format!("{producer:06}-{number:010}"));
    let entry = |which: u64| Bytes::copy_from_slice(&(version * 2 + which).to_be_bytes());
    let index = |table| IndexRow {
        key: IndexKey {
            table,
            key: order.clone(),
        },
        partition: partition.clone(),
        row: RowKey {
            kind: RowKind::Order,
            key: order.clone(),
        },
    };
    let content = ContentHash([7; 32]);
    let value = ClaimValue::Bound {
        partition: partition.clone(),
        content,
        business_day: 20_261_121,
    };
    Commit {
        expected: Version(version),
        rows: vec![
            RowWrite::Put(row(RowKind::Header, Bytes::new(), 80)),
            RowWrite::Put(row(
                RowKind::Account,
                Bytes::from_static(b"9501001123456789"),
                120,
            )),
            RowWrite::Insert(row(RowKind::Order, order.clone(), 200)),
            RowWrite::Insert(row(RowKind::Entry, entry(0), 120)),
            RowWrite::Insert(row(RowKind::Entry, entry(1), 120)),
        ],
        claims: vec![Claim {
            key: ClaimKey {
                table: ClaimTable::Pos,
                key: order.clone(),
            },
            value,
        }],
        index: vec![index(IndexTable::SellerDay), index(IndexTable::OrderNumber)],
        business_day: Some(20_261_121),
        partition,
    }
}

/// Commits until the time is up; the time each commit took.
async fn produce(store: Arc<EmbeddedStore>, producer: u64, until: Instant) -> Vec<Duration> {
    let mut took = Vec::new();
    let mut number = 0;
    loop {
        let change = payment(producer, number);
        let begun = Instant::now();
        if begun >= until {
            return took;
        }
        let outcome = store.commit(change).await.unwrap();
        assert!(matches!(outcome, CommitOutcome::Applied(_)), "{outcome:?}");
        took.push(begun.elapsed());
        number += 1;
    }
}

/// What the log takes, without the space that its last segment keeps.
fn log_bytes(path: &Path) -> u64 {
    let segments = std::fs::read_dir(path.join("log")).unwrap();
    let used = segments.map(|segment| {
        let bytes = std::fs::read(segment.unwrap().path()).unwrap();
        bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default()
    });
    u64::try_from(used.sum::<usize>()).unwrap()
}

async fn measure(folder: &Path, producers: u64) {
    let path = folder.join(format!("producers-{producers}"));
    let options = Options::new(&path).create([1; 16]);
    let store = Arc::new(EmbeddedStore::open(options).unwrap());
    let begun = Instant::now();
    let until = begun + Duration::from_secs(SECONDS);
    let tasks: Vec<_> = (0..producers)
        .map(|producer| tokio::spawn(produce(Arc::clone(&store), producer, until)))
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let micros = begun.elapsed().as_micros();
    took.sort_unstable();
    let stats = store.stats();
    let count = u64::try_from(took.len()).unwrap();
    let rate = u128::from(count) * 1_000_000 / micros;
    let at = |permille: usize| took[(took.len() - 1) * permille / 1000].as_micros();
    println!(
        "{producers:>4} producers: {rate:>7} commits/s, {:>6} groups ({}.{} a group, largest {}), \
         p50 {} µs, p99 {} µs, p999 {} µs, longest {} µs, {} bytes of log a commit",
        stats.groups,
        count / stats.groups,
        count * 10 / stats.groups % 10,
        stats.largest_group,
        at(500),
        at(990),
        at(999),
        at(1000),
        log_bytes(&path) / count,
    );
}

#[tokio::main]
async fn main() {
    let parent = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(parent).unwrap();
    for producers in [1, 8, 64] {
        measure(folder.path(), producers).await;
    }
}
