//! The disk fails while a group is written: its callers don't know what became of it, reads go on, and
//! after the recovery, or a death before it, a retry is applied once and nothing is there twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test is blunt: what it did not expect stops it"
)]

#[path = "../examples/damage_matrix/copy.rs"]
mod copy;
mod once;

use bytes::Bytes;
use copy::copy;
use map_store::{Commit, CommitOutcome, Store, StoreError, StoreResult, Version};
use map_store_embedded::{EmbeddedStore, Options, Point, Points, verify};
use std::fs;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::time::Duration;
use tempfile::TempDir;

/// Customers whose commits share the group that fails; customer 1 was there before.
const GROUP: [u64; 4] = [2, 3, 4, 5];

/// Where the way of a record to the disk can fail.
const WAY: [Point; 3] = [Point::BeforeAppend, Point::Appended, Point::Synced];

/// A disk that fails once, with the second group, at one place, and is ill until it is healed.
struct Disk {
    fails: Point,
    groups: AtomicU64,
    ill: AtomicBool,
    /// Attempts to recover while it was ill.
    attempts: AtomicU64,
    /// Holds the first group back until others wait behind it.
    gate: Barrier,
    folder: TempDir,
}

impl Disk {
    fn new(fails: Point) -> Arc<Self> {
        Arc::new(Self {
            fails,
            groups: AtomicU64::new(0),
            ill: AtomicBool::new(true),
            attempts: AtomicU64::new(0),
            gate: Barrier::new(2),
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The folder as a death at the moment of the failure leaves it.
    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn at(&self, point: Point) -> io::Result<()> {
        if point == Point::BeforeAppend && self.groups.fetch_add(1, Ordering::SeqCst) == 0 {
            self.gate.wait();
            self.gate.wait();
        }
        let second = self.groups.load(Ordering::SeqCst) == 2;
        if second && point == self.fails {
            copy(&self.store(), &self.image());
            return Err(io::Error::other("the disk failed"));
        }
        if point == Point::BeforeErase && self.ill.load(Ordering::SeqCst) {
            self.attempts.fetch_add(1, Ordering::SeqCst);
            return Err(io::Error::other("the disk is ill"));
        }
        Ok(())
    }

    fn open(self: &Arc<Self>) -> EmbeddedStore {
        let disk = Arc::clone(self);
        EmbeddedStore::open(Options {
            points: Points::failing(move |point| disk.at(point)),
            ..options(&self.store())
        })
        .unwrap()
    }
}

fn options(path: &Path) -> Options {
    Options {
        segment_bytes: 32 * 1024,
        retry_first: Duration::from_millis(1),
        retry_longest: Duration::from_millis(4),
        ..Options::new(path).create([5; 16])
    }
}

fn body(number: u64) -> Bytes {
    vec![u8::try_from(number).unwrap(); 300].into()
}

fn commit(number: u64) -> Commit {
    once::commit(number, body(number))
}

async fn is_there(store: &EmbeddedStore, number: u64) -> bool {
    once::is_there(store, number, body(number)).await
}

type Pending<'a> = Pin<Box<dyn Future<Output = StoreResult<CommitOutcome>> + Send + 'a>>;

/// Queues a commit; its answer is not there yet.
fn begin(store: &EmbeddedStore, number: u64) -> Pending<'_> {
    let mut pending: Pending<'_> = Box::pin(store.commit(commit(number)));
    let polled = pending.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "{number}: {polled:?}");
    pending
}

/// One group is written, the next one fails; what its callers were answered.
async fn fail_a_group(disk: &Disk, store: &EmbeddedStore) -> Vec<StoreResult<CommitOutcome>> {
    let first = begin(store, 1);
    disk.gate.wait();
    let group: Vec<Pending<'_>> = GROUP.iter().map(|number| begin(store, *number)).collect();
    disk.gate.wait();
    assert_eq!(first.await, Ok(CommitOutcome::Applied(Version(1))));
    let mut answers = Vec::new();
    for pending in group {
        answers.push(pending.await);
    }
    answers
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let held = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(held.is_ok(), "not within 30 s: {what}");
}

/// Each of the group once more, twice: applied once, or found there.
async fn retry(store: &EmbeddedStore, what: &str) {
    for number in GROUP {
        let expected = if is_there(store, number).await {
            CommitOutcome::Stale
        } else {
            CommitOutcome::Applied(Version(1))
        };
        assert_eq!(store.commit(commit(number)).await, Ok(expected), "{what}");
        assert!(is_there(store, number).await, "{what}: {number}");
        assert_eq!(
            store.commit(commit(number)).await,
            Ok(CommitOutcome::Stale),
            "{what}"
        );
    }
}

/// Opened (again): all five are there once, and state and log say the same.
async fn check_reopened(path: &Path, what: &str) {
    let store = EmbeddedStore::open(options(path)).unwrap_or_else(|error| panic!("{what}: {error}"));
    for number in 1..=5 {
        assert!(is_there(&store, number).await, "{what}: {number} is lost");
    }
    let feed = store.feed().unwrap().read(0, 100).await.unwrap();
    assert_eq!(feed.len(), 5, "{what}: each commit once");
    assert_eq!(store.compare_with_log().unwrap().differences, [], "{what}");
    retry(&store, what).await;
    drop(store);
    let report = verify(path).unwrap();
    assert!(report.is_sound(), "{what}: {:?}", report.findings);
    assert_eq!((report.commits, report.torn_bytes), (5, 0), "{what}");
}

#[tokio::test]
async fn a_group_that_failed_is_unknown_and_its_retry_is_applied_once() {
    for fails in WAY {
        let what = format!("failed at {fails:?}");
        let disk = Disk::new(fails);
        let store = disk.open();
        for answer in fail_a_group(&disk, &store).await {
            assert!(
                matches!(answer, Err(StoreError::OutcomeUnknown(_))),
                "{what}: {answer:?}"
            );
        }
        // While the disk is ill: not serving, nothing is taken, all is read.
        until("it tries again and again", async || {
            disk.attempts.load(Ordering::SeqCst) > 3
        })
        .await;
        assert!(
            matches!(store.health().await, Err(StoreError::NotApplied(_))),
            "{what}"
        );
        for number in [1, 2, 9] {
            let refused = store.commit(commit(number)).await;
            assert!(
                matches!(refused, Err(StoreError::NotApplied(_))),
                "{what}: {refused:?}"
            );
            assert_eq!(is_there(&store, number).await, number == 1, "{what}: {number}");
        }
        let stats = store.stats();
        assert_eq!(
            (stats.unknown_groups, stats.recoveries),
            (1, 0),
            "{what}: {stats:?}"
        );

        disk.ill.store(false, Ordering::SeqCst);
        until("healthy", async || store.health().await.is_ok()).await;
        assert_eq!(store.stats().recoveries, 1, "{what}");
        for number in GROUP {
            assert!(
                !is_there(&store, number).await,
                "{what}: what failed was taken back"
            );
        }
        retry(&store, &what).await;
        drop(store);
        check_reopened(&disk.store(), &what).await;
    }
}

#[tokio::test]
async fn what_was_taken_back_does_not_return_with_the_next_opening() {
    for fails in WAY {
        let what = format!("failed at {fails:?}");
        let disk = Disk::new(fails);
        let store = disk.open();
        fail_a_group(&disk, &store).await;
        disk.ill.store(false, Ordering::SeqCst);
        until("healthy", async || store.health().await.is_ok()).await;
        drop(store);
        let report = verify(&disk.store()).unwrap();
        assert!(report.is_sound(), "{what}: {:?}", report.findings);
        assert_eq!((report.commits, report.torn_bytes), (1, 0), "{what}");
        let store = EmbeddedStore::open(options(&disk.store())).unwrap();
        for number in GROUP {
            assert!(!is_there(&store, number).await, "{what}: {number} came back");
        }
        retry(&store, &what).await;
        drop(store);
        check_reopened(&disk.store(), &what).await;
    }
}

#[tokio::test]
async fn closed_before_the_recovery_the_group_is_there_whole_or_not_at_all() {
    for fails in WAY {
        let what = format!("failed at {fails:?}, closed");
        let disk = Disk::new(fails);
        let store = disk.open();
        fail_a_group(&disk, &store).await;
        drop(store);
        check_outcome(&disk.store(), fails != Point::BeforeAppend, &what).await;
    }
}

#[tokio::test]
async fn dead_before_the_recovery_the_group_is_there_whole_or_not_at_all() {
    for fails in WAY {
        let disk = Disk::new(fails);
        let store = disk.open();
        fail_a_group(&disk, &store).await;
        drop(store);
        let is_written = fails != Point::BeforeAppend;
        let whole = disk.folder.path().join("whole");
        copy(&disk.image(), &whole);
        check_outcome(&whole, is_written, &format!("failed at {fails:?}, dead")).await;
        if !is_written {
            continue;
        }
        // A write that failed may have left any part of the record, and a sync that failed, too.
        let torn = disk.folder.path().join("torn");
        for kept in [1, 8, 71, 72, 73, 200, 700, usize::MAX] {
            copy(&disk.image(), &torn);
            let kept = tear(&torn.join("log"), kept);
            check_outcome(
                &torn,
                false,
                &format!("failed at {fails:?}, dead, torn at {kept}"),
            )
            .await;
        }
    }
}

/// Keeps so many bytes of the log's last record, all but its last at most; returns how many.
fn tear(log: &Path, kept: usize) -> usize {
    let [segment] = &fs::read_dir(log).unwrap().collect::<Vec<_>>()[..] else {
        panic!("one segment");
    };
    let segment = segment.as_ref().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    let begin = bytes.windows(8).rposition(|mark| mark == b"MAPGROUP").unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let kept = kept.min(last - begin);
    bytes[begin + kept..].fill(0);
    fs::write(segment, bytes).unwrap();
    kept
}

/// The next opening: all of the group is there, or nothing of it; a retry settles it.
async fn check_outcome(path: &Path, is_written: bool, what: &str) {
    let store = EmbeddedStore::open(options(path)).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(is_there(&store, 1).await, "{what}: what was acknowledged is lost");
    for number in GROUP {
        assert_eq!(is_there(&store, number).await, is_written, "{what}: {number}");
    }
    retry(&store, what).await;
    drop(store);
    check_reopened(path, what).await;
}

#[tokio::test]
async fn a_segment_that_could_not_be_begun_is_no_unknown_outcome() {
    for fails in [Point::BeforeSegment, Point::SegmentBegun] {
        let folder = tempfile::tempdir().unwrap();
        let ill = Arc::new(AtomicBool::new(true));
        let attempts = Arc::new(AtomicU64::new(0));
        let (is_ill, counted) = (Arc::clone(&ill), Arc::clone(&attempts));
        let points = Points::failing(move |point| {
            if point == fails && is_ill.load(Ordering::SeqCst) {
                counted.fetch_add(1, Ordering::SeqCst);
                return Err(io::Error::other("the disk failed"));
            }
            Ok(())
        });
        let small = |points| Options {
            segment_bytes: 16 * 1024,
            points,
            ..options(folder.path())
        };
        let store = EmbeddedStore::open(small(points)).unwrap();
        let mut next = 1;
        let refused = loop {
            match store.commit(commit(next)).await {
                Ok(outcome) => assert_eq!(outcome, CommitOutcome::Applied(Version(1))),
                Err(error) => break error,
            }
            next += 1;
        };
        assert!(
            matches!(refused, StoreError::NotApplied(_)),
            "{fails:?}: {refused:?}"
        );
        assert!(next > 2 && !is_there(&store, next).await, "{fails:?}");
        // It serves again when the segment is there, and not before.
        until("it tries again and again", async || {
            attempts.load(Ordering::SeqCst) > 3
        })
        .await;
        assert!(store.health().await.is_err(), "{fails:?}");
        ill.store(false, Ordering::SeqCst);
        until("healthy", async || store.health().await.is_ok()).await;
        assert_eq!(
            store.commit(commit(next)).await,
            Ok(CommitOutcome::Applied(Version(1)))
        );
        assert_eq!(store.stats().unknown_groups, 0, "{fails:?}");
        drop(store);
        let report = verify(folder.path()).unwrap();
        assert!(report.is_sound(), "{fails:?}: {:?}", report.findings);
        let store = EmbeddedStore::open(small(Points::default())).unwrap();
        for number in 1..=next {
            assert!(is_there(&store, number).await, "{fails:?}: {number}");
        }
    }
}

/// A defect that ends the writer on the way of a group: who waits is not told "no", for it is there.
#[tokio::test]
async fn a_writer_that_ends_before_it_answers_leaves_the_outcome_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let points = Points::new(|point| assert!(point != Point::Applied, "a defect"));
    let store = EmbeddedStore::open(Options {
        points,
        ..options(folder.path())
    })
    .unwrap();
    let outcome = store.commit(commit(1)).await;
    assert!(
        matches!(outcome, Err(StoreError::OutcomeUnknown(_))),
        "{outcome:?}"
    );
    // Once the thread is gone.
    store.close();
    let refused = store.commit(commit(2)).await;
    assert!(matches!(refused, Err(StoreError::NotApplied(_))), "{refused:?}");
    drop(store);
    let store = EmbeddedStore::open(options(folder.path())).unwrap();
    assert!(is_there(&store, 1).await && !is_there(&store, 2).await);
}
