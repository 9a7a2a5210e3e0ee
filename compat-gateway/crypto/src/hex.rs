//! Hexadecimal text of fixed-size values: lower case for MD5, upper case for PIN blocks.

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Lower-case hex.
pub(crate) fn lower(bytes: &[u8]) -> String {
    encode(bytes, LOWER)
}

/// Upper-case hex.
pub(crate) fn upper(bytes: &[u8]) -> String {
    encode(bytes, UPPER)
}

fn encode(bytes: &[u8], alphabet: &[u8; 16]) -> String {
    let digit = |nibble: u8| {
        alphabet
            .get(usize::from(nibble))
            .map(|symbol| char::from(*symbol))
    };
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(digit)
        .collect()
}

/// Exactly `N` bytes from `2 * N` hex digits of either case, or nothing.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

fn nibble(symbol: u8) -> Option<u8> {
    char::from(symbol)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_takes_either_case_and_only_the_exact_length() {
        assert_eq!(decode::<2>("a0Ff"), Some([0xa0, 0xff]));
        for refused in ["", "a0F", "a0Fff", "a0Fff0", "a0Fg", "+0Ff", " a0F", "ａ0"] {
            assert_eq!(decode::<2>(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn every_byte_survives_the_round_trip() {
        for byte in 0..=u8::MAX {
            assert_eq!(decode::<1>(&lower(&[byte])), Some([byte]));
            assert_eq!(decode::<1>(&upper(&[byte])), Some([byte]));
        }
        assert_eq!(
            (lower(&[0xab]), upper(&[0xab])),
            ("ab".to_owned(), "AB".to_owned())
        );
    }
}
