//! Keyed digests of what must never be stored in clear: payment codes, ID numbers, SMS codes. And whether
//! they are made with the key that the ledger was written with.

use hmac::{Hmac, Mac};
use map_domain::{CodeDigest, CustomerId, IdentityDigest, MobileNumber};
use map_store::{Store, StoreError, records};
use sha2::Sha256;

/// The key of all digests. Losing it means that no payment code can be verified any more.
#[derive(Clone)]
pub struct Secrets {
    key: [u8; 32],
}

/// Why secrets do not serve a ledger.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The ledger was written with others.
    #[error(
        "the secret file is not the one that this ledger was written with: restore that one from the \
         backup; with another key every payment code would be counted as wrong, and customers locked"
    )]
    Foreign,
    /// Which secrets the ledger was written with can't be read, or be written where it is not said yet.
    #[error("which secret file belongs to the ledger can't be read or written: {0}")]
    Store(#[from] StoreError),
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// With this key: 32 random bytes, the same for the life of the ledger.
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Refuses secrets that the ledger was not written with. A ledger that does not say yet with which it
    /// is written says so from now on, for ever: the first of several is right.
    ///
    /// # Errors
    /// See [`SecretsError`].
    pub async fn require_own(&self, ledger: &dyn Store) -> Result<(), SecretsError> {
        let claim = records::secret_claim(self.fingerprint());
        let known = ledger.read_claims(std::slice::from_ref(&claim.key)).await?;
        let said = match known.into_iter().flatten().next() {
            Some(said) => Some(said),
            None => ledger.claim(vec![claim.clone()]).await?.into_iter().next(),
        };
        if said == Some(claim.value) {
            Ok(())
        } else {
            Err(SecretsError::Foreign)
        }
    }

    /// Of a payment code, by the lower-case hex MD5 of its digits, for one customer.
    pub fn payment_code(&self, customer: &CustomerId, md5_hex: &str) -> CodeDigest {
        CodeDigest(self.digest(b"payment-code", customer.as_bytes(), md5_hex.as_bytes()))
    }

    /// Of an SMS code for one mobile number.
    pub fn sms_code(&self, mobile: &MobileNumber, code: &str) -> CodeDigest {
        CodeDigest(self.digest(b"sms-code", mobile.as_str().as_bytes(), code.as_bytes()))
    }

    /// Of a normalised ID number.
    pub fn identity(&self, normalised: &str) -> IdentityDigest {
        IdentityDigest(self.digest(b"identity", b"", normalised.as_bytes()))
    }

    /// Tells these secrets from all others, and nothing else about them.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.digest(b"fingerprint", b"", b"")
    }

    /// HMAC-SHA256 over the parts, each with its length, so that no two lists collide.
    fn digest(&self, domain: &[u8], scope: &[u8], value: &[u8]) -> [u8; 32] {
        // HMAC pads a short key with zeroes to its block of 64 bytes; done here, it can't fail.
        let mut block = [0; 64];
        block.iter_mut().zip(self.key).for_each(|(to, from)| *to = from);
        let mut mac = <Hmac<Sha256> as Mac>::new(&block.into());
        for part in [domain, scope, value] {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}
