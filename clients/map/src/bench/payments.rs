//! Which payments are made: by chance, but the same for the same seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) const APP: &str = "bench";
pub(super) const NETWORK: &str = "posp1";
pub(super) const PRODUCT: &str = "1010";
pub(super) const SELLER: &str = "SH12345";
pub(super) const STORE: &str = "ST12345";
/// The payment code of every customer.
pub(super) const PAYMENT_CODE: &str = "246810";

/// How many terminals there are.
pub(super) const TERMINALS: u64 = 16;
/// The largest payment, in fen.
const MOST_FEN: u64 = 500;

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payment {
    pub(super) mobile: String,
    pub(super) amount_fen: i64,
    pub(super) terminal: String,
    pub(super) batch: Arc<str>,
    pub(super) serial: String,
}

/// Makes payments, none twice. Cheap to clone; clones make different ones.
#[derive(Clone)]
pub(super) struct Payments {
    batch: Arc<str>,
    seed: u64,
    customers: u64,
    next: Arc<AtomicU64>,
}

impl Payments {
    /// Of this many customers, in the batch of this benchmark.
    pub(super) fn new(session: u64, seed: u64, customers: u64) -> Self {
        Self {
            batch: format!("B{session}").into(),
            seed,
            customers,
            next: Arc::default(),
        }
    }

    /// The same, all by the first customer.
    pub(super) fn of_one(&self) -> Self {
        Self {
            customers: 1,
            ..self.clone()
        }
    }

    /// The next payment.
    pub(super) fn next(&self) -> Payment {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let chance = mixed(self.seed.wrapping_add(mixed(number)));
        let amount = below(mixed(chance), MOST_FEN).saturating_add(1);
        Payment {
            mobile: mobile(below(chance, self.customers)),
            amount_fen: i64::try_from(amount).unwrap_or(1),
            terminal: terminal(below(number, TERMINALS)),
            batch: Arc::clone(&self.batch),
            serial: number.to_string(),
        }
    }
}

/// The mobile number of a customer: 11 digits.
pub(super) fn mobile(customer: u64) -> String {
    format!("13{customer:09}")
}

/// The name of a terminal.
pub(super) fn terminal(number: u64) -> String {
    format!("ZJ{number:06}")
}

/// The remainder; the slight preference for small ones is of no concern here.
fn below(chance: u64, limit: u64) -> u64 {
    chance.checked_rem(limit).unwrap_or_default()
}

/// Mixes 64 bits well (the finisher of SplitMix64).
pub(super) const fn mixed(number: u64) -> u64 {
    let a = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let b = (a ^ (a >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let c = (b ^ (b >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    c ^ (c >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_payment_is_made_twice_and_the_same_seed_makes_the_same() {
        let make = |seed| {
            let payments = Payments::new(3, seed, 100);
            (0..1000).map(|_| payments.next()).collect::<Vec<_>>()
        };
        let keys: BTreeSet<_> = make(7)
            .into_iter()
            .map(|payment| (payment.terminal, payment.batch, payment.serial))
            .collect();
        assert_eq!(keys.len(), 1000);
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }

    #[test]
    fn all_customers_pay_and_of_one_only_the_first() {
        let payments = Payments::new(1, 1, 10);
        let who: BTreeSet<_> = (0..1000).map(|_| payments.next().mobile).collect();
        assert_eq!(who.len(), 10);
        let hot = payments.of_one();
        assert!((0..100).all(|_| hot.next().mobile == mobile(0)));
    }
}
