//! Pages: a size within bounds, a token that says where to go on. The token is opaque to
//! callers: the hex of the place.

use crate::failure::Failure;
use bytes::Bytes;
use std::fmt::Write as _;

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: i32 = 500;
/// Longest place that a token may name, in bytes.
const MAX_PLACE: usize = 512;

/// The page that is asked for.
///
/// # Errors
/// [`Failure::Malformed`].
pub(super) fn page(size: i32, token: &str) -> Result<(usize, Option<Bytes>), Failure> {
    let mut errors = Vec::new();
    if !(0..=MAX_SIZE).contains(&size) {
        errors.push(("page_size", "expected 0 to 500".to_owned()));
    }
    let place = read(token);
    if place.is_none() {
        errors.push(("page_token", "expected a token of an earlier answer".to_owned()));
    }
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .unwrap_or(DEFAULT_SIZE);
    match place {
        Some(place) if errors.is_empty() => Ok((size, (!place.is_empty()).then(|| Bytes::from(place)))),
        Some(_) | None => Err(Failure::Malformed(errors)),
    }
}

/// The token for the next page; empty at the end.
pub(super) fn token(place: Option<Bytes>) -> String {
    place
        .unwrap_or_default()
        .iter()
        .fold(String::new(), |mut token, byte| {
            let _ = write!(token, "{byte:02x}");
            token
        })
}

fn read(token: &str) -> Option<Vec<u8>> {
    if token.len() > MAX_PLACE.saturating_mul(2) || !token.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let (pairs, rest) = token.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place() {
        let place = Bytes::from_static(&[0, 1, 0x7f, 0xff]);
        assert_eq!(page(7, &token(Some(place.clone()))), Ok((7, Some(place))));
        assert_eq!(page(0, ""), Ok((50, None)));
        assert_eq!(token(None), "");
    }

    #[test]
    fn a_page_out_of_bounds_or_a_made_up_token_is_malformed() {
        for (size, token) in [
            (-1, ""),
            (501, ""),
            (1, "x"),
            (1, "abc"),
            (1, "+1"),
            (1, &"00".repeat(600)),
        ] {
            assert!(
                matches!(page(size, token), Err(Failure::Malformed(_))),
                "{size} {token:?}"
            );
        }
    }
}
