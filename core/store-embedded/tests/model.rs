//! What the store answers is what the model answers that is in memory: step by step, whatever was refused on the way,
//! however the accounts of a partition were written, and wherever the store was closed, or a crash would have left it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test is blunt: what it did not expect stops it"
)]

use bytes::Bytes;
use map_domain::CustomerId;
use map_store::{
    BulkRow, BulkTable, Claim, ClaimKey, ClaimTable, ClaimValue, Commit, ContentHash, Load, MemoryStore,
    PartitionId, Row, RowKey, RowKind, RowWrite, Store, Version,
};
use map_store_embedded::{EmbeddedStore, Options, verify};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

const PARTITIONS: u8 = 6;

fn options(path: &Path) -> Options {
    Options {
        segment_bytes: 256 * 1024,
        memtable_bytes: 64 * 1024,
        cache_bytes: 256 * 1024,
        reserve_bytes: 0,
        ..Options::new(path)
    }
    .create([9; 16])
}

fn partition(number: u8) -> PartitionId {
    PartitionId::Customer(CustomerId::new([number; 16]))
}

/// One of few accounts, so that there are those that are written again, and partitions with more of them than a header
/// names; few have a key that is too long to be named.
fn account(rng: &mut fastrand::Rng, partition: u8) -> RowKey {
    let most = [2, 7, 8, 9, 12, 30][usize::from(partition)];
    let number = rng.u8(0..most);
    let length = if number == 29 {
        300
    } else {
        usize::from(number % 5)
    };
    RowKey::new(RowKind::Account, [vec![number], vec![0xff; length]].concat())
}

fn row(rng: &mut fastrand::Rng, partition: u8) -> Row {
    let mut body = vec![0; rng.usize(0..600)];
    rng.fill(&mut body);
    let key = match rng.u8(0..8) {
        0 => RowKey::HEADER,
        1 => RowKey::new(RowKind::Rule, vec![rng.u8(0..3)]),
        _ => account(rng, partition),
    };
    let body = body.into();
    Row { key, body }
}

/// Rows with different keys.
fn rows(rng: &mut fastrand::Rng, partition: u8) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for _ in 0..rng.u8(0..5) {
        let row = row(rng, partition);
        if rows.iter().all(|other| other.key != row.key) {
            rows.push(row);
        }
    }
    rows
}

fn commit(rng: &mut fastrand::Rng, number: u8, expected: Version) -> Commit {
    let creates = rng.u8(0..4) == 0;
    let write = |row| {
        if creates {
            RowWrite::Insert(row)
        } else {
            RowWrite::Put(row)
        }
    };
    let claim = |rng: &mut fastrand::Rng| Claim {
        key: ClaimKey {
            table: ClaimTable::Pos,
            key: Bytes::from(vec![rng.u8(..)]),
        },
        value: ClaimValue::Bound {
            partition: partition(number),
            content: ContentHash([0; 32]),
            business_day: 20_261_121,
        },
    };
    Commit {
        partition: partition(number),
        expected,
        rows: rows(rng, number).into_iter().map(write).collect(),
        claims: (0..rng.u8(0..8) / 7).map(|_| claim(rng)).collect(),
        index: Vec::new(),
        business_day: None,
    }
}

/// Rows of partitions, in any order.
fn imports(rng: &mut fastrand::Rng) -> Vec<BulkRow> {
    let mut all = Vec::new();
    for number in 0..PARTITIONS {
        let id = partition(number);
        let version = Version(rng.u64(0..3));
        all.push(BulkRow::Partition { id, version });
        for _ in 0..rng.u8(0..12) {
            let row = row(rng, number);
            let partition = partition(number);
            all.push(BulkRow::Row { partition, row });
        }
    }
    rng.shuffle(&mut all);
    all
}

async fn everything(store: &dyn Store) -> Vec<BulkRow> {
    let snapshot = store.snapshot().await.unwrap();
    let mut all = Vec::new();
    for table in [BulkTable::Partitions, BulkTable::Claims, BulkTable::Index] {
        let mut from = None;
        loop {
            let (rows, next) = snapshot.scan(table, from, 7).await.unwrap();
            all.extend(rows);
            from = next;
            if from.is_none() {
                break;
            }
        }
    }
    all
}

async fn compare_partition(store: &EmbeddedStore, model: &MemoryStore, number: u8, what: &str) {
    for kinds in [
        vec![RowKind::Account],
        vec![RowKind::Rule, RowKind::Account, RowKind::Header],
    ] {
        let wanted = || Load {
            kinds: kinds.clone(),
            keys: vec![RowKey::new(RowKind::Account, vec![0])],
        };
        let is = store.load(&partition(number), wanted()).await.unwrap();
        let should = model.load(&partition(number), wanted()).await.unwrap();
        assert!(is == should, "{what}: partition {number}: {is:?}\n{should:?}");
    }
}

async fn compare(store: &EmbeddedStore, model: &MemoryStore, what: &str) {
    for number in 0..PARTITIONS {
        compare_partition(store, model, number, what).await;
    }
}

/// Makes `to` what `from` is, which is changed meanwhile: what is removed on the way may be missing.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if let Err(error) = fs::copy(entry.path(), target) {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}

/// The store, and the model beside it.
struct Pair {
    folder: tempfile::TempDir,
    store: Option<Arc<EmbeddedStore>>,
    model: MemoryStore,
}

impl Pair {
    fn store(&self) -> &Arc<EmbeddedStore> {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(Arc::new(
            EmbeddedStore::open(options(self.folder.path())).unwrap(),
        ));
    }

    /// Goes on with the folder as a crash would leave it.
    fn crash(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        drop(self.store.take());
        self.folder = folder;
        self.reopen();
    }

    /// Some commits of one group, the last of them on what those before make.
    async fn commits(&self, rng: &mut fastrand::Rng, what: &str) {
        let mut asked = Vec::new();
        let mut ahead = vec![0; usize::from(PARTITIONS)];
        for _ in 0..rng.u8(1..7) {
            let number = rng.u8(0..PARTITIONS);
            let version = self
                .model
                .load(&partition(number), Load::default())
                .await
                .unwrap()
                .version;
            let ahead = &mut ahead[usize::from(number)];
            let commit = commit(rng, number, Version(version.0 + *ahead));
            *ahead += u64::from(rng.u8(0..8) > 0);
            let store = Arc::clone(self.store());
            asked.push((
                commit.clone(),
                tokio::spawn(async move { store.commit(commit).await }),
            ));
        }
        for (commit, is) in asked {
            let should = self.model.commit(commit).await;
            assert_eq!(is.await.unwrap(), should, "{what}");
        }
    }
}

async fn run(seed: u64, steps: u32) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut pair = Pair {
        store: Some(Arc::new(EmbeddedStore::open(options(folder.path())).unwrap())),
        folder,
        model: MemoryStore::new(),
    };
    if rng.bool() {
        let mut rows = imports(&mut rng);
        while !rows.is_empty() {
            let part: Vec<_> = rows.drain(..rng.usize(1..=rows.len().min(20))).collect();
            pair.store().import(part.clone()).await.unwrap();
            pair.model.import(part).await.unwrap();
            match rng.u8(0..8) {
                0 => pair.reopen(),
                1 => pair.crash(),
                _ => {}
            }
            compare(pair.store(), &pair.model, &format!("seed {seed}, import")).await;
        }
    }
    for step in 0..steps {
        let what = format!("seed {seed}, step {step}");
        match rng.u8(0..100) {
            0 => pair.reopen(),
            1 => pair.crash(),
            2 => {
                compare(pair.store(), &pair.model, &what).await;
            }
            3..=40 => {
                let number = rng.u8(0..PARTITIONS);
                compare_partition(pair.store(), &pair.model, number, &what).await;
            }
            _ => pair.commits(&mut rng, &what).await,
        }
    }
    let what = format!("seed {seed}, at last");
    compare(pair.store(), &pair.model, &what).await;
    assert_eq!(pair.store().compare_with_log().unwrap().differences, [], "{what}");
    let all = everything(&**pair.store()).await;
    let copied = tempfile::tempdir().unwrap();
    let other = EmbeddedStore::open(options(copied.path())).unwrap();
    for rows in all.chunks(5) {
        other.import(rows.to_vec()).await.unwrap();
    }
    assert!(everything(&other).await == all, "{what}");
    compare(&other, &pair.model, &what).await;
    pair.reopen();
    compare(pair.store(), &pair.model, &what).await;
    pair.store = None;
    let report = verify(pair.folder.path()).unwrap();
    assert!(report.is_sound(), "{what}: {:?}", report.findings);
}

#[tokio::test]
async fn the_store_answers_what_the_model_answers() {
    let number = |name, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let first = number("MAP_TEST_MODEL_FIRST", 0);
    for seed in first..first + number("MAP_TEST_MODEL_SEEDS", 4) {
        run(seed, 400).await;
    }
}
