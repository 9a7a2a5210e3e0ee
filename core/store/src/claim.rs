//! Claims: insert-only facts that the first writer wins, for ever.

use crate::PartitionId;
use bytes::Bytes;

/// What kind of key is claimed. The numbers are part of the stored format and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ClaimTable {
    /// (seller, terminal, generation, batch, serial) × slot.
    Pos = 1,
    /// (caller, operation, the caller's order number).
    CallerOrder = 2,
    /// An account number.
    Account = 3,
    /// (mobile number, generation): numbers are recycled.
    Mobile = 4,
    /// The one key of the ledger's digests: which secret they are made with.
    Secret = 5,
    /// (caller, what it presented to authorise a request): closed by its first use.
    Proof = 6,
}

impl ClaimTable {
    /// Every table, in the order of its number.
    pub const ALL: [Self; 6] = [
        Self::Pos,
        Self::CallerOrder,
        Self::Account,
        Self::Mobile,
        Self::Secret,
        Self::Proof,
    ];

    /// The stored number of this table.
    pub const fn code(self) -> u8 {
        match self {
            Self::Pos => 1,
            Self::CallerOrder => 2,
            Self::Account => 3,
            Self::Mobile => 4,
            Self::Secret => 5,
            Self::Proof => 6,
        }
    }

    /// The table with this stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.code() == code)
    }
}

/// Names a claim. The bytes are built by `keys` so that no two different keys collide.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    /// What kind of key it is.
    pub table: ClaimTable,
    /// The key itself.
    pub key: Bytes,
}

/// Shows the table and a fingerprint only: keys hold mobile and account numbers.
impl std::fmt::Debug for ClaimKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}/{} bytes", self.table, self.key.len())
    }
}

/// A digest over the business values of a request: the same key with other content is an
/// error, never a second effect. No payment code goes into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 32]);

/// A digest of what a caller presented to authorise a request, such as a signed text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProofDigest(pub [u8; 32]);

/// Shows nothing: it names what may be presented again.
impl std::fmt::Debug for ProofDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProofDigest(…)")
    }
}

/// What a claim says. It never changes once written.
#[derive(Clone, PartialEq, Eq)]
pub enum ClaimValue {
    /// The key belongs to this partition; what became of it is written there.
    Bound {
        /// Where the order is, or will be.
        partition: PartitionId,
        /// What was asked under the key.
        content: ContentHash,
        /// The business day (`yyyyMMdd`) fixed for the key, once: every retry uses it. 0: none.
        business_day: u32,
    },
    /// The key is closed without a partition; the outcome is encoded here.
    Closed(Bytes),
}

/// Shows nothing of an outcome: it holds mobile and account numbers.
impl std::fmt::Debug for ClaimValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bound {
                partition,
                content,
                business_day,
            } => f
                .debug_struct("Bound")
                .field("partition", partition)
                .field("content", content)
                .field("business_day", business_day)
                .finish(),
            Self::Closed(outcome) => write!(f, "Closed({} bytes)", outcome.len()),
        }
    }
}

/// A claim to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub key: ClaimKey,
    /// What the claim says.
    pub value: ClaimValue,
}
