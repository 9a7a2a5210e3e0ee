//! RSA PKCS#1 v1.5 signatures (`tsig.signature`): algorithms, key sizes and the errors of keys.
//!
//! Verifying is for every request and takes microseconds; signing is for clients, tests and pushes.
//! Deliberately no PSS and no certificate chain, validity period or revocation: an operator provisions the
//! key, and that is the trust.

mod pem;
mod private_key;
mod public_key;
#[cfg(test)]
mod tests;

use std::str::FromStr;

pub use private_key::{PrivateKey, SigningFailed};
pub use public_key::{BadSignature, PublicKey};
pub use rsa::rand_core;

/// Largest modulus in bits; a bigger key makes each verification a burden.
pub const MAX_BITS: usize = 4096;

/// The signature algorithm, by the names of Java's `Signature.getInstance`; a setting per app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    /// `SHA1withRSA`, the default of the contract.
    #[default]
    Sha1WithRsa,
    /// `SHA256withRSA`.
    Sha256WithRsa,
    /// `MD5withRSA`.
    Md5WithRsa,
}

impl Algorithm {
    /// All algorithms.
    pub const ALL: [Self; 3] = [Self::Sha1WithRsa, Self::Sha256WithRsa, Self::Md5WithRsa];

    /// Java's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1WithRsa => "SHA1withRSA",
            Self::Sha256WithRsa => "SHA256withRSA",
            Self::Md5WithRsa => "MD5withRSA",
        }
    }
}

/// The name is none of [`Algorithm::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature algorithm is none of SHA1withRSA, SHA256withRSA, MD5withRSA")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
            .ok_or(UnknownAlgorithm)
    }
}

/// The shortest modulus that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyStrength {
    /// 2048 bits and more.
    #[default]
    Standard,
    /// 1024 bits and more: for an app whose `legacy_key` flag is set.
    Legacy1024,
}

impl KeyStrength {
    /// The shortest modulus in bits.
    #[must_use]
    const fn min_bits(self) -> usize {
        match self {
            Self::Standard => 2048,
            Self::Legacy1024 => 1024,
        }
    }

    fn check(self, bits: usize) -> Result<(), KeyRejected> {
        let minimum = self.min_bits();
        if bits < minimum {
            Err(KeyRejected::TooShort { bits, minimum })
        } else if bits > MAX_BITS {
            Err(KeyRejected::TooLong { bits })
        } else {
            Ok(())
        }
    }
}

/// Why the text of a key was refused. Carries nothing of the key but its size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRejected {
    /// The text is neither PEM nor base64.
    #[error("the key is neither PEM nor base64")]
    Encoding,
    /// PEM of something else.
    #[error("the PEM block is not one of: {expected}")]
    Label {
        /// The labels that would do.
        expected: &'static str,
    },
    /// The DER inside isn't a key of the expected form.
    #[error("the key is not one of: {expected}")]
    Structure {
        /// The forms that would do.
        expected: &'static str,
    },
    /// A private key where the public one belongs. It should be replaced: it has travelled.
    #[error("this is a private key; register the public key and replace the pair")]
    PrivateKeyGiven,
    /// A key of another kind, such as EC or SM2.
    #[error("the key is not an RSA key")]
    NotRsa,
    /// A modulus below the limit.
    #[error("the RSA key has {bits} bits, fewer than {minimum}")]
    TooShort {
        /// Bits of the modulus.
        bits: usize,
        /// Bits required.
        minimum: usize,
    },
    /// A modulus above [`MAX_BITS`].
    #[error("the RSA key has {bits} bits, more than {MAX_BITS}")]
    TooLong {
        /// Bits of the modulus.
        bits: usize,
    },
    /// RSA numbers that can't be a key (even modulus, useless exponent, primes that don't fit).
    #[error("the numbers of the RSA key are unusable")]
    Unusable,
}
