//! The tables on disk, and the list that says which they are, are replaced while the store is at work. Wherever that is
//! cut short, by a kill or by the power, and whatever of it failed before: the folder opens with all that was
//! acknowledged, and without building tables anew, which nobody could whose log has lost its first segments.
//!
//! The calls of a process are seen by `strace`, which makes some of them fail; of each moment between two of them the
//! disk is made that a cut leaves. Where `strace` is missing the test says so on standard error, and fails in the gate.

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
mod supposed;
mod traced;

use bytes::Bytes;
use lsm_tree::SequenceNumberCounter;
use map_store::{CommitOutcome, Store};
use map_store_embedded::{EmbeddedStore, Options, Retention};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread;
use std::time::Duration;
use supposed::{Call, Disk, Survives, calls};

const FOLDER: &str = "MAP_TEST_LISTS_FOLDER";

/// Holds a byte for each commit that was acknowledged.
const TOLD: &str = "told";

/// The first commit, where others were made before.
const FROM: &str = "MAP_TEST_LISTS_FROM";

/// Commits of each life of a process; the first goes on until tables are merged.
const LIVES: [u64; 2] = [20, 5];

/// So many fill a table in memory: the first life writes more tables than are merged at once.
const COMMITS_OF_A_TABLE: u64 = 2;

/// More tables than these are never in memory.
const IN_MEMORY: u64 = 4;

/// Of the cuts one in so many is looked at, unless this says otherwise. Odd, so that each way comes up.
const STRIDE: &str = "MAP_TEST_LISTS_STRIDE";
const COARSE: usize = 1009;

/// What happens to processes one after the other. A sync that fails is within a change of the list each of its steps
/// in turn; one that fails again and again leaves changes undone; a kill there has the next process begin with what may
/// not be durable.
const FAULTS: [&[&str]; 13] = [
    &[""],
    &["fsync:error=EIO:when=1"],
    &["fsync:error=EIO:when=3"],
    &["fsync:error=EIO:when=4"],
    &["fsync:error=EIO:when=6"],
    &["fsync:error=EIO:when=7"],
    &["fsync:error=EIO:when=7..40+7"],
    &["renameat:error=EIO:when=2..3"],
    &["openat:error=ENOSPC:when=9..30+3"],
    &["write:error=ENOSPC:when=24..60+7"],
    &["", "fsync:signal=KILL:when=6", ""],
    &["", "fsync:signal=KILL:when=7", ""],
    &["fsync:error=EIO:when=7..40+7", "fsync:signal=KILL:when=7", ""],
];

fn body(number: u64) -> Bytes {
    let mut body = vec![0; 33_000];
    fastrand::Rng::with_seed(number).fill(&mut body);
    body.into()
}

/// Small, so that a few commits begin segments and write tables; segments go once they are in the tables.
fn options(folder: &Path) -> Options {
    Options {
        segment_bytes: 64 * 1024,
        memtable_bytes: 64 * 1024,
        cache_bytes: 1024 * 1024,
        reserve_bytes: 0,
        retention: Retention::Days(0),
        retry_first: Duration::from_millis(1),
        retry_longest: Duration::from_millis(2),
        ..Options::new(folder)
    }
}

/// Opens, commits until that is acknowledged whatever fails meanwhile, and tables were merged, and closes; twice.
#[test]
fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let mut number: u64 = std::env::var(FROM).unwrap().parse().unwrap();
    let told = until_it_works(|| File::create(folder.join(TOLD)));
    for (life, commits) in LIVES.into_iter().enumerate() {
        let options = || options(&folder.join("store")).create([3; 16]);
        let store = until_it_works(|| EmbeddedStore::open(options()));
        let mut made = 0;
        while made < commits || (life == 0 && !is_merged(&folder.join("store"), made)) {
            made += 1;
            assert!(made < 500, "tables are not merged");
            until_it_works(|| wait_for(store.commit(once::commit(number, body(number)))));
            until_it_works(|| (&told).write_all(&[1]));
            number += 1;
        }
        for earlier in 0..number {
            let is_there = wait_for(once::is_there(&store, earlier, body(earlier)));
            assert!(is_there, "{earlier} is read while the store is at work");
        }
    }
}

fn until_it_works<T, E: std::fmt::Debug>(mut attempt: impl FnMut() -> Result<T, E>) -> T {
    let mut again = || attempt().inspect_err(|_| thread::park_timeout(Duration::from_millis(1)));
    let works = (0..5000).find_map(|_| again().ok());
    works.expect("it works at last")
}

/// Without a runtime, which makes calls of its own that would fail, too.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::park(),
        }
    }
}

/// How the disk may be after a cut: names of the folder with the list, those of tables, and bytes of both.
fn ways() -> impl Iterator<Item = [Survives; 3]> {
    let both = [Survives::All, Survives::Synced];
    both.into_iter().flat_map(move |list| {
        both.into_iter()
            .flat_map(move |tables| both.map(|bytes| [list, tables, bytes]))
    })
}

/// Opens what a cut leaves.
#[tokio::main(flavor = "current_thread")]
async fn check(folder: &Path, acknowledged: u64, what: &str) {
    let store = EmbeddedStore::open(options(folder)).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(store.stats().opening.rebuilt, None, "{what}");
    for number in 0..acknowledged {
        assert!(
            once::is_there(&store, number, body(number)).await,
            "{what}: {number} was acknowledged"
        );
    }
    let number = 1000;
    let outcome = store.commit(once::commit(number, body(number))).await;
    assert!(
        matches!(outcome, Ok(CommitOutcome::Applied(_))),
        "{what}: {outcome:?}"
    );
}

/// What a process made of a disk, and how many commits it was told are durable.
#[derive(Default)]
struct Progress {
    disk: Disk,
    acknowledged: u64,
    cuts: usize,
    /// Disks that cuts left.
    seen: BTreeSet<u64>,
}

impl Progress {
    /// Follows the calls of a process, and cuts between any two that change the tables.
    fn follow(&mut self, folder: &Path, calls: &[Call], fault: &str) {
        let state = folder.join("store/state");
        let is_state = |path: &Path| path.starts_with(&state);
        for (number, call) in calls.iter().enumerate() {
            self.disk.follow(call);
            let changed = match call {
                Call::Write { path, .. } if *path == folder.join(TOLD) => {
                    self.acknowledged += 1;
                    false
                }
                Call::Open { path, .. } | Call::Write { path, .. } | Call::Length { path, .. } => {
                    is_state(path)
                }
                Call::Sync(path) | Call::Unlink(path) | Call::Rename(_, path) => is_state(path),
            };
            // Before the first commit there is nothing to lose: the store is being created.
            if changed && self.acknowledged > 0 {
                self.cut(folder, &format!("`{fault}`, call {number}"));
            }
        }
    }

    fn cut(&mut self, folder: &Path, what: &str) {
        let (store, state) = (folder.join("store"), folder.join("store/state"));
        for way @ [list, tables, bytes] in ways() {
            self.cuts += 1;
            if !self.cuts.is_multiple_of(stride()) {
                continue;
            }
            let names = |folder: &Path| match folder {
                folder if folder == state => list,
                folder if folder == state.join("tables") => tables,
                _ => Survives::All,
            };
            let bytes = |path: &Path| {
                if path.starts_with(&state) {
                    bytes
                } else {
                    Survives::All
                }
            };
            let remains = self.disk.after(&store, names, bytes);
            if self.seen.insert(remains.number()) {
                let place = memory();
                remains.write(place.path());
                check(place.path(), self.acknowledged, &format!("{what}, {way:?}"));
            }
        }
    }
}

fn files(store: &Path) -> io::Result<BTreeSet<OsString>> {
    let entries = fs::read_dir(store.join("state/tables"))?;
    entries.map(|entry| Ok(entry?.file_name())).collect()
}

/// Whether fewer tables are left than so many commits have written. What was merged goes with the next change.
fn is_merged(store: &Path, commits: u64) -> bool {
    let left = until_it_works(|| files(store)).len();
    u64::try_from(left).unwrap() + IN_MEMORY < commits / COMMITS_OF_A_TABLE
}

fn stride() -> usize {
    std::env::var(STRIDE).map_or(COARSE, |stride| stride.parse().unwrap())
}

fn memory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let temporary = std::env::temp_dir();
    tempfile::tempdir_in(if memory.is_dir() { memory } else { &temporary }).unwrap()
}

/// Runs processes one after the other on one folder. Returns how many different disks cuts leave, of those that are
/// looked at; `None`: nothing can be traced here.
fn run(faults: &[&str]) -> Option<usize> {
    let place = memory();
    let folder = place.path().canonicalize().unwrap();
    let mut progress = Progress::default();
    for fault in faults {
        let inject = format!("inject={fault}");
        let mut watch = vec!["-xx", "-s", "1000000", "-e", supposed::CALLS];
        if !fault.is_empty() {
            watch.extend(["-e", &inject]);
        }
        let from = progress.acknowledged.to_string();
        let variables = [(FOLDER, folder.to_str().unwrap()), (FROM, &from)];
        let trace = traced::trace(&watch, &[], &variables, &folder.join("trace"))?;
        let is_met = trace.contains("(INJECTED)") || trace.contains("killed by SIGKILL");
        assert!(fault.is_empty() || is_met, "`{fault}` met nothing");
        progress.follow(&folder, &calls(&trace), fault);
    }
    let last_life: u64 = LIVES.iter().sum();
    assert!(progress.acknowledged >= last_life, "{faults:?}");
    let store = folder.join("store");
    let left = files(&store).unwrap();
    let written = progress.acknowledged / COMMITS_OF_A_TABLE;
    let is_merged = u64::try_from(left.len()).unwrap() < written;
    assert!(
        is_merged,
        "{faults:?}: {written} tables were written, {left:?} are left"
    );
    // Removes what no list names.
    drop(
        lsm_tree::Config::new(
            store.join("state"),
            SequenceNumberCounter::default(),
            SequenceNumberCounter::default(),
        )
        .open(),
    );
    assert_eq!(
        left,
        files(&store).unwrap(),
        "{faults:?}: what failed left files until the next opening"
    );
    Some(progress.seen.len())
}

#[test]
fn wherever_a_change_of_the_tables_is_cut_short_the_folder_opens_with_them() {
    let look = |faults: &[&str]| {
        let disks = run(faults)?;
        eprintln!("{faults:?}: {disks} disks");
        Some(disks)
    };
    let disks: Vec<Option<usize>> = thread::scope(|scope| {
        let started: Vec<_> = FAULTS.map(|faults| scope.spawn(move || look(faults))).into();
        started.into_iter().map(|looked| looked.join().unwrap()).collect()
    });
    assert!(disks.into_iter().flatten().all(|disks| disks > 3));
}
