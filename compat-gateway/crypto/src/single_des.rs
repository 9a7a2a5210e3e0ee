//! DES fields of `openYouMeCardOnline`, and `paymentCodeDES` where an app sends it under its appKey.
//!
//! The document names DES without a mode. Partners use CBC with an IV made from the reversed key, or ECB; nothing in a
//! request says which. So the caller asks for the [`Key::candidates`] of a field that it can judge (an ID or mobile number)
//! and decrypts the other fields of the same request in the mode that proved right.

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
        f.debug_struct("Candidate").field("mode", &self.mode).finish_non_exhaustive()
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
        let first = |text: &str| text.as_bytes().first_chunk::<BLOCK>().copied().map(Zeroizing::new);
        let reversed = Zeroizing::new(text.chars().rev().collect::<String>());
        let (Some(key), Some(iv)) = (first(text), first(&reversed)) else {
            return Err(KeyError { bytes: text.len(), needed: "at least 8 bytes" });
        };
        Ok(Self { cipher: Des::new((&*key).into()), iv })
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
    /// Wrong padding passes by chance once in about 256 fields, so the caller must require a valid ID or mobile number.
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
