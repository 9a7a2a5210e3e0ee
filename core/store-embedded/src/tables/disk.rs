//! The tables on disk, in an LSM tree. The one place that knows its interface.
//!
//! What has to be known about lsm-tree 3.1 and is handled here:
//! - it has no journal, and its own tables in memory are not used: what is in memory is ours;
//! - it syncs its list of tables, several times for each change, under a lock that all its readers wait for,
//!   so readers here hold the list that they read, and ask the tables in it themselves;
//! - a table that is no longer in the list is removed by whoever lets go of it last;
//! - of a cell that is in several tables it takes the value with the highest number, so every table written
//!   has a higher one than those before;
//! - blocks carry checksums that are verified when they are read; the list of tables carries one
//!   that it does not verify, so that is done here before it is opened;
//! - a table that could not be written leaves a file that the next opening removes.

use super::memory::MemoryTable;
use super::{KeyRange, TablesError};
use bytes::Bytes;
use lsm_tree::table::filter::standard_bloom::Builder as Filter;
use lsm_tree::{
    AbstractTree, AnyTree, Cache, Config, InternalValue, SequenceNumberCounter, Slice, Tree, ValueType,
    compaction,
};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// The file that names the list of tables in force.
const CURRENT: &str = "current";

/// Reads the newest values.
const NEWEST: u64 = u64::MAX;

/// A cell that was read.
type Found = lsm_tree::Result<Option<Slice>>;

/// A range that is being read.
type Cells = Box<dyn DoubleEndedIterator<Item = lsm_tree::Result<(Slice, Slice)>>>;

/// Reads a cell.
type Get = dyn Fn(&[u8]) -> Found + Send + Sync;

/// Reads a range.
type Range = dyn Fn(KeyRange) -> Cells + Send + Sync;

/// The tables that were on disk at one moment. They stay until it is let go of.
pub(super) struct DiskView {
    /// Closures, because the tree does not export the names of what they hold.
    get: Box<Get>,
    range: Box<Range>,
    /// Tables that overlap each other, and slow reading down.
    pub(super) overlapping: usize,
}

impl DiskView {
    fn new(tree: &Tree) -> Self {
        let list = tree.get_version_history_lock().latest_version();
        let tables = tree.current_version();
        let overlapping = tables.level(0).map_or(0, |level| level.run_count());
        let get = move |key: &[u8]| {
            let hash = Filter::get_hash(key);
            let runs = tables.iter_levels().flat_map(|level| level.iter());
            for table in runs.filter_map(|run| run.get_for_key(key)) {
                if let Some(cell) = table.get(key, NEWEST, hash)? {
                    return Ok(Some(cell.value));
                }
            }
            Ok(None)
        };
        let range = move |range: KeyRange| -> Cells {
            let cells = Tree::create_internal_range(list.clone(), &range, NEWEST, None);
            Box::new(cells.map(|cell| cell.map(|cell| (cell.key.user_key, cell.value))))
        };
        Self {
            get: Box::new(get),
            range: Box::new(range),
            overlapping,
        }
    }

    /// The value of a cell.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Bytes>, TablesError> {
        let found = guarded(|| (self.get)(key))?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    /// Up to `limit` cells of a range, from its beginning or its end.
    pub(super) fn range(
        &self,
        range: KeyRange,
        from_the_end: bool,
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, TablesError> {
        let own = |cell: lsm_tree::Result<(Slice, Slice)>| {
            let (key, value) = cell?;
            Ok((Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value)))
        };
        let read = guarded(|| {
            let cells = (self.range)(range);
            if from_the_end {
                cells.rev().take(limit).map(own).collect()
            } else {
                cells.take(limit).map(own).collect()
            }
        });
        Ok(read?)
    }
}

/// The open tables.
pub(super) struct Disk {
    tree: Tree,
    counter: SequenceNumberCounter,
}

impl Disk {
    /// Opens the tables, or begins new ones in a folder that is missing or empty.
    pub(super) fn open(folder: &Path, cache_bytes: u64) -> Result<Self, TablesError> {
        check_list(folder)?;
        let counter = SequenceNumberCounter::new(1);
        let config = Config::new(folder, counter.clone(), SequenceNumberCounter::default())
            .use_cache(Arc::new(Cache::with_capacity_bytes(cache_bytes)));
        let tree = match guarded(|| config.open())? {
            AnyTree::Standard(tree) => tree,
            AnyTree::Blob(_) => return Err(TablesError::Damaged("they keep values apart".to_owned())),
        };
        let next = tree.get_highest_persisted_seqno();
        counter.set(next.map_or(1, |number| number.saturating_add(1)));
        Ok(Self { tree, counter })
    }

    /// The tables that are on disk now. Waits while the list of tables is being written.
    pub(super) fn view(&self) -> DiskView {
        DiskView::new(&self.tree)
    }

    /// Writes the newest values of a table in memory to synced tables.
    pub(super) fn write(&self, table: &MemoryTable) -> Result<(), TablesError> {
        let number = self.counter.next();
        guarded(|| {
            let written = table.newest(|cells| {
                let cell = |(key, value)| {
                    Ok(InternalValue::from_components(
                        key,
                        value,
                        number,
                        ValueType::Value,
                    ))
                };
                self.tree.flush_to_tables(cells.map(cell))
            })?;
            if let Some((tables, _)) = written {
                self.tree
                    .register_tables(&tables, None, None, &[], self.counter.get())?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Merges some tables; `false`: there was nothing to merge.
    pub(super) fn merge(&self) -> Result<bool, TablesError> {
        let before = self.tree.current_version().id();
        guarded(|| {
            self.tree
                .compact(Arc::new(compaction::Leveled::default()), self.counter.get())
        })?;
        Ok(self.tree.current_version().id() != before)
    }
}

/// A panic of the tree on damaged data is damage, like an error.
fn guarded<T>(run: impl FnOnce() -> lsm_tree::Result<T>) -> lsm_tree::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(Err(lsm_tree::Error::Unrecoverable))
}

/// Whether nothing is in a folder, or there is none.
fn is_empty(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().transpose().map(|entry| entry.is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Verifies the list of tables: `current` holds its number, its XXH3 and the kind of that.
fn check_list(folder: &Path) -> Result<(), TablesError> {
    let current = match fs::read(folder.join(CURRENT)) {
        Ok(current) => current,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if is_empty(folder).map_err(lsm_tree::Error::from)? {
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
