//! Base64 as legacy callers send it: line breaks and blanks tolerated, everything else strict.
//!
//! Deliberately refuses missing padding, the URL-safe alphabet and any other foreign character. Unused bits
//! in the last symbol are ignored, as Java's decoder does.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The text is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotBase64;

/// Decodes `received` after dropping space, tab, CR and LF.
pub(crate) fn decode(received: &str) -> Result<Vec<u8>, NotBase64> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let decoded = if received.as_bytes().iter().any(blank) {
        let symbols: Vec<u8> = received.bytes().filter(|byte| !blank(byte)).collect();
        ENGINE.decode(symbols)
    } else {
        ENGINE.decode(received)
    };
    decoded.map_err(|_| NotBase64)
}

/// Encodes with padding and without line breaks.
pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(received: &str, expected: Result<&[u8], NotBase64>) {
        assert_eq!(
            decode(received).as_deref(),
            expected.as_ref().map(|bytes| *bytes),
            "{received:?}"
        );
    }

    #[test]
    fn blanks_are_dropped_and_everything_else_is_strict() {
        check("QUJD", Ok(b"ABC"));
        check(" Q\tU\r\nJD ", Ok(b"ABC"));
        check("QUI=", Ok(b"AB"));
        check("", Ok(b""));
        check("QR==", Ok(b"A"));
        for refused in [
            "QUI",
            "QU",
            "Q",
            "QUI==",
            "=",
            "====",
            "QU=I",
            "QUI=QUI=",
            "-_-_",
            "QUJD\u{a0}",
            "QUJD\u{b}",
            "QU.D",
        ] {
            check(refused, Err(NotBase64));
        }
    }
}
