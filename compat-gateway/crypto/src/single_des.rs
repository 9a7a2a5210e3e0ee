//! DES fields of `openYouMeCardOnline`, and `paymentCodeDES` where an app sends it under its appKey.
//!
//! The document names DES without a mode. Partners use CBC with an IV made from the reversed key, or ECB;
//! nothing in a request says which. So the caller asks for the [`Key::candidates`] of a field that it can
//! judge (an ID or mobile number) and decrypts the other fields of the same request in the mode that proved
//! right.

use std::fmt;

use cipher::KeyInit as _;
use des::Des;
use zeroize::Zeroizing;

use crate::padded_blocks::{self, BLOCK, DecryptError, KeyError};

/// The block mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// CBC; the IV is the first 8 bytes of the reversed key text.
    CbcReversedKey,
    /// ECB.
    Ecb,
}

impl Mode {
    /// Both modes in the order in which they are tried.
    pub const ALL: [Self; 2] = [Self::CbcReversedKey, Self::Ecb];
}

/// One reading of a field.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The mode that gave it.
    pub mode: Mode,
    /// The text: whole padding and valid UTF-8, but not yet known to be the right one.
    pub plain: String,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// A DES key with its schedule computed: make it once per app, use it for every request.
#[derive(Clone)]
pub struct Key {
    cipher: Des,
    iv: Zeroizing<[u8; BLOCK]>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("single_des::Key(..)")
    }
}

impl Key {
    /// The first 8 UTF-8 bytes of the key's text; parity bits don't matter.
    ///
    /// # Errors
    /// A text of fewer than 8 bytes.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let first = |text: &str| {
            text.as_bytes()
                .first_chunk::<BLOCK>()
                .copied()
                .map(Zeroizing::new)
        };
        let reversed = Zeroizing::new(text.chars().rev().collect::<String>());
        let (Some(key), Some(iv)) = (first(text), first(&reversed)) else {
            return Err(KeyError {
                bytes: text.len(),
                needed: "at least 8 bytes",
            });
        };
        Ok(Self {
            cipher: Des::new((&*key).into()),
            iv,
        })
    }

    /// Base64 of the encrypted UTF-8 bytes of `plain`.
    #[must_use]
    pub fn encrypt(&self, mode: Mode, plain: &str) -> String {
        match mode {
            Mode::CbcReversedKey => padded_blocks::encrypt_cbc(&self.cipher, *self.iv, plain),
            Mode::Ecb => padded_blocks::encrypt_ecb(&self.cipher, plain),
        }
    }

    /// The text in a received field, read in one mode.
    ///
    /// # Errors
    /// See [`DecryptError`]; all of them must read alike on the wire.
    pub fn decrypt(&self, mode: Mode, received: &str) -> Result<String, DecryptError> {
        self.decrypt_blocks(mode, &padded_blocks::blocks(received)?)
    }

    /// Every reading of a received field that has whole padding and valid UTF-8: one or two, CBC first.
    ///
    /// Wrong padding passes by chance once in about 256 fields, so the caller must require a valid ID or
    /// mobile number.
    ///
    /// # Errors
    /// What was wrong with the CBC reading, if neither mode gives a text.
    pub fn candidates(&self, received: &str) -> Result<Vec<Candidate>, DecryptError> {
        let blocks = padded_blocks::blocks(received)?;
        let mut candidates = Vec::with_capacity(Mode::ALL.len());
        let mut refusal = None;
        for mode in Mode::ALL {
            match self.decrypt_blocks(mode, &blocks) {
                Ok(plain) => candidates.push(Candidate { mode, plain }),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        match refusal {
            Some(error) if candidates.is_empty() => Err(error),
            Some(_) | None => Ok(candidates),
        }
    }

    fn decrypt_blocks(&self, mode: Mode, blocks: &[u8]) -> Result<String, DecryptError> {
        match mode {
            Mode::CbcReversedKey => padded_blocks::decrypt_cbc(&self.cipher, *self.iv, blocks),
            Mode::Ecb => padded_blocks::decrypt_ecb(&self.cipher, blocks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "Wq7!x2@b9#d4%z8Rm3Np6Hs1";

    fn modes(candidates: &[Candidate]) -> Vec<Mode> {
        candidates.iter().map(|candidate| candidate.mode).collect()
    }

    #[test]
    fn a_field_is_read_in_the_mode_it_was_written_in() {
        let key = Key::from_text(KEY).unwrap();
        for mode in Mode::ALL {
            let candidates = key.candidates(&key.encrypt(mode, "515411244445444444X")).unwrap();
            assert_eq!(modes(&candidates), [mode]);
            assert_eq!(candidates[0].plain, "515411244445444444X");
        }
    }

    #[test]
    fn both_readings_are_offered_when_both_are_text() {
        // The vector of this key ends in a zero byte, so it leaves the padding of a single block alone.
        let key = Key::from_text("\u{0}1234567").unwrap();
        let candidates = key.candidates(&key.encrypt(Mode::Ecb, "1391234")).unwrap();
        assert_eq!(modes(&candidates), Mode::ALL);
        assert_eq!(candidates[1].plain, "1391234");
        assert_ne!(
            candidates[0].plain, "1391234",
            "which one is right, only the caller can judge"
        );
    }

    #[test]
    fn the_vector_starts_from_the_end_of_the_key() {
        // One block of CBC is ECB of the block XOR the vector, so keys of the same first eight bytes differ
        // by their end.
        let (a, b) = (
            Key::from_text("12345678abcdefgh").unwrap(),
            Key::from_text("12345678ABCDEFGH").unwrap(),
        );
        assert_eq!(*a.iv, *b"hgfedcba");
        assert_eq!(a.encrypt(Mode::Ecb, "x"), b.encrypt(Mode::Ecb, "x"));
        assert_ne!(
            a.encrypt(Mode::CbcReversedKey, "x"),
            b.encrypt(Mode::CbcReversedKey, "x")
        );
        assert_eq!(*Key::from_text("密钥12345").unwrap().iv, *"54321钥".as_bytes());
    }

    #[test]
    fn a_field_that_reads_neither_way_is_refused_with_the_reason() {
        let key = Key::from_text(KEY).unwrap();
        let reason = |received| key.candidates(received).map_err(DecryptError::reason);
        assert_eq!(reason(""), Err("empty"));
        assert_eq!(reason("13912345678"), Err("base64"));
        assert_eq!(reason("f3IrYbSzaA=="), Err("length"));
        assert_eq!(reason("AAAAAAAAAAA="), Err("padding"));
        assert_eq!(
            key.decrypt(Mode::Ecb, "ym3bcxJ1X8TBLdUyojqD/ds7pLYoshuX"),
            Err(DecryptError::Padding)
        );
    }

    #[test]
    fn a_key_has_at_least_eight_bytes() {
        for (text, bytes) in [("", 0), ("1234567", 7), ("密钥", 6)] {
            assert_eq!(
                Key::from_text(text).map(|_| ()).map_err(|error| error.bytes),
                Err(bytes)
            );
        }
        assert!(Key::from_text("密钥密").is_ok());
    }

    #[test]
    fn keys_and_fields_stay_out_of_debug() {
        let key = Key::from_text(KEY).unwrap();
        let candidates = key.candidates(&key.encrypt(Mode::Ecb, "13912345678")).unwrap();
        assert_eq!(
            format!("{key:?} {candidates:?}"),
            "single_des::Key(..) [Candidate { mode: Ecb, .. }]"
        );
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_among_the_candidates(key in ".{8,30}", plain in ".*") {
            let key = Key::from_text(&key).unwrap();
            for mode in Mode::ALL {
                let field = key.encrypt(mode, &plain);
                prop_assert_eq!(key.decrypt(mode, &field), Ok(plain.clone()));
                let expected = Candidate { mode, plain: plain.clone() };
                prop_assert!(key.candidates(&field).unwrap().contains(&expected));
            }
        }

        #[test]
        fn no_text_makes_decryption_panic(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let key = Key::from_text(KEY).unwrap();
            let _ = key.candidates(&text);
            let read = key.candidates(&crate::base64_text::encode(&bytes));
            prop_assert!(read.is_err() || bytes.len() % 8 == 0);
        }
    }
}
