//! Where readers find the tables, until the store is closed.

use crate::folder::Folder;
use crate::state::not_applied;
use crate::tables::{Pin, Snapshot, Tables};
use map_store::{StoreError, StoreResult};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The open tables.
pub(crate) struct Slot {
    tables: RwLock<Option<Arc<Tables>>>,
    folder: Folder,
    damaged: AtomicBool,
}

impl Slot {
    pub(crate) const fn new(tables: Arc<Tables>, folder: Folder) -> Self {
        Self {
            tables: RwLock::new(Some(tables)),
            folder,
            damaged: AtomicBool::new(false),
        }
    }

    /// Runs a read on the tables.
    pub(crate) fn with<T>(&self, run: impl FnOnce(&Tables) -> StoreResult<T>) -> StoreResult<T> {
        let read = match &*self.tables.read().unwrap_or_else(PoisonError::into_inner) {
            Some(tables) => run(tables),
            None => Err(not_applied("the store is closed")),
        };
        if let Err(error) = &read {
            self.note(error);
        }
        read
    }

    /// Everything as it is now, for somebody who comes back to it.
    pub(crate) fn pin(self: &Arc<Self>) -> StoreResult<Pinned> {
        self.with(|tables| {
            Ok(Pinned {
                slot: Arc::clone(self),
                pin: tables.pin(),
            })
        })
    }

    /// Whether the tables were found damaged since they were opened.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    /// Notes an error of the tables, where it is damage.
    pub(crate) fn note(&self, error: &StoreError) {
        match error {
            StoreError::Damaged(_) => self.note_damage(error),
            StoreError::NotApplied(_) | StoreError::OutcomeUnknown(_) => {}
        }
    }

    /// The next opening builds the tables anew: the log knows what should be in them.
    fn note_damage(&self, error: &StoreError) {
        if self.damaged.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!(%error, "the tables are damaged; the next start builds them anew from the log");
        if let Err(error) = self.folder.mark_tables_damaged() {
            tracing::error!(%error, "the damage could not be noted in the folder");
        }
    }

    /// Takes the tables away from readers, once all who read have ended.
    pub(crate) fn close(&self) {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Everything as it was at one moment, readable until the store is closed. As long as it is there, what it sees
/// keeps its place on disk and in memory (at most what was not on disk when it was taken).
pub(crate) struct Pinned {
    slot: Arc<Slot>,
    pin: Pin,
}

impl Pinned {
    /// Runs a read.
    pub(crate) fn with<T>(&self, run: impl FnOnce(&Snapshot) -> StoreResult<T>) -> StoreResult<T> {
        self.slot.with(|_open| {
            let snapshot = self
                .pin
                .upgrade()
                .ok_or_else(|| not_applied("the store is closed"))?;
            run(&snapshot)
        })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // A store that is closed has let go of it already.
        let _closed = self.slot.with(|tables| {
            tables.unpin(&self.pin);
            Ok(())
        });
    }
}
