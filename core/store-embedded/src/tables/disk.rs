//! The tables on disk, in an LSM tree. The one place that knows its interface.
//!
//! What has to be known about lsm-tree 3.1 and is handled here:
//! - it has no journal, and its own tables in memory are not used: what is in memory is ours;
//! - it syncs its list of tables, several times for each change, under a lock that all its readers wait for,
//!   so readers here hold the list that they read, and ask the tables in it themselves;
//! - a table that is no longer in the list is removed by whoever lets go of it last;
//! - of a cell that is in several tables it takes the value with the highest number, so every table written
//!   has a higher one than those before;
//! - blocks carry checksums that are verified when they are read; the list of tables has one that it does not
//!   verify, and may be cut short where a change of it failed: see [`list`];
//! - a table that could not be written or merged leaves its files until the next opening, so they are removed here;
//! - `Writer` makes tables of the lowest level as lsm-tree's own flush does, with the settings of its `Config` as they
//!   are by default.

use super::list;
use super::memory::MemoryTable;
use super::{KeyRange, TablesError, lock};
use crate::pace::{Pace, Stint};
use bytes::Bytes;
use lsm_tree::compaction::filter::{CompactionFilter, Context, Factory, ItemAccessor, Verdict};
use lsm_tree::table::Writer;
use lsm_tree::table::filter::standard_bloom::Builder as Filter;
use lsm_tree::{
    AbstractTree, AnyTree, Cache, Config, InternalValue, SequenceNumberCounter, Slice, Table, TableId, Tree,
    ValueType, compaction,
};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Overlapping tables that are merged at once. Fewer would be merged more often, each time with the same tables
/// below them; more would be looked into by each read.
pub(super) const AT_ONCE: u8 = 8;

/// How large merged tables are (bytes). The smaller they are, the less is written anew where little changed.
const TABLE_BYTES: u64 = 16 * 1024 * 1024;

/// Reads the newest values.
pub(super) const NEWEST: u64 = u64::MAX;

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
    /// Of two views the one with the higher number has all that is in the other.
    pub(super) number: u64,
    /// Tables that overlap each other, and slow reading down.
    pub(super) overlapping: usize,
}

impl DiskView {
    /// Panics where somebody panicked while the list of tables was being changed.
    fn new(tree: &Tree) -> Self {
        // The list second, and the number is that of the first: either may be newer than it, and neither older.
        let tables = tree.current_version();
        let number = tables.id();
        let list = tree.get_version_history_lock().latest_version();
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
            number,
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
    /// The table that is being written, and not in the list yet.
    writing: Mutex<Option<TableId>>,
    /// Held while tables are merged.
    merging: Mutex<()>,
}

impl Disk {
    /// Opens the tables, or begins new ones in a folder that is missing or empty.
    pub(super) fn open(folder: &Path, cache_bytes: u64, pace: &Arc<Pace>) -> Result<Self, TablesError> {
        list::check(folder)?;
        let counter = SequenceNumberCounter::new(1);
        let config = Config::new(folder, counter.clone(), SequenceNumberCounter::default())
            .use_cache(Arc::new(Cache::with_capacity_bytes(cache_bytes)))
            .with_compaction_filter_factory(Some(Arc::new(Rests(Arc::clone(pace)))));
        let tree = match guarded(|| config.open()).map_err(opening)? {
            AnyTree::Standard(tree) => tree,
            AnyTree::Blob(_) => return Err(TablesError::Damaged("they keep values apart".to_owned())),
        };
        let next = tree.get_highest_persisted_seqno();
        counter.set(next.map_or(1, |number| number.saturating_add(1)));
        Ok(Self {
            tree,
            counter,
            writing: Mutex::default(),
            merging: Mutex::default(),
        })
    }

    /// The tables that are on disk now. Waits while the list of tables is being written.
    pub(super) fn view(&self) -> Result<DiskView, TablesError> {
        Ok(guarded(|| Ok(DiskView::new(&self.tree)))?)
    }

    /// Writes the newest values of a table in memory to a synced table. One that fails leaves no file. One at a time.
    pub(super) fn write(&self, table: &MemoryTable, stint: Stint) -> Result<(), TablesError> {
        let id = self.begin_table();
        let written = guarded(|| match self.write_table(id, table, stint)? {
            Some(table) => self
                .tree
                .register_tables(&[table], None, None, &[], self.counter.get()),
            None => Ok(()),
        });
        if written.is_err() && self.listed().is_ok_and(|listed| !listed.contains(&id)) {
            remove(&self.path_of(id));
        }
        *lock(&self.writing) = None;
        Ok(written?)
    }

    /// `None`: nothing was in it, and there is no table.
    fn write_table(
        &self,
        id: TableId,
        table: &MemoryTable,
        mut stint: Stint,
    ) -> lsm_tree::Result<Option<Table>> {
        let number = self.counter.next();
        let path = self.path_of(id);
        let mut writer = Writer::new(path.clone(), id, 0)?;
        table.newest(|cells| {
            for (key, value) in cells {
                stint.step();
                let cell = InternalValue::from_components(key, value, number, ValueType::Value);
                writer.write(cell)?;
            }
            lsm_tree::Result::Ok(())
        })?;
        let Some((_, sum)) = writer.finish()? else {
            return Ok(None);
        };
        let config = &self.tree.config;
        let (cache, handles) = (Arc::clone(&config.cache), config.descriptor_table.clone());
        Table::recover(path, sum, 0, self.tree.id, cache, handles, true, true).map(Some)
    }

    /// Merges some tables; `false`: there was nothing to merge. One that fails leaves no files.
    pub(super) fn merge(&self) -> Result<bool, TablesError> {
        let _one_at_a_time = lock(&self.merging);
        let first = self.tree.table_id_counter.get();
        let strategy = compaction::Leveled::default()
            .with_l0_threshold(AT_ONCE)
            .with_table_target_size(TABLE_BYTES);
        let merged = guarded(|| {
            let before = self.tree.current_version().id();
            self.tree.compact(Arc::new(strategy), self.counter.get())?;
            Ok(self.tree.current_version().id() != before)
        });
        if merged.is_err() {
            self.remove_unlisted(first);
        }
        Ok(merged?)
    }

    /// The number of a table that is written from now on.
    fn begin_table(&self) -> TableId {
        let mut writing = lock(&self.writing);
        let id = self.tree.table_id_counter.next();
        *writing = Some(id);
        id
    }

    fn path_of(&self, id: TableId) -> PathBuf {
        self.tree.config.path.join(list::TABLES).join(id.to_string())
    }

    /// The tables that are in the list.
    fn listed(&self) -> lsm_tree::Result<BTreeSet<TableId>> {
        guarded(|| Ok(self.tree.current_version().iter_tables().map(Table::id).collect()))
    }

    /// Removes what a merge left that failed: files from this number on that are neither in the list nor being
    /// written. What it was to merge is in the list still, and only merges take tables out of it.
    fn remove_unlisted(&self, first: TableId) {
        let Ok(entries) = fs::read_dir(self.tree.config.path.join(list::TABLES)) else {
            return;
        };
        let id = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
        let files: Vec<TableId> = entries.filter_map(id).filter(|id| *id >= first).collect();
        // In this order: one that is written is in the list before it is no longer being written.
        let writing = *lock(&self.writing);
        let Ok(listed) = self.listed() else { return };
        for id in files {
            if !listed.contains(&id) && Some(id) != writing {
                remove(&self.path_of(id));
            }
        }
    }
}

#[cfg(test)]
impl Disk {
    /// Panics in the middle of a change of the list of tables.
    pub(super) fn panic_in_a_change(&self) {
        let panicked: lsm_tree::Result<()> = guarded(|| {
            let _list = self.tree.get_version_history_lock();
            panic!("on purpose")
        });
        assert!(panicked.is_err_and(|error| matches!(error, lsm_tree::Error::Unrecoverable)));
    }
}

/// Removes a file that nothing names. Where that fails the next opening does.
fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "what a failed write left could not be removed");
        }
        Ok(()) | Err(_) => {}
    }
}

/// Of a file that is shorter than its own end a place before its beginning is asked for, which the system refuses.
fn opening(error: lsm_tree::Error) -> TablesError {
    if let lsm_tree::Error::Io(error) = &error
        && error.kind() == io::ErrorKind::InvalidInput
    {
        return TablesError::Damaged("a table is shorter than its own end".to_owned());
    }
    error.into()
}

/// Rests while tables are merged: the one place where a merge asks somebody is what would filter its cells.
struct Rests(Arc<Pace>);

impl Factory for Rests {
    fn name(&self) -> &'static str {
        "rests"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        Box::new(Rest(self.0.begin()))
    }
}

struct Rest(Stint);

impl CompactionFilter for Rest {
    fn filter_item(&mut self, _: ItemAccessor<'_>, _: &Context) -> lsm_tree::Result<Verdict> {
        self.0.step();
        Ok(Verdict::Keep)
    }
}

/// A panic of the tree on damaged data is damage, like an error. One while the list of tables was being changed makes
/// whatever looks at the list after it panic, too.
pub(super) fn guarded<T>(run: impl FnOnce() -> lsm_tree::Result<T>) -> lsm_tree::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(Err(lsm_tree::Error::Unrecoverable))
}
