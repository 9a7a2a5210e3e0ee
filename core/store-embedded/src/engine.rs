//! fjall: the one place that knows its interface.
//!
//! What has to be known about fjall 3.1 and is handled here:
//! - a plain get may see half of a batch, so everything but the writer reads from a snapshot;
//! - after a failed write it is `Poisoned` until it is opened again;
//! - a commit waits without end for a flush that will never come where the flush has failed, so
//!   the wait is done here, before the commit, with an eye on that failure;
//! - a failed sync may leave bytes in the page cache that never reach the disk, so what was
//!   replayed after a failure is written anew before it is believed.

use crate::options::Options;
use crate::seam::AppendError;
use bytes::Bytes;
use fjall::{AbstractTree, Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable, Snapshot};
use map_store::{StoreError, StoreResult};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::time::Duration;

/// The one keyspace; its tables are told apart by the first byte of a key.
const KEYSPACE: &str = "map";

/// Sealed tables in memory from which on the writer waits. fjall itself would wait at 4; one
/// commit seals at most two.
const SEALED_LIMIT: usize = 2;

/// Overlapping tables on disk from which on the writer waits. fjall itself would halt at 30.
const OVERLAP_LIMIT: usize = 20;

/// How often the writer looks while it waits for the background threads.
const PATIENCE: Duration = Duration::from_millis(1);

/// An open database.
pub(crate) struct Engine {
    database: Database,
    cells: Keyspace,
}

/// A range of keys.
pub(crate) type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

impl Engine {
    /// Creates the database in a folder that is missing or empty.
    pub(crate) fn create(folder: &Path, options: &Options) -> fjall::Result<()> {
        let database = builder(folder, options).open()?;
        database.keyspace(KEYSPACE, || keyspace_options(options))?;
        database.persist(PersistMode::SyncAll)
    }

    /// Opens a database that was created before.
    pub(crate) fn open(folder: &Path, options: &Options) -> fjall::Result<Self> {
        let database = builder(folder, options).open()?;
        if !database.keyspace_exists(KEYSPACE) {
            return Err(fjall::Error::Unrecoverable);
        }
        let cells = database.keyspace(KEYSPACE, || keyspace_options(options))?;
        Ok(Self { database, cells })
    }

    /// The newest value of a cell. For the writer, who knows that nothing is being written.
    pub(crate) fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        self.cells.get(key).map(own).map_err(read_error)
    }

    /// Everything as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.database.snapshot()
    }

    /// The value of a cell in a snapshot.
    pub(crate) fn get_at(&self, at: &Snapshot, key: &[u8]) -> StoreResult<Option<Bytes>> {
        at.get(&self.cells, key).map(own).map_err(read_error)
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
        let cells = at.range(&self.cells, range);
        let read = |guard: fjall::Guard| {
            let (key, value) = guard.into_inner().map_err(read_error)?;
            Ok((Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value)))
        };
        if from_the_end {
            cells.rev().take(limit).map(read).collect()
        } else {
            cells.take(limit).map(read).collect()
        }
    }

    /// Writes cells as one batch with one sync. On `Ok` they are durable and visible.
    pub(crate) fn append(&self, cells: &BTreeMap<Vec<u8>, Bytes>) -> Result<(), AppendError> {
        self.wait_until_writable().map_err(AppendError::Refused)?;
        // The journal's length is part of what fdatasync writes where it has changed.
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for (key, value) in cells {
            batch.insert(&self.cells, key.as_slice(), &value[..]);
        }
        match batch.commit() {
            Ok(()) => Ok(()),
            // Looked at before the first byte: a background thread has failed.
            Err(error @ fjall::Error::Poisoned) => Err(AppendError::Refused(error.to_string())),
            Err(error) => Err(AppendError::Unknown(error.to_string())),
        }
    }

    fn wait_until_writable(&self) -> Result<(), String> {
        while self.cells.sealed_memtable_count() >= SEALED_LIMIT
            || self.cells.tree.l0_run_count() >= OVERLAP_LIMIT
        {
            self.check_alive()?;
            std::thread::sleep(PATIENCE);
        }
        Ok(())
    }

    /// Asks for the poison: persisting to the buffer does nothing else.
    fn check_alive(&self) -> Result<(), String> {
        self.database
            .persist(PersistMode::Buffer)
            .map_err(|error| error.to_string())
    }

    /// Writes everything that is in memory to new, synced files.
    pub(crate) fn write_anew(&self) -> Result<(), String> {
        self.cells.rotate_memtable().map_err(|error| error.to_string())?;
        while self.cells.sealed_memtable_count() > 0 {
            self.check_alive()?;
            std::thread::sleep(PATIENCE);
        }
        self.database
            .persist(PersistMode::SyncAll)
            .map_err(|error| error.to_string())
    }
}

fn builder(folder: &Path, options: &Options) -> fjall::DatabaseBuilder<Database> {
    Database::builder(folder)
        .cache_size(options.cache_bytes)
        .max_journaling_size(options.journal_bytes)
        .worker_threads(options.background_threads)
        .manual_journal_persist(true)
}

fn keyspace_options(options: &Options) -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(options.memtable_bytes)
        .manual_journal_persist(true)
}

fn own(value: Option<fjall::Slice>) -> Option<Bytes> {
    value.map(|value| Bytes::copy_from_slice(&value))
}

/// The engine does not define ranges whose end lies before their beginning.
fn is_empty((start, end): &KeyRange) -> bool {
    match (start, end) {
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => {
            start >= end
        }
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}

/// A failed read changed nothing; what is unreadable for another reason than the disk is damage.
fn read_error(error: fjall::Error) -> StoreError {
    let text = error.to_string();
    let is_disk = matches!(
        error,
        fjall::Error::Io(_) | fjall::Error::Storage(fjall::LsmError::Io(_))
    );
    if is_disk {
        StoreError::NotApplied(text)
    } else {
        StoreError::Damaged(text)
    }
}
