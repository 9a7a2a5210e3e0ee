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
            Self::Utf8 => Cow::Borrowed(text.as_bytes()),
            Self::Gbk if text.is_ascii() => Cow::Borrowed(text.as_bytes()),
            Self::Gbk => Cow::Owned(encode_gbk(text)),
        }
    }
}

fn encode_gbk(text: &str) -> Vec<u8> {
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
