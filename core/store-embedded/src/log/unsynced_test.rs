//! Nothing counts that was not synced: the log on a disk that takes every write and refuses every sync.
//!
//! `/dev/null` is such a disk. A sync that is left out would be answered as a success here, which neither a
//! killed process nor a torn file shows.

use super::chain::Position;
use super::segment::{FIRST, Header, offset};
use super::{Appender, Durable, Segment, Shelf, Tail, Watermark, begin_log};
use crate::options::{Clock, Options};
use crate::points::{Point, Points};
use crate::seam::AppendError;
use map_domain::CustomerId;
use map_store::{Change, Commit, PartitionId, Version};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

const ID: [u8; 16] = [1; 16];
const DISK: &str = "/dev/null";

/// The end of a new log on that disk, and the places that its records reach.
fn appender(folder: &Path) -> (Appender, Arc<Mutex<Vec<Point>>>) {
    let options = Options::new(folder).create(ID);
    begin_log(folder, &options).unwrap();
    let reached: Arc<Mutex<Vec<Point>>> = Arc::default();
    let noted = Arc::clone(&reached);
    let appender = Appender {
        durable: Durable::new(Shelf::open(folder).unwrap(), Position::genesis(&ID)),
        watermark: Watermark::create(folder, ID).unwrap(),
        file: File::options().write(true).open(DISK).unwrap(),
        offset: offset(FIRST),
        unwritten: offset(FIRST),
        size: options.segment_bytes,
        store_id: ID,
        segment_bytes: options.segment_bytes,
        clock: Clock::stopped(),
        points: Points::new(move |point| noted.lock().unwrap().push(point)),
        failed: None,
        needs_segment: None,
        buffer: Vec::new(),
    };
    (appender, reached)
}

fn group() -> [Change; 1] {
    [Change::Commit(Commit {
        partition: PartitionId::Customer(CustomerId::new([2; 16])),
        expected: Version::NONE,
        rows: Vec::new(),
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    })]
}

#[test]
fn a_record_that_was_written_and_not_synced_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, reached) = appender(folder.path());
    let outcome = log.append(&group());
    assert!(matches!(outcome, Err(AppendError::Unknown(_))), "{outcome:?}");
    let way = [Point::BeforeAppend, Point::Appended];
    assert_eq!(*reached.lock().unwrap(), way, "the sync comes behind the write");
    assert_eq!(log.durable.position(), Position::genesis(&ID));
    assert_eq!(Watermark::read(folder.path(), &ID).unwrap(), Some(0));
}

#[test]
fn a_record_is_taken_back_once_that_is_synced_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = appender(folder.path());
    log.append(&group()).unwrap_err();
    log.recover().unwrap_err();
    let outcome = log.append(&group());
    assert!(matches!(outcome, Err(AppendError::Refused(_))), "{outcome:?}");
}

#[test]
fn an_end_that_an_opening_settled_counts_once_it_is_synced() {
    let start = Position::genesis(&ID);
    let active = Segment {
        path: DISK.into(),
        header: Header {
            store_id: ID,
            start,
            begun_ms: 0,
            size: 0,
        },
    };
    let tail = Tail::find(&active, Some(0)).unwrap();
    assert_eq!((tail.position, tail.torn), (start, 0));
    tail.settle(&active).unwrap_err();
}
