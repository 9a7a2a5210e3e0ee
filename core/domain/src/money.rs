//! Money: whole fen, checked arithmetic only.

use std::fmt;

/// An amount in fen (1/100 yuan). It may be negative: a posting that takes money away is.
///
/// There is no `+` on purpose: money arithmetic that overflows is a refusal, not a wrap
/// and not a panic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fen(i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// This many fen.
    pub const fn new(fen: i64) -> Self {
        Self(fen)
    }

    /// The number of fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum; `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// The difference; `None` on overflow.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// The opposite amount; `None` on overflow.
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// This amount `times` times; `None` on overflow.
    pub const fn checked_mul(self, times: i64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// The sum of all; `None` on overflow.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Whether it is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fen", self.0)
    }
}

impl fmt::Debug for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Fen;

    #[test]
    fn what_leaves_the_range_of_money_is_none() {
        let (most, least, one) = (Fen::new(i64::MAX), Fen::new(i64::MIN), Fen::new(1));
        assert_eq!(most.checked_add(one), None);
        assert_eq!(least.checked_sub(one), None);
        assert_eq!(least.checked_neg(), None);
        assert_eq!(most.checked_mul(2), None);
        assert_eq!(Fen::checked_sum([most, one, Fen::new(-1)]), None);
        assert_eq!(Fen::checked_sum([most, Fen::new(-1), one]), Some(most));
        assert_eq!(Fen::checked_sum([]), Some(Fen::ZERO));
    }
}
