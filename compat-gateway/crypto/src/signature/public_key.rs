//! A partner's RSA public key: parsed once, used for every request.
//!
//! SHA-1 and SHA-256 are verified by AWS-LC, MD5 (which AWS-LC's interface lacks) by the `rsa` crate; a
//! public operation has nothing to leak.

use std::fmt;

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
};
use md5::Md5;
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::signature::Verifier as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPublicKey, pkcs1, pkcs8};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::{Algorithm, KeyRejected, KeyStrength, pem};
use crate::base64_text;

const EXPECTED: &str =
    "SubjectPublicKeyInfo (PUBLIC KEY), PKCS#1 (RSA PUBLIC KEY), X.509 certificate (CERTIFICATE)";

/// The signature doesn't stand. On the wire both reasons must read alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The signature is not base64.
    #[error("the signature is not base64")]
    Base64,
    /// The signature doesn't belong to this message, key and algorithm.
    #[error("the signature does not match")]
    Mismatch,
}

fn unreadable<E>(_: E) -> KeyRejected {
    KeyRejected::Structure { expected: EXPECTED }
}

/// An RSA public key, ready to verify with each algorithm of the contract.
pub struct PublicKey {
    sha1: ParsedPublicKey,
    sha256: ParsedPublicKey,
    md5: VerifyingKey<Md5>,
    key: RsaPublicKey,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("bits", &self.bits())
            .finish_non_exhaustive()
    }
}

impl PublicKey {
    /// Reads a key as partners send it: SPKI, PKCS#1 or an X.509 certificate, each as PEM or bare base64.
    ///
    /// # Errors
    /// See [`KeyRejected`].
    pub fn parse(text: &str, strength: KeyStrength) -> Result<Self, KeyRejected> {
        let document = pem::decode(text)?;
        let der = document.der.as_slice();
        match document.label {
            Some("PUBLIC KEY") => Self::from_spki(der, strength),
            Some("RSA PUBLIC KEY") => Self::from_pkcs1(der, strength),
            Some("CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE") => {
                Self::from_certificate(der, strength)
            }
            Some(label) if label.ends_with("PRIVATE KEY") => Err(KeyRejected::PrivateKeyGiven),
            Some(_) => Err(KeyRejected::Label { expected: EXPECTED }),
            None if SubjectPublicKeyInfoRef::from_der(der).is_ok() => Self::from_spki(der, strength),
            None if is_private_key(der) => Err(KeyRejected::PrivateKeyGiven),
            None if pkcs1::RsaPublicKey::from_der(der).is_ok() => Self::from_pkcs1(der, strength),
            None => Self::from_certificate(der, strength),
        }
    }

    fn from_certificate(der: &[u8], strength: KeyStrength) -> Result<Self, KeyRejected> {
        // What OpenSSL trusts a certificate for follows it, and is nothing to us.
        let certificate = SliceReader::new(der)
            .and_then(|mut reader| Certificate::decode(&mut reader))
            .map_err(unreadable)?;
        let spki = certificate
            .tbs_certificate
            .subject_public_key_info
            .to_der()
            .map_err(unreadable)?;
        Self::from_spki(&spki, strength)
    }

    fn from_spki(der: &[u8], strength: KeyStrength) -> Result<Self, KeyRejected> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(unreadable)?;
        if spki.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(KeyRejected::NotRsa);
        }
        let numbers = spki.subject_public_key.as_bytes();
        Self::from_pkcs1(numbers.unwrap_or_default(), strength)
    }

    fn from_pkcs1(der: &[u8], strength: KeyStrength) -> Result<Self, KeyRejected> {
        let numbers = pkcs1::RsaPublicKey::from_der(der).map_err(unreadable)?;
        // The size is judged on the raw numbers, so that a key which is too long is called that and not
        // "unusable".
        strength.check(bits(numbers.modulus.as_bytes()))?;
        let key = RsaPublicKey::from_pkcs1_der(der).map_err(|_| KeyRejected::Unusable)?;
        Self::new(key)
    }

    pub(super) fn new(key: RsaPublicKey) -> Result<Self, KeyRejected> {
        let der = key.to_public_key_der().map_err(|_| KeyRejected::Unusable)?;
        let parsed =
            |algorithm| ParsedPublicKey::new(algorithm, der.as_bytes()).map_err(|_| KeyRejected::Unusable);
        Ok(Self {
            sha1: parsed(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY)?,
            sha256: parsed(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)?,
            md5: VerifyingKey::new(key.clone()),
            key,
        })
    }

    /// Bits of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.key.n().bits()
    }

    /// The key as SPKI PEM.
    ///
    /// # Errors
    /// [`KeyRejected::Unusable`] if the key can't be written, which no parsed key is.
    pub fn to_spki_pem(&self) -> Result<String, KeyRejected> {
        self.key
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| KeyRejected::Unusable)
    }

    /// Verifies a base64 signature, blanks and line breaks in it tolerated, over the bytes of the message.
    ///
    /// # Errors
    /// [`BadSignature`], whatever the text was: also for a text that is no signature at all.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> Result<(), BadSignature> {
        let signature =
            base64_text::decode(signature).map_err(|base64_text::NotBase64| BadSignature::Base64)?;
        let verified = match algorithm {
            Algorithm::Sha1WithRsa => self.sha1.verify_sig(message, &signature).is_ok(),
            Algorithm::Sha256WithRsa => self.sha256.verify_sig(message, &signature).is_ok(),
            Algorithm::Md5WithRsa => Signature::try_from(signature.as_slice())
                .is_ok_and(|signature| self.md5.verify(message, &signature).is_ok()),
        };
        if verified {
            Ok(())
        } else {
            Err(BadSignature::Mismatch)
        }
    }
}

/// Bits of a big-endian number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |byte| byte.leading_zeros());
    number
        .len()
        .saturating_mul(8)
        .saturating_sub(usize::try_from(unused).unwrap_or_default())
}

fn is_private_key(der: &[u8]) -> bool {
    pkcs8::PrivateKeyInfo::from_der(der).is_ok() || pkcs1::RsaPrivateKey::from_der(der).is_ok()
}
