//! Looking at a data folder: a copy that may be opened without touching the original, and the state
//! compared with what the log says, row by row.

use crate::bulk::read_any_cell;
use crate::cell::{Accounts, Header};
use crate::error::OpenError;
use crate::folder::Folder;
use crate::group::IMPORTED;
use crate::layout;
use crate::lock;
use crate::log::{Durable, Shelf};
use crate::manifest::Manifest;
use crate::options::Options;
use crate::replay::{ReplayError, replay};
use crate::scratch::{self, Scratch};
use crate::slot::Slot;
use crate::tables::Tables;
use bytes::Bytes;
use map_store::{BulkRow, PartitionId, RowKey, RowKind, StoreError, StoreResult};
use std::fmt;
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const COPYING: &str = "copying the folder";

/// Cells read at once.
const PAGE: usize = 1000;

/// Differences that are listed; further ones are counted.
const LISTED: usize = 1000;

/// A copy of a data folder, its owner's alone and removed when it is dropped. Files that are never written to
/// again are shared with the original, where the file system can do that.
#[derive(Debug)]
pub struct FolderCopy {
    original: Folder,
    scratch: Scratch,
}

impl FolderCopy {
    /// Copies a folder that nobody has open, to beside it, or where that can't be, to the folder for
    /// temporary files. Nothing in the original is changed.
    ///
    /// # Errors
    /// As [`crate::EmbeddedStore::open`], where there is no store, or it is in use.
    pub fn make(path: &Path) -> Result<Self, OpenError> {
        let copy = Self::begin(path)?;
        copy.fill().map(|_| copy)
    }

    /// Makes the place of a copy, which is soon done: who ends early then knows what to remove.
    ///
    /// # Errors
    /// Where there is no store, or no place.
    pub fn begin(path: &Path) -> Result<Self, OpenError> {
        let original = Folder(path.to_owned());
        if !path.is_dir() {
            return Err(OpenError::Missing(path.to_owned()));
        }
        if Manifest::read(&original)?.is_none() {
            original.refuse_occupied()?;
            return Err(OpenError::Missing(path.to_owned()));
        }
        let scratch = Scratch::beside(path).map_err(original.io(COPYING))?;
        Ok(Self { original, scratch })
    }

    /// Copies, and removes what checks that died have left. Blocks. Answers whether the folder was locked
    /// meanwhile: one that can't be written to and has no lock can't be, and a server that has it open
    /// elsewhere goes unnoticed.
    ///
    /// # Errors
    /// Where the folder is in use, or can't be read, or there is no space.
    pub fn fill(&self) -> Result<bool, OpenError> {
        let lock = lock::take_to_read(&self.original)?;
        scratch::clear_beside(&self.original.0);
        copy_folder(&self.original.0, self.path()).map_err(self.original.io(COPYING))?;
        Ok(lock.is_some())
    }

    /// Where the copy is.
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// What is removed with the copy, or before.
    pub const fn scratch(&self) -> &Scratch {
        &self.scratch
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if !scratch::is_within(&entry.file_name()) {
            entries.push(entry.path());
        }
    }
    entries.sort();
    let newest_segment = entries.iter().rfind(|path| is_segment(path));
    for path in &entries {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            scratch::make_folder(&target)?;
            copy_folder(path, &target)?;
        } else {
            let closed = is_segment(path) && Some(path) != newest_segment;
            let table = from.ends_with("state/tables");
            if !(closed || table) || fs::hard_link(path, &target).is_err() {
                scratch::copy_file(path, &target)?;
            }
        }
    }
    Ok(())
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "seg")
}

/// What is different in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The log says that it is there, and it is not.
    Missing,
    /// It is there, and the log knows nothing of it.
    Unexpected,
    /// It says something else than the log.
    Different,
    /// A header that names other accounts than its partition has.
    Misnamed,
}

/// One row of the state that is not as the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What is different.
    pub kind: DifferenceKind,
    /// Where, without personal data.
    pub place: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DifferenceKind::Missing => "is in the log and missing in the state",
            DifferenceKind::Unexpected => "is in the state and not in the log",
            DifferenceKind::Different => "says something else in the state than in the log",
            DifferenceKind::Misnamed => "names other accounts than there are",
        };
        write!(f, "{}: {what}", self.place)
    }
}

/// The state beside what the log says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comparison {
    /// Cells that were compared.
    pub cells: u64,
    /// The first differences.
    pub differences: Vec<Difference>,
    /// How many differences there are, those that are not listed included.
    pub difference_count: u64,
    /// The first record that is still in the log, where that is not the first of all: then nothing could be
    /// compared but the names of accounts in headers with the accounts.
    pub log_begins_at: Option<u64>,
}

impl Comparison {
    fn add(&mut self, kind: DifferenceKind, cell: &Bytes, value: &Bytes) {
        self.difference_count = self.difference_count.saturating_add(1);
        if self.differences.len() < LISTED {
            let place = place(cell, value);
            self.differences.push(Difference { kind, place });
        }
    }
}

/// A header that an older version wrote does not name its accounts, and is as good.
fn says_the_same(cell: &Bytes, is: &Bytes, should: &Bytes) -> bool {
    if is == should || !layout::is_header(cell) {
        return is == should;
    }
    let (Some(is), Some(mut should)) = (Header::decode(is), Header::decode(should)) else {
        return false;
    };
    if is.accounts == Accounts::UNKNOWN {
        should.accounts = Accounts::UNKNOWN;
    }
    is == should
}

fn place(cell: &Bytes, value: &Bytes) -> String {
    let row = read_any_cell(cell, value).and_then(|rows| rows.first().map(BulkRow::place));
    row.unwrap_or_else(|| match layout::read_meta(cell) {
        Some(name) => format!("`{name}`"),
        None => format!("a cell of {} bytes that is no row", cell.len()),
    })
}

/// Builds the state anew from the log in a scratch folder, beside the one that is there, and compares the two.
///
/// The state is read through its slot, the log is not: what is wrong with the log is no damage of the tables.
pub(crate) fn compare(
    slot: &Arc<Slot>,
    durable: &Arc<Durable>,
    options: &Options,
    scratch: &Scratch,
) -> StoreResult<Comparison> {
    let (shelf, end) = {
        let durable = durable.lock();
        (durable.0.clone(), durable.1)
    };
    let at = slot.pin()?;
    let mut is = Cells::new(|start| at.with(|at| at.range((start, Bound::Unbounded), false, PAGE)));
    let mut comparison = Comparison::default();
    if !shelf.is_whole() {
        comparison.log_begins_at = Some(shelf.first());
        compare_names(is, &mut comparison)?;
        return Ok(comparison);
    }
    let said = Tables::open(scratch.path(), options.cache_bytes)
        .map_err(|error| StoreError::NotApplied(error.to_string()))?;
    begin(slot, &said)?;
    say(&said, &shelf, &end, options)?;
    let said_at = said.snapshot();
    let mut should = Cells::new(|start| said_at.range((start, Bound::Unbounded), false, PAGE));
    loop {
        match (is.peek()?, should.peek()?) {
            (None, None) => return Ok(comparison),
            (Some((cell, value)), None) => {
                comparison.add(DifferenceKind::Unexpected, &cell, &value);
                is.skip();
            }
            (None, Some((cell, value))) => {
                comparison.add(DifferenceKind::Missing, &cell, &value);
                should.skip();
            }
            (Some((cell, value)), Some((other, other_value))) => match cell.cmp(&other) {
                std::cmp::Ordering::Less => {
                    comparison.add(DifferenceKind::Unexpected, &cell, &value);
                    is.skip();
                }
                std::cmp::Ordering::Greater => {
                    comparison.add(DifferenceKind::Missing, &other, &other_value);
                    should.skip();
                }
                std::cmp::Ordering::Equal => {
                    if !says_the_same(&cell, &value, &other_value) {
                        comparison.add(DifferenceKind::Different, &cell, &value);
                    }
                    is.skip();
                    should.skip();
                }
            },
        }
        comparison.cells = comparison.cells.saturating_add(1);
    }
}

/// A header, and the accounts behind it.
struct Named {
    cell: Bytes,
    value: Bytes,
    partition: PartitionId,
    found: Vec<Bytes>,
}

impl Named {
    fn is_right(&self) -> bool {
        let header = Header::decode(&self.value);
        header.is_some_and(|header| {
            header
                .keys(RowKind::Account)
                .is_none_or(|keys| keys == self.found)
        })
    }
}

/// Compares the accounts that headers name with those that are there: one that is not named is not read.
fn compare_names<R>(mut cells: Cells<R>, comparison: &mut Comparison) -> StoreResult<()>
where
    R: Fn(Bound<Vec<u8>>) -> StoreResult<CellPage>,
{
    let mut last: Option<Named> = None;
    let mut end = |named: Option<Named>| {
        if let Some(named) = named.filter(|named| !named.is_right()) {
            comparison.add(DifferenceKind::Misnamed, &named.cell, &named.value);
        }
    };
    while let Some((cell, value)) = cells.peek()? {
        cells.skip();
        // A header's cell is the first of its partition.
        let Some((partition, key)) = layout::read_row(&cell) else {
            continue;
        };
        if key == RowKey::HEADER {
            let found = Vec::new();
            end(last.replace(Named {
                cell,
                value,
                partition,
                found,
            }));
        } else if key.kind == RowKind::Account
            && let Some(named) = last.as_mut().filter(|named| named.partition == partition)
        {
            named.found.push(key.key);
        }
    }
    end(last);
    Ok(())
}

/// The store's identifier is not in the log's records.
fn begin(slot: &Slot, said: &Tables) -> StoreResult<()> {
    let id = slot.with(|tables| tables.get(&layout::store_id()))?;
    said.apply(id.map(|id| (layout::store_id(), id)), 0);
    Ok(())
}

fn say(said: &Tables, shelf: &Shelf, end: &crate::log::Position, options: &Options) -> StoreResult<()> {
    let active = shelf
        .active()
        .map_or_else(|| Ok(Bytes::new()), |active| active.read());
    let active = active.map_err(|error| io_error(&error))?;
    let replayed = replay(said, shelf, end, &active, options);
    replayed.map(drop).map_err(|error| match error {
        ReplayError::Io(error) => io_error(&error),
        ReplayError::Log(damage) => StoreError::Damaged(damage.to_string()),
        ReplayError::Tables(reason) => StoreError::Damaged(format!("the log contradicts itself: {reason}")),
    })
}

pub(crate) fn io_error(error: &io::Error) -> StoreError {
    StoreError::NotApplied(format!("comparing the state with the log: {error}"))
}

/// Reads every cell of the tables, in order and by its key. `Err`: the first that can't be believed.
pub(crate) fn check_tables(tables: &Tables) -> StoreResult<()> {
    let at = tables.snapshot();
    let mut cells = Cells::new(|start| at.range((start, Bound::Unbounded), false, PAGE));
    while let Some((cell, value)) = cells.peek()? {
        let is_known = layout::read_meta(&cell).is_some() || read_any_cell(&cell, &value).is_some();
        if !is_known || at.get(&cell)?.as_ref() != Some(&value) {
            return Err(StoreError::Damaged(place(&cell, &value)));
        }
        cells.skip();
    }
    Ok(())
}

/// Whether an import that goes on left accounts whose partition is not there yet. Only versions before format 3 did.
pub(crate) fn has_unnamed_accounts(tables: &Tables) -> StoreResult<bool> {
    let at = tables.snapshot();
    if at.get(&layout::origin())?.as_deref() != Some(IMPORTED) {
        return Ok(false);
    }
    let mut cells = Cells::new(|start| at.range((start, Bound::Unbounded), false, PAGE));
    let mut last = None;
    while let Some((cell, _)) = cells.peek()? {
        cells.skip();
        // A header's cell is the first of its partition.
        match layout::read_row(&cell) {
            Some((partition, key)) if key == RowKey::HEADER => last = Some(partition),
            Some((partition, key)) if Header::names(key.kind) && last.as_ref() != Some(&partition) => {
                return Ok(true);
            }
            Some(_) | None => {}
        }
    }
    Ok(false)
}

/// A page of cells.
type CellPage = Vec<(Bytes, Bytes)>;

/// All cells in order, read page by page.
struct Cells<R> {
    read: R,
    page: std::vec::IntoIter<(Bytes, Bytes)>,
    next: Option<(Bytes, Bytes)>,
    after: Option<Bytes>,
}

impl<R: Fn(Bound<Vec<u8>>) -> StoreResult<CellPage>> Cells<R> {
    fn new(read: R) -> Self {
        Self {
            read,
            page: Vec::new().into_iter(),
            next: None,
            after: None,
        }
    }

    fn peek(&mut self) -> StoreResult<Option<(Bytes, Bytes)>> {
        if self.next.is_none() {
            self.next = self.page.next();
        }
        if self.next.is_none() {
            let start = match &self.after {
                None => Bound::Unbounded,
                Some(after) => Bound::Excluded(after.to_vec()),
            };
            self.page = (self.read)(start)?.into_iter();
            self.next = self.page.next();
        }
        Ok(self.next.clone())
    }

    fn skip(&mut self) {
        self.after = self.next.take().map(|(cell, _)| cell);
    }
}

#[cfg(test)]
#[path = "inspect_test.rs"]
mod tests;
