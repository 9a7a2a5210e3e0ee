//! A name for every request: the caller's own where it sent a sensible one.

use crate::ports::Random;
use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderValue};
use map_proto::metadata::{REQUEST_ID, is_request_id};

/// The request's id; afterwards the header holds it, and nothing else.
pub(super) fn ensure(headers: &mut HeaderMap, random: &dyn Random) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = given
        .filter(|id| is_request_id(id))
        .map_or_else(|| fresh(random), ToOwned::to_owned);
    answer(headers, &id);
    id
}

/// Puts the id into these headers.
pub(super) fn answer(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}

fn fresh(random: &dyn Random) -> String {
    let mut bytes = [0; 12];
    random.fill(&mut bytes);
    HEXLOWER.encode(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;
    impl Random for Ones {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(1);
        }
    }

    #[test]
    fn a_sensible_request_id_is_kept_and_another_is_replaced() {
        let fresh = "01".repeat(12);
        let cases = [
            ("a-1_b.C", "a-1_b.C"),
            ("", fresh.as_str()),
            ("two words", &fresh),
            ("line{}", &fresh),
            (&"x".repeat(65), &fresh),
        ];
        for (given, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
            assert_eq!(ensure(&mut headers, &Ones), expected, "{given:?}");
            assert_eq!(headers.get(REQUEST_ID).unwrap(), expected);
        }
        assert_eq!(ensure(&mut HeaderMap::new(), &Ones), fresh);
    }
}
