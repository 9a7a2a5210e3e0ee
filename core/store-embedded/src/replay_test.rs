use super::*;
use crate::folder::Folder;
use crate::log::{Tail, Watermark};
use crate::store::EmbeddedStore;
use map_domain::CustomerId;
use map_store::{BulkRow, Commit, PartitionId, Row, RowKey, RowKind, RowWrite, Store, Version};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const ID: [u8; 16] = [1; 16];

fn customer() -> PartitionId {
    PartitionId::Customer(CustomerId::new([2; 16]))
}

fn commit(number: u64) -> Commit {
    let row = Row {
        key: RowKey::new(RowKind::Order, number.to_be_bytes().to_vec()),
        body: vec![7; 600].into(),
    };
    Commit {
        partition: customer(),
        expected: Version(number),
        rows: vec![RowWrite::Insert(row)],
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}

/// Tables that can't be asked.
struct Unread(StoreError);

impl Cells for Unread {
    fn get(&self, _key: &[u8]) -> StoreResult<Option<Bytes>> {
        Err(self.0.clone())
    }
}

fn refused(tables: &impl Cells, change: Change) -> ReplayError {
    let state = Replayed::new(tables);
    let error = Group::new(&state, false).admit(change).unwrap_err();
    state.refused(&error)
}

#[test]
fn tables_that_the_disk_does_not_read_are_not_judged() {
    let disk = Unread(StoreError::NotApplied("the disk does not read".to_owned()));
    let error = refused(&disk, Change::Commit(commit(0)));
    assert!(matches!(&error, ReplayError::Io(error) if error.to_string() == "the disk does not read"));
    let damaged = Unread(StoreError::Damaged("a checksum".to_owned()));
    let error = refused(&damaged, Change::Commit(commit(0)));
    assert!(matches!(error, ReplayError::Tables(_)), "{error:?}");
}

#[test]
fn tables_that_refuse_what_the_log_says_do_not_belong_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    apply(&tables, vec![Change::Commit(commit(0))], 1).unwrap();
    let rows = vec![BulkRow::Partition {
        id: customer(),
        version: Version(1),
    }];
    for change in [Change::Import(rows), Change::Commit(commit(5))] {
        let refused = apply(&tables, vec![change], 2);
        assert!(matches!(refused, Err(ReplayError::Tables(_))), "{refused:?}");
    }
}

/// A value that were a part of what was read would keep a whole segment in memory.
#[tokio::test]
async fn what_is_replayed_is_no_part_of_the_segment_that_it_was_read_from() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1024 * 1024,
        ..Options::new(folder.path()).create(ID)
    };
    let store = EmbeddedStore::open(options.clone()).unwrap();
    for number in 0..20 {
        store.commit(commit(number)).await.unwrap();
    }
    let shelf = Shelf::open(&Folder(folder.path().to_owned()).log()).unwrap();
    let watermark = Watermark::read(folder.path(), &ID).unwrap();
    let tail = Tail::find(shelf.active().unwrap(), watermark).unwrap();
    let other = tempfile::tempdir().unwrap();
    let tables = Tables::open(other.path(), 1 << 20).unwrap();
    replay(&tables, &shelf, &tail.position, &tail.bytes, &options).unwrap();
    let all = (Bound::Unbounded, Bound::Unbounded);
    let cells = tables.snapshot().range(all, false, usize::MAX).unwrap();
    let segment = tail.bytes.as_ptr_range();
    let parts = cells
        .iter()
        .filter(|(_, value)| segment.contains(&value.as_ptr()));
    assert_eq!(parts.count(), 0);
    assert!(cells.iter().filter(|(_, value)| value.len() == 600).count() == 20);
}

#[test]
fn progress_is_told_now_and_then_in_per_cent_of_the_log() {
    let now_ms = Arc::new(AtomicU64::new(1_000));
    let read = Arc::clone(&now_ms);
    let clock = Clock::new(move || read.load(Ordering::Relaxed));
    let mut progress = Progress::new(&clock, std::iter::empty());
    progress.all = 400;
    assert_eq!(progress.reach(10), None);
    now_ms.store(1_000 + TELL_MS - 1, Ordering::Relaxed);
    assert_eq!(progress.reach(50), None);
    now_ms.store(1_000 + TELL_MS, Ordering::Relaxed);
    assert_eq!(progress.reach(100), Some(25));
    assert_eq!(progress.reach(100), None);
    progress.done = 200;
    now_ms.store(1_000 + 2 * TELL_MS, Ordering::Relaxed);
    assert_eq!(progress.reach(100), Some(75));
}
