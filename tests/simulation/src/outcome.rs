//! What came of a run.

use crate::history::History;
use crate::rules::Violation;
use map_store::faulty::Counts;
use sha2::{Digest, Sha256};

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The rules that were broken.
    pub violations: Vec<Violation>,
    /// The faults that were met.
    pub counts: Counts,
    /// What was asked and told.
    pub history: History,
}

impl Outcome {
    /// A digest over all that was asked and told: the same for the same seed.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for call in &self.history.calls {
            digest.update(call.to_string());
        }
        digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
