//! A table in memory: cells that were written lately, each with every value it had since the table was begun.
//!
//! The writer alone writes, under the lock, and lets go of it now and then so that readers come between; what
//! is written in pieces is seen all at once, because readers name the last record that they see.

use super::KeyRange;
use crate::pace::Stint;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// Cells that are written without letting readers in between.
const AT_ONCE: usize = 32;

/// What a value takes beside its bytes and its key's (bytes, about).
const OVERHEAD: u64 = 96;

/// A value, and the record that gave it.
#[derive(Debug, Clone)]
struct Value {
    record: u64,
    bytes: Bytes,
}

/// The values of a cell.
#[derive(Debug)]
struct Cell {
    newest: Value,
    /// Oldest first.
    older: Vec<Value>,
}

impl Cell {
    /// What the cell was after this record; `None`: it was not there.
    fn at(&self, record: u64) -> Option<&Bytes> {
        if self.newest.record <= record {
            return Some(&self.newest.bytes);
        }
        let known = self.older.partition_point(|value| value.record <= record);
        let last = known.checked_sub(1)?;
        self.older.get(last).map(|value| &value.bytes)
    }

    fn put(&mut self, value: Value) {
        self.older.push(std::mem::replace(&mut self.newest, value));
    }
}

/// Cells in key order.
type Cells = BTreeMap<Box<[u8]>, Cell>;

/// A table in memory.
#[derive(Debug, Default)]
pub(super) struct MemoryTable {
    cells: RwLock<Cells>,
    size: AtomicU64,
    last: AtomicU64,
}

impl MemoryTable {
    /// A poisoned lock is as good: the tree is whole, and what lacks was not shown to anybody.
    fn read(&self) -> RwLockReadGuard<'_, Cells> {
        self.cells.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the values that a record gives. Returns the table's size (bytes).
    pub(super) fn put(&self, values: impl IntoIterator<Item = (Vec<u8>, Bytes)>, record: u64) -> u64 {
        let mut values = values.into_iter().peekable();
        let mut grown = 0_u64;
        while values.peek().is_some() {
            let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
            for (key, bytes) in values.by_ref().take(AT_ONCE) {
                grown = grown
                    .saturating_add(weight(key.len()))
                    .saturating_add(weight(bytes.len()));
                let value = Value { record, bytes };
                match cells.get_mut(key.as_slice()) {
                    Some(cell) => cell.put(value),
                    None => {
                        let older = Vec::new();
                        cells.insert(key.into(), Cell { newest: value, older });
                    }
                }
            }
        }
        self.last.store(record, Ordering::Release);
        self.size.fetch_add(grown, Ordering::AcqRel).saturating_add(grown)
    }

    /// Size of its content (bytes, about).
    pub(super) fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// The last record in it.
    pub(super) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// What a cell was after a record; `None`: nothing in here tells.
    pub(super) fn get(&self, key: &[u8], record: u64) -> Option<Bytes> {
        self.read().get(key)?.at(record).cloned()
    }

    /// Up to `limit` cells of a range as they were after a record, from its beginning or its end.
    pub(super) fn range(
        &self,
        range: &KeyRange,
        from_the_end: bool,
        limit: usize,
        record: u64,
    ) -> Vec<(Bytes, Bytes)> {
        let cells = self.read();
        let bounds: (Bound<&[u8]>, Bound<&[u8]>) = (
            range.0.as_ref().map(Vec::as_slice),
            range.1.as_ref().map(Vec::as_slice),
        );
        let seen = |(key, cell): (&[u8], &Cell)| {
            let bytes = cell.at(record)?.clone();
            Some((Bytes::copy_from_slice(key), bytes))
        };
        let all = cells.range::<[u8], _>(bounds).map(|(key, cell)| (&**key, cell));
        if from_the_end {
            all.rev().filter_map(seen).take(limit).collect()
        } else {
            all.filter_map(seen).take(limit).collect()
        }
    }

    /// Takes it apart, bit by bit.
    pub(super) fn take_apart(self, mut stint: Stint) {
        let cells = self.cells.into_inner().unwrap_or_else(PoisonError::into_inner);
        for cell in cells {
            drop(cell);
            stint.step();
        }
    }

    /// Runs this on all cells in key order, each with its newest value.
    pub(super) fn newest<T>(&self, run: impl FnOnce(&mut dyn Iterator<Item = (&[u8], &[u8])>) -> T) -> T {
        let cells = self.read();
        run(&mut cells.iter().map(|(key, cell)| (&**key, &*cell.newest.bytes)))
    }
}

fn weight(length: usize) -> u64 {
    u64::try_from(length)
        .unwrap_or(u64::MAX)
        .saturating_add(OVERHEAD / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(table: &MemoryTable, record: u64, cells: &[(&'static str, &'static str)]) {
        let cells = cells
            .iter()
            .map(|(key, value)| (key.as_bytes().to_vec(), Bytes::from(*value)));
        table.put(cells, record);
    }

    fn range(table: &MemoryTable, from_the_end: bool, limit: usize, record: u64) -> String {
        let all = (Bound::Unbounded, Bound::Excluded(b"z".to_vec()));
        let cells = table.range(&all, from_the_end, limit, record);
        let text = cells
            .iter()
            .flat_map(|(key, value)| key.iter().chain(value))
            .copied();
        String::from_utf8(text.collect()).unwrap()
    }

    #[test]
    fn a_cell_is_what_it_was_after_each_record() {
        let table = MemoryTable::default();
        for (record, value) in [(3, "three"), (5, "five"), (9, "nine")] {
            put(&table, record, &[("key", value)]);
        }
        let expected = [
            (2, None),
            (3, Some("three")),
            (4, Some("three")),
            (5, Some("five")),
            (8, Some("five")),
            (9, Some("nine")),
        ];
        for (record, value) in expected {
            assert_eq!(table.get(b"key", record), value.map(Bytes::from), "{record}");
        }
        assert_eq!(table.get(b"other", 9), None);
        assert_eq!(table.last(), 9);
    }

    #[test]
    fn a_range_counts_what_is_seen() {
        let table = MemoryTable::default();
        put(&table, 1, &[("b", "1"), ("d", "1")]);
        put(&table, 2, &[("a", "2"), ("c", "2"), ("d", "2"), ("z", "2")]);
        assert_eq!(range(&table, false, 9, 1), "b1d1");
        assert_eq!(range(&table, false, 9, 2), "a2b1c2d2");
        assert_eq!(range(&table, false, 1, 1), "b1");
        assert_eq!(range(&table, true, 3, 2), "d2c2b1");
        assert_eq!(range(&table, false, 9, 0), "");
    }

    #[test]
    fn more_than_is_written_at_once_is_written() {
        let table = MemoryTable::default();
        let keys = (0..=200_u8).map(|key| (vec![key], Bytes::from_static(b"value")));
        let size = table.put(keys, 7);
        assert!((0..=200_u8).all(|key| table.get(&[key], 7).is_some()));
        assert_eq!(size, 201 * (1 + 5 + OVERHEAD));
        assert_eq!(size, table.size());
        table.newest(|cells| assert!(cells.map(|(key, _)| key[0]).eq(0..=200)));
    }
}
