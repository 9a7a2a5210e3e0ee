//! The six-digit payment code (支付密码): its text, and its MD5 as apps send it (`paymentCodeMD5`).
//!
//! Deliberately not how it is stored: that is a keyed hash, and the core's business.

use std::fmt;

use zeroize::Zeroizing;

use crate::Charset;
use crate::digest::md5;

/// Digits in a payment code.
pub const DIGITS: usize = 6;

/// A payment code of six ASCII digits, wiped when dropped and hidden from `Debug`.
#[derive(Clone)]
pub struct Pin(Zeroizing<String>);

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// The text is not six ASCII digits. Says nothing of what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment code has six digits")]
pub struct NotSixDigits;

impl Pin {
    /// Takes exactly six ASCII digits.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, NotSixDigits> {
        if text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(NotSixDigits)
        }
    }

    /// The digits, to be hashed or encrypted and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// `paymentCodeMD5`: lower-case hex of the MD5 of the digits. Reversible by trying a million codes: treat it
/// like the code.
#[must_use]
pub fn payment_code_md5(pin: &Pin) -> Zeroizing<String> {
    Zeroizing::new(md5(pin.expose(), Charset::Utf8).to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_code_is_six_ascii_digits_and_stays_out_of_debug() {
        assert_eq!(Pin::parse("012345").unwrap().expose(), "012345");
        assert_eq!(format!("{:?}", Pin::parse("012345").unwrap()), "Pin(..)");
        for refused in [
            "", "12345", "1234567", "12345a", "12345\n", " 12345", "１２", "12345F",
        ] {
            assert_eq!(Pin::parse(refused).unwrap_err(), NotSixDigits, "{refused:?}");
        }
    }

    #[test]
    fn payment_code_md5_is_the_known_digest() {
        let md5 = payment_code_md5(&Pin::parse("123456").unwrap());
        assert_eq!(*md5, "e10adc3949ba59abbe56e057f20f883e");
    }
}
