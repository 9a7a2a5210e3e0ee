//! A disk that does not read says nothing about what is on it: an opening that meets such an error is refused
//! with it, or does without; no end of the log is cut for it, and no tables are built anew.
//!
//! Every call that an opening makes for one of the store's files fails once, by `strace`. Where that is missing,
//! or may not trace, the test says so on standard error, and fails in the gate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a test is blunt: what it did not expect stops it"
)]

#[path = "../examples/damage_matrix/copy.rs"]
mod copy;
mod traced;

use copy::copy;
use map_domain::CustomerId;
use map_store::{Commit, CommitOutcome, Load, PartitionId, Row, RowKey, RowKind, RowWrite, Store, Version};
use map_store_embedded::{EmbeddedStore, Options};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "MAP_TEST_READS_FOLDER";

/// What became of the opening.
const FATE: &str = "fate";

const OPENED: &str = "opened";

/// The error that the disk answers with, as the system words it.
const ERROR: &str = "Input/output error (os error 5)";

/// Each commits twice: first to tables on disk, then behind them, so that a replay asks for the first.
const CUSTOMERS: u8 = 40;

/// Calls that ask something of the disk.
const CALLS: [&str; 7] = [
    "openat",
    "read",
    "pread64",
    "statx",
    "getdents64",
    "pwrite64",
    "fsync",
];

fn customer(number: u8) -> PartitionId {
    PartitionId::Customer(CustomerId::new([number; 16]))
}

fn account(version: u64, number: u8) -> Row {
    let mut random = fastrand::Rng::with_seed(version << 8 | u64::from(number));
    let mut body = vec![0; 600];
    random.fill(&mut body);
    Row {
        key: RowKey::new(RowKind::Account, "account"),
        body: body.into(),
    }
}

fn commit(version: u64, number: u8) -> Commit {
    Commit {
        partition: customer(number),
        expected: Version(version - 1),
        rows: vec![RowWrite::Put(account(version, number))],
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}

fn options(folder: &Path) -> Options {
    Options {
        segment_bytes: 32 * 1024,
        ..Options::new(folder.join("store"))
    }
}

/// Opens the store, and tells what became of it.
#[test]
fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let fate = match EmbeddedStore::open(options(folder)) {
        Ok(store) => match store.stats().opening.rebuilt {
            None => OPENED.to_owned(),
            Some(_) => "built anew".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    fs::write(folder.join(FATE), fate).unwrap();
}

/// A store as a crash leaves it, with tables on disk and records that are not in them.
#[tokio::main(flavor = "current_thread")]
async fn make(folder: &Path) {
    let (store_path, image) = (folder.join("store"), folder.join("image"));
    for version in [1, 2] {
        let store = EmbeddedStore::open(options(folder).create([3; 16])).unwrap();
        for number in 0..CUSTOMERS {
            let outcome = store.commit(commit(version, number)).await;
            assert_eq!(outcome, Ok(CommitOutcome::Applied(Version(version))), "{number}");
        }
        let _earlier = fs::remove_dir_all(&image);
        copy(&store_path, &image);
    }
    fs::remove_dir_all(&store_path).unwrap();
}

/// Every file and folder of a store.
fn parts(folder: &Path, found: &mut Vec<PathBuf>) {
    found.push(folder.to_owned());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            parts(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn log(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    parts(&folder.join("store/log"), &mut paths);
    paths.sort();
    let files = paths.iter().filter(|path| path.is_file());
    files.map(|path| fs::read(path).unwrap()).collect()
}

/// All that was acknowledged is there, and no tables had to be built for it.
#[tokio::main(flavor = "current_thread")]
async fn check(folder: &Path, what: &str) {
    let store = EmbeddedStore::open(options(folder)).unwrap();
    assert_eq!(store.stats().opening.rebuilt, None, "{what}");
    for number in 0..CUSTOMERS {
        let what_of = Load {
            kinds: vec![RowKind::Account],
            keys: Vec::new(),
        };
        let loaded = store.load(&customer(number), what_of).await.unwrap();
        assert_eq!(loaded.version, Version(2), "{what}: {number}");
        assert!(loaded.rows == [account(2, number)], "{what}: {number}");
    }
}

/// Opens with the `turn`-th of such calls failing. `None`: nothing can be traced here; `false`: there are not so many.
fn attempt(folder: &Path, call: &str, turn: u32) -> Option<bool> {
    let store = folder.join("store");
    let _earlier = fs::remove_dir_all(&store);
    copy(&folder.join("image"), &store);
    let before = log(folder);
    let mut paths = Vec::new();
    parts(&store, &mut paths);
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let inject = format!("inject={call}:error=EIO:when={turn}");
    let traced = traced::trace(
        &["-e", &format!("trace={call}"), "-e", &inject],
        &paths,
        &[(FOLDER, folder.to_str().unwrap())],
        &folder.join("trace"),
    )?;
    if !traced.contains("(INJECTED)") {
        return Some(false);
    }
    let what = format!(
        "{call} {turn}: {}",
        traced.lines().find(|line| line.contains("INJECTED")).unwrap()
    );
    let fate = fs::read_to_string(folder.join(FATE)).unwrap();
    assert!(fate == OPENED || fate.contains(ERROR), "{what}: {fate}");
    assert!(
        fate == OPENED || log(folder) == before,
        "{what}: the log was changed"
    );
    for mark in ["state-damaged", "state-former"] {
        assert!(!store.join(mark).exists(), "{what}: {mark}");
    }
    check(folder, &what);
    Some(true)
}

#[test]
fn an_error_of_the_disk_refuses_the_opening_and_is_not_taken_for_damage() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    make(&folder);
    for call in CALLS {
        let mut turn = 1;
        while let Some(is_met) = attempt(&folder, call, turn) {
            if !is_met {
                break;
            }
            turn += 1;
        }
        eprintln!("{call}: {} failed, each once", turn - 1);
    }
}
