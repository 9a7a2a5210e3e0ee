//! A data folder of each format, made once and kept: every later version of MAP opens it and finds what was
//! written, row by row. A change of the format that breaks this needs a way to bring such folders over.
//!
//! `golden-v2` is a folder as a crash leaves it (part of it in tables, the rest in the log only), and so is
//! `golden-v3`; the text beside each is what is in it. A format that replaces these gets a folder beside them,
//! and they stay: `UPDATE_GOLDEN=1 cargo test -p map-store-embedded --test golden` makes the newest anew only
//! where it is missing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test is blunt: what it did not expect stops it"
)]

#[path = "../examples/damage_matrix/copy.rs"]
mod copy;

use bytes::Bytes;
use copy::copy;
use map_domain::{CustomerId, MobileNumber};
use map_store::{
    BulkRow, BulkTable, Claim, ClaimKey, ClaimTable, ClaimValue, Commit, CommitOutcome, ContentHash,
    IndexKey, IndexRow, IndexTable, Load, PartitionId, Row, RowKey, RowKind, RowWrite, Store, Version,
};
use map_store_embedded::{EmbeddedStore, Options, verify};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;
use tempfile::TempDir;

/// Commits of every partition before and after its state is written to disk.
const COMMITS: [u64; 2] = [4, 2];

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The smallest segments, so that there are several.
fn options(path: &Path) -> Options {
    Options {
        segment_bytes: 4096,
        memtable_bytes: 64 * 1024,
        ..Options::new(path)
    }
}

/// A copy that may be opened: opening writes.
fn copied(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&kept(name), folder.path());
    folder
}

/// One of each sort.
fn partitions() -> Vec<PartitionId> {
    let number = |text: &str| MobileNumber::parse(text).unwrap();
    vec![
        PartitionId::Customer(CustomerId::new([1; 16])),
        PartitionId::Customer(CustomerId::new([0xff; 16])),
        PartitionId::Sms(number("10000000000")),
        PartitionId::Catalogue,
        PartitionId::Audit("operator".to_owned()),
        PartitionId::Run {
            network: "north".to_owned(),
            day: 20_261_121,
        },
        PartitionId::Exceptions { day: 20_261_121 },
    ]
}

/// A commit with a row of every kind, a claim and an index row of every table.
fn commit(number: usize, partition: &PartitionId, expected: u64) -> Commit {
    let key = |code: u8| {
        Bytes::from(vec![
            code,
            u8::try_from(number).unwrap(),
            u8::try_from(expected).unwrap(),
        ])
    };
    let row = |kind: RowKind| {
        let body = Bytes::from(format!("{kind:?} {expected}\0\u{ff}"));
        if kind == RowKind::Header {
            let key = RowKey::HEADER;
            return RowWrite::Put(Row { key, body });
        }
        // Half are replaced by the next commit, half are there for ever.
        if kind.code().is_multiple_of(2) {
            let key = RowKey::new(kind, key(0));
            RowWrite::Insert(Row { key, body })
        } else {
            let key = RowKey::new(kind, "same");
            RowWrite::Put(Row { key, body })
        }
    };
    let bound = |table: ClaimTable| Claim {
        key: ClaimKey {
            table,
            key: key(table.code()),
        },
        value: ClaimValue::Bound {
            partition: partition.clone(),
            content: ContentHash([table.code(); 32]),
            business_day: 20_261_121,
        },
    };
    let index = |table: IndexTable| IndexRow {
        key: IndexKey {
            table,
            key: key(table.code()),
        },
        partition: partition.clone(),
        row: RowKey::new(RowKind::Order, key(0)),
    };
    Commit {
        partition: partition.clone(),
        expected: Version(expected),
        rows: RowKind::ALL.into_iter().map(row).collect(),
        claims: ClaimTable::ALL.into_iter().map(bound).collect(),
        index: IndexTable::ALL.into_iter().map(index).collect(),
        business_day: Some(20_261_121),
    }
}

fn closed(number: u64) -> Claim {
    Claim {
        key: ClaimKey {
            table: ClaimTable::Pos,
            key: Bytes::from(format!("closed {number}")),
        },
        value: ClaimValue::Closed(Bytes::from_static(b"closed for ever")),
    }
}

/// Makes the folder, once: a copy of one that is open, as a crash would leave it.
#[tokio::main(flavor = "current_thread")]
async fn make(to: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = 0;
    for commits in COMMITS {
        let store = EmbeddedStore::open(options(folder.path()).create([0x20; 16])).unwrap();
        if expected == 0 {
            let id = PartitionId::Customer(CustomerId::new([7; 16]));
            let row = Row {
                key: RowKey::new(RowKind::Account, "imported"),
                body: Bytes::from_static(b"imported"),
            };
            let partition = id.clone();
            let version = Version(3);
            let rows = vec![
                BulkRow::Partition { id, version },
                BulkRow::Row { partition, row },
            ];
            store.import(rows).await.unwrap();
        }
        for _ in 0..commits {
            for (number, partition) in partitions().iter().enumerate() {
                let outcome = store.commit(commit(number, partition, expected)).await;
                assert_eq!(outcome, Ok(CommitOutcome::Applied(Version(expected + 1))));
            }
            store.claim(vec![closed(expected)]).await.unwrap();
            expected += 1;
        }
        copy(folder.path(), to);
    }
    fs::remove_file(to.join("lock")).unwrap();
}

/// All rows in the order of a bulk scan, one a line.
#[tokio::main(flavor = "current_thread")]
async fn listing(store: &EmbeddedStore) -> String {
    let snapshot = store.snapshot().await.unwrap();
    let mut text = String::new();
    for table in [BulkTable::Partitions, BulkTable::Claims, BulkTable::Index] {
        let mut from = None;
        loop {
            let (rows, next) = snapshot.scan(table, from, 100).await.unwrap();
            for row in rows {
                writeln!(text, "{}", line(&row)).unwrap();
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
    }
    let commits = store.feed().unwrap().read(0, 1000).await.unwrap();
    for item in commits {
        let (number, commit) = (item.sequence, item.commit);
        let (key, expected, day) = (commit.partition.key(), commit.expected.0, commit.business_day);
        let sizes = [commit.rows.len(), commit.claims.len(), commit.index.len()];
        writeln!(
            text,
            "commit {number} {key} on {expected}, day {day:?}, {sizes:?}"
        )
        .unwrap();
    }
    text
}

fn line(row: &BulkRow) -> String {
    let row_key = |key: &RowKey| format!("{:?} {}", key.kind, key.key.escape_ascii());
    match row {
        BulkRow::Partition { id, version } => format!("partition {} at {}", id.key(), version.0),
        BulkRow::Row { partition, row } => {
            let body = row.body.escape_ascii();
            format!("row {} {} = {body}", partition.key(), row_key(&row.key))
        }
        BulkRow::Claim(Claim { key, value }) => {
            let value = match value {
                ClaimValue::Bound {
                    partition,
                    content,
                    business_day,
                } => format!("{} {:02x?} {business_day}", partition.key(), content.0[0]),
                ClaimValue::Closed(outcome) => format!("closed: {}", outcome.escape_ascii()),
            };
            format!("claim {:?} {} = {value}", key.table, key.key.escape_ascii())
        }
        BulkRow::Index(IndexRow { key, partition, row }) => {
            let (table, at) = (key.table, key.key.escape_ascii());
            format!("index {table:?} {at} = {} {}", partition.key(), row_key(row))
        }
    }
}

/// The folder of every format, and what is in it. The newest is made where it is missing: what is kept is
/// never written again.
fn golden() -> [(&'static str, String); 2] {
    static MADE: Once = Once::new();
    let names = ["golden-v2", "golden-v3"];
    let listed = |name: &str| kept(&format!("{name}.txt"));
    MADE.call_once(|| {
        let newest = names[1];
        if std::env::var_os("UPDATE_GOLDEN").is_some() && !kept(newest).exists() {
            make(&kept(newest));
            let text = listing(&EmbeddedStore::open(options(copied(newest).path())).unwrap());
            fs::write(listed(newest), text).unwrap();
        }
    });
    names.map(|name| (name, fs::read_to_string(listed(name)).unwrap()))
}

#[test]
fn a_folder_of_every_format_opens_with_every_row_that_was_written() {
    for (name, expected) in golden() {
        let folder = copied(name);
        let report = verify(folder.path()).unwrap();
        assert!(report.is_sound(), "{name}: {:?}", report.findings);
        let commits = COMMITS.iter().sum::<u64>() * u64::try_from(partitions().len()).unwrap();
        assert_eq!(report.commits, commits);

        let store = EmbeddedStore::open(options(folder.path())).unwrap();
        let opening = store.stats().opening;
        assert_eq!(
            opening.rebuilt, None,
            "{name}: the tables are read, not built anew"
        );
        assert!(opening.replayed_records > 0, "the end is in the log only");
        assert_eq!(store.store_id(), "20".repeat(16));
        assert_eq!(listing(&store), expected);
        assert_eq!(store.compare_with_log().unwrap().differences, []);
        drop(store);
        let manifest = fs::read_to_string(folder.path().join("manifest.toml")).unwrap();
        assert!(
            manifest.contains("format = 3"),
            "older versions refuse it now: {manifest}"
        );

        // It goes on, and is the same after another opening.
        let store = EmbeddedStore::open(options(folder.path())).unwrap();
        assert_eq!(listing(&store), expected);
        go_on(&store);
        drop(store);
        assert!(verify(folder.path()).unwrap().is_sound());
    }
}

#[test]
fn a_log_of_every_format_says_all_there_is() {
    for (name, expected) in golden() {
        let folder = copied(name);
        let records = verify(folder.path()).unwrap().records;
        fs::remove_dir_all(folder.path().join("state")).unwrap();
        let store = EmbeddedStore::open(options(folder.path())).unwrap();
        assert_eq!(store.stats().opening.replayed_records, records);
        assert_eq!(listing(&store), expected);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn go_on(store: &EmbeddedStore) {
    let version = COMMITS.iter().sum();
    for (number, partition) in partitions().iter().enumerate() {
        let repeated = store.commit(commit(number, partition, version - 1)).await;
        assert_eq!(repeated, Ok(CommitOutcome::Stale));
        let outcome = store.commit(commit(number, partition, version)).await;
        assert_eq!(outcome, Ok(CommitOutcome::Applied(Version(version + 1))));
        let mut another = commit(number, partition, version + 1);
        another.rows = vec![account("other")];
        store.commit(another).await.unwrap();
        assert_eq!(accounts(store, partition).await, ["other", "same"]);
    }
    let imported = PartitionId::Customer(CustomerId::new([7; 16]));
    assert_eq!(accounts(store, &imported).await, ["imported"]);
}

fn account(key: &'static str) -> RowWrite {
    RowWrite::Insert(Row {
        key: RowKey::new(RowKind::Account, key),
        body: Bytes::from_static(b"account"),
    })
}

/// The keys of all accounts of a partition.
async fn accounts(store: &EmbeddedStore, partition: &PartitionId) -> Vec<String> {
    let what = Load {
        kinds: vec![RowKind::Account],
        keys: Vec::new(),
    };
    let rows = store.load(partition, what).await.unwrap().rows;
    let keys = rows.into_iter().map(|row| row.key.key.escape_ascii().to_string());
    keys.collect()
}
