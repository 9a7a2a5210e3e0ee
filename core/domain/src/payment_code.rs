//! The payment code: six digits, of which only a keyed digest is kept; five wrong ones in a
//! row lock it (decision 32).

/// A keyed digest of a payment code. Made outside, with a secret this crate never sees.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeDigest(pub [u8; 32]);

impl std::fmt::Debug for CodeDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeDigest(…)")
    }
}

/// What was presented as payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeProof {
    /// Nothing.
    Absent,
    /// Something that holds no code: a format refusal, no attempt is counted.
    Unreadable,
    /// One code, in each reading that the terminal may have meant; all are one attempt.
    Readings(Vec<CodeDigest>),
}

/// The payment code's committed state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentCodeState {
    /// The code; `None`: not set.
    pub digest: Option<CodeDigest>,
    /// Wrong codes in a row.
    pub failures: u32,
    /// Locked until reset or unlocked by an operator.
    pub locked: bool,
}
