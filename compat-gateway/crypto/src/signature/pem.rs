//! The DER inside a key's text, PEM or bare base64.
//!
//! More tolerant than RFC 7468 where settings files are sloppy (any line width, indentation, text before the
//! block), and strict where tolerance would guess (one block only, nothing behind it).

use zeroize::Zeroizing;

use super::KeyRejected;
use crate::base64_text;

/// A decoded text. The bytes may be a private key, so they are wiped.
pub(super) struct Document<'a> {
    /// The PEM label, absent from bare base64.
    pub(super) label: Option<&'a str>,
    /// The DER.
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// Decodes `text`.
pub(super) fn decode(text: &str) -> Result<Document<'_>, KeyRejected> {
    let (label, body) = match text.split_once("-----BEGIN ") {
        None => (None, text),
        Some((_, block)) => {
            let (label, rest) = block.split_once("-----").ok_or(KeyRejected::Encoding)?;
            let (body, rest) = rest.split_once("-----END ").ok_or(KeyRejected::Encoding)?;
            let behind = rest
                .strip_prefix(label)
                .and_then(|rest| rest.strip_prefix("-----"));
            if !behind.is_some_and(|behind| behind.trim().is_empty()) {
                return Err(KeyRejected::Encoding);
            }
            (Some(label), body)
        }
    };
    let der = base64_text::decode(body)
        .map(Zeroizing::new)
        .map_err(|base64_text::NotBase64| KeyRejected::Encoding)?;
    if der.is_empty() {
        Err(KeyRejected::Encoding)
    } else {
        Ok(Document { label, der })
    }
}
