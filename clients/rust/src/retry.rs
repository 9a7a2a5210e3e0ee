//! When and how often a call is tried again. Every mutating call of MAP carries an
//! idempotency key, so that trying again can't have a second effect.

use std::time::Duration;

/// When and how often a call is tried again, within its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all; 1: never again.
    pub max_attempts: u32,
    /// The wait before the second attempt; it doubles each time.
    pub first_backoff: Duration,
    /// The longest wait.
    pub max_backoff: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            first_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
        }
    }
}

impl RetryPolicy {
    /// Never tries again.
    pub const NEVER: Self = Self {
        max_attempts: 1,
        first_backoff: Duration::ZERO,
        max_backoff: Duration::ZERO,
    };

    /// The wait after this many attempts (1 for the first), at least what the core asked for.
    pub(crate) fn backoff(&self, attempts: u32, asked: Option<Duration>) -> Duration {
        let factor = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let own = self.first_backoff.saturating_mul(factor).min(self.max_backoff);
        asked.map_or(own, |asked| asked.max(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_maximum_and_respects_what_the_core_asks() {
        let policy = RetryPolicy::default();
        let check = |attempts, asked: Option<u64>, expect: u64| {
            let wait = policy.backoff(attempts, asked.map(Duration::from_millis));
            assert_eq!(
                wait,
                Duration::from_millis(expect),
                "after {attempts} attempts, asked {asked:?}"
            );
        };
        check(1, None, 50);
        check(2, None, 100);
        check(5, None, 800);
        check(6, None, 1000);
        check(60, None, 1000);
        check(1, Some(30), 50);
        check(1, Some(400), 400);
    }
}
