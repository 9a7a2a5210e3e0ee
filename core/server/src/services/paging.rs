//! Pages: a size within bounds, a token that says where to go on. The token is opaque to
//! callers: the hex of the place, which is that of the last item that was shown. So what comes or goes
//! between two pages makes no other item appear twice or not at all.

use crate::failure::Failure;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use map_domain::IdError;
use prost::Message;

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: i32 = 500;
/// Longest place that a token may name, in bytes.
const MAX_PLACE: usize = 512;
/// The items of one page in bytes, unless one alone is larger: clients take messages of 4 MiB.
const PAGE_BYTES: usize = 1024 * 1024;

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
        errors.push(made_up());
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

/// The page that is asked for, of a list whose places are identifiers.
///
/// # Errors
/// As [`page`].
pub(super) fn page_after<K>(
    size: i32,
    token: &str,
    parse: impl Fn(&str) -> Result<K, IdError>,
) -> Result<(usize, Option<K>), Failure> {
    let (size, place) = page(size, token)?;
    let known = |place: Bytes| {
        let text = std::str::from_utf8(&place).ok();
        text.and_then(|text| parse(text).ok())
            .ok_or_else(|| Failure::Malformed(vec![made_up()]))
    };
    Ok((size, place.map(known).transpose()?))
}

/// The first items, as many as a page holds, and the token for the next page.
pub(super) fn cut<P: AsRef<[u8]>, T: Message>(
    items: impl Iterator<Item = (P, T)>,
    size: usize,
) -> (Vec<T>, String) {
    let (mut shown, mut last, mut bytes) = (Vec::new(), None, 0_usize);
    for (place, item) in items {
        bytes = bytes.saturating_add(item.encoded_len());
        if shown.len() == size || (bytes > PAGE_BYTES && !shown.is_empty()) {
            return (shown, token(last));
        }
        last = Some(Bytes::copy_from_slice(place.as_ref()));
        shown.push(item);
    }
    (shown, String::new())
}

/// What is said of a token that was not given out by us.
pub(super) fn made_up() -> (&'static str, String) {
    ("page_token", "expected a token of an earlier answer".to_owned())
}

/// The token for the next page; empty at the end.
pub(super) fn token(place: Option<Bytes>) -> String {
    HEXLOWER.encode(&place.unwrap_or_default())
}

fn read(token: &str) -> Option<Vec<u8>> {
    if token.len() > MAX_PLACE.saturating_mul(2) {
        return None;
    }
    HEXLOWER.decode(token.as_bytes()).ok()
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
    fn a_page_ends_where_it_has_its_items_or_its_bytes_and_the_next_goes_on() {
        let texts =
            |count: usize, len: usize| vec![(count.to_be_bytes(), "x".repeat(len)); count].into_iter();
        for (count, len, size, shown, more) in [
            (3, 1, 3, 3, false),
            (4, 1, 3, 3, true),
            (0, 1, 3, 0, false),
            (5, PAGE_BYTES / 2 - 8, 50, 2, true),
            (2, PAGE_BYTES + 1, 50, 1, true),
            (1, PAGE_BYTES + 1, 50, 1, false),
        ] {
            let (page, next) = cut(texts(count, len), size);
            assert_eq!(
                (page.len(), !next.is_empty()),
                (shown, more),
                "{count} of {len} bytes"
            );
        }
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
