//! The chain: every record's hash covers the one before it.

use sha2::{Digest, Sha256};

/// What the chain of a store begins with.
const GENESIS: &[u8] = b"map log 2";

/// Where a log stands behind a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The last record's sequence, from 1; 0: none yet.
    pub(crate) sequence: u64,
    /// The commits in all records so far.
    pub(crate) commits: u64,
    /// The hash of the last record.
    pub(crate) chain: [u8; 32],
}

impl Position {
    /// Before the first record of a store.
    pub(crate) fn genesis(store_id: &[u8; 16]) -> Self {
        let chain = Sha256::new().chain_update(GENESIS).chain_update(store_id);
        Self {
            sequence: 0,
            commits: 0,
            chain: chain.finalize().into(),
        }
    }

    /// Behind a record with this body that holds so many commits.
    pub(crate) fn behind(&self, commits: u32, body: &[u8]) -> Self {
        let sequence = self.sequence.saturating_add(1);
        let chain = Sha256::new()
            .chain_update(self.chain)
            .chain_update(sequence.to_be_bytes())
            .chain_update(self.commits.to_be_bytes())
            .chain_update(commits.to_be_bytes())
            .chain_update(body);
        Self {
            sequence,
            commits: self.commits.saturating_add(commits.into()),
            chain: chain.finalize().into(),
        }
    }
}
