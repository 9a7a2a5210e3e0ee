//! Base64 of PKCS#5-padded 64-bit blocks: what 3DES and DES fields have in common.
//!
//! A reason for refusal is for the operator's log. On the wire all of them must read alike: a caller who can
//! tell bad padding from bad text can decrypt by asking.

use cipher::{
    BlockCipher, BlockDecrypt, BlockDecryptMut, BlockEncrypt, BlockEncryptMut, InnerIvInit as _,
    block_padding::Pkcs7, consts::U8, crypto_common::InnerInit as _, generic_array::GenericArray,
};
use zeroize::Zeroizing;

use crate::base64_text;

/// Bytes in a DES block.
pub(crate) const BLOCK: usize = 8;

/// Why an encrypted field was refused. Carries nothing of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// Not base64, or base64 without its padding.
    #[error("not base64")]
    Base64,
    /// Nothing there.
    #[error("empty")]
    Empty,
    /// Not a whole number of 8-byte blocks.
    #[error("not a whole number of blocks")]
    Length,
    /// The PKCS#5 padding is wrong: another key, another mode, or damaged text.
    #[error("wrong padding")]
    Padding,
    /// The decrypted bytes are not UTF-8.
    #[error("not UTF-8")]
    Charset,
}

impl DecryptError {
    /// A short stable word for logs and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Empty => "empty",
            Self::Length => "length",
            Self::Padding => "padding",
            Self::Charset => "charset",
        }
    }
}

/// The key's text is unusable. Carries nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key of {bytes} bytes is unusable here: {needed}")]
pub struct KeyError {
    /// Length of the text in UTF-8 bytes.
    pub bytes: usize,
    /// What would do.
    pub needed: &'static str,
}

impl KeyError {
    /// A short stable word for logs and metrics, beside those of [`DecryptError::reason`].
    #[must_use]
    pub const fn reason(self) -> &'static str {
        "key"
    }
}

/// The blocks inside a received field: at least one, and whole.
pub(crate) fn blocks(received: &str) -> Result<Vec<u8>, DecryptError> {
    let bytes = base64_text::decode(received).map_err(|base64_text::NotBase64| DecryptError::Base64)?;
    if bytes.is_empty() {
        Err(DecryptError::Empty)
    } else if !bytes.len().is_multiple_of(BLOCK) {
        Err(DecryptError::Length)
    } else {
        Ok(bytes)
    }
}

/// ECB: every block by itself.
pub(crate) fn encrypt_ecb<C>(cipher: &C, plain: &str) -> String
where
    C: BlockEncrypt<BlockSize = U8> + BlockCipher,
{
    let blocks = ecb::Encryptor::inner_init(cipher).encrypt_padded_vec_mut::<Pkcs7>(plain.as_bytes());
    base64_text::encode(&blocks)
}

/// CBC under a fixed `iv`.
pub(crate) fn encrypt_cbc<C>(cipher: &C, iv: [u8; BLOCK], plain: &str) -> String
where
    C: BlockEncrypt<BlockSize = U8> + BlockCipher,
{
    let iv = GenericArray::from(iv);
    let blocks = cbc::Encryptor::inner_iv_init(cipher, &iv).encrypt_padded_vec_mut::<Pkcs7>(plain.as_bytes());
    base64_text::encode(&blocks)
}

/// The text in ECB `blocks`.
pub(crate) fn decrypt_ecb<C>(cipher: &C, blocks: &[u8]) -> Result<String, DecryptError>
where
    C: BlockDecrypt<BlockSize = U8> + BlockCipher,
{
    unpad(ecb::Decryptor::inner_init(cipher), blocks)
}

/// The text in CBC `blocks`.
pub(crate) fn decrypt_cbc<C>(cipher: &C, iv: [u8; BLOCK], blocks: &[u8]) -> Result<String, DecryptError>
where
    C: BlockDecrypt<BlockSize = U8> + BlockCipher,
{
    unpad(
        cbc::Decryptor::inner_iv_init(cipher, &GenericArray::from(iv)),
        blocks,
    )
}

fn unpad<M: BlockDecryptMut>(mode: M, blocks: &[u8]) -> Result<String, DecryptError> {
    let mut buffer = Zeroizing::new(blocks.to_vec());
    let plain = mode
        .decrypt_padded_mut::<Pkcs7>(&mut buffer)
        .map_err(|_| DecryptError::Padding)?;
    str::from_utf8(plain)
        .map(str::to_owned)
        .map_err(|_| DecryptError::Charset)
}
