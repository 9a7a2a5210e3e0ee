//! An RSA private key: for clients that sign calls, for pushes, and for demo keys.

use std::fmt;

use md5::{Digest as _, Md5};
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::der::Decode as _;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding, PrivateKeyInfo};
use rsa::rand_core::CryptoRngCore;
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs1};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Algorithm, KeyRejected, KeyStrength, PublicKey, pem};
use crate::base64_text;

const EXPECTED: &str = "unencrypted PKCS#8 (PRIVATE KEY), PKCS#1 (RSA PRIVATE KEY)";

/// The key could not sign. Says nothing of key or message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signing failed")]
pub struct SigningFailed;

/// An RSA private key, hidden from `Debug` and wiped when dropped.
#[derive(Clone)]
pub struct PrivateKey(RsaPrivateKey);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("bits", &self.0.n().bits())
            .finish_non_exhaustive()
    }
}

impl PrivateKey {
    /// Reads PKCS#8 or PKCS#1, as PEM or bare base64.
    ///
    /// # Errors
    /// See [`KeyRejected`].
    pub fn parse(text: &str, strength: KeyStrength) -> Result<Self, KeyRejected> {
        let document = pem::decode(text)?;
        let der = document.der.as_slice();
        let key = match document.label {
            Some("PRIVATE KEY") => Self::from_pkcs8(der),
            Some("RSA PRIVATE KEY") => Self::from_pkcs1(der),
            Some(_) => return Err(KeyRejected::Label { expected: EXPECTED }),
            None if pkcs1::RsaPrivateKey::from_der(der).is_ok() => Self::from_pkcs1(der),
            None => Self::from_pkcs8(der),
        }?;
        strength.check(key.n().bits())?;
        Ok(Self(key))
    }

    fn from_pkcs8(der: &[u8]) -> Result<RsaPrivateKey, KeyRejected> {
        let info =
            PrivateKeyInfo::try_from(der).map_err(|_| KeyRejected::Structure { expected: EXPECTED })?;
        if info.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(KeyRejected::NotRsa);
        }
        RsaPrivateKey::from_pkcs8_der(der).map_err(|_| KeyRejected::Unusable)
    }

    fn from_pkcs1(der: &[u8]) -> Result<RsaPrivateKey, KeyRejected> {
        pkcs1::RsaPrivateKey::from_der(der).map_err(|_| KeyRejected::Structure { expected: EXPECTED })?;
        RsaPrivateKey::from_pkcs1_der(der).map_err(|_| KeyRejected::Unusable)
    }

    /// Makes a new key from the caller's random numbers. Takes seconds without optimisation.
    ///
    /// # Errors
    /// [`KeyRejected`] for a size that [`KeyStrength::Standard`] refuses.
    pub fn generate(rng: &mut impl CryptoRngCore, bits: usize) -> Result<Self, KeyRejected> {
        KeyStrength::Standard.check(bits)?;
        RsaPrivateKey::new(rng, bits)
            .map(Self)
            .map_err(|_| KeyRejected::Unusable)
    }

    /// The public half.
    ///
    /// # Errors
    /// [`KeyRejected::Unusable`] for numbers that one of the verifiers refuses.
    pub fn public_key(&self) -> Result<PublicKey, KeyRejected> {
        PublicKey::new(self.0.to_public_key())
    }

    /// The key as PKCS#8 PEM, to be stored as the secret it is.
    ///
    /// # Errors
    /// [`KeyRejected::Unusable`] if the key can't be written, which no parsed key is.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyRejected> {
        self.0
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| KeyRejected::Unusable)
    }

    /// Signs the bytes of a message; the signature in base64 without line breaks.
    ///
    /// Not blinded: its time depends on the key, which a caller who can time many signatures might exploit
    /// (the Marvin attack). For clients and tests; a server that signs on demand uses [`Self::sign_blinded`].
    ///
    /// # Errors
    /// [`SigningFailed`] if the result doesn't verify under the key's own public half.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<String, SigningFailed> {
        let (scheme, digest) = hashed(algorithm, message);
        let signature = self.0.sign(scheme, &digest).map_err(|_| SigningFailed)?;
        Ok(base64_text::encode(&signature))
    }

    /// Signs like [`Self::sign`] with the private operation blinded by the caller's random numbers; the
    /// signature is the same.
    ///
    /// # Errors
    /// [`SigningFailed`], as above.
    pub fn sign_blinded(
        &self,
        rng: &mut impl CryptoRngCore,
        algorithm: Algorithm,
        message: &[u8],
    ) -> Result<String, SigningFailed> {
        let (scheme, digest) = hashed(algorithm, message);
        let signature = self
            .0
            .sign_with_rng(rng, scheme, &digest)
            .map_err(|_| SigningFailed)?;
        Ok(base64_text::encode(&signature))
    }
}

fn hashed(algorithm: Algorithm, message: &[u8]) -> (Pkcs1v15Sign, Vec<u8>) {
    match algorithm {
        Algorithm::Sha1WithRsa => (Pkcs1v15Sign::new::<Sha1>(), Sha1::digest(message).to_vec()),
        Algorithm::Sha256WithRsa => (Pkcs1v15Sign::new::<Sha256>(), Sha256::digest(message).to_vec()),
        Algorithm::Md5WithRsa => (Pkcs1v15Sign::new::<Md5>(), Md5::digest(message).to_vec()),
    }
}
