//! What is durable before what, as the system's calls show it: a process that is killed, or a file that is
//! torn, does not show a sync that was left out.
//!
//! The victim is this test's own program, under `strace`. Where that is missing, or may not trace, the test
//! says so on standard error, and fails in the gate.

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
mod traced;

use bytes::Bytes;
use map_store::{CommitOutcome, Store, Version};
use map_store_embedded::{EmbeddedStore, Options};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const FOLDER: &str = "MAP_TEST_SYNCS_FOLDER";
const FROM: &str = "MAP_TEST_SYNCS_FROM";

/// Commits of one life: several segments.
const COMMITS: u64 = 30;

/// What is told whom: the store was opened, or a commit was acknowledged.
const TOLD: &str = "told";

fn store(folder: &Path) -> PathBuf {
    folder.join("store")
}

/// Opens, commits one after the other, and tells of each.
#[tokio::test]
async fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let from: u64 = std::env::var(FROM).unwrap().parse().unwrap();
    let mut told = File::create(folder.join(TOLD)).unwrap();
    let options = Options {
        segment_bytes: 32 * 1024,
        ..Options::new(store(folder)).create([3; 16])
    };
    let store = EmbeddedStore::open(options).unwrap();
    told.write_all(b"opened").unwrap();
    for number in from..from + COMMITS {
        let outcome = store.commit(once::commit(number, body(number))).await;
        assert_eq!(outcome, Ok(CommitOutcome::Applied(Version(1))), "{number}");
        told.write_all(b"committed").unwrap();
    }
    assert!(once::is_there(&store, from, body(from)).await);
}

fn body(number: u64) -> Bytes {
    vec![u8::try_from(number % 251).unwrap(); 600].into()
}

/// A life of the victim, and its calls in their order; `None`: nothing can be traced here.
fn trace(folder: &Path, from: u64) -> Option<Vec<Call>> {
    let text = traced::trace(
        &[
            "-e",
            "trace=write,pwrite64,fsync,fdatasync,?rename,?renameat,?renameat2",
        ],
        &[],
        &[(FOLDER, folder.to_str().unwrap()), (FROM, &from.to_string())],
        &folder.join("trace"),
    )?;
    Some(calls(&text))
}

/// A call that changes a file or makes it durable.
#[derive(Debug)]
enum Call {
    Write(PathBuf),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
}

/// Of each line `<process> <call>`; a call that others interrupt has two. A write counts from its begin, a
/// sync from its end.
fn calls(trace: &str) -> Vec<Call> {
    let mut begun: BTreeMap<&str, Call> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (process, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            calls.extend(begun.remove(process).filter(|_| rest.ends_with("= 0")));
            continue;
        }
        match call(rest) {
            Some(sync @ Call::Sync(_)) if rest.ends_with("<unfinished ...>") => {
                begun.insert(process, sync);
            }
            Some(Call::Sync(_)) if !rest.ends_with("= 0") => {}
            Some(call) => calls.push(call),
            None => {}
        }
    }
    calls
}

fn call(text: &str) -> Option<Call> {
    let (name, arguments) = text.split_once('(')?;
    let of_handle = || {
        let (_, path) = arguments.split_once('<')?;
        path.split_once('>').map(|(path, _)| PathBuf::from(path))
    };
    match name {
        "write" | "pwrite64" => of_handle().map(Call::Write),
        "fsync" | "fdatasync" => of_handle().map(Call::Sync),
        "rename" | "renameat" | "renameat2" => {
            let mut paths = arguments.split('"').skip(1).step_by(2).map(PathBuf::from);
            Some(Call::Rename(paths.next()?, paths.next()?))
        }
        _ => None,
    }
}

/// What was seen in a life.
#[derive(Debug, Default)]
struct Seen {
    told: u64,
    watermarks: u64,
    segments: u64,
}

/// Goes through the calls, and fails at the first that came too early.
fn judge(folder: &Path, calls: &[Call]) -> Seen {
    let (log, watermark) = (store(folder).join("log"), store(folder).join("watermark"));
    let is_ours = |path: &Path| path.starts_with(store(folder)) && path != watermark;
    // The state is derived, and written behind the log.
    let is_state = |path: &Path| path.starts_with(store(folder).join("state"));
    let mut seen = Seen::default();
    // Files with bytes, folders with names, that a power cut may take.
    let mut unsynced: BTreeSet<&Path> = BTreeSet::new();
    for (number, call) in calls.iter().enumerate() {
        match call {
            Call::Write(path) if *path == folder.join(TOLD) => {
                assert!(
                    unsynced.is_empty(),
                    "call {number}, told before it was durable: {unsynced:?}"
                );
                seen.told += 1;
            }
            Call::Write(path) if *path == watermark => {
                let is_log = |path: &&Path| path.starts_with(&log);
                let lacks = unsynced.iter().find(|path| is_log(path));
                assert!(lacks.is_none(), "call {number}, the watermark claims {lacks:?}");
                seen.watermarks += 1;
            }
            Call::Write(path) if is_ours(path) && !is_state(path) => {
                unsynced.insert(path);
            }
            Call::Rename(from, to) if is_ours(to) && !is_state(to) => {
                assert!(
                    !unsynced.contains(&**from),
                    "call {number}: {from:?} got its name before its bytes"
                );
                unsynced.insert(to.parent().unwrap());
                seen.segments += u64::from(to.extension().is_some_and(|end| end == "seg"));
            }
            Call::Sync(path) => {
                unsynced.remove(&**path);
            }
            Call::Write(_) | Call::Rename(..) => {}
        }
    }
    seen
}

/// As a power cut may leave the end: part of a record that was under way, and a watermark that lags behind.
fn cut_short(folder: &Path, watermark: &[u8]) {
    let entries = fs::read_dir(store(folder).join("log")).unwrap();
    let newest = entries.map(|entry| entry.unwrap().path()).max().unwrap();
    let bytes = fs::read(&newest).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let segment = File::options().write(true).open(newest).unwrap();
    let next = u64::try_from(end.next_multiple_of(4096)).unwrap();
    segment.write_all_at(b"MAPGROUP", next).unwrap();
    fs::write(store(folder).join("watermark"), watermark).unwrap();
}

#[test]
fn nothing_is_told_and_no_watermark_raised_before_the_log_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let Some(first) = trace(&folder, 0) else { return };
    let seen = judge(&folder, &first);
    assert_eq!(seen.told, COMMITS + 1, "{seen:?}");
    assert!(seen.watermarks >= COMMITS && seen.segments > 3, "{seen:?}");
    let watermark = fs::read(store(&folder).join("watermark")).unwrap();
    judge(&folder, &trace(&folder, COMMITS).unwrap());
    cut_short(&folder, &watermark);
    let third = trace(&folder, 2 * COMMITS).unwrap();
    let seen = judge(&folder, &third);
    assert_eq!(seen.told, COMMITS + 1, "{seen:?}");
}
