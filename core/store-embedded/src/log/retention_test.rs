//! Which segments go: those whose records all are in tables on disk, the oldest first, and never the last.

#![allow(clippy::arithmetic_side_effects, reason = "tests count small numbers")]

use super::*;
use crate::log::segment::{FIRST, Header, file_name, offset};
use crate::log::{Shelf, record};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tempfile::TempDir;

const ID: [u8; 16] = [1; 16];

/// A log of three segments that begin behind these records, a day apart.
const STARTS: [u64; 3] = [0, 5, 9];
const END: u64 = 12;

fn log(folder: &Path) -> Arc<Durable> {
    let mut at = Position::genesis(&ID);
    let mut buffer = Vec::new();
    for (number, begun_ms) in [0, DAY_MS, 2 * DAY_MS].into_iter().enumerate() {
        let header = Header {
            store_id: ID,
            start: at,
            begun_ms,
            size: 32 * 1024,
        };
        let (_, file) = Segment::create(folder, header).unwrap();
        let mut place = offset(FIRST);
        while at.sequence < STARTS.get(number + 1).copied().unwrap_or(END) {
            at = record::encode(&at, &[], &mut buffer).unwrap();
            file.write_all_at(&buffer, place).unwrap();
            place += offset(buffer.len());
        }
    }
    Durable::new(Shelf::open(folder).unwrap(), at)
}

/// Where the segments begin that are left, in the log and on the shelf.
fn left(folder: &Path, durable: &Durable) -> Vec<u64> {
    let starts = |shelf: &Shelf| -> Vec<u64> {
        let all = shelf.all().iter();
        all.map(|segment| segment.header.start.sequence).collect()
    };
    let known = starts(&durable.lock().0);
    assert_eq!(known, starts(&Shelf::open(folder).unwrap()));
    known
}

fn check(days: u32, applied: u64, now_ms: u64, expect: &[u64]) {
    let folder = tempfile::tempdir().unwrap();
    let durable = log(folder.path());
    let gone = tidy(&durable, &Retention::Days(days), applied, now_ms, &mut |remove| {
        remove()
    })
    .unwrap();
    let what = format!("{days} days, in tables up to {applied}, at {now_ms}");
    assert_eq!(left(folder.path(), &durable), expect, "{what}");
    let removed = STARTS.iter().filter(|start| !expect.contains(start)).count();
    assert_eq!(usize::try_from(gone), Ok(removed), "{what}");
}

#[test]
fn a_segment_stays_until_its_last_record_is_in_tables_on_disk() {
    let late = 10 * DAY_MS;
    check(0, 0, late, &[0, 5, 9]);
    check(0, 4, late, &[0, 5, 9]);
    check(0, 5, late, &[5, 9]);
    check(0, 8, late, &[5, 9]);
    check(0, 9, late, &[9]);
    check(0, 12, late, &[9]);
}

#[test]
fn a_segment_stays_until_it_was_full_for_so_many_days() {
    check(3, 12, 4 * DAY_MS - 1, &[0, 5, 9]);
    check(3, 12, 4 * DAY_MS, &[5, 9]);
    check(3, 12, 5 * DAY_MS - 1, &[5, 9]);
    check(3, 12, 5 * DAY_MS, &[9]);
}

#[test]
fn a_segment_that_is_not_removed_stays_on_the_shelf_and_keeps_those_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let durable = log(folder.path());
    let refused = |_: &mut dyn FnMut() -> io::Result<()>| Err(io::Error::other("not now"));
    tidy(&durable, &Retention::Days(0), 12, 0, &mut { refused }).unwrap_err();
    assert_eq!(left(folder.path(), &durable), STARTS);
}

/// Tidies into an archive as it was prepared.
fn into_archive(prepare: impl FnOnce(&Path, &Path)) -> (io::Result<u64>, Vec<u64>, TempDir) {
    let (folder, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let durable = log(folder.path());
    prepare(
        &folder.path().join(file_name(1)),
        &archive.path().join(file_name(1)),
    );
    let retention = Retention::Archive(archive.path().to_owned());
    let done = tidy(&durable, &retention, END, 0, &mut |remove| remove());
    (done, left(folder.path(), &durable), archive)
}

#[test]
fn what_is_archived_goes_and_is_there_as_it_was() {
    let mut first = Vec::new();
    let (gone, left, archive) = into_archive(|segment, _| first = fs::read(segment).unwrap());
    assert_eq!((gone.unwrap(), left), (2, vec![9]));
    assert!(fs::read(archive.path().join(file_name(1))).unwrap() == first);
    assert_eq!(fs::read_dir(archive.path()).unwrap().count(), 2);
}

#[test]
fn a_segment_that_was_archived_before_goes() {
    let (gone, left, _archive) = into_archive(|segment, archived| {
        fs::copy(segment, archived).unwrap();
    });
    assert_eq!((gone.unwrap(), left), (2, vec![9]));
}

#[test]
fn a_segment_stays_where_the_archive_holds_another_of_its_name() {
    let (gone, left, _archive) = into_archive(|segment, archived| {
        let mut other = fs::read(segment).unwrap();
        *other.last_mut().unwrap() = 1;
        fs::write(archived, other).unwrap();
    });
    assert!(gone.is_err());
    assert_eq!(left, STARTS);
}

#[test]
fn a_segment_that_is_damaged_stays_and_is_not_archived() {
    let (gone, left, archive) = into_archive(|segment, _| {
        let file = File::options().write(true).open(segment).unwrap();
        file.write_all_at(&[1], offset(FIRST) + 20).unwrap();
    });
    assert!(gone.is_err());
    assert_eq!(left, STARTS);
    assert_eq!(fs::read_dir(archive.path()).unwrap().count(), 0);
}
