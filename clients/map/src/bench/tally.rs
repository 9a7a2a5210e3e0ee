//! What callers counted: latencies, and how the payments were shared among them.

use super::home::Paid;
use hdrhistogram::Histogram;
use std::time::Duration;

/// The longest latency that is told apart, in µs.
const LONGEST_US: u64 = 60_000_000;

/// What one caller, or all of them, saw.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    /// In µs.
    latencies: Histogram<u64>,
    pub(super) paid: Paid,
    /// Payments of the caller that made fewest, and of the one that made most.
    pub(super) shares: Option<(u64, u64)>,
}

/// Latencies in µs at the quantiles that matter.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(super) struct Latency {
    pub(super) p50: u64,
    pub(super) p90: u64,
    pub(super) p99: u64,
    pub(super) p999: u64,
    pub(super) max: u64,
}

impl Tally {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        // The bounds are constants that the histogram allows.
        let latencies = Histogram::new_with_bounds(1, LONGEST_US, 3).unwrap_or_else(|_| unreachable!());
        Self {
            latencies,
            paid: Paid::default(),
            shares: None,
        }
    }

    /// A payment that took so long.
    pub(super) fn add(&mut self, took: Duration, fen: i64) {
        let us = u64::try_from(took.as_micros()).unwrap_or(LONGEST_US);
        self.latencies.saturating_record(us);
        self.paid = self.paid.plus(Paid { payments: 1, fen });
    }

    /// Another caller's.
    pub(super) fn join(&mut self, caller: &Self) {
        // Both have the same bounds.
        let _ = self.latencies.add(&caller.latencies);
        self.paid = self.paid.plus(caller.paid);
        let made = caller.paid.payments;
        let (least, most) = self.shares.unwrap_or((made, made));
        self.shares = Some((least.min(made), most.max(made)));
    }

    pub(super) fn latency(&self) -> Latency {
        let at = |quantile| self.latencies.value_at_quantile(quantile);
        Latency {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: self.latencies.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_added_up_and_the_one_with_the_smallest_share_is_known() {
        let mut all = Tally::new();
        for payments in [3_u64, 1, 2] {
            let mut caller = Tally::new();
            (0..payments).for_each(|n| caller.add(Duration::from_micros(n + 1), 10));
            all.join(&caller);
        }
        assert_eq!(all.paid, Paid { payments: 6, fen: 60 });
        assert_eq!(all.shares, Some((1, 3)));
        assert_eq!((all.latency().p50, all.latency().max), (1, 3));
    }
}
