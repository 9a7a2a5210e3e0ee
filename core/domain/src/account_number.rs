//! Account numbers: 16 digits, AABB CCC and nine more (decision 24; 002 消费号码编码规则).
//!
//! Whether a number is free is not known here: the store's claim decides, and who opens an account
//! draws again where it is taken.

use crate::{IdError, RegionCode};
use std::fmt;

/// AABB of cash accounts: type 95, one form only.
pub const CASH_PREFIX: &str = "9501";

/// How many numbers there are under one prefix and region.
const NUMBERS: u128 = 1_000_000_000;

/// An account number. Debug output shows its last four digits only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountNumber(String);

impl AccountNumber {
    /// Checks the form. The account's type comes from the stored account, never from here.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if crate::id::is_digits(text, 16) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError {
                expected: "an account number of 16 digits",
            })
        }
    }

    /// AABB from the product, CCC the issuing region, then nine digits from 64 random bits: uniform to
    /// within 2⁻³⁴, and not guessable where the bits are not.
    ///
    /// # Errors
    /// The prefix is not four digits, or the region not three.
    pub fn build(prefix: &str, region: &RegionCode, random: u64) -> Result<Self, IdError> {
        if !crate::id::is_digits(prefix, 4) {
            return Err(IdError {
                expected: "a prefix of four digits",
            });
        }
        // The high half of random × 10⁹: no remainder that favours small numbers.
        let serial = u128::from(random).saturating_mul(NUMBERS) >> u64::BITS;
        Self::parse(&format!("{prefix}{region}{serial:09}"))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::id::masked(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::AccountNumber;
    use crate::RegionCode;

    fn built(prefix: &str, region: &str, random: u64) -> Option<String> {
        let region = RegionCode::parse(region).ok()?;
        AccountNumber::build(prefix, &region, random)
            .ok()
            .map(|number| number.as_str().to_owned())
    }

    #[test]
    fn a_number_is_prefix_region_and_nine_digits() {
        let check = |random, expect: &str| assert_eq!(built("2001", "888", random).as_deref(), Some(expect));
        check(0, "2001888000000000");
        check(u64::MAX, "2001888999999999");
        check(1 << 63, "2001888500000000");
    }

    #[test]
    fn a_prefix_or_region_of_another_form_is_refused() {
        for (prefix, region) in [
            ("201", "888"),
            ("20010", "888"),
            ("20a1", "888"),
            ("2001", "88"),
            ("2001", "8x8"),
            ("2001", "８"),
        ] {
            assert_eq!(built(prefix, region, 7), None, "{prefix} {region}");
        }
    }

    #[test]
    fn every_first_digit_is_equally_likely() {
        let mut counts = [0_u32; 10];
        for step in 0..10_000_u64 {
            let number = built("2001", "888", step.wrapping_mul(u64::MAX / 10_000)).unwrap();
            counts[usize::from(number.as_bytes()[7] - b'0')] += 1;
        }
        assert!(
            counts.iter().all(|count| (990..=1010).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn debug_output_hides_all_but_four_digits() {
        let number = AccountNumber::parse("2001888123456789").unwrap();
        assert_eq!(format!("{number:?}"), "************6789");
    }
}
