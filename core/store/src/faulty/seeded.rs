//! Faults by seed: the same seed and the same calls meet the same faults.

use super::{Call, Choose, Fault};
use crate::PartitionId;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often calls meet a fault, in a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odds {
    /// Of a thousand commits and claims.
    pub writes: u32,
    /// Of a thousand reads.
    pub reads: u32,
}

impl Odds {
    /// No faults at all.
    pub const NONE: Self = Self { writes: 0, reads: 0 };
}

/// Chooses by seed.
#[derive(Debug)]
pub struct Seeded(Mutex<(fastrand::Rng, Odds)>);

/// The latest that a late effect comes, in calls.
const LATEST: u32 = 12;

/// The longest that a slow call takes, in ms.
const SLOWEST: u32 = 40;

/// How long a caller waits for a dropped answer at most, in ms.
const PATIENCE: u32 = 3_000;

impl Seeded {
    /// With this seed.
    pub fn new(seed: u64, odds: Odds) -> Self {
        Self(Mutex::new((fastrand::Rng::with_seed(seed), odds)))
    }

    /// Goes on with this seed.
    pub fn reseed(&self, seed: u64, odds: Odds) {
        *self.chance() = (fastrand::Rng::with_seed(seed), odds);
    }

    fn chance(&self) -> MutexGuard<'_, (fastrand::Rng, Odds)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Choose for Seeded {
    /// What an operator provisions never meets a fault: the world stands still meanwhile.
    fn fault(&self, call: Call<'_>) -> Fault {
        let (rng, odds) = &mut *self.chance();
        let odds = match call {
            Call::Commit(commit) if commit.partition == PartitionId::Catalogue => 0,
            Call::Commit(_) | Call::Claim(_) => odds.writes,
            Call::Read => odds.reads,
        };
        if rng.u32(0..1000) >= odds {
            return Fault::Fine;
        }
        let write = !matches!(call, Call::Read);
        match rng.u8(0..16) {
            0..12 if !write => Fault::NotApplied,
            12 if !write => Fault::UnknownLost,
            0 | 1 => Fault::Stale,
            2 => Fault::NotApplied,
            3 | 4 => Fault::UnknownApplied,
            5 | 6 => Fault::UnknownLost,
            7..10 => Fault::UnknownLate(rng.u32(1..=LATEST)),
            10 => Fault::ClaimsOnly,
            11 => Fault::UnknownClaimsOnly,
            12 => Fault::Dropped(rng.u32(1..=PATIENCE)),
            _ => Fault::Slow(rng.u32(1..=SLOWEST)),
        }
    }
}
