//! The tables: the current state, in an LSM tree. The one place that knows its interface.
//!
//! What has to be known about lsm-tree 3.1 and is handled here:
//! - it has no journal: what is in memory is lost with the process, and replayed from the log;
//! - a table in memory is sealed between two groups, so what is on disk is the state behind a whole
//!   record of the log, and says behind which;
//! - it moves its own sequence numbers when it writes a table, which may be in the middle of a
//!   group, so what readers may see is counted here;
//! - blocks carry checksums that are verified when they are read; the list of tables carries one
//!   that it does not verify, so that is done here before it is opened;
//! - it lets go of what it no longer needs under the lock that everybody waits for, and taking a table in
//!   memory apart takes tens of milliseconds, so sealed ones are held here for longer;
//! - a table that could not be written leaves a file that the next opening removes.

use crate::layout;
use crate::views::{Snapshot, Views};
use bytes::Bytes;
use lsm_tree::{
    AbstractTree, AnyTree, Cache, Config, Guard, IterGuardImpl, Memtable, SequenceNumberCounter, compaction,
};
use map_store::{StoreError, StoreResult};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_128;

/// The file that names the list of tables in force.
const CURRENT: &str = "current";

/// Reads the newest values.
const NEWEST: u64 = u64::MAX;

/// A range of keys.
pub(crate) type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Why tables were not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TablesError {
    /// The system would not read them: that says nothing about them.
    #[error("{0}")]
    Io(io::Error),
    /// They can't be believed.
    #[error("{0}")]
    Damaged(String),
}

impl From<lsm_tree::Error> for TablesError {
    /// Whether an error says that tables can't be believed, or that the disk would not do as asked: a file
    /// that is missing, too short or of another kind is damage.
    fn from(error: lsm_tree::Error) -> Self {
        const TELLS: [io::ErrorKind; 5] = [
            io::ErrorKind::NotFound,
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::InvalidData,
            io::ErrorKind::IsADirectory,
            io::ErrorKind::NotADirectory,
        ];
        let text = error.to_string();
        if let lsm_tree::Error::Io(error) = error
            && !TELLS.contains(&error.kind())
        {
            return Self::Io(error);
        }
        Self::Damaged(text)
    }
}

/// A failed read changed nothing.
impl From<TablesError> for StoreError {
    fn from(error: TablesError) -> Self {
        match error {
            TablesError::Io(error) => Self::NotApplied(error.to_string()),
            TablesError::Damaged(reason) => Self::Damaged(reason),
        }
    }
}

/// The open tables.
pub(crate) struct Tables {
    tree: AnyTree,
    counter: SequenceNumberCounter,
    views: Arc<Views>,
    /// The last record whose group is in the tables, in memory or on disk.
    applied: AtomicU64,
    /// The last record in tables that are sealed.
    sealed: AtomicU64,
    /// The last record in tables on disk.
    on_disk: AtomicU64,
    /// Tables in memory that are sealed, until the tree has let go of them.
    held: Mutex<Vec<Arc<Memtable>>>,
}

impl Tables {
    /// Opens the tables, or begins new ones in a folder that is missing or empty.
    pub(crate) fn open(folder: &Path, cache_bytes: u64) -> Result<Self, TablesError> {
        check_list(folder)?;
        let counter = SequenceNumberCounter::new(1);
        let config = Config::new(folder, counter.clone(), SequenceNumberCounter::default())
            .use_cache(Arc::new(Cache::with_capacity_bytes(cache_bytes)));
        let tree = guarded(|| config.open())?;
        let next = tree
            .get_highest_persisted_seqno()
            .map_or(1, |seqno| seqno.saturating_add(1));
        counter.set(next);
        let tables = Self {
            tree,
            counter,
            views: Arc::new(Views::new(next)),
            applied: AtomicU64::new(0),
            sealed: AtomicU64::new(0),
            on_disk: AtomicU64::new(0),
            held: Mutex::default(),
        };
        let applied = match tables
            .get(&layout::applied())
            .map_err(|error| TablesError::Damaged(error.to_string()))?
        {
            None => 0,
            Some(value) => {
                let value = value
                    .first_chunk::<8>()
                    .ok_or_else(|| TablesError::Damaged("what was applied is no number".to_owned()))?;
                u64::from_be_bytes(*value)
            }
        };
        for mark in [&tables.applied, &tables.sealed, &tables.on_disk] {
            mark.store(applied, Ordering::Release);
        }
        Ok(tables)
    }

    /// The last record whose group is in the tables.
    pub(crate) fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    /// The last record that is in tables on disk.
    pub(crate) fn on_disk(&self) -> u64 {
        self.on_disk.load(Ordering::Acquire)
    }

    /// The newest value of a cell. For the writer, who knows that nothing is being written.
    pub(crate) fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        guarded(|| self.tree.get(key, NEWEST))
            .map(own)
            .map_err(|error| TablesError::from(error).into())
    }

    /// Everything as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Views::open(&self.views)
    }

    /// The value of a cell in a snapshot.
    pub(crate) fn get_at(&self, at: &Snapshot, key: &[u8]) -> StoreResult<Option<Bytes>> {
        let read = guarded(|| self.tree.get(key, at.number()));
        still_open(at)?;
        read.map(own).map_err(|error| TablesError::from(error).into())
    }

    /// Up to `limit` cells of a range in a snapshot, from its beginning or its end.
    pub(crate) fn range_at(
        &self,
        at: &Snapshot,
        range: KeyRange,
        from_the_end: bool,
        limit: usize,
    ) -> StoreResult<Vec<(Bytes, Bytes)>> {
        if is_empty(&range) {
            return Ok(Vec::new());
        }
        let read = |guard: IterGuardImpl| {
            let (key, value) = guard.into_inner()?;
            Ok((Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value)))
        };
        let read = guarded(|| {
            let cells = self.tree.range::<Vec<u8>, _>(range, at.number(), None);
            if from_the_end {
                cells.rev().take(limit).map(read).collect()
            } else {
                cells.take(limit).map(read).collect()
            }
        });
        still_open(at)?;
        read.map_err(|error| TablesError::from(error).into())
    }

    /// Takes over the cells of a record that is durable in the log; they are visible on return, all at
    /// once. Returns the size of the table in memory (bytes).
    pub(crate) fn apply(&self, cells: &BTreeMap<Vec<u8>, Bytes>, record: u64) -> u64 {
        let number = self.counter.next();
        for (key, value) in cells {
            self.tree.insert(key.as_slice(), &value[..], number);
        }
        let (_, size) = self
            .tree
            .insert(layout::applied(), &record.to_be_bytes()[..], number);
        self.views.show(number.saturating_add(1));
        self.applied.store(record, Ordering::Release);
        size
    }

    /// Seals the table in memory; what follows goes into a new one. For the writer, between groups.
    pub(crate) fn seal(&self) {
        let table = self.tree.rotate_memtable();
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(table);
        self.views.seal();
        self.sealed.store(self.applied(), Ordering::Release);
    }

    /// Tables in memory that are sealed and not on disk yet.
    pub(crate) fn sealed_count(&self) -> usize {
        self.tree.sealed_memtable_count()
    }

    /// Tables on disk that overlap each other, and slow reading down.
    pub(crate) fn overlapping(&self) -> usize {
        self.tree.l0_run_count()
    }

    /// Writes what is sealed to synced tables on disk.
    pub(crate) fn flush(&self) -> Result<(), TablesError> {
        let sealed = self.sealed.load(Ordering::Acquire);
        guarded(|| {
            let lock = self.tree.get_flush_lock();
            self.tree.flush(&lock, self.views.oldest())
        })?;
        self.on_disk.fetch_max(sealed, Ordering::AcqRel);
        self.let_go();
        Ok(())
    }

    /// Takes apart what was sealed and nobody else holds any more.
    fn let_go(&self) {
        let unused: Vec<_> = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.extract_if(.., |table| Arc::strong_count(table) == 1)
                .collect()
        };
        drop(unused);
    }

    /// Size of the table in memory (bytes).
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.tree.active_memtable().size()
    }

    /// Merges tables where a long replay has made many.
    pub(crate) fn compact_when_crowded(&self) -> Result<(), TablesError> {
        const CROWDED: usize = 8;
        if self.overlapping() < CROWDED {
            Ok(())
        } else {
            self.compact()
        }
    }

    /// Merges tables on disk, as long as there is something to merge.
    pub(crate) fn compact(&self) -> Result<(), TablesError> {
        let strategy = Arc::new(compaction::Leveled::default());
        loop {
            let before = self.tree.current_version().id();
            guarded(|| {
                self.tree
                    .compact(Arc::<compaction::Leveled>::clone(&strategy), self.views.oldest())
            })?;
            self.let_go();
            if self.tree.current_version().id() == before {
                return Ok(());
            }
        }
    }
}

/// Asked after a read and before its errors: what an ended snapshot does not find is no damage.
fn still_open(at: &Snapshot) -> StoreResult<()> {
    if at.has_ended() {
        let text = "the snapshot has ended: too much was written since it was opened";
        return Err(StoreError::NotApplied(text.to_owned()));
    }
    Ok(())
}

/// A panic of the tree on damaged data is damage, like an error.
fn guarded<T>(run: impl FnOnce() -> lsm_tree::Result<T>) -> lsm_tree::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(Err(lsm_tree::Error::Unrecoverable))
}

/// Verifies the list of tables: `current` holds its number, its XXH3 and the kind of that.
fn check_list(folder: &Path) -> Result<(), TablesError> {
    let current = match fs::read(folder.join(CURRENT)) {
        Ok(current) => current,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let is_new = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
            return if is_new {
                Ok(())
            } else {
                Err(TablesError::Damaged(format!("`{CURRENT}` is missing")))
            };
        }
        Err(error) => return Err(lsm_tree::Error::from(error).into()),
    };
    let damaged = || TablesError::Damaged(format!("`{CURRENT}` is damaged"));
    let (number, rest) = current.split_first_chunk::<8>().ok_or_else(damaged)?;
    let (sum, kind) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
    let name = format!("v{}", u64::from_le_bytes(*number));
    let list = fs::read(folder.join(&name)).map_err(lsm_tree::Error::from)?;
    if xxh3_128(&list) == u128::from_le_bytes(*sum) && kind == [0] {
        Ok(())
    } else {
        Err(TablesError::Damaged(format!(
            "the list of tables `{name}` is damaged"
        )))
    }
}

fn own(value: Option<lsm_tree::Slice>) -> Option<Bytes> {
    value.map(|value| Bytes::copy_from_slice(&value))
}

/// The tree does not define ranges whose end lies before their beginning.
fn is_empty((start, end): &KeyRange) -> bool {
    match (start, end) {
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => {
            start >= end
        }
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}

#[cfg(test)]
#[path = "tables_test.rs"]
mod tests;
