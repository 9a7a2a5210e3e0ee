//! A type per identifier, so that one can't be passed for another.
//!
//! Numbers that name a person (mobile numbers here, account numbers in
//! [`crate::account_number`]) show their last digits only when they are printed for debugging.

use std::fmt;
use std::str::FromStr;

/// A text that is not what its type requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdError {
    /// What was expected, for the person who reads the error.
    pub expected: &'static str,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for IdError {}

/// A customer: 16 random bytes, printed as 32 hex digits. Says nothing about the person.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomerId([u8; 16]);

impl CustomerId {
    /// The customer with these bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CustomerId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        const EXPECTED: IdError = IdError {
            expected: "32 lower-case hex digits",
        };
        let number = u128::from_str_radix(text, 16).map_err(|_| EXPECTED)?;
        let id = Self(number.to_be_bytes());
        // A sign, upper case and fewer digits are numbers, too.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(EXPECTED)
        }
    }
}

/// All ASCII digits, and this many of them.
pub(crate) fn is_digits(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|c| c.is_ascii_digit())
}

/// Writes all but the last four characters as `*`.
pub(crate) fn masked(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let keep = text.len().saturating_sub(4);
    text.chars()
        .enumerate()
        .try_for_each(|(at, c)| write!(f, "{}", if at < keep { '*' } else { c }))
}

/// A mobile number: 11 digits that begin with 1 (decision 18).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MobileNumber(String);

impl MobileNumber {
    /// Checks the form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if is_digits(text, 11) && text.starts_with('1') {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError {
                expected: "a mobile number of 11 digits that begins with 1",
            })
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MobileNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked(&self.0, f)
    }
}

/// Makes a type for a text identifier: 1 to `$max` bytes of any printable characters.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(String);

        impl $name {
            /// Checks the length and that it holds no control characters.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if text.is_empty() || text.len() > $max || text.chars().any(char::is_control) {
                    Err(IdError { expected: concat!("1 to ", $max, " bytes without control characters") })
                } else {
                    Ok(Self(text.to_owned()))
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A seller (merchant).
    SellerId, 64);
text_id!(
    /// A seller's store (a petrol station, say).
    StoreId, 64);
text_id!(
    /// A POS terminal.
    TerminalId, 64);
text_id!(
    /// A POS network: the listener and the apps that act for it.
    NetworkId, 64);
text_id!(
    /// A terminal's batch number.
    BatchNumber, 64);
text_id!(
    /// A terminal's serial number of a transaction; not unique by itself.
    SerialNumber, 64);
text_id!(
    /// A product: `AABB` digits of its cards come from its definition.
    ProductId, 64);
text_id!(
    /// Who calls: an app, a channel, a POS network, an operator.
    CallerId, 128);
text_id!(
    /// The platform's own order number.
    OrderId, 64);

/// The issuing region: `CCC` of an account number, three digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RegionCode(String);

impl RegionCode {
    /// Checks the form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if is_digits(text, 3) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError {
                expected: "a region code of three digits",
            })
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where nothing else is provisioned: the head office (decision 24; 002 消费号码编码规则).
impl Default for RegionCode {
    fn default() -> Self {
        Self("888".to_owned())
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{CustomerId, MobileNumber, RegionCode, SellerId};

    #[test]
    fn identifiers_of_another_form_are_refused() {
        let check = |what: &str, accepted: bool, expect: bool| assert_eq!(accepted, expect, "{what:?}");
        for (text, expect) in [
            ("13800000001", true),
            ("23800000001", false),
            ("1380000000", false),
            ("1380000000１", false),
        ] {
            check(text, MobileNumber::parse(text).is_ok(), expect);
        }
        for (text, expect) in [("S1", true), ("中石化", true), ("", false), ("a\nb", false)] {
            check(text, SellerId::parse(text).is_ok(), expect);
        }
        check("65 bytes", SellerId::parse(&"x".repeat(65)).is_ok(), false);
        for (text, expect) in [("888", true), ("020", true), ("88", false), ("88a", false)] {
            check(text, RegionCode::parse(text).is_ok(), expect);
        }
        for (text, expect) in [
            ("00ff".repeat(8), true),
            ("00FF".repeat(8), false),
            ("00ff".repeat(7), false),
            (format!("+{}", "0".repeat(31)), false),
            ("ｆ".repeat(32), false),
        ] {
            let id = text.parse::<CustomerId>();
            check(&text, id.is_ok(), expect);
            assert!(id.is_err() || id.is_ok_and(|id| id.to_string() == text));
        }
    }

    #[test]
    fn debug_output_hides_all_but_four_digits_of_a_mobile_number() {
        assert_eq!(
            format!("{:?}", MobileNumber::parse("13800001234").unwrap()),
            "*******1234"
        );
    }
}
