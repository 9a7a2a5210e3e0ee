//! Money: an integer number of fen, 1 or more in requests. `1.0`, `1e3` and `"5"` are none.

use crate::answer::Printed;
use crate::contract::Defect;
use crate::envelope::Value;
use crate::refusal::Refusal;

/// Reads a positive amount.
pub(crate) fn read(value: &Value<'_>) -> Result<i64, Refusal> {
    integer(value.text())
        .filter(|fen| *fen > 0)
        .ok_or(value.malformed())
}

/// Prints any amount, also a negative one.
pub(crate) fn print(fen: i64) -> Result<Printed<'static>, Defect> {
    Ok(Printed::Number(fen))
}

/// The value of an integer lexeme without sign; nothing for any other lexeme or beyond 64 bits.
pub(super) fn integer(lexeme: &str) -> Option<i64> {
    let plain = !lexeme.is_empty() && lexeme.bytes().all(|byte| byte.is_ascii_digit());
    lexeme.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_plain_integers_are_amounts() {
        for (lexeme, fen) in [
            ("0", Some(0)),
            ("5000", Some(5000)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("1e3", None),
            ("1E3", None),
            ("", None),
        ] {
            assert_eq!(super::integer(lexeme), fen, "{lexeme}");
        }
    }
}
