//! Where the open engine is. It is taken out while the store reopens itself; who reads then is
//! told so instead of being kept waiting.

use crate::engine::Engine;
use crate::state::not_applied;
use map_store::StoreResult;
use std::sync::{PoisonError, RwLock};

/// The open engine, and how often it was opened.
pub(crate) struct Slot {
    inner: RwLock<(Option<Engine>, u64)>,
}

impl Slot {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            inner: RwLock::new((Some(engine), 1)),
        }
    }

    /// Runs a read, or the write of the one writer, on the open engine.
    pub(crate) fn with<T>(&self, run: impl FnOnce(&Engine) -> StoreResult<T>) -> StoreResult<T> {
        self.with_opening(|engine, _| run(engine))
    }

    /// The same, told which opening it is: a snapshot of one is nothing in another.
    pub(crate) fn with_opening<T>(&self, run: impl FnOnce(&Engine, u64) -> StoreResult<T>) -> StoreResult<T> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        match &*inner {
            (Some(engine), opening) => run(engine, *opening),
            (None, _) => Err(not_applied("the store is closed or reopening itself")),
        }
    }

    /// Closes the engine, once all who read have ended. The lock is not held meanwhile.
    pub(crate) fn close(&self) {
        let engine = self
            .inner
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .take();
        drop(engine);
    }

    pub(crate) fn put(&self, engine: Engine) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        *inner = (Some(engine), inner.1.saturating_add(1));
    }
}
