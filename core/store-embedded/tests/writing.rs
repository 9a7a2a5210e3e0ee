//! Groups, limits and closing, on a real folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    clippy::print_stderr,
    reason = "a test is blunt: what it did not expect stops it"
)]

#[path = "../examples/damage_matrix/copy.rs"]
mod copy;

use bytes::Bytes;
use copy::copy;
use map_domain::CustomerId;
use map_store::{
    BulkRow, Commit, CommitOutcome, Load, Page, PageOrder, PartitionId, Row, RowKey, RowKind, RowWrite,
    Store, StoreError, Version,
};
use map_store_embedded::{EmbeddedStore, Options};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinSet;

fn open(change: impl FnOnce(Options) -> Options) -> (TempDir, Arc<EmbeddedStore>) {
    let folder = tempfile::tempdir().unwrap();
    let options = change(Options::new(folder.path()).create([1; 16]));
    let store = EmbeddedStore::open(options).unwrap();
    (folder, Arc::new(store))
}

fn customer(number: u64) -> PartitionId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    PartitionId::Customer(CustomerId::new(bytes))
}

fn commit(number: u64, body: &[u8]) -> Commit {
    let row = Row {
        key: RowKey::new(RowKind::Account, "a"),
        body: Bytes::copy_from_slice(body),
    };
    Commit {
        partition: customer(number),
        expected: Version::NONE,
        rows: vec![RowWrite::Put(row)],
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}

#[tokio::test]
async fn concurrent_commits_share_syncs() {
    const COMMITS: u64 = 500;
    let (_folder, store) = open(|options| options);
    let mut tasks = JoinSet::new();
    for number in 0..COMMITS {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.commit(commit(number, b"x")).await });
    }
    for outcome in tasks.join_all().await {
        assert_eq!(outcome, Ok(CommitOutcome::Applied(Version(1))));
    }
    let stats = store.stats();
    assert_eq!((stats.commits_applied, stats.changes), (COMMITS, COMMITS));
    assert!(stats.groups < COMMITS / 4, "{stats:?}");
    assert!(stats.largest_group > 1, "{stats:?}");
}

/// What is loaded is remembered with its version; what is paged is read from the tables each time.
#[tokio::test]
async fn a_load_tells_what_the_tables_hold_whatever_was_written_before() {
    const CUSTOMERS: usize = 24;
    // So little memory that some is forgotten, and tables are written to disk all the while.
    let (_folder, store) = open(|options| Options {
        cache_bytes: 128 * 1024,
        memtable_bytes: 64 * 1024,
        ..options
    });
    let mut random = 4711_u64;
    let mut below = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(random >> 33).unwrap() % limit
    };
    let name = |number: usize| u64::try_from(number).unwrap();
    let mut versions = [0_u64; CUSTOMERS];
    for step in 0..3000 {
        let number = below(CUSTOMERS);
        let version = &mut versions[number];
        // Every sixth is decided on an older version, and changes nothing.
        let stale = *version > 0 && below(6) == 0;
        let row = Row {
            key: RowKey::new(RowKind::Account, vec![u8::try_from(below(5)).unwrap()]),
            body: Bytes::from(format!("{step}")),
        };
        let outcome = store.commit(Commit {
            expected: Version(*version - u64::from(stale)),
            rows: vec![RowWrite::Put(row)],
            ..commit(name(number), b"")
        });
        if stale {
            assert_eq!(outcome.await, Ok(CommitOutcome::Stale), "{step}");
        } else {
            *version += 1;
            assert_eq!(
                outcome.await,
                Ok(CommitOutcome::Applied(Version(*version))),
                "{step}"
            );
        }
        let number = if below(2) == 0 { number } else { below(CUSTOMERS) };
        let load = Load {
            kinds: vec![RowKind::Account],
            keys: Vec::new(),
        };
        let loaded = store.load(&customer(name(number)), load).await.unwrap();
        assert_eq!(loaded.version, Version(versions[number]), "{step}");
        let all = Page {
            kind: RowKind::Account,
            after: None,
            order: PageOrder::Ascending,
            limit: 100,
        };
        assert_eq!(
            store.page(&customer(name(number)), all).await,
            Ok(loaded.rows),
            "{step}"
        );
    }
}

/// So many that whoever reads meets a commit half way.
const ROWS: u64 = 2000;

/// A commit of these rows, each of which says the version that it makes.
fn wide(version: u64) -> Commit {
    let row = |number: u64| Row {
        key: RowKey::new(RowKind::Item, number.to_be_bytes().to_vec()),
        body: Bytes::copy_from_slice(&version.to_be_bytes()),
    };
    Commit {
        expected: Version(version - 1),
        rows: (0..ROWS).map(|number| RowWrite::Put(row(number))).collect(),
        ..commit(1, b"")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn whoever_reads_while_it_is_written_sees_all_of_a_commit_or_nothing() {
    const COMMITS: u64 = 60;
    let (_folder, store) = open(|options| options);
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        let store = Arc::clone(&store);
        readers.spawn(async move {
            let items = Load {
                kinds: vec![RowKind::Item],
                keys: Vec::new(),
            };
            let all = Page {
                kind: RowKind::Item,
                after: None,
                order: PageOrder::Descending,
                limit: 4000,
            };
            let mut seen = 0;
            while seen < COMMITS {
                let loaded = store.load(&customer(1), items.clone()).await.unwrap();
                let body = loaded.version.0.to_be_bytes();
                assert!(
                    loaded.rows.iter().all(|row| row.body == body[..]),
                    "half of {}",
                    loaded.version.0
                );
                let page = store.page(&customer(1), all.clone()).await.unwrap();
                assert!(
                    page.windows(2).all(|pair| pair[0].body == pair[1].body),
                    "half of a commit"
                );
                seen = loaded.version.0;
                tokio::task::yield_now().await;
            }
        });
    }
    for version in 1..=COMMITS {
        assert_eq!(
            store.commit(wide(version)).await,
            Ok(CommitOutcome::Applied(Version(version)))
        );
    }
    readers.join_all().await;
}

/// Imports change rows and leave versions as they are, so nothing may be remembered between them.
#[tokio::test]
async fn what_is_loaded_between_two_imports_is_read_anew_after_the_second() {
    let (_folder, store) = open(|options| options);
    let row = |key: &'static [u8], body: &'static [u8]| BulkRow::Row {
        partition: customer(1),
        row: Row {
            key: RowKey::new(RowKind::Account, key),
            body: Bytes::from_static(body),
        },
    };
    let accounts = || Load {
        kinds: vec![RowKind::Account],
        keys: Vec::new(),
    };
    let partition = BulkRow::Partition {
        id: customer(1),
        version: Version(7),
    };
    store.import(vec![partition, row(b"a", b"1")]).await.unwrap();
    assert_eq!(store.load(&customer(1), accounts()).await.unwrap().rows.len(), 1);
    store
        .import(vec![row(b"a", b"2"), row(b"b", b"2")])
        .await
        .unwrap();
    let loaded = store.load(&customer(1), accounts()).await.unwrap();
    assert_eq!((loaded.version, loaded.rows.len()), (Version(7), 2));
    assert!(loaded.rows.iter().all(|row| row.body == "2"));
}

#[tokio::test]
async fn a_full_queue_refuses_and_forgets_nothing_it_took() {
    const COMMITS: u64 = 300;
    let (_folder, store) = open(|options| Options {
        queue_limit: 2,
        group_limit: 1,
        ..options
    });
    let mut tasks = JoinSet::new();
    for number in 0..COMMITS {
        let store = Arc::clone(&store);
        tasks.spawn(async move { (number, store.commit(commit(number, b"x")).await) });
    }
    let mut refused = 0;
    for (number, outcome) in tasks.join_all().await {
        let version = store
            .load(&customer(number), Load::default())
            .await
            .unwrap()
            .version;
        match outcome {
            Ok(outcome) => assert_eq!(
                (outcome, version),
                (CommitOutcome::Applied(Version(1)), Version(1))
            ),
            Err(StoreError::NotApplied(reason)) => {
                assert!(reason.contains("overload"), "{reason}");
                assert_eq!(version, Version::NONE);
                refused += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(refused > 0, "the queue was never full");
    assert_eq!(store.stats().overloads, refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_answers_what_was_taken_and_refuses_the_rest() {
    const COMMITS: u64 = 200;
    let (folder, store) = open(|options| options);
    let mut tasks = JoinSet::new();
    for number in 0..COMMITS {
        let store = Arc::clone(&store);
        tasks.spawn(async move { (number, store.commit(commit(number, b"x")).await) });
    }
    store.close();
    let outcomes = tasks.join_all().await;
    assert!(matches!(store.health().await, Err(StoreError::NotApplied(_))));
    assert!(matches!(
        store.load(&customer(0), Load::default()).await,
        Err(StoreError::NotApplied(_))
    ));
    drop(store);
    let store = EmbeddedStore::open(Options::new(folder.path())).unwrap();
    for (number, outcome) in outcomes {
        let version = store
            .load(&customer(number), Load::default())
            .await
            .unwrap()
            .version;
        let expected = match outcome {
            Ok(CommitOutcome::Applied(version)) => version,
            Err(StoreError::NotApplied(_)) => Version::NONE,
            Err(StoreError::OutcomeUnknown(_)) => continue,
            other => panic!("{other:?}"),
        };
        assert_eq!(version, expected, "{number}");
    }
}

#[tokio::test]
async fn health_tells_of_a_full_disk_before_a_commit_meets_it() {
    let (_folder, store) = open(|options| Options {
        reserve_bytes: u64::MAX,
        ..options
    });
    let is_told = |error: &StoreError| matches!(error, StoreError::NotApplied(text) if text.contains("full"));
    let told = store.health().await.unwrap_err();
    assert!(is_told(&told), "{told}");
    let refused = store.commit(commit(1, b"x")).await.unwrap_err();
    assert!(is_told(&refused), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_before_it_is_queued() {
    let (_folder, store) = open(|options| Options {
        commit_bytes: 10_000,
        ..options
    });
    let with_row = |key: RowKey, body: Vec<u8>| {
        let row = RowWrite::Put(Row {
            key,
            body: body.into(),
        });
        Commit {
            rows: vec![row],
            ..commit(1, b"")
        }
    };
    let account = |key: Vec<u8>| RowKey::new(RowKind::Account, key);
    let too_long = PartitionId::Audit("\0".repeat(5000));
    let refused = [
        with_row(account(vec![1]), vec![0; 10_000]),
        with_row(account(vec![1; 9000]), vec![]),
        with_row(RowKey::new(RowKind::Header, "key"), vec![]),
        Commit {
            partition: too_long,
            ..commit(1, b"")
        },
    ];
    for commit in refused {
        let outcome = store.commit(commit).await;
        assert!(matches!(outcome, Err(StoreError::NotApplied(_))), "{outcome:?}");
    }
    let longest = with_row(account(vec![0xff; 8000]), vec![0; 500]);
    assert_eq!(
        store.commit(longest).await,
        Ok(CommitOutcome::Applied(Version(1)))
    );
    assert_eq!(store.health().await, Ok(()));
}

#[tokio::test]
async fn many_flushes_lose_nothing() {
    let (folder, store) = open(|options| Options {
        memtable_bytes: 1024 * 1024,
        ..options
    });
    let body = vec![7; 64 * 1024];
    for number in 0..200 {
        assert_eq!(
            store.commit(commit(number, &body)).await,
            Ok(CommitOutcome::Applied(Version(1)))
        );
    }
    drop(store);
    let store = EmbeddedStore::open(Options::new(folder.path())).unwrap();
    for number in 0..200 {
        let what = Load {
            kinds: vec![RowKind::Account],
            keys: Vec::new(),
        };
        let rows = store.load(&customer(number), what).await.unwrap().rows;
        assert!(rows.len() == 1 && rows[0].body == body, "customer {number}");
    }
}

/// A record that the state holds is not decided again: it would not find its version, and the state would be
/// built anew, or the start refused where the log does not reach back so far.
#[tokio::test]
async fn an_opening_after_a_crash_replays_what_the_state_lacks_and_no_more() {
    let (folder, store) = open(|options| options);
    for number in 0..3 {
        store.commit(commit(number, b"x")).await.unwrap();
    }
    drop(store);
    let store = EmbeddedStore::open(Options::new(folder.path())).unwrap();
    for number in 3..5 {
        store.commit(commit(number, b"x")).await.unwrap();
    }
    let crashed = tempfile::tempdir().unwrap();
    copy(folder.path(), crashed.path());
    let store = EmbeddedStore::open(Options::new(crashed.path())).unwrap();
    let opening = store.stats().opening;
    assert_eq!((opening.replayed_records, opening.rebuilt), (2, None));
    for number in 0..5 {
        let loaded = store.load(&customer(number), Load::default()).await.unwrap();
        assert_eq!(loaded.version, Version(1), "{number}");
    }
}
