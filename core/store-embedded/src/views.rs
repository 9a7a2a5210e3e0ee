//! What readers see: the number of the newest group that is whole, and the snapshots that are open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which snapshots are open, and what a new one sees.
#[derive(Debug)]
pub(crate) struct Views(Mutex<Open>);

#[derive(Debug)]
struct Open {
    /// Groups below this number are seen.
    visible: u64,
    /// How many snapshots see groups below each number.
    snapshots: BTreeMap<u64, usize>,
}

impl Views {
    pub(crate) const fn new(visible: u64) -> Self {
        Self(Mutex::new(Open {
            visible,
            snapshots: BTreeMap::new(),
        }))
    }

    /// Nothing in here is left half changed by a panic, so a poisoned lock is as good.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// New snapshots see groups below this number.
    pub(crate) fn show(&self, visible: u64) {
        self.lock().visible = visible;
    }

    /// A snapshot of what is visible now.
    pub(crate) fn open(views: &Arc<Self>) -> Snapshot {
        let mut open = views.lock();
        let number = open.visible;
        let count = open.snapshots.entry(number).or_default();
        *count = count.saturating_add(1);
        Snapshot {
            number,
            views: Arc::clone(views),
        }
    }

    /// A number below which nothing is kept for readers.
    pub(crate) fn oldest(&self) -> u64 {
        let open = self.lock();
        let oldest = open.snapshots.keys().next().copied();
        oldest.unwrap_or(open.visible).saturating_sub(1)
    }
}

/// Sees everything as it was when it was opened.
#[derive(Debug)]
pub(crate) struct Snapshot {
    number: u64,
    views: Arc<Views>,
}

impl Snapshot {
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let mut open = self.views.lock();
        if let Some(count) = open.snapshots.get_mut(&self.number) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.snapshots.remove(&self.number);
            }
        }
    }
}
