//! What an error of the tables says of them, and what they hold.

#![allow(
    clippy::unwrap_used,
    reason = "a test is blunt: what it did not expect stops it"
)]

use super::{Tables, TablesError, disk};
use crate::pace::{Pace, STINT};
use bytes::Bytes;
use map_store::StoreError;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

#[test]
fn a_table_that_vanishes_while_the_store_is_open_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 64 * 1024).unwrap();
    for record in 1..=200_u8 {
        let value = Bytes::from(vec![record; 1000]);
        tables.apply([(vec![record], value)], record.into());
    }
    tables.seal();
    tables.flush().unwrap();
    assert!(fs::read_dir(folder.path().join("tables")).unwrap().count() > 0);
    // Nobody has read it yet, so that nobody holds it open.
    fs::remove_dir_all(folder.path().join("tables")).unwrap();
    let read = tables.get(&[100]);
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
}

/// The end of a file is looked for before its beginning then, which the system calls an invalid argument.
#[test]
fn a_table_that_is_shorter_than_its_end_is_damage() {
    for length in [0, 10, 37] {
        let folder = tempfile::tempdir().unwrap();
        let tables = Tables::open(folder.path(), 1 << 20).unwrap();
        tables.apply([cell("a", 1)], 1);
        tables.seal();
        tables.flush().unwrap();
        drop(tables);
        let table = fs::read_dir(folder.path().join("tables"))
            .unwrap()
            .next()
            .unwrap();
        fs::File::options()
            .write(true)
            .open(table.unwrap().path())
            .unwrap()
            .set_len(length)
            .unwrap();
        let error = Tables::open(folder.path(), 1 << 20).err().unwrap();
        assert!(matches!(error, TablesError::Damaged(_)), "{length}: {error:?}");
    }
}

#[test]
fn an_error_of_the_disk_is_no_damage_and_a_file_that_is_not_as_it_was_is() {
    let check = |kind: io::ErrorKind, is_damage: bool| {
        let error = TablesError::from(lsm_tree::Error::Io(io::Error::from(kind)));
        assert_eq!(matches!(error, TablesError::Damaged(_)), is_damage, "{kind:?}");
    };
    for damage in [
        io::ErrorKind::NotFound,
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::InvalidData,
        io::ErrorKind::IsADirectory,
        io::ErrorKind::NotADirectory,
    ] {
        check(damage, true);
    }
    for disk in [
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::StorageFull,
        io::ErrorKind::Interrupted,
        io::ErrorKind::TimedOut,
        io::ErrorKind::Other,
    ] {
        check(disk, false);
    }
    let checksum = TablesError::from(lsm_tree::Error::Unrecoverable);
    assert!(matches!(checksum, TablesError::Damaged(_)));
}

#[test]
fn what_was_sealed_is_taken_apart_once_it_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1024 * 1024).unwrap();
    for record in 1..=10_u64 {
        let cells = BTreeMap::from([(record.to_be_bytes().to_vec(), Bytes::from_static(b"value"))]);
        tables.apply(cells, record);
        tables.seal();
        tables.flush().unwrap();
        tables.compact().unwrap();
        assert!(tables.past.lock().unwrap().is_empty(), "{record}");
        assert_eq!(tables.on_disk(), record);
    }
}

fn cell(key: &str, value: u64) -> (Vec<u8>, Bytes) {
    (key.as_bytes().to_vec(), Bytes::from(value.to_string()))
}

/// After records 1 to `last`, each of which wrote `same` and a cell of its own.
fn check_newest(tables: &Tables, last: u64) {
    let key = |record: u64| format!("key {record}");
    let written: Vec<_> = (1..=last).map(|record| cell(&key(record), record)).collect();
    let expected: Vec<_> = written.into_iter().chain([cell("same", last)]).collect();
    for (key, value) in &expected {
        assert_eq!(
            tables.get(key).unwrap().as_ref(),
            Some(value),
            "after {last}: {key:?}"
        );
    }
    let at = tables.snapshot();
    let range = || (Bound::Included(b"key".to_vec()), Bound::Excluded(b"t".to_vec()));
    let read = |from_the_end, limit| -> Vec<_> {
        let cells = at.range(range(), from_the_end, limit).unwrap().into_iter();
        cells.map(|(key, value)| (key.to_vec(), value)).collect()
    };
    assert_eq!(read(false, 100), expected, "after {last}");
    assert_eq!(read(false, 2), expected[..2], "after {last}");
    let newest_first: Vec<_> = expected.iter().rev().cloned().collect();
    assert_eq!(read(true, 100), newest_first, "after {last}");
    assert_eq!(read(true, 1), newest_first[..1], "after {last}");
    assert_eq!(tables.applied(), last);
}

/// In the open table, in several that are sealed, in several on disk, merged, and after a reopening.
#[test]
fn a_cell_has_its_newest_value_wherever_its_values_are() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Tables::open(folder.path(), 1 << 20).unwrap();
    let tables = open();
    for record in 1..=9 {
        let own = format!("key {record}");
        tables.apply([cell(&own, record), cell("same", record)], record);
        check_newest(&tables, record);
        tables.seal();
        check_newest(&tables, record);
        if record % 3 == 0 {
            assert_eq!((tables.sealed_count(), tables.on_disk()), (3, record - 3));
            tables.flush().unwrap();
            assert_eq!((tables.sealed_count(), tables.on_disk()), (0, record));
            check_newest(&tables, record);
            check_newest(&open(), record);
        }
    }
    tables.compact().unwrap();
    check_newest(&tables, 9);
    drop(tables);
    check_newest(&open(), 9);
}

#[test]
fn what_is_in_memory_does_not_count_as_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    tables.apply([cell("a", 1)], 1);
    tables.seal();
    tables.apply([cell("b", 2)], 2);
    tables.flush().unwrap();
    assert_eq!((tables.on_disk(), tables.applied()), (1, 2));
    drop(tables);
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    assert_eq!((tables.on_disk(), tables.applied()), (1, 1));
}

/// The keeper's thread and the writer who recovers both write what is sealed.
#[test]
fn a_sealed_table_is_written_once_whoever_writes_it() {
    for round in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let tables = Tables::open(folder.path(), 1 << 20).unwrap();
        for record in 1..=1000_u64 {
            let own = (format!("own {record}").into_bytes(), Bytes::from(vec![1; 500]));
            tables.apply([own, cell("hot", record)], record);
        }
        tables.seal();
        tables.apply([cell("hot", 1001)], 1001);
        tables.seal();
        let both = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    both.wait();
                    tables.flush().unwrap();
                });
            }
        });
        assert_eq!(
            tables.overlapping(),
            2,
            "{round}: one table on disk for each that was sealed"
        );
        assert_eq!(tables.get(b"hot").unwrap().unwrap(), "1001", "{round}");
        drop(tables);
        let tables = Tables::open(folder.path(), 1 << 20).unwrap();
        assert_eq!(tables.get(b"hot").unwrap().unwrap(), "1001", "{round}");
        assert_eq!(tables.applied(), 1001, "{round}");
    }
}

/// As a disk is that fails whenever the list of tables is to be changed.
fn fail_changes(folder: &Path) -> PathBuf {
    let number = |entry: io::Result<fs::DirEntry>| -> Option<u64> {
        entry
            .unwrap()
            .file_name()
            .to_str()?
            .strip_prefix('v')?
            .parse()
            .ok()
    };
    let last = fs::read_dir(folder).unwrap().filter_map(number).max().unwrap();
    let next = folder.join(format!("v{}", last.checked_add(1).unwrap()));
    fs::create_dir(&next).unwrap();
    next
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder.join("tables")).unwrap().count()
}

#[test]
fn what_could_not_be_written_or_merged_leaves_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    for record in 1..=9 {
        tables.apply([cell("same", record)], record);
        tables.seal();
        tables.flush().unwrap();
    }
    assert_eq!((tables.overlapping(), files(folder.path())), (9, 9));
    tables.apply([cell("same", 10)], 10);
    tables.seal();
    let in_the_way = fail_changes(folder.path());
    for _ in 0..5 {
        assert!(tables.flush().is_err() && tables.compact().is_err());
        assert_eq!(files(folder.path()), 9);
    }
    check_same(&tables, 10);
    fs::remove_dir(in_the_way).unwrap();
    tables.flush().unwrap();
    assert_eq!(files(folder.path()), 10);
    tables.compact().unwrap();
    check_same(&tables, 10);
    drop(tables);
    check_same(&Tables::open(folder.path(), 1 << 20).unwrap(), 10);
}

fn check_same(tables: &Tables, record: u64) {
    let value = Bytes::from(record.to_string());
    assert_eq!(tables.get(b"same").unwrap(), Some(value));
}

/// Flush and merge look at the disk and then show what they saw, each in its own thread.
#[test]
fn an_older_view_of_the_disk_never_follows_a_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    let mut earlier = vec![tables.disk.view().unwrap()];
    let many = u64::from(disk::AT_ONCE);
    for record in 1..=many {
        tables.apply([cell("same", record)], record);
        tables.seal();
        tables.flush().unwrap();
        for view in earlier.drain(..) {
            tables.show(view, None);
            check_same(&tables, record);
        }
        earlier.push(tables.disk.view().unwrap());
    }
    tables.compact().unwrap();
    let merged = tables.overlapping();
    assert!(merged < usize::from(disk::AT_ONCE));
    earlier.drain(..).for_each(|view| tables.show(view, None));
    assert_eq!(tables.overlapping(), merged);
}

#[test]
fn rests_are_for_when_no_table_waits() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    assert!(!tables.pace.has_time(), "an opening does not rest");
    tables.share(true);
    for record in [1, 2] {
        assert!(tables.pace.has_time(), "{record}");
        tables.apply([(b"key".to_vec(), Bytes::from_static(b"value"))], record);
        tables.seal();
    }
    assert!(!tables.pace.has_time(), "two tables wait");
    tables.flush().unwrap();
    assert!(tables.pace.has_time());
    // Each lies over the others on disk, of which there are two.
    for record in 3..=16 {
        assert!(tables.pace.has_time(), "{record}");
        tables.apply([(b"key".to_vec(), Bytes::from_static(b"value"))], record);
        tables.seal();
        tables.flush().unwrap();
    }
    assert!(!tables.pace.has_time(), "{} tables overlap", tables.overlapping());
    tables.compact().unwrap();
    assert!(tables.pace.has_time());
    tables.share(false);
    assert!(!tables.pace.has_time());
}

#[test]
fn tables_are_merged_once_they_are_many() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    let many = usize::from(disk::AT_ONCE);
    for (record, count) in (1..).zip(1..=many) {
        tables.apply([cell("same", record)], record);
        tables.seal();
        tables.flush().unwrap();
        // One alone would only be moved.
        if count.checked_add(1) == Some(many) {
            tables.compact().unwrap();
            assert_eq!(tables.overlapping(), count, "not yet");
        }
    }
    tables.compact().unwrap();
    assert_eq!(tables.overlapping(), 0);
    check_same(&tables, disk::AT_ONCE.into());
}

impl Tables {
    /// Has the engine panic in the middle of a change of its list of tables.
    pub(crate) fn panic_in_a_change(&self) {
        self.disk.panic_in_a_change();
    }
}

/// Tables that count their rests.
pub(crate) fn counting(folder: &Path) -> (Tables, Arc<AtomicU32>) {
    let rests = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&rests);
    let rest = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    (
        Tables::open_at_pace(folder, 1 << 20, Pace::new(rest)).unwrap(),
        rests,
    )
}

/// Writes as many tables as are merged at once, each with so many cells.
pub(crate) fn write_many(tables: &Tables, cells: u32) {
    for _ in 0..disk::AT_ONCE {
        let record = tables.applied().saturating_add(1);
        let own = |cell: u32| {
            (
                format!("{record} {cell}").into_bytes(),
                Bytes::from_static(b"value"),
            )
        };
        tables.apply((0..cells).map(own), record);
        tables.seal();
        tables.flush().unwrap();
    }
}

#[test]
fn writing_and_merging_rest_while_somebody_is_served_and_only_then() {
    for is_shared in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let (tables, rests) = counting(folder.path());
        tables.share(is_shared);
        write_many(&tables, STINT);
        // Each table is written, and taken apart in memory.
        let written = rests.swap(0, Ordering::Relaxed);
        let each = u32::from(is_shared).saturating_mul(disk::AT_ONCE.into());
        assert_eq!(written, each.saturating_mul(2), "{is_shared}");
        tables.compact().unwrap();
        assert_eq!(tables.overlapping(), 0, "they are merged");
        assert_eq!(rests.load(Ordering::Relaxed), each, "{is_shared}");
    }
}

/// As when a merge panics between a table's being written and its being shown.
#[test]
fn a_list_of_tables_that_a_panic_left_can_not_be_looked_at_and_reads_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    tables.apply([cell("same", 1)], 1);
    tables.seal();
    tables.flush().unwrap();
    tables.panic_in_a_change();
    assert!(matches!(tables.disk.view(), Err(TablesError::Damaged(_))));
    check_same(&tables, 1);
}
