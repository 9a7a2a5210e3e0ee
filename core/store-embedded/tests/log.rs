//! The log as the truth: what is cut, what is refused and how it is named, what is kept how long, what
//! the feed gives, and what a state says that is not in the log.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test is blunt: what it did not expect stops it"
)]

#[path = "../examples/damage_matrix/history.rs"]
mod history;
mod segment;

use history::{make, options, read};
use lsm_tree::AbstractTree;
use map_store::{Store, StoreError};
use map_store_embedded::{
    Clock, Difference, DifferenceKind, EmbeddedStore, FolderCopy, OpenError, Options, Retention, dump, verify,
};
use segment::{FRAME, PAGE, edit, end_of_record, records, segments};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

fn folder() -> TempDir {
    make(&std::env::temp_dir())
}

#[test]
fn a_torn_record_that_nobody_was_answered_for_is_cut_and_told() {
    let whole = folder();
    let expected = read(&EmbeddedStore::open(options(whole.path())).unwrap());
    let torn = folder();
    let active = segments(&torn.path().join("log")).pop().unwrap();
    let marks = records(&active);
    let (first, end) = (marks[0], *marks.last().unwrap());
    // What a power cut leaves of a record under way: its frame and part of its body.
    edit(&active, |bytes| bytes.copy_within(first..first + 100, end));
    assert_eq!(verify(torn.path()).unwrap().torn_bytes, 100);
    let store = EmbeddedStore::open(options(torn.path())).unwrap();
    assert_eq!(store.stats().opening.torn_bytes, 100);
    assert!(read(&store) == expected);
    drop(store);
    let report = verify(torn.path()).unwrap();
    assert!(report.is_sound() && report.torn_bytes == 0, "{report:?}");
}

/// As folders were written before records began pages: one behind the other, from the header on.
fn pack(segment: &Path) {
    let marks = records(segment);
    edit(segment, |bytes| {
        let mut to = 128;
        for at in &marks[..marks.len() - 1] {
            let record = bytes[*at..end_of_record(bytes, *at)].to_vec();
            bytes[to..to + record.len()].copy_from_slice(&record);
            to = (to + record.len()).next_multiple_of(8);
        }
        bytes[to..].fill(0);
    });
}

#[test]
fn a_log_whose_records_share_pages_is_read_and_gone_on_with_in_pages_of_their_own() {
    let packed = folder();
    let all = segments(&packed.path().join("log"));
    let active = all.last().unwrap();
    let whole = folder();
    let expected = read(&EmbeddedStore::open(options(whole.path())).unwrap());
    all.iter().for_each(|segment| pack(segment));
    assert!(verify(packed.path()).unwrap().is_sound());
    let before = fs::read(active).unwrap();
    let end = (before.iter().rposition(|byte| *byte != 0).unwrap() + 1).next_multiple_of(8);
    let store = EmbeddedStore::open(options(packed.path())).unwrap();
    assert!(read(&store) == expected);
    work(&store, || true);
    drop(store);
    let after = fs::read(active).unwrap();
    let page = end.next_multiple_of(PAGE);
    assert!(after[..page] == before[..page], "a page with records was changed");
    assert_eq!(after[page..page + 8], *b"MAPGROUP");
    let report = verify(packed.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    let store = EmbeddedStore::open(options(packed.path())).unwrap();
    assert!(read(&store).feed == expected.feed);
    // What the version before left of a record under way goes, wherever it begins.
    drop(store);
    edit(active, |bytes| bytes[end..end + 100].fill(1));
    edit(active, |bytes| bytes[page..].fill(0));
    fs::write(
        packed.path().join("watermark"),
        fs::read(whole.path().join("watermark")).unwrap(),
    )
    .unwrap();
    fs::remove_dir_all(packed.path().join("state")).unwrap();
    let store = EmbeddedStore::open(options(packed.path())).unwrap();
    assert_eq!(store.stats().opening.torn_bytes, 100);
    assert!(read(&store) == expected);
}

#[test]
fn damage_among_records_is_refused_and_named_by_file_offset_and_record() {
    let damaged = folder();
    let active = segments(&damaged.path().join("log")).pop().unwrap();
    let at = records(&active)[1];
    edit(&active, |bytes| bytes[at + FRAME + 5] ^= 1);
    let before = fs::read(&active).unwrap();
    let error = EmbeddedStore::open(options(damaged.path())).unwrap_err();
    let OpenError::Log(damage) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(
        (&damage.file, damage.offset),
        (&active, u64::try_from(at).unwrap())
    );
    let first: u64 = active.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    assert_eq!(damage.sequence, first + 1);
    for part in ["offset", "record", "Nothing was changed", "map log verify"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(verify(damaged.path()).unwrap().findings.len(), 1);
    assert_eq!(fs::read(&active).unwrap(), before, "a refused log was changed");
}

#[test]
fn a_lost_end_is_refused() {
    let lost = folder();
    let active = segments(&lost.path().join("log")).pop().unwrap();
    let marks = records(&active);
    let last = marks[marks.len() - 2];
    edit(&active, |bytes| bytes[last..].fill(0));
    let error = EmbeddedStore::open(options(lost.path())).unwrap_err();
    assert!(
        matches!(&error, OpenError::LostEnd { acknowledged, found, .. } if *acknowledged == found + 1),
        "{error:?}"
    );
    let report = verify(lost.path()).unwrap();
    let [finding] = &report.findings[..] else {
        panic!("{report:?}")
    };
    assert_eq!(
        (&finding.file, finding.offset),
        (&active, u64::try_from(last).unwrap())
    );
    // The whole last segment.
    fs::remove_file(&active).unwrap();
    let error = EmbeddedStore::open(options(lost.path())).unwrap_err();
    assert!(matches!(error, OpenError::LostEnd { .. }), "{error:?}");
}

#[test]
fn a_lost_end_is_refused_by_what_the_state_holds_where_the_watermark_is_lost_too() {
    let lost = folder();
    drop(EmbeddedStore::open(options(lost.path())).unwrap());
    fs::remove_file(lost.path().join("watermark")).unwrap();
    let active = segments(&lost.path().join("log")).pop().unwrap();
    let marks = records(&active);
    edit(&active, |bytes| bytes[marks[marks.len() - 2]..].fill(0));
    let error = EmbeddedStore::open(options(lost.path())).unwrap_err();
    assert!(matches!(error, OpenError::LostEnd { .. }), "{error:?}");
}

#[test]
fn a_state_that_is_found_damaged_by_a_read_is_built_anew_by_the_next_opening() {
    let damaged = folder();
    let store = EmbeddedStore::open(options(damaged.path())).unwrap();
    let claims = AtomicU64::new(0);
    work(&store, || claims.fetch_add(1, Ordering::Relaxed) == 50);
    let expected = read_rows(&store);
    drop(store);
    // The large one: opening looks at the first block of each.
    let tables = segments(&damaged.path().join("state/tables"));
    let large = tables
        .iter()
        .max_by_key(|table| fs::metadata(table).unwrap().len())
        .unwrap();
    edit(large, |bytes| {
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
    });
    let store = EmbeddedStore::open(options(damaged.path())).unwrap();
    assert_eq!(
        store.stats().opening.rebuilt,
        None,
        "an opening does not read it all"
    );
    let error = read(&store).rows.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    assert!(matches!(health(&store), Err(StoreError::Damaged(_))));
    drop(store);
    let store = EmbeddedStore::open(options(damaged.path())).unwrap();
    assert!(store.stats().opening.rebuilt.is_some());
    assert!(read_rows(&store) == expected);
    assert_eq!(health(&store), Ok(()));
}

#[tokio::main(flavor = "current_thread")]
async fn health(store: &EmbeddedStore) -> Result<(), StoreError> {
    store.health().await
}

fn aged(path: &Path, retention: Retention, now_ms: &Arc<AtomicU64>) -> Options {
    let now_ms = Arc::clone(now_ms);
    Options {
        retention,
        clock: Clock::new(move || now_ms.load(Ordering::Relaxed)),
        ..options(path)
    }
}

/// Makes commits until a table is written and the keeper has tidied, as far as it will.
fn work(store: &EmbeddedStore, is_done: impl Fn() -> bool) {
    #[tokio::main(flavor = "current_thread")]
    async fn claim(store: &EmbeddedStore, number: u64) {
        let key = map_store::ClaimKey {
            table: map_store::ClaimTable::Account,
            key: number.to_be_bytes().to_vec().into(),
        };
        let value = map_store::ClaimValue::Closed(vec![0; 2000].into());
        store.claim(vec![map_store::Claim { key, value }]).await.unwrap();
    }
    for number in 0..10_000 {
        claim(store, number);
        if is_done() {
            return;
        }
    }
    panic!("the keeper never did it");
}

#[test]
fn full_segments_go_when_they_are_old_enough_and_in_the_state_and_not_before() {
    const DAY_MS: u64 = 86_400_000;
    let folder = folder();
    let log = folder.path().join("log");
    let first = segments(&log)[0].clone();
    let now_ms = Arc::new(AtomicU64::new(2 * DAY_MS));
    let store = EmbeddedStore::open(aged(folder.path(), Retention::Days(3), &now_ms)).unwrap();
    let count = segments(&log).len();
    work(&store, || segments(&log).len() > count + 40);
    assert!(first.exists(), "a segment that is two days old was removed");
    now_ms.store(4 * DAY_MS, Ordering::Relaxed);
    work(&store, || !first.exists());
    let expected = read_rows(&store);
    drop(store);
    let report = verify(folder.path()).unwrap();
    assert!(report.is_sound() && report.first > 1, "{report:?}");
    // The state is whole; without it the store is refused, since the log no longer holds everything.
    let store = EmbeddedStore::open(options(folder.path())).unwrap();
    assert!(read_rows(&store) == expected);
    assert_eq!(
        store.compare_with_log().unwrap().log_begins_at,
        Some(report.first)
    );
    drop(store);
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    let error = EmbeddedStore::open(options(folder.path())).unwrap_err();
    assert!(
        matches!(&error, OpenError::TablesLost { first, .. } if *first == report.first),
        "{error:?}"
    );
}

#[test]
fn archived_segments_are_sound_and_bring_a_lost_state_back() {
    let folder = folder();
    let archive = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let first = segments(&log)[0].clone();
    let now_ms = Arc::new(AtomicU64::new(0));
    let retention = Retention::Archive(archive.path().to_owned());
    let store = EmbeddedStore::open(aged(folder.path(), retention, &now_ms)).unwrap();
    work(&store, || !first.exists());
    let expected = read_rows(&store);
    drop(store);
    let report = verify(archive.path()).unwrap();
    assert!(report.is_sound() && report.first == 1, "{report:?}");
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    assert!(EmbeddedStore::open(options(folder.path())).is_err());
    for segment in segments(archive.path()) {
        fs::copy(&segment, log.join(segment.file_name().unwrap())).unwrap();
    }
    let store = EmbeddedStore::open(options(folder.path())).unwrap();
    assert!(read_rows(&store) == expected);
}

/// The first record finds no room in the smallest segment, and begins it anew.
#[test]
fn a_segment_that_was_too_small_is_archived_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let archive = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicU64::new(0));
    let retention = Retention::Archive(archive.path().to_owned());
    let smallest = Options {
        segment_bytes: 4096,
        ..aged(folder.path(), retention, &now_ms).create([1; 16])
    };
    let store = EmbeddedStore::open(smallest).unwrap();
    work(&store, || segments(archive.path()).len() > 2);
    drop(store);
    let report = verify(archive.path()).unwrap();
    assert!(report.is_sound() && report.first == 1, "{report:?}");
}

#[tokio::main(flavor = "current_thread")]
async fn read_rows(store: &EmbeddedStore) -> Vec<map_store::BulkRow> {
    let snapshot = store.snapshot().await.unwrap();
    let claims = snapshot
        .scan(map_store::BulkTable::Claims, None, 1000)
        .await
        .unwrap()
        .0;
    let rows = snapshot
        .scan(map_store::BulkTable::Partitions, None, 1000)
        .await
        .unwrap()
        .0;
    [claims, rows].concat()
}

#[test]
fn the_feed_gives_every_commit_once_from_any_place_and_goes_on() {
    let folder = folder();
    let store = EmbeddedStore::open(options(folder.path())).unwrap();
    read_feed(&store);
}

#[tokio::main(flavor = "current_thread")]
async fn read_feed(store: &EmbeddedStore) {
    let feed = store.feed().unwrap();
    let all = feed.read(0, 1000).await.unwrap();
    assert!(all.iter().map(|item| item.sequence).eq(1..=32));
    for after in [0, 1, 5, 23, 24, 31, 32, 33] {
        for limit in [1, 3, 100] {
            let from = usize::try_from(after).unwrap().min(all.len());
            let expected: Vec<_> = all[from..].iter().take(limit).cloned().collect();
            assert_eq!(
                feed.read(after, limit).await.unwrap(),
                expected,
                "{after}, {limit}"
            );
        }
    }
    let partition = all[30].commit.partition.clone();
    let loaded = store.load(&partition, map_store::Load::default()).await.unwrap();
    let more = map_store::Commit {
        partition,
        expected: loaded.version,
        rows: Vec::new(),
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    };
    store.commit(more.clone()).await.unwrap();
    let item = map_store::FeedItem {
        sequence: 33,
        commit: more,
    };
    assert_eq!(feed.read(32, 10).await.unwrap(), [item]);
}

/// Where a closed segment ends too early, between two records, its last ones are gone.
#[test]
fn a_feed_does_not_pass_over_records_that_are_missing_from_a_closed_segment() {
    for cut in [true, false] {
        let folder = folder();
        let closed = segments(&folder.path().join("log"))[0].clone();
        let marks = records(&closed);
        let last = marks[marks.len() - 2];
        edit(&closed, |bytes| match cut {
            true => bytes.truncate(last),
            false => bytes[last..].fill(0),
        });
        let store = EmbeddedStore::open(options(folder.path())).unwrap();
        let error = read(&store).feed.unwrap_err();
        assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
        assert!(!verify(folder.path()).unwrap().is_sound());
    }
}

/// Changes cells of the state behind the log's back, as a tool for the tree could.
fn tamper(folder: &Path, change: impl FnOnce(&lsm_tree::AnyTree)) {
    let counter = lsm_tree::SequenceNumberCounter::new(1_000_000);
    let config = lsm_tree::Config::new(
        folder.join("state"),
        counter,
        lsm_tree::SequenceNumberCounter::default(),
    );
    let tree = config.open().unwrap();
    change(&tree);
    tree.flush_active_memtable(0).unwrap();
}

#[test]
fn a_state_that_is_not_what_the_log_says_is_found_row_by_row() {
    let folder = folder();
    drop(EmbeddedStore::open(options(folder.path())).unwrap());
    let claim = [&[0x20, 1][..], &3_u64.to_be_bytes()].concat();
    let invented = [&[0x20, 1][..], &99_u64.to_be_bytes()].concat();
    let account = [&[0x10, b'c'][..], &[2; 16], &[1], b"a"].concat();
    tamper(folder.path(), |tree| {
        assert!(
            tree.get(&claim, u64::MAX).unwrap().is_some(),
            "the claim is there"
        );
        assert!(
            tree.get(&account, u64::MAX).unwrap().is_some(),
            "the account is there"
        );
        tree.remove(claim.as_slice(), 900_000);
        tree.insert(invented.as_slice(), [2, 1].as_slice(), 900_000);
        tree.insert(account.as_slice(), b"face value 1000000".as_slice(), 900_000);
    });
    let copy = FolderCopy::make(folder.path()).unwrap();
    let store = EmbeddedStore::open(options(copy.path())).unwrap();
    let compared = store.compare_with_log().unwrap();
    let kinds: Vec<DifferenceKind> = compared.differences.iter().map(|found| found.kind).collect();
    assert_eq!(
        kinds,
        [
            DifferenceKind::Different,
            DifferenceKind::Missing,
            DifferenceKind::Unexpected
        ],
        "{:?}",
        compared.differences
    );
    assert!(
        compared
            .differences
            .iter()
            .all(|found: &Difference| !found.place.is_empty())
    );
}

#[test]
fn a_copy_for_looking_leaves_the_folder_as_it_is() {
    let folder = folder();
    let files = |folder: &Path| -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = Vec::new();
        for part in ["", "log", "state", "state/tables"] {
            for path in segments(&folder.join(part))
                .into_iter()
                .filter(|path| path.is_file())
            {
                all.push((path.clone(), fs::read(path).unwrap()));
            }
        }
        all
    };
    let before = files(folder.path());
    let copy = FolderCopy::make(folder.path()).unwrap();
    let store = EmbeddedStore::open(options(copy.path())).unwrap();
    work(&store, || segments(&copy.path().join("log")).len() > 40);
    drop(store);
    let beside = copy.path().to_owned();
    drop(copy);
    assert!(!beside.exists());
    assert!(files(folder.path()) == before);
}

#[test]
fn a_dump_names_records_and_no_persons_number() {
    let folder = folder();
    let mut lines = Vec::new();
    dump(folder.path(), 5, 3, &mut |line| lines.push(line.to_owned())).unwrap();
    let heads: Vec<&String> = lines.iter().filter(|line| line.starts_with("record ")).collect();
    assert_eq!(heads.len(), 3, "{lines:#?}");
    assert!(heads[0].starts_with("record 5 at "), "{}", heads[0]);
    assert!(lines.iter().any(|line| line.contains("commit: c:")), "{lines:#?}");
    assert!(
        lines.iter().all(|line| !line.contains("balance after")),
        "{lines:#?}"
    );
}

/// Every file of a folder with its content.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for path in segments(folder) {
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}

#[test]
fn tables_that_can_not_be_built_anew_stay_as_they_are() {
    let damaged = folder();
    let closed = segments(&damaged.path().join("log")).remove(0);
    let at = records(&closed)[0];
    edit(&closed, |bytes| bytes[at + FRAME + 5] ^= 1);
    fs::write(damaged.path().join("state-damaged"), []).unwrap();
    let before = contents(&damaged.path().join("state"));
    assert!(!before.is_empty());
    let error = EmbeddedStore::open(options(damaged.path())).unwrap_err();
    assert!(matches!(error, OpenError::Log(_)), "{error:?}");
    assert!(
        contents(&damaged.path().join("state")) == before,
        "the tables were changed"
    );
    assert!(damaged.path().join("state-damaged").exists());
    // Without the mark they are as good as they were.
    fs::remove_file(damaged.path().join("state-damaged")).unwrap();
    drop(EmbeddedStore::open(options(damaged.path())).unwrap());
}

#[test]
fn a_dump_from_behind_the_end_says_where_the_log_ends() {
    let folder = folder();
    let last = verify(folder.path()).unwrap().last;
    let error = dump(folder.path(), last + 1, 3, &mut |_| {}).unwrap_err();
    assert!(
        error.to_string().contains(&format!("ends at record {last}")),
        "{error}"
    );
    dump(folder.path(), last, 3, &mut |_| {}).unwrap();
}

#[test]
fn a_damaged_last_record_is_no_torn_one_where_the_watermark_is_missing() {
    let damaged = folder();
    let active = segments(&damaged.path().join("log")).pop().unwrap();
    let marks = records(&active);
    let last = marks[marks.len() - 2];
    edit(&active, |bytes| bytes[last + FRAME + 5] ^= 1);
    fs::remove_file(damaged.path().join("watermark")).unwrap();
    let place = (&active, u64::try_from(last).unwrap());
    let error = EmbeddedStore::open(options(damaged.path())).unwrap_err();
    let OpenError::Log(found) = &error else {
        panic!("{error:?}")
    };
    assert_eq!((&found.file, found.offset), place);
    let report = verify(damaged.path()).unwrap();
    let named = report
        .findings
        .iter()
        .any(|found| (&found.file, found.offset) == place);
    assert!(named, "{report:?}");
    // In an archive nothing is under way.
    let report = verify(&damaged.path().join("log")).unwrap();
    let named = report
        .findings
        .iter()
        .any(|found| (&found.file, found.offset) == place);
    assert!(named, "{report:?}");
}

#[test]
fn a_comparison_with_a_damaged_log_does_not_call_the_tables_damaged() {
    let damaged = folder();
    let closed = segments(&damaged.path().join("log")).remove(0);
    let at = records(&closed)[0];
    edit(&closed, |bytes| bytes[at + FRAME + 5] ^= 1);
    let store = EmbeddedStore::open(options(damaged.path())).unwrap();
    let error = store.compare_with_log().unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    drop(store);
    assert!(!damaged.path().join("state-damaged").exists());
}

#[test]
fn a_segment_that_was_cut_short_gets_its_space_back() {
    use std::os::unix::fs::MetadataExt;
    let cut = folder();
    let active = segments(&cut.path().join("log")).pop().unwrap();
    let size = fs::metadata(&active).unwrap().len();
    edit(&active, |bytes| bytes.truncate(bytes.len() - 8192));
    drop(EmbeddedStore::open(options(cut.path())).unwrap());
    let found = fs::metadata(&active).unwrap();
    assert_eq!(found.len(), size);
    assert!(found.blocks() * 512 >= size, "{} blocks", found.blocks());
}

/// A folder whose first segments were removed, with all of them in its tables.
fn without_first_segments() -> TempDir {
    let folder = folder();
    let first = segments(&folder.path().join("log"))[0].clone();
    let now_ms = Arc::new(AtomicU64::new(86_400_000));
    let store = EmbeddedStore::open(aged(folder.path(), Retention::Days(1), &now_ms)).unwrap();
    work(&store, || !first.exists());
    folder
}

#[test]
fn a_mark_of_damage_is_not_believed_where_the_tables_are_sound_and_can_not_be_built_anew() {
    let folder = without_first_segments();
    let mark = folder.path().join("state-damaged");
    let expected = read_rows(&EmbeddedStore::open(options(folder.path())).unwrap());
    fs::write(&mark, []).unwrap();
    let store = EmbeddedStore::open(options(folder.path())).unwrap();
    assert_eq!(store.stats().opening.rebuilt, None);
    assert!(read_rows(&store) == expected);
    assert!(!mark.exists(), "the next start need not look again");
}

#[test]
fn tables_that_are_marked_and_damaged_and_can_not_be_built_anew_are_refused() {
    let folder = without_first_segments();
    let mark = folder.path().join("state-damaged");
    let tables = segments(&folder.path().join("state/tables"));
    let large = tables
        .iter()
        .max_by_key(|table| fs::metadata(table).unwrap().len());
    edit(large.unwrap(), |bytes| {
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
    });
    fs::write(&mark, []).unwrap();
    let kept = || {
        (
            contents(&folder.path().join("log")),
            contents(&folder.path().join("state/tables")),
        )
    };
    let before = kept();
    let error = EmbeddedStore::open(options(folder.path())).unwrap_err();
    assert!(matches!(error, OpenError::TablesLost { .. }), "{error:?}");
    assert!(kept() == before && mark.exists(), "a refused folder was changed");
}

/// The copy of the first segment is a pipe that nobody writes to: whoever opens it hangs.
#[test]
fn an_archive_that_hangs_stops_neither_commits_nor_the_end() {
    let folder = folder();
    let archive = tempfile::tempdir().unwrap();
    let first = segments(&folder.path().join("log"))[0].clone();
    let pipe = archive.path().join(first.file_name().unwrap());
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let now_ms = Arc::new(AtomicU64::new(0));
    let retention = Retention::Archive(archive.path().to_owned());
    let store = EmbeddedStore::open(aged(folder.path(), retention, &now_ms)).unwrap();
    // Several times as much as the writer may have in memory.
    let claims = AtomicU64::new(0);
    work(&store, || claims.fetch_add(1, Ordering::Relaxed) == 300);
    let expected = read_rows(&store);
    drop(store);
    assert!(first.exists(), "a segment that is not archived was removed");
    let store = EmbeddedStore::open(options(folder.path())).unwrap();
    assert!(read_rows(&store) == expected);
    // Let go of at last, it removes nothing from a folder that is another's.
    drop(fs::File::options().write(true).open(&pipe).unwrap());
    drop(store);
    assert!(first.exists() && verify(folder.path()).unwrap().first == 1);
}

#[test]
fn a_feed_gives_records_that_are_larger_than_what_it_reads_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let large = Options::new(folder.path()).create([7; 16]);
    let store = EmbeddedStore::open(large).unwrap();
    feed_of_large_commits(&store);
}

#[tokio::main(flavor = "current_thread")]
async fn feed_of_large_commits(store: &EmbeddedStore) {
    const MIB: usize = 1024 * 1024;
    let sizes = [10, MIB, 3, 3 * MIB, MIB - 4096, 700, 1];
    for (number, size) in (0..).zip(sizes) {
        let body = vec![u8::try_from(number).unwrap() + 1; size].into();
        let key = map_store::RowKey::new(map_store::RowKind::Account, "a");
        let commit = map_store::Commit {
            partition: map_store::PartitionId::Catalogue,
            expected: map_store::Version(number),
            rows: vec![map_store::RowWrite::Put(map_store::Row { key, body })],
            claims: Vec::new(),
            index: Vec::new(),
            business_day: None,
        };
        store.commit(commit).await.unwrap();
    }
    for limit in [1, 3, 100] {
        let mut found = Vec::new();
        while found.len() < sizes.len() {
            let after = u64::try_from(found.len()).unwrap();
            let page = store.feed().unwrap().read(after, limit).await.unwrap();
            found.extend(page.into_iter().map(|item| item.commit.rows[0].row().body.len()));
        }
        assert_eq!(found, sizes, "{limit}");
    }
}

/// What a snapshot sees is held by it alone: neither what is in memory nor the lists of tables pile up behind it.
#[test]
fn a_snapshot_that_stays_open_is_exact_however_much_was_written() {
    let folder = folder();
    let store = EmbeddedStore::open(options(folder.path())).unwrap();
    write_behind_a_snapshot(&store, folder.path());
}

#[tokio::main(flavor = "current_thread")]
async fn write_behind_a_snapshot(store: &EmbeddedStore, folder: &Path) {
    let claim = |number: u64| map_store::Claim {
        key: map_store::ClaimKey {
            table: map_store::ClaimTable::Account,
            key: number.to_be_bytes().to_vec().into(),
        },
        value: map_store::ClaimValue::Closed(vec![0; 4000].into()),
    };
    let table = map_store::BulkTable::Claims;
    let snapshot = store.snapshot().await.unwrap();
    let before = snapshot.scan(table, None, 1000).await.unwrap().0;
    // As much as a table in memory holds, each time.
    for round in 0..80 {
        let claims = (round * 20..round * 20 + 20).map(claim).collect();
        store.claim(claims).await.unwrap();
        if round % 10 == 0 {
            assert_eq!(snapshot.scan(table, None, 1000).await.unwrap().0, before);
        }
    }
    assert_eq!(snapshot.scan(table, None, 1000).await.unwrap().0, before);
    let lists = fs::read_dir(folder.join("state")).unwrap();
    let lists = lists.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with('v')
    });
    let kept = lists.count();
    assert!(kept < 8, "{kept} states of the tables are kept");
    drop(snapshot);
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(snapshot.scan(table, None, 1000).await.unwrap().0.len(), 1000);
    drop(snapshot);
    let snapshot = store.snapshot().await.unwrap();
    store.close();
    let closed = snapshot.scan(table, None, 1000).await;
    assert!(matches!(closed, Err(StoreError::NotApplied(_))), "{closed:?}");
}
