//! The system's clock.

use crate::ports::Clock;
use map_domain::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock. It may be set back; nothing in the ledger relies on it going forward.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the adapter that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
