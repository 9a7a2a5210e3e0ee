//! Bearer keys and other random text.

use data_encoding::HEXLOWER;
use map_server::adapters::OsRandom;
use map_server::ports::Random;
use sha2::{Digest, Sha256};

/// A new bearer key: 32 random bytes behind a prefix that secret scanners can look for.
pub(crate) fn bearer_key() -> String {
    format!("map_{}", random_hex(32))
}

/// So many random bytes in hex.
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    OsRandom.fill(&mut buffer);
    HEXLOWER.encode(&buffer)
}

/// What is provisioned instead of a bearer key.
pub(crate) fn sha256_hex(key: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_example_file() {
        let hash = sha256_hex("operator-key-for-trying-out");
        assert!(
            include_str!("../../../../docs/provisioning.example.toml").contains(&hash),
            "{hash}"
        );
    }

    #[test]
    fn two_keys_differ_and_are_long_enough() {
        assert_ne!(bearer_key(), bearer_key());
        assert_eq!(bearer_key().len(), 68);
    }
}
