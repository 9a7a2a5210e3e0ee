//! A disk that is full, or has no more than the reserve, and has space again: a small tmpfs, filled and freed.
//!
//! Needs leave to mount (root). Where there is none the test says so on standard error.

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

mod once;

use bytes::Bytes;
use map_store::{Commit, CommitOutcome, Store, StoreError, Version};
use map_store_embedded::{EmbeddedStore, Options};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const DISK_BYTES: u64 = 32 * 1024 * 1024;
const BODY_BYTES: usize = 48 * 1024;
const ROUNDS: u64 = 4;

/// A mounted tmpfs; dropping it unmounts.
struct Disk(TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(folder.path());
        let mounted = mount
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        mounted.then_some(Self(folder))
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }

    /// Fills the disk but for so many bytes.
    fn fill_but(&self, spare: usize) {
        let mut file = File::create(self.ballast()).unwrap();
        let mut filled = 0_usize;
        while file.write_all(&[1; 4096]).is_ok() {
            filled += 4096;
        }
        file.set_len(filled.saturating_sub(spare).try_into().unwrap())
            .unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// The disk itself has to say no.
const NO_RESERVE: u64 = 0;

fn open(folder: &Path, reserve_bytes: u64) -> EmbeddedStore {
    let options = Options {
        memtable_bytes: 1024 * 1024,
        segment_bytes: 1024 * 1024,
        reserve_bytes,
        retry_first: Duration::from_millis(1),
        retry_longest: Duration::from_millis(20),
        ..Options::new(folder).create([1; 16])
    };
    EmbeddedStore::open(options).unwrap()
}

/// Bytes that do not compress.
fn body(number: u64) -> Bytes {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..BODY_BYTES).map(|_| next()).collect()
}

fn commit(number: u64) -> Commit {
    once::commit(number, body(number))
}

async fn is_there(store: &EmbeddedStore, number: u64) -> bool {
    once::is_there(store, number, body(number)).await
}

async fn check_all(store: &EmbeddedStore, acknowledged: &[u64]) {
    for number in acknowledged {
        assert!(
            is_there(store, *number).await,
            "customer {number} was acknowledged and is lost"
        );
    }
}

/// Commits new customers until the disk is full. What became unknown is the second value.
async fn commit_until_full(store: &EmbeddedStore, from: u64) -> (Vec<u64>, Option<u64>) {
    let mut acknowledged = Vec::new();
    for number in from.. {
        match store.commit(commit(number)).await {
            Ok(outcome) => {
                assert_eq!(outcome, CommitOutcome::Applied(Version(1)));
                acknowledged.push(number);
            }
            Err(StoreError::OutcomeUnknown(_)) => return (acknowledged, Some(number)),
            Err(StoreError::NotApplied(_)) => return (acknowledged, None),
            Err(error @ StoreError::Damaged(_)) => panic!("{error}"),
        }
    }
    unreachable!("the disk is never full")
}

async fn until_healthy(store: &EmbeddedStore) {
    let wait = async {
        while store.health().await.is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let healthy = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(
        healthy.is_ok(),
        "not healthy 30 s after there is space: {:?}",
        store.stats()
    );
}

#[tokio::test]
async fn a_full_disk_stops_commits_only_and_is_recovered_from_without_restart() {
    let Some(disk) = Disk::mount() else {
        eprintln!("NOT RUN: a_full_disk_…: no leave to mount a tmpfs (run as root)");
        return;
    };
    let folder = disk.0.path().join("store");
    let store = open(&folder, NO_RESERVE);
    let (mut acknowledged, mut next) = (Vec::new(), 0);
    let mut unknown_seen = 0;
    for round in 0..ROUNDS {
        // Another spare size each time: now the journal finds no space, now a flush.
        disk.fill_but(256 * 1024 + usize::try_from(round).unwrap() * 700 * 1024);
        let (written, unknown) = commit_until_full(&store, next).await;
        next += u64::try_from(written.len()).unwrap() + 1;
        acknowledged.extend(written);
        unknown_seen += u64::from(unknown.is_some());

        assert!(matches!(store.health().await, Err(StoreError::NotApplied(_))));
        let refused = store.commit(commit(next)).await;
        assert!(matches!(refused, Err(StoreError::NotApplied(_))), "{refused:?}");
        check_all(&store, &acknowledged).await;

        disk.free();
        until_healthy(&store).await;
        assert!(
            !is_there(&store, next).await,
            "a commit answered as not applied is there"
        );
        check_all(&store, &acknowledged).await;
        if let Some(number) = unknown {
            settle(&store, number).await;
            acknowledged.push(number);
        }
    }
    let stats = store.stats();
    assert_eq!(stats.unknown_groups, unknown_seen, "{stats:?}");
    assert_eq!(stats.recoveries, ROUNDS, "{stats:?}");
    assert!(stats.last_error.is_some());
    eprintln!(
        "{ROUNDS} times full: {unknown_seen} unknown groups, {} commits kept",
        acknowledged.len()
    );
    drop(store);
    check_all(&open(&folder, NO_RESERVE), &acknowledged).await;
}

/// The same key again after an unknown outcome: applied now, or found applied; never twice.
async fn settle(store: &EmbeddedStore, number: u64) {
    let was_there = is_there(store, number).await;
    let expected = if was_there {
        CommitOutcome::Stale
    } else {
        CommitOutcome::Applied(Version(1))
    };
    assert_eq!(store.commit(commit(number)).await, Ok(expected));
    assert!(is_there(store, number).await);
}

#[tokio::test]
async fn below_the_reserve_commits_are_not_applied_and_go_on_when_there_is_space() {
    const RESERVE: usize = 8 * 1024 * 1024;
    let Some(disk) = Disk::mount() else {
        eprintln!("NOT RUN: below_the_reserve_…: no leave to mount a tmpfs (run as root)");
        return;
    };
    let folder = disk.0.path().join("store");
    let reserve = u64::try_from(RESERVE).unwrap();
    let mut store = open(&folder, reserve);
    let mut acknowledged = Vec::new();
    let mut next = 0;
    for is_reopened in [false, true] {
        for number in next..next + 10 {
            assert_eq!(
                store.commit(commit(number)).await,
                Ok(CommitOutcome::Applied(Version(1)))
            );
            acknowledged.push(number);
        }
        next += 10;
        // Half of the reserve is there: a disk that could take the commit, and is not asked to.
        disk.fill_but(RESERVE / 2);
        if is_reopened {
            // What was taken finds its place in the reserve.
            drop(store);
            store = open(&folder, reserve);
            assert_eq!(store.stats().opening.replayed_records, 0);
        }
        for _ in 0..2 {
            let refused = store.commit(commit(next)).await;
            assert!(matches!(refused, Err(StoreError::NotApplied(_))), "{refused:?}");
        }
        let stats = store.stats();
        assert!(stats.last_error.unwrap().contains("kept in reserve"));
        assert_eq!(stats.unknown_groups, 0);
        assert!(matches!(store.health().await, Err(StoreError::NotApplied(_))));
        check_all(&store, &acknowledged).await;
        assert!(!is_there(&store, next).await);

        disk.free();
        until_healthy(&store).await;
    }
    assert_eq!(
        store.commit(commit(next)).await,
        Ok(CommitOutcome::Applied(Version(1)))
    );
    acknowledged.push(next);
    drop(store);
    check_all(&open(&folder, reserve), &acknowledged).await;
}
