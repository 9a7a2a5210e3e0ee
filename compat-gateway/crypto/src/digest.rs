//! The value-sorted MD5 of the legacy contract, and the text that a `tsig` signature covers.
//!
//! Source: `002 线下支付接口` and its sister documents, "按值的字典顺序排列组合成字符串". The values are the *received text* (a
//! number's lexeme as written, an encrypted field as transmitted); which fields take part is the caller's
//! knowledge. An unkeyed MD5 proves nothing by itself: never accept one in place of a [`crate::signature`].

use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq as _;

use crate::{Charset, hex, java_text};

/// What happens to a value that is empty or only Java whitespace. Absent and null values are always left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blank {
    /// Left out: how the partners' Java code reads the documents.
    #[default]
    Skip,
    /// Kept: the documents taken literally.
    Keep,
}

/// How the values of a list of elements are put in order (`open_offline_delivery`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// All values of all elements sorted together.
    #[default]
    Flat,
    /// Each element sorted, the elements in the order received.
    PerElement,
    /// Each element sorted and joined, then the joined texts sorted.
    PerElementSorted,
}

/// An MD5 digest. `Debug` hides it: an `app.signature` is a credential to whoever reads a log.
#[derive(Clone, Copy)]
pub struct Md5Digest([u8; 16]);

impl Md5Digest {
    /// The digest as the contract transmits it: 32 lower-case hex digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::lower(&self.0)
    }

    /// Whether `received` is this digest in hex of either case; takes the same time wherever they differ.
    #[must_use]
    pub fn matches(&self, received: &str) -> bool {
        hex::decode::<16>(received).is_some_and(|received| self.0.ct_eq(&received).into())
    }
}

impl std::fmt::Debug for Md5Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Md5Digest(..)")
    }
}

/// The values that take part, sorted like Java strings.
fn sorted<'a>(values: impl IntoIterator<Item = Option<&'a str>>, blank: Blank) -> Vec<&'a str> {
    let kept = |value: &&str| match blank {
        Blank::Skip => !java_text::is_blank(value),
        Blank::Keep => true,
    };
    let mut values: Vec<&str> = values.into_iter().flatten().filter(kept).collect();
    // Equal values are the same text, so an unstable sort loses nothing.
    values.sort_unstable_by(|a, b| java_text::compare(a, b));
    values
}

/// The sorted values joined without a separator.
#[must_use]
pub fn joined<'a>(values: impl IntoIterator<Item = Option<&'a str>>, blank: Blank) -> String {
    sorted(values, blank).concat()
}

/// The joined text of a list of elements, ordered as `grouping` says.
#[must_use]
pub fn joined_elements<'a, E>(
    elements: impl IntoIterator<Item = E>,
    grouping: Grouping,
    blank: Blank,
) -> String
where
    E: IntoIterator<Item = Option<&'a str>>,
{
    let each = |element: E| joined(element, blank);
    match grouping {
        Grouping::Flat => joined(elements.into_iter().flatten(), blank),
        Grouping::PerElement => elements.into_iter().map(each).collect(),
        Grouping::PerElementSorted => {
            let mut texts: Vec<String> = elements.into_iter().map(each).collect();
            texts.sort_unstable_by(|a, b| java_text::compare(a, b));
            texts.concat()
        }
    }
}

/// MD5 of `text` in `charset`.
#[must_use]
pub fn md5(text: &str, charset: Charset) -> Md5Digest {
    Md5Digest(Md5::digest(charset.encode(text)).into())
}

/// SHA-256 of these bytes, as 64 lower-case hex digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::lower(&sha2::Sha256::digest(bytes))
}

/// MD5 over the sorted values: `orderMD5` of a call with one payload, and the digest of a channel's
/// credentials.
///
/// Costs one sort of the values and one pass over their bytes.
#[must_use]
pub fn value_sorted_md5<'a>(
    values: impl IntoIterator<Item = Option<&'a str>>,
    blank: Blank,
    charset: Charset,
) -> Md5Digest {
    // A charset encodes each character by itself, so the joined text never has to exist.
    let mut md5 = Md5::new();
    for value in sorted(values, blank) {
        md5.update(charset.encode(value));
    }
    Md5Digest(md5.finalize().into())
}

/// `app.signature`: the digest over appId, appKey, nonce and timeStamp.
#[must_use]
pub fn app_signature(
    app_id: &str,
    app_key: &str,
    nonce: &str,
    time_stamp: &str,
    charset: Charset,
) -> Md5Digest {
    let values = [app_id, app_key, nonce, time_stamp].map(Some);
    value_sorted_md5(values, Blank::Skip, charset)
}

/// The text under `tsig.signature`: the sorted join of orderMD5, appId, `tsig.timeStamp` and `tsig.nonce`.
///
/// `order_md5` is the text that the request carries or will carry, since that is what was signed: hex of either
/// case. Who verifies must have found it right before ([`Md5Digest::matches`]); the signature alone covers no
/// field of the order.
#[must_use]
pub fn tsig_text(order_md5: &str, app_id: &str, time_stamp: &str, nonce: &str) -> String {
    joined([order_md5, app_id, time_stamp, nonce].map(Some), Blank::Skip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(values: &[Option<&str>]) -> String {
        value_sorted_md5(values.iter().copied(), Blank::Skip, Charset::Utf8).to_hex()
    }

    #[test]
    fn absent_and_blank_values_take_no_part() {
        let plain = hex(&[Some("b"), Some("a")]);
        assert_eq!(plain, "187ef4436122d1cc2f40dc2b92f0eba0");
        assert_eq!(
            hex(&[
                Some(" \t\r\n\u{3000}\u{1c}"),
                None,
                Some("b"),
                Some(""),
                Some("a")
            ]),
            plain
        );
        assert_ne!(
            hex(&[Some("\u{a0}"), Some("b"), Some("a")]),
            plain,
            "a no-break space is a value"
        );
        assert_eq!(
            joined([Some("b"), None, Some(" "), Some("a")], Blank::Keep),
            " ab"
        );
        assert_eq!(hex(&[]), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn values_are_sorted_like_java_strings() {
        assert_eq!(
            joined([Some("\u{ff01}"), Some("😀"), Some("a")], Blank::Skip),
            "a😀\u{ff01}"
        );
        assert_eq!(
            joined([Some("10"), Some("9"), Some("1"), Some("10")], Blank::Skip),
            "110109"
        );
    }

    #[test]
    fn streaming_digest_is_the_digest_of_the_joined_text() {
        let values = ["李四", "13912345678", "😀", "é€", "Z"].map(Some);
        for charset in [Charset::Utf8, Charset::Gbk] {
            let text = joined(values, Blank::Skip);
            assert_eq!(
                value_sorted_md5(values, Blank::Skip, charset).to_hex(),
                md5(&text, charset).to_hex()
            );
        }
    }

    #[test]
    fn elements_are_sorted_together_or_each_by_itself() {
        let elements = [[Some("2"), Some("X")], [Some("1"), None], [Some("3"), Some("B")]];
        let text = |grouping| joined_elements(elements, grouping, Blank::Skip);
        assert_eq!(text(Grouping::Flat), "123BX");
        assert_eq!(text(Grouping::PerElement), "2X13B");
        assert_eq!(text(Grouping::PerElementSorted), "12X3B");
    }

    #[test]
    fn a_received_digest_matches_in_either_case_and_only_whole() {
        let digest = md5("abc", Charset::Utf8);
        let hex = "900150983cd24fb0d6963f7d28e17f72";
        assert_eq!(digest.to_hex(), hex);
        assert!(digest.matches(hex));
        assert!(digest.matches(&hex.to_uppercase()));
        assert!(digest.matches("900150983CD24fb0d6963f7d28e17f72"));
        for other in [
            "",
            "900150983cd24fb0d6963f7d28e17f7",
            "900150983cd24fb0d6963f7d28e17f722",
            " 900150983cd24fb0d6963f7d28e17f7",
            "900150983cd24fb0d6963f7d28e17f7g",
        ] {
            assert!(!digest.matches(other), "{other:?}");
        }
        for position in 0..hex.len() {
            let mut damaged = hex.to_owned();
            let replacement = if damaged.as_bytes()[position] == b'0' {
                "1"
            } else {
                "0"
            };
            damaged.replace_range(position..=position, replacement);
            assert!(!digest.matches(&damaged), "{damaged}");
        }
    }

    #[test]
    fn a_digest_stays_out_of_debug() {
        assert_eq!(format!("{:?}", md5("abc", Charset::Utf8)), "Md5Digest(..)");
    }

    /// A body of 1 MiB of nearly equal values: some 2,000 × 17 comparisons of 500 bytes, not 2,000².
    #[test]
    fn a_long_list_with_a_long_common_prefix_is_sorted() {
        let values: Vec<String> = (0..2000)
            .rev()
            .map(|n| format!("{}{n:04}", "x".repeat(500)))
            .collect();
        let text = joined(values.iter().map(|value| Some(value.as_str())), Blank::Skip);
        let expected: String = values.iter().rev().map(String::as_str).collect();
        assert_eq!(text, expected);
    }
}
