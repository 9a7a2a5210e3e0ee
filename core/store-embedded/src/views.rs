//! What readers see: the number of the newest group that is whole, and the snapshots that are open.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tables that may be sealed behind a snapshot before it ends: the tree keeps in memory what a snapshot may
/// see, tables that are long written among it.
pub(crate) const KEPT: usize = 32;

/// Which snapshots are open, and what a new one sees.
#[derive(Debug)]
pub(crate) struct Views {
    open: Mutex<Open>,
    /// Snapshots below this number have ended.
    ended: AtomicU64,
}

#[derive(Debug)]
struct Open {
    /// Groups below this number are seen.
    visible: u64,
    /// How many snapshots see groups below each number.
    snapshots: BTreeMap<u64, usize>,
    /// What was visible when the last tables were sealed.
    seals: VecDeque<u64>,
}

impl Views {
    pub(crate) const fn new(visible: u64) -> Self {
        Self {
            open: Mutex::new(Open {
                visible,
                snapshots: BTreeMap::new(),
                seals: VecDeque::new(),
            }),
            ended: AtomicU64::new(0),
        }
    }

    /// Nothing in here is left half changed by a panic, so a poisoned lock is as good.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// New snapshots see groups below this number.
    pub(crate) fn show(&self, visible: u64) {
        self.lock().visible = visible;
    }

    /// A table was sealed: the snapshots end that have seen too many.
    pub(crate) fn seal(&self) {
        let mut open = self.lock();
        let visible = open.visible;
        open.seals.push_back(visible);
        if open.seals.len() > KEPT
            && let Some(ended) = open.seals.pop_front()
        {
            self.ended.store(ended, Ordering::Release);
        }
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
        let ended = self.ended.load(Ordering::Acquire);
        oldest.unwrap_or(open.visible).max(ended).saturating_sub(1)
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

    /// Whether what it saw may be gone. To be asked after a read: what was read before that is right.
    pub(crate) fn has_ended(&self) -> bool {
        self.number < self.views.ended.load(Ordering::Acquire)
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
