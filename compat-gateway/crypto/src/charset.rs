//! The bytes of a text that is digested or signed.
//!
//! Only encoding: requests are UTF-8 on the wire whatever this setting says.

use std::borrow::Cow;
use std::str::FromStr;

use encoding_rs::{EncoderResult, GBK};

/// The charset in which an app computes its digests and signatures; a setting per app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// UTF-8, what the documents assume.
    #[default]
    Utf8,
    /// GBK, the platform default of Java on a Chinese Windows.
    Gbk,
}

/// The name is neither `UTF-8` nor `GBK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the charset is neither UTF-8 nor GBK")]
pub struct UnknownCharset;

impl FromStr for Charset {
    type Err = UnknownCharset;

    fn from_str(name: &str) -> Result<Self, UnknownCharset> {
        if name.eq_ignore_ascii_case("UTF-8") || name.eq_ignore_ascii_case("UTF8") {
            Ok(Self::Utf8)
        } else if name.eq_ignore_ascii_case("GBK") {
            Ok(Self::Gbk)
        } else {
            Err(UnknownCharset)
        }
    }
}

impl Charset {
    /// The bytes of `text`; a character that GBK lacks becomes one `?`, as in Java's `getBytes("GBK")`.
    #[must_use]
    pub fn encode(self, text: &str) -> Cow<'_, [u8]> {
        match self {
            Self::Gbk if !text.is_ascii() => Cow::Owned(encode_gbk(text)),
            Self::Utf8 | Self::Gbk => Cow::Borrowed(text.as_bytes()),
        }
    }
}

/// GBK as Java writes it.
///
/// `encoding_rs` follows the WHATWG standard, which knows a hundred characters more than Java's GBK and puts
/// the euro sign elsewhere. What remains different is U+2641 and 82 private-use characters, which no one
/// types: `?` here.
fn encode_gbk(text: &str) -> Vec<u8> {
    let mut standard = encode_whatwg_gbk(text).into_iter();
    let mut bytes = Vec::with_capacity(standard.len());
    while let Some(lead) = standard.next() {
        match lead {
            ..=0x7f => bytes.push(lead),
            0x80 => bytes.extend([0xa2, 0xe3]),
            0x81.. => {
                let pair = [lead, standard.next().unwrap_or_default()];
                if java_lacks(u16::from_be_bytes(pair)) {
                    bytes.push(b'?');
                } else {
                    bytes.extend(pair);
                }
            }
        }
    }
    bytes
}

/// Two-byte codes that came after GBK 1.0 (GB 18030), to which Java's GBK maps nothing.
const fn java_lacks(code: u16) -> bool {
    matches!(
        code,
        0xa6d9..=0xa6df | 0xa6ec..=0xa6ed | 0xa6f3 | 0xa892 | 0xa8bc | 0xa8bf | 0xa989..=0xa995 | 0xfe50..=0xfea0
    )
}

fn encode_whatwg_gbk(text: &str) -> Vec<u8> {
    let mut encoder = GBK.new_encoder();
    // GBK never needs more bytes than UTF-8; what a replacement adds, the loop reserves.
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return bytes,
            EncoderResult::OutputFull => bytes.reserve(rest.len().saturating_add(16)),
            EncoderResult::Unmappable(_) => bytes.push(b'?'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Blank, value_sorted_md5};

    fn check(text: &str, gbk: &[u8]) {
        assert_eq!(*Charset::Gbk.encode(text), *gbk, "{text:?}");
        assert_eq!(*Charset::Utf8.encode(text), *text.as_bytes());
    }

    #[test]
    fn gbk_writes_a_question_mark_for_each_character_it_lacks() {
        check("abc?", b"abc?");
        check("李四", &[0xc0, 0xee, 0xcb, 0xc4]);
        check("x😀y", b"x?y");
        check("한글é李", &[b'?', b'?', 0xa8, 0xa6, 0xc0, 0xee]);
        check("€", &[0xa2, 0xe3]);
        check("⿰䶮⊕", b"???");
        check(&"😀".repeat(100), &[b'?'; 100]);
    }

    /// The digest was computed from what OpenJDK 17 writes for each of these characters.
    #[test]
    fn gbk_is_java_gbk_for_the_whole_basic_plane() {
        let same = |c: &char| !matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{2641}');
        let texts: Vec<String> = ('\0'..='\u{ffff}').filter(same).map(String::from).collect();
        assert_eq!(texts.len(), 57_087);
        let all = crate::digest::md5(&texts.concat(), Charset::Gbk).to_hex();
        assert_eq!(all, "6a7efe7f8c2a7c41dc4e71fd16f3f784");
        let each = texts
            .iter()
            .map(|text| Charset::Gbk.encode(text).len())
            .sum::<usize>();
        assert_eq!(
            each,
            Charset::Gbk.encode(&texts.concat()).len(),
            "each character is encoded by itself"
        );
    }

    #[test]
    fn charset_changes_the_digest_of_chinese_text_only() {
        let digest = |text, charset| value_sorted_md5([Some(text)], Blank::Skip, charset).to_hex();
        assert_eq!(digest("abc", Charset::Gbk), digest("abc", Charset::Utf8));
        assert_ne!(digest("李四", Charset::Gbk), digest("李四", Charset::Utf8));
    }

    #[test]
    fn only_the_two_charsets_have_a_name() {
        assert_eq!("utf-8".parse(), Ok(Charset::Utf8));
        assert_eq!("GBK".parse(), Ok(Charset::Gbk));
        assert_eq!("GB18030".parse::<Charset>(), Err(UnknownCharset));
    }
}
