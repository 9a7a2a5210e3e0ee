//! Clock, chance and SMS codes of the simulated world.

use map_domain::Timestamp;
use map_server::ports::{Clock, Random};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-21T23:58:00+08:00: two minutes before a day ends.
const START: i64 = 1_795_276_680_000;

/// A clock that goes on by one ms whenever it is read, and by as much as it is told. So no two decisions
/// are of one moment, and a customer's decisions have the order of their times.
pub struct SimClock(AtomicI64);

impl Default for SimClock {
    fn default() -> Self {
        Self(AtomicI64::new(START))
    }
}

impl SimClock {
    /// So many ms pass.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Goes on to so many ms before the end of the day.
    pub fn before_midnight(&self, ms: i64) {
        let now = Timestamp::from_millis(self.0.load(Ordering::SeqCst));
        let to_go = now.end_of_day().millis_since(now) - ms;
        self.advance(to_go.max(0));
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// Chance by seed.
pub struct SimRandom(Mutex<fastrand::Rng>);

impl SimRandom {
    /// With this seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }
}

impl Random for SimRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap().fill(buffer);
    }
}
