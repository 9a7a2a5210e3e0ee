//! Numbers that are unique without asking anybody: order numbers (sortable by time), customer
//! identifiers and digits nobody can guess.

use crate::ports::Random;
use map_domain::{CustomerId, OrderId, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};

/// Orders in one tick of 10 ms before the next tick's numbers are used.
const PER_TICK: u64 = 10_000;

/// What every order number begins with (002 线下支付接口: `ud12345678901234567890`).
const PREFIX: &str = "ud";

/// Makes order numbers: `ud`, then 12 digits of time in 10 ms, 4 of this process, 4 that count.
///
/// Within a process no number comes twice, whatever the clock does; two processes differ by
/// four digits that are random unless they are configured.
pub(crate) struct OrderNumbers {
    node: u64,
    last: AtomicU64,
}

impl OrderNumbers {
    /// For the process with this number; `None`: a random one.
    pub(crate) fn new(node: Option<u16>, random: &dyn Random) -> Self {
        let node = node.map_or_else(|| below(random, 10_000), u64::from);
        Self {
            node: node.checked_rem(10_000).unwrap_or_default(),
            last: AtomicU64::new(0),
        }
    }

    /// The next number.
    pub(crate) fn next(&self, now: Timestamp) -> OrderId {
        let tick = u64::try_from(now.as_millis()).unwrap_or_default() / 10;
        let earliest = tick.saturating_mul(PER_TICK);
        let after = |last: u64| earliest.max(last.saturating_add(1));
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
        let number = after(last.unwrap_or_else(|last| last));
        let (tick, count) = (number / PER_TICK, number % PER_TICK);
        self.parsed(&format!("{PREFIX}{tick:012}{:04}{count:04}", self.node))
    }

    /// The text is never empty, short and without control characters, so it always parses.
    fn parsed(&self, text: &str) -> OrderId {
        match OrderId::parse(text) {
            Ok(id) => id,
            Err(_) => unreachable!("an order number is 22 letters and digits"),
        }
    }
}

/// Whether a text has the form of the platform's own order numbers.
pub(crate) fn is_order_number(text: &str) -> bool {
    text.strip_prefix(PREFIX)
        .is_some_and(|digits| digits.len() == 20 && digits.bytes().all(|c| c.is_ascii_digit()))
}

/// A new customer's identifier.
pub(crate) fn customer_id(random: &dyn Random) -> CustomerId {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    CustomerId::new(bytes)
}

/// 64 bits nobody can guess.
pub(crate) fn bits(random: &dyn Random) -> u64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    u64::from_be_bytes(bytes)
}

/// A number below `limit` (at most 2^32), each equally likely: what would make the small ones
/// likelier is drawn again.
pub(crate) fn below(random: &dyn Random, limit: u64) -> u64 {
    let limit = limit.clamp(1, 1 << 32);
    let fair = u64::MAX.saturating_sub(u64::MAX.checked_rem(limit).unwrap_or_default());
    loop {
        let drawn = bits(random);
        if drawn < fair {
            return drawn.checked_rem(limit).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn order_numbers_sort_by_time_and_never_repeat_though_the_clock_stands_or_goes_back() {
        let numbers = OrderNumbers::new(Some(42), &Fixed(0));
        let times = [5_000, 5_000, 4_000, 5_009, 1_700_000_000_000, 1_600_000_000_000];
        let made: Vec<_> = times.map(|ms| numbers.next(Timestamp::from_millis(ms))).into();
        let texts: BTreeSet<_> = made.iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(texts.len(), times.len());
        assert!(texts.iter().all(|text| is_order_number(text)), "{texts:?}");
        assert!(made.is_sorted(), "{made:?}");
    }

    #[test]
    fn only_the_documented_form_is_an_order_number() {
        for (text, expected) in [
            ("ud12345678901234567890", true),
            ("ud1234567890123456789", false),
            ("ud123456789012345678901", false),
            ("12345678901234567890", false),
            ("ud1234567890123456789x", false),
            ("0001", false),
        ] {
            assert_eq!(is_order_number(text), expected, "{text}");
        }
    }
}
