//! How work in the background shares the processors with payments: a little, then a rest.
//!
//! Writing and merging tables and taking one in memory apart keep a processor busy for tens to hundreds of
//! milliseconds, and a payment that waits for that processor waits as long as the system pleases. With rests in
//! between it waits for one stint at most. Nobody rests while the store is opened or closed, or where tables come
//! faster than they are written and merged.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Cells between two rests: a third of a millisecond to two thirds of one processor.
pub(crate) const STINT: u32 = 500;

/// How long a rest is.
const REST: Duration = Duration::from_millis(2);

/// Who waits for work in the background. Shared by all who do some.
pub(crate) struct Pace {
    /// Somebody is served.
    is_shared: AtomicBool,
    /// Work comes faster than it is done.
    is_behind: AtomicBool,
    /// Does nothing for so long. A panic in it would leave nothing half done in here.
    rest: AssertUnwindSafe<Box<dyn Fn(Duration) + Send + Sync>>,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pace")
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(std::thread::sleep)
    }
}

impl Pace {
    /// Nobody is served yet; a rest is taken by calling this.
    pub(crate) fn new(rest: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self {
            is_shared: AtomicBool::new(false),
            is_behind: AtomicBool::new(false),
            rest: AssertUnwindSafe(Box::new(rest)),
        }
    }

    /// From now on somebody is served beside the work, or nobody is any more.
    pub(crate) fn share(&self, is_shared: bool) {
        self.is_shared.store(is_shared, Ordering::Relaxed);
    }

    /// Whether work comes faster than it is done.
    pub(crate) fn fall_behind(&self, is_behind: bool) {
        self.is_behind.store(is_behind, Ordering::Relaxed);
    }

    /// Begins a piece of work.
    pub(crate) fn begin(self: &Arc<Self>) -> Stint {
        Stint {
            pace: Arc::clone(self),
            left: STINT,
        }
    }

    /// Whether there is time for rests.
    pub(crate) fn has_time(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed) && !self.is_behind.load(Ordering::Relaxed)
    }
}

/// Somebody's work until the next rest.
#[derive(Debug)]
pub(crate) struct Stint {
    pace: Arc<Pace>,
    left: u32,
}

impl Stint {
    /// One cell is done.
    pub(crate) fn step(&mut self) {
        if self.is_over() {
            (self.pace.rest)(REST);
        }
    }

    /// Whether it is time for a rest, and there is time for it.
    fn is_over(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            return false;
        }
        self.left = STINT;
        self.pace.has_time()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rests in so many steps.
    fn rests(stint: &mut Stint, steps: u32) -> usize {
        (0..steps).filter(|_| stint.is_over()).count()
    }

    #[test]
    fn a_rest_is_taken_after_each_stint_while_somebody_is_served_and_nothing_waits() {
        let pace = Arc::new(Pace::default());
        let mut stint = pace.begin();
        assert_eq!(rests(&mut stint, 5 * STINT), 0, "nobody is served");
        pace.share(true);
        assert_eq!(rests(&mut stint, STINT - 1), 0);
        assert_eq!(rests(&mut stint, 1), 1);
        assert_eq!(rests(&mut stint, 5 * STINT), 5);
        pace.fall_behind(true);
        assert_eq!(rests(&mut stint, 5 * STINT), 0, "work waits");
        pace.fall_behind(false);
        assert_eq!(rests(&mut stint, STINT), 1);
        pace.share(false);
        assert_eq!(rests(&mut stint, STINT), 0, "the store is closed");
    }
}
