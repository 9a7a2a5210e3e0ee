//! The tables: the current state. What was written lately is in memory, all else on disk.
//!
//! Groups go into the one table in memory that is open. Between two groups it may be sealed, so what is on
//! disk is the state behind a whole record of the log, and says behind which; what is in memory is lost with
//! the process, and replayed from the log. A sealed table is written to disk by the keeper, who merges tables
//! on disk, too.
//!
//! A reader holds what it reads: neither the writer nor the keeper waits for it, nor it for them.

mod disk;
mod list;
mod memory;

use crate::layout;
use crate::pace::Pace;
use bytes::Bytes;
use disk::{Disk, DiskView};
use map_store::{StoreError, StoreResult};
use memory::MemoryTable;
use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard, Weak};

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
        let text = if matches!(error, lsm_tree::Error::Unrecoverable) {
            "lsm-tree panicked over them, or gave them up".to_owned()
        } else {
            error.to_string()
        };
        if let lsm_tree::Error::Io(error) = error
            && !TELLS.contains(&error.kind())
        {
            return Self::Io(error);
        }
        Self::Damaged(text)
    }
}

impl From<io::Error> for TablesError {
    fn from(error: io::Error) -> Self {
        lsm_tree::Error::from(error).into()
    }
}

/// The record that the cell of what was applied names; 0: there is none yet.
fn record_in(applied: Option<Bytes>) -> Result<u64, TablesError> {
    let Some(value) = applied else { return Ok(0) };
    let number = value.first_chunk::<8>();
    let number = number.ok_or_else(|| TablesError::Damaged("what was applied is no number".to_owned()))?;
    Ok(u64::from_be_bytes(*number))
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

/// Where everything was at one moment.
struct Places {
    /// The table in memory that is written to.
    open: Arc<MemoryTable>,
    /// Those that wait to be written to disk, oldest first.
    sealed: Vec<Arc<MemoryTable>>,
    disk: Arc<DiskView>,
}

impl Places {
    /// Whether tables come faster than they are written or merged.
    fn is_crowded(&self) -> bool {
        self.sealed.len() >= 2 || self.disk.overlapping / 2 >= usize::from(disk::AT_ONCE)
    }
}

/// Everything as it was after one record.
#[derive(Clone)]
pub(crate) struct Snapshot {
    places: Arc<Places>,
    record: u64,
}

/// A snapshot that the tables keep for somebody. It ends with them.
pub(crate) type Pin = Weak<Snapshot>;

/// The open tables.
pub(crate) struct Tables {
    disk: Disk,
    pace: Arc<Pace>,
    now: RwLock<Snapshot>,
    /// Held while sealed tables are written: one that two wrote at once would stand before those that are newer.
    flushing: Mutex<()>,
    on_disk: AtomicU64,
    /// Places that readers may still look at. They are let go of where time does not matter: taking a table
    /// in memory apart takes tens of milliseconds, and removing one from the disk some.
    past: Mutex<Vec<Arc<Places>>>,
    pins: Mutex<Vec<Arc<Snapshot>>>,
}

/// Nothing in here is left half changed by a panic, so a poisoned lock is as good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tables {
    /// Opens the tables, or begins new ones in a folder that is missing or empty.
    pub(crate) fn open(folder: &Path, cache_bytes: u64) -> Result<Self, TablesError> {
        Self::open_at_pace(folder, cache_bytes, Pace::default())
    }

    /// The same, with rests that somebody else takes.
    pub(crate) fn open_at_pace(folder: &Path, cache_bytes: u64, pace: Pace) -> Result<Self, TablesError> {
        let pace = Arc::new(pace);
        let disk = Disk::open(folder, cache_bytes, &pace)?;
        let view = disk.view()?;
        let applied = record_in(view.get(&layout::applied())?)?;
        let places = Places {
            open: Arc::default(),
            sealed: Vec::new(),
            disk: Arc::new(view),
        };
        Ok(Self {
            disk,
            pace,
            now: RwLock::new(Snapshot {
                places: Arc::new(places),
                record: applied,
            }),
            flushing: Mutex::default(),
            on_disk: AtomicU64::new(applied),
            past: Mutex::default(),
            pins: Mutex::default(),
        })
    }

    /// Tables that can't be opened, as they were before their last change, where those are sound and hold the log up to
    /// this record at least: the next opening finds them so. Reads all of them. `false`: they are not, and nothing
    /// was changed.
    pub(crate) fn fall_back(folder: &Path, least: u64) -> Result<bool, TablesError> {
        let list = list::fall_back(folder, least)?;
        if let Some(list) = list {
            tracing::warn!(list, "the tables are taken as they were before their last change");
        }
        Ok(list.is_some())
    }

    /// From now on somebody is served beside writing and merging, or nobody is any more.
    pub(crate) fn share(&self, is_shared: bool) {
        self.pace.share(is_shared);
    }

    fn change(&self) -> RwLockWriteGuard<'_, Snapshot> {
        self.now.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything as it is now. Not to be kept: see [`Tables::pin`].
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything as it is now, kept until [`Tables::unpin`]: what it sees of memory and disk stays taken.
    pub(crate) fn pin(&self) -> Pin {
        let pinned = Arc::new(self.snapshot());
        let pin = Arc::downgrade(&pinned);
        lock(&self.pins).push(pinned);
        pin
    }

    pub(crate) fn unpin(&self, pin: &Pin) {
        lock(&self.pins).retain(|pinned| !std::ptr::eq(Arc::as_ptr(pinned), pin.as_ptr()));
    }

    /// The last record whose group is in the tables.
    pub(crate) fn applied(&self) -> u64 {
        self.snapshot().record
    }

    /// The last record that is in tables on disk.
    pub(crate) fn on_disk(&self) -> u64 {
        self.on_disk.load(Ordering::Acquire)
    }

    /// The newest value of a cell.
    pub(crate) fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        self.snapshot().get(key)
    }

    /// Takes over the cells of a record that is durable in the log; they are visible on return, all at
    /// once. Returns the size of the table in memory (bytes). For the writer.
    pub(crate) fn apply(&self, cells: impl IntoIterator<Item = (Vec<u8>, Bytes)>, record: u64) -> u64 {
        let mark = (layout::applied(), Bytes::copy_from_slice(&record.to_be_bytes()));
        let open = Arc::clone(&self.snapshot().places.open);
        let size = open.put(cells.into_iter().chain([mark]), record);
        self.change().record = record;
        size
    }

    /// Seals the table in memory; what follows goes into a new one. For the writer, between groups.
    pub(crate) fn seal(&self) {
        self.replace(|places| {
            let mut sealed = places.sealed.clone();
            if !places.open.is_empty() {
                sealed.push(Arc::clone(&places.open));
            }
            Places {
                open: Arc::default(),
                sealed,
                disk: Arc::clone(&places.disk),
            }
        });
    }

    fn replace(&self, change: impl FnOnce(&Places) -> Places) {
        let before = {
            let mut now = self.change();
            let changed = Arc::new(change(&now.places));
            self.pace.fall_behind(changed.is_crowded());
            std::mem::replace(&mut now.places, changed)
        };
        lock(&self.past).push(before);
    }

    /// Tables in memory that are sealed and not on disk yet.
    pub(crate) fn sealed_count(&self) -> usize {
        self.snapshot().places.sealed.len()
    }

    /// Tables on disk that overlap each other, and slow reading down.
    pub(crate) fn overlapping(&self) -> usize {
        self.snapshot().places.disk.overlapping
    }

    /// Size of the table in memory (bytes).
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.snapshot().places.open.size()
    }

    /// Writes what is sealed to synced tables on disk.
    pub(crate) fn flush(&self) -> Result<(), TablesError> {
        let _one_after_the_other = lock(&self.flushing);
        loop {
            let Some(oldest) = self.snapshot().places.sealed.first().cloned() else {
                return Ok(());
            };
            self.disk.write(&oldest, self.pace.begin())?;
            self.renew(Some(&oldest))?;
            self.on_disk.fetch_max(oldest.last(), Ordering::AcqRel);
            drop(oldest);
            self.let_go();
        }
    }

    /// Merges tables where a long replay has made many: more at once than beside payments, for nothing but headers is
    /// read meanwhile, and each merge writes anew what is below them.
    pub(crate) fn compact_when_crowded(&self) -> Result<(), TablesError> {
        if self.overlapping() / 2 < usize::from(disk::AT_ONCE) {
            Ok(())
        } else {
            self.compact()
        }
    }

    /// Merges tables on disk, as long as there is something to merge.
    pub(crate) fn compact(&self) -> Result<(), TablesError> {
        self.compact_while(|| true)
    }

    /// Merges tables on disk step by step, as long as there is something to merge and this is so.
    pub(crate) fn compact_while(&self, goes_on: impl Fn() -> bool) -> Result<(), TablesError> {
        while goes_on() && self.disk.merge()? {
            self.renew(None)?;
            self.let_go();
        }
        Ok(())
    }

    /// Has readers look at the tables that are on disk now, one that was in memory among them.
    fn renew(&self, written: Option<&Arc<MemoryTable>>) -> Result<(), TablesError> {
        self.show(self.disk.view()?, written);
        Ok(())
    }

    /// Flush and merge may come here in another order than they looked at the disk: an older view never follows
    /// a newer one, which has all that the older one has.
    fn show(&self, view: DiskView, written: Option<&Arc<MemoryTable>>) {
        let view = Arc::new(view);
        let waits = |table: &&Arc<MemoryTable>| written.is_none_or(|written| !Arc::ptr_eq(table, written));
        self.replace(|places| Places {
            open: Arc::clone(&places.open),
            sealed: places.sealed.iter().filter(waits).cloned().collect(),
            disk: Arc::clone(std::cmp::max_by_key(&places.disk, &view, |view| view.number)),
        });
    }

    /// Lets go of what nobody looks at any more.
    fn let_go(&self) {
        let unused: Vec<_> = lock(&self.past)
            .extract_if(.., |places| Arc::strong_count(places) == 1)
            .collect();
        for places in unused.into_iter().filter_map(Arc::into_inner) {
            let in_memory = places.sealed.into_iter().chain([places.open]);
            for table in in_memory.filter_map(Arc::into_inner) {
                table.take_apart(self.pace.begin());
            }
        }
    }
}

impl Snapshot {
    /// The value of a cell.
    pub(crate) fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        let in_memory = self.in_memory().find_map(|table| table.get(key, self.record));
        match in_memory {
            Some(value) => Ok(Some(value)),
            None => Ok(self.places.disk.get(key)?),
        }
    }

    /// Up to `limit` cells of a range, from its beginning or its end.
    pub(crate) fn range(
        &self,
        range: KeyRange,
        from_the_end: bool,
        limit: usize,
    ) -> StoreResult<Vec<(Bytes, Bytes)>> {
        if is_empty(&range) {
            return Ok(Vec::new());
        }
        // The first cells of all are among the first ones of each; a newer value takes an older one's place.
        let mut cells = BTreeMap::new();
        let newer: Vec<_> = self
            .in_memory()
            .map(|table| table.range(&range, from_the_end, limit, self.record))
            .collect();
        cells.extend(self.places.disk.range(range, from_the_end, limit)?);
        cells.extend(newer.into_iter().rev().flatten());
        Ok(if from_the_end {
            cells.into_iter().rev().take(limit).collect()
        } else {
            cells.into_iter().take(limit).collect()
        })
    }

    /// Tables in memory, newest first.
    fn in_memory(&self) -> impl Iterator<Item = &MemoryTable> {
        let sealed = self.places.sealed.iter().rev();
        std::iter::once(&self.places.open)
            .chain(sealed)
            .map(|table| &**table)
    }
}

/// Maps do not define ranges whose end lies before their beginning.
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
pub(crate) mod tests;
