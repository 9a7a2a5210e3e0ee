//! What the writer and its callers share: whether changes are accepted, and the counters.

use crate::stats::Stats;
use map_store::{StoreError, StoreResult};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether changes are being accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    Well,
    /// A write failed; the store is trying to recover. The text says why.
    Unwell(String),
    Closed,
}

/// Shared by the writer thread and all callers.
#[derive(Debug)]
pub(crate) struct State {
    inner: Mutex<(Condition, Stats)>,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::new((Condition::Well, Stats::default())),
        }
    }

    /// Nothing in here is left half changed by a panic, so a poisoned lock is as good.
    fn lock(&self) -> MutexGuard<'_, (Condition, Stats)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Ok` where changes are accepted; otherwise why not.
    pub(crate) fn accepting(&self) -> StoreResult<()> {
        match &self.lock().0 {
            Condition::Well => Ok(()),
            Condition::Unwell(reason) => {
                Err(not_applied(&format!("recovering from a failed write: {reason}")))
            }
            Condition::Closed => Err(not_applied("the store is closed")),
        }
    }

    /// Changes the condition; a closed store stays closed.
    pub(crate) fn set(&self, condition: Condition) {
        let mut inner = self.lock();
        if inner.0 != Condition::Closed {
            inner.0 = condition;
        }
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Stats)) {
        change(&mut self.lock().1);
    }

    pub(crate) fn stats(&self) -> Stats {
        self.lock().1.clone()
    }
}

/// Certainly nothing was written, and why.
pub(crate) fn not_applied(reason: &str) -> StoreError {
    StoreError::NotApplied(reason.to_owned())
}
