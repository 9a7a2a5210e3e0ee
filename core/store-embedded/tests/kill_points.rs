//! The process is killed at every place of the writing and of the opening. What was acknowledged is
//! there, nothing is there twice or in half, and the log is sound.
//!
//! The victim is this test's own program, started again for one test that does nothing otherwise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a test is blunt: what it did not expect stops it"
)]

mod once;

use bytes::Bytes;
use map_store::{Commit, CommitOutcome, Store, StoreError, Version};
use map_store_embedded::{EmbeddedStore, Options, Point, Points, verify};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const FOLDER: &str = "MAP_TEST_KILL_FOLDER";
const POINT: &str = "MAP_TEST_KILL_POINT";
const HIT: &str = "MAP_TEST_KILL_HIT";

/// Commits that a victim tries, at most.
const COMMITS: u64 = 400;

/// Small, so that a few hundred commits begin segments and write tables.
fn options(folder: &Path) -> Options {
    Options {
        segment_bytes: 32 * 1024,
        memtable_bytes: 64 * 1024,
        retry_first: Duration::from_millis(1),
        ..Options::new(folder.join("store")).create([3; 16])
    }
}

fn body(number: u64) -> Bytes {
    vec![u8::try_from(number % 251).unwrap(); 600].into()
}

fn commit(number: u64) -> Commit {
    once::commit(number, body(number))
}

/// Commits, and writes down what was acknowledged, until it is killed.
#[test]
fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let (point, hit) = (std::env::var(POINT).unwrap(), std::env::var(HIT).unwrap());
    let hit: u64 = hit.parse().unwrap();
    let hits = AtomicU64::new(0);
    let syncs = AtomicU64::new(0);
    let points = Points::failing(move |at| {
        if format!("{at:?}") == point && hits.fetch_add(1, Ordering::Relaxed) + 1 == hit {
            std::process::abort();
        }
        // For there to be something to take back, every fifth sync fails.
        let is_sync = point == "BeforeErase" && at == Point::Appended;
        if is_sync && syncs.fetch_add(1, Ordering::Relaxed) % 5 == 4 {
            return Err(io::Error::other("the sync failed"));
        }
        Ok(())
    });
    let folder = Path::new(&folder);
    let acknowledged = folder.join("acknowledged");
    let mut list = File::options()
        .create(true)
        .append(true)
        .open(&acknowledged)
        .unwrap();
    let from = u64::try_from(fs::read(&acknowledged).unwrap().len() / 8).unwrap() * 2;
    let store = Arc::new(
        EmbeddedStore::open(Options {
            points,
            ..options(folder)
        })
        .unwrap(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut number = from;
        while number < from + COMMITS {
            // Groups of different sizes.
            let mut group = JoinSet::new();
            for _ in 0..=number % 5 {
                let store = Arc::clone(&store);
                group.spawn(async move { (number, store.commit(commit(number)).await) });
                number += 1;
            }
            while let Some(done) = group.join_next().await {
                let (number, outcome) = done.unwrap();
                if outcome == Ok(CommitOutcome::Applied(Version(1))) {
                    list.write_all(&number.to_be_bytes()).unwrap();
                }
            }
            while store.health().await.is_err() {
                std::thread::yield_now();
            }
        }
    });
}

/// Whether the victim was killed.
fn run_victim(folder: &Path, point: Point, hit: u64) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "victim", "--nocapture"]);
    command.env(FOLDER, folder);
    command.env(POINT, format!("{point:?}")).env(HIT, hit.to_string());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    !status.unwrap().success()
}

fn acknowledged(folder: &Path) -> Vec<u64> {
    let bytes = fs::read(folder.join("acknowledged")).unwrap_or_default();
    let chunks = bytes.chunks_exact(8);
    chunks
        .map(|chunk| u64::from_be_bytes(chunk.try_into().unwrap()))
        .collect()
}

async fn is_there(store: &EmbeddedStore, number: u64) -> bool {
    once::is_there(store, number, body(number)).await
}

#[tokio::main(flavor = "current_thread")]
async fn check(folder: &Path, what: &str) {
    let acknowledged = acknowledged(folder);
    let store = EmbeddedStore::open(options(folder)).unwrap_or_else(|error| panic!("{what}: {error}"));
    for number in &acknowledged {
        assert!(
            is_there(&store, *number).await,
            "{what}: {number} was acknowledged and is lost"
        );
    }
    // Whatever was under way: the same again is applied once.
    let last = acknowledged.last().copied().unwrap_or_default();
    for number in last..last + 10 {
        let expected = if is_there(&store, number).await {
            CommitOutcome::Stale
        } else {
            CommitOutcome::Applied(Version(1))
        };
        assert_eq!(
            store.commit(commit(number)).await,
            Ok(expected),
            "{what}: {number}"
        );
        assert!(is_there(&store, number).await, "{what}: {number}");
    }
    let mut commits = 0;
    while let Some(last) = {
        let page = store.feed().unwrap().read(commits, 100).await.unwrap();
        page.last().map(|item| item.sequence)
    } {
        commits = last;
    }
    let compared = store.compare_with_log().unwrap();
    assert_eq!(compared.differences, [], "{what}");
    drop(store);
    let report = verify(&folder.join("store")).unwrap();
    assert!(report.is_sound(), "{what}: {:?}", report.findings);
    assert_eq!(report.commits, commits, "{what}: the feed has every commit once");
}

#[test]
fn a_kill_at_any_place_loses_and_doubles_nothing() {
    let mut killed = 0;
    for point in Point::ALL {
        for hit in [1, 2, 9] {
            let folder = tempfile::tempdir().unwrap();
            let what = format!("killed at {point:?}, time {hit}");
            if point == Point::Replayed {
                // There must be something to replay.
                assert!(run_victim(folder.path(), Point::Synced, 60), "{what}");
            }
            let was_killed = run_victim(folder.path(), point, hit);
            killed += u64::from(was_killed);
            assert!(was_killed || hit > 2, "{what}: the place was never reached");
            check(folder.path(), &what);
        }
    }
    eprintln!("killed {killed} times");
}

#[test]
fn kills_one_after_the_other_on_one_folder_lose_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (round, point) in (1..).zip(Point::ALL.into_iter().chain(Point::ALL)) {
        let what = format!("round {round}, {point:?}");
        run_victim(folder.path(), point, round);
        let acknowledged = acknowledged(folder.path());
        check_acknowledged(folder.path(), &acknowledged, &what);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn check_acknowledged(folder: &Path, acknowledged: &[u64], what: &str) {
    let store = EmbeddedStore::open(options(folder)).unwrap_or_else(|error| panic!("{what}: {error}"));
    for number in acknowledged {
        assert!(is_there(&store, *number).await, "{what}: {number} is lost");
    }
    assert_eq!(store.compare_with_log().unwrap().differences, [], "{what}");
    let again = store
        .commit(commit(acknowledged.first().copied().unwrap_or(1_000_000)))
        .await;
    let sound = matches!(again, Ok(CommitOutcome::Stale | CommitOutcome::Applied(_)));
    assert!(
        sound && !matches!(again, Err(StoreError::Damaged(_))),
        "{what}: {again:?}"
    );
}
