//! An ID number: 15 digits, or 17 digits and a check digit, which an app's setting verifies.

use crate::envelope::Value;
use crate::refusal::Refusal;

/// Reads; a final `x` becomes `X`.
pub(crate) fn read(value: &Value<'_>) -> Result<String, Refusal> {
    let text = value.text().to_ascii_uppercase();
    let form = match text.split_at_checked(17) {
        Some((front, last)) => super::digits(front, 17) && (last == "X" || super::digits(last, 1)),
        None => super::digits(&text, 15),
    };
    let checked = text.len() == 15 || !value.checks_id_digit() || check_digit(&text);
    if form && checked {
        Ok(text)
    } else {
        Err(value.malformed())
    }
}

/// Whether the last of 18 characters is the check digit of the others (GB 11643: weights are powers of 2
/// modulo 11).
fn check_digit(text: &str) -> bool {
    // Horner's rule from the left: each step doubles, so digit i gets 2^(17-i).
    let mut sum = 0_u32;
    for byte in text.bytes() {
        let digit = if byte == b'X' {
            10
        } else {
            u32::from(byte.saturating_sub(b'0'))
        };
        sum = sum
            .wrapping_mul(2)
            .wrapping_add(digit)
            .checked_rem(11)
            .unwrap_or_default();
    }
    sum == 1
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_digit_is_that_of_gb_11643() {
        for (text, right) in [
            ("11010519491231002X", true),
            ("110105194912310021", false),
            ("440524188001010014", true),
        ] {
            assert_eq!(super::check_digit(text), right, "{text}");
        }
    }
}
