//! `DESede/ECB/PKCS5Padding` fields (ID number, name, mobile number) under an appKey or a channelKey.
//!
//! Deliberately no check for weak or degenerate keys: an 8-character appKey makes `K1`, 0, 0, a 16-character
//! one `K1`, `K2`, 0, and the legacy apps that own them must go on working. ECB hides neither repetition nor
//! tampering; that is the contract.

use cipher::KeyInit as _;
use des::TdesEde3;
use zeroize::Zeroizing;

pub use crate::padded_blocks::KeyError;
use crate::padded_blocks::{self, DecryptError};

const KEY_BYTES: usize = 24;

/// How 24 key bytes are made from the UTF-8 bytes of the key's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyMode {
    /// Padded with zero bytes or cut: what the contract means.
    #[default]
    ZeroPadded,
    /// 16 bytes as `K1 K2 K1`, 8 as `K1 K1 K1`, 24 and more cut; other lengths are refused.
    TwoKey,
    /// Java's `DESedeKeySpec`: the first 24 bytes, fewer are refused.
    KeySpec,
}

/// The 24 bytes of a DESede key, wiped when dropped.
pub struct KeyBytes(Zeroizing<[u8; KEY_BYTES]>);

impl KeyBytes {
    /// Derives the bytes from the key's text.
    ///
    /// # Errors
    /// A length that `mode` doesn't know, and in every mode an empty text: a key that everybody knows is a
    /// mistake.
    pub fn derive(text: &str, mode: KeyMode) -> Result<Self, KeyError> {
        let bytes = text.as_bytes();
        let refused = |needed| KeyError {
            bytes: bytes.len(),
            needed,
        };
        if bytes.is_empty() {
            return Err(refused("at least one byte"));
        }
        let filled = |source: &mut dyn Iterator<Item = u8>| {
            let mut key = Zeroizing::new([0; KEY_BYTES]);
            for (slot, byte) in key.iter_mut().zip(source) {
                *slot = byte;
            }
            Self(key)
        };
        match (mode, bytes.len()) {
            (KeyMode::ZeroPadded, _) | (KeyMode::TwoKey | KeyMode::KeySpec, KEY_BYTES..) => {
                Ok(filled(&mut bytes.iter().copied()))
            }
            (KeyMode::TwoKey, 8 | 16) => Ok(filled(&mut bytes.iter().copied().cycle())),
            (KeyMode::TwoKey, _) => Err(refused("8, 16 or at least 24 bytes")),
            (KeyMode::KeySpec, _) => Err(refused("at least 24 bytes")),
        }
    }

    /// The key itself, for a test or an export; keep it out of logs.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl std::fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("triple_des::KeyBytes(..)")
    }
}

/// A 3DES key with its schedule computed: make it once per app or channel, use it for every request.
#[derive(Clone)]
pub struct Key(TdesEde3);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("triple_des::Key(..)")
    }
}

impl From<&KeyBytes> for Key {
    fn from(bytes: &KeyBytes) -> Self {
        Self(TdesEde3::new(bytes.expose().into()))
    }
}

impl Key {
    /// The key of the contract: UTF-8 bytes, zero-padded or cut to 24.
    ///
    /// # Errors
    /// An empty text.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        Self::with_mode(text, KeyMode::ZeroPadded)
    }

    /// A key made as `mode` says.
    ///
    /// # Errors
    /// A length that `mode` refuses.
    pub fn with_mode(text: &str, mode: KeyMode) -> Result<Self, KeyError> {
        KeyBytes::derive(text, mode).map(|bytes| Self::from(&bytes))
    }

    /// Base64 of the encrypted UTF-8 bytes of `plain`.
    #[must_use]
    pub fn encrypt(&self, plain: &str) -> String {
        padded_blocks::encrypt_ecb(&self.0, plain)
    }

    /// The text in a received field. Whether it is a plausible ID or mobile number is for the caller to
    /// check.
    ///
    /// # Errors
    /// See [`DecryptError`]; all of them must read alike on the wire.
    pub fn decrypt(&self, received: &str) -> Result<String, DecryptError> {
        padded_blocks::decrypt_ecb(&self.0, &padded_blocks::blocks(received)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, mode: KeyMode, expected: Result<&[u8; KEY_BYTES], usize>) {
        let derived = KeyBytes::derive(text, mode);
        let derived = derived
            .as_ref()
            .map(KeyBytes::expose)
            .map_err(|error| error.bytes);
        assert_eq!(derived, expected, "{text:?} {mode:?}");
    }

    #[test]
    fn key_bytes_are_padded_cut_repeated_or_refused() {
        check("", KeyMode::ZeroPadded, Err(0));
        check(
            "k",
            KeyMode::ZeroPadded,
            Ok(b"k\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        );
        check(
            "密钥密钥密钥密钥密钥",
            KeyMode::ZeroPadded,
            Ok("密钥密钥密钥密钥".as_bytes().try_into().unwrap()),
        );
        check("12345678", KeyMode::TwoKey, Ok(b"123456781234567812345678"));
        check(
            "1234567890abcdef",
            KeyMode::TwoKey,
            Ok(b"1234567890abcdef12345678"),
        );
        check(
            "1234567890abcdefABCDEFGHIJ",
            KeyMode::TwoKey,
            Ok(b"1234567890abcdefABCDEFGH"),
        );
        check(
            "1234567890abcdefABCDEFGHIJ",
            KeyMode::KeySpec,
            Ok(b"1234567890abcdefABCDEFGH"),
        );
        for refused in [
            "",
            "1234567",
            "123456789",
            "1234567890abcdefg",
            "1234567890abcdefABCDEFG",
        ] {
            check(refused, KeyMode::TwoKey, Err(refused.len()));
            check(refused, KeyMode::KeySpec, Err(refused.len()));
        }
    }

    #[test]
    fn an_eight_character_key_is_single_des_with_a_zero_second_half_and_works() {
        let key = Key::from_text("appKey08").unwrap();
        assert_eq!(key.encrypt("13912345678"), "83sFBlRPaSp39N1QeFU4XQ==");
        assert_eq!(key.decrypt("83sFBlRPaSp39N1QeFU4XQ==").unwrap(), "13912345678");
    }

    #[test]
    fn each_damage_has_its_reason() {
        let key = Key::from_text("Wq7!x2@b9#d4%z8Rm3Np6Hs1").unwrap();
        for (received, reason) in [
            ("", "empty"),
            (" \r\n\t", "empty"),
            ("13912345678", "base64"),
            ("f3IrYbSzaA==", "length"),
            ("DjZIxzqopNY8OVICa5nz4Q==", "padding"),
            ("7fmOcNzv7qs=", "charset"),
        ] {
            assert_eq!(
                key.decrypt(received).map_err(DecryptError::reason),
                Err(reason),
                "{received:?}"
            );
        }
        assert_eq!(
            KeyBytes::derive("", KeyMode::ZeroPadded).unwrap_err().reason(),
            "key"
        );
    }

    #[test]
    fn a_key_stays_out_of_debug_and_errors() {
        let shown = format!(
            "{:?} {:?} {}",
            Key::from_text("appKey08").unwrap(),
            KeyBytes::derive("appKey08", KeyMode::ZeroPadded).unwrap(),
            Key::with_mode("appKey08", KeyMode::KeySpec).unwrap_err(),
        );
        assert_eq!(
            shown,
            "triple_des::Key(..) triple_des::KeyBytes(..) a key of 8 bytes is unusable here: at least 24 bytes"
        );
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_decrypted(key in ".{1,30}", plain in ".*") {
            let key = Key::from_text(&key).unwrap();
            prop_assert_eq!(key.decrypt(&key.encrypt(&plain)), Ok(plain));
        }

        #[test]
        fn no_text_makes_decryption_panic(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let key = Key::from_text("appKey08").unwrap();
            let _ = key.decrypt(&text);
            let read = key.decrypt(&crate::base64_text::encode(&bytes));
            if bytes.is_empty() || bytes.len() % 8 != 0 {
                prop_assert!(matches!(read, Err(DecryptError::Empty | DecryptError::Length)));
            }
        }
    }
}
