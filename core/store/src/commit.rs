//! A commit: everything that one decision changes.

use crate::{Claim, ClaimKey, ClaimValue, PartitionId, Row, RowKey, Version};
use bytes::Bytes;

/// How a row is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowWrite {
    /// Replaces the row, or creates it.
    Put(Row),
    /// Creates the row; the whole commit fails where it exists.
    Insert(Row),
}

impl RowWrite {
    /// The row that is written.
    pub const fn row(&self) -> &Row {
        match self {
            Self::Put(row) | Self::Insert(row) => row,
        }
    }
}

/// What an index is for. The numbers are part of the stored format and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum IndexTable {
    /// (seller, business day, order): what a seller is owed.
    SellerDay = 1,
    /// The platform's own order number.
    OrderNumber = 2,
    /// Things to be sent, by hour.
    Outbox = 3,
}

impl IndexTable {
    /// Every table, in the order of its number.
    pub const ALL: [Self; 3] = [Self::SellerDay, Self::OrderNumber, Self::Outbox];

    /// The stored number of this table.
    pub const fn code(self) -> u8 {
        match self {
            Self::SellerDay => 1,
            Self::OrderNumber => 2,
            Self::Outbox => 3,
        }
    }

    /// The table with this stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.code() == code)
    }
}

/// Names a place in an index; entries are ordered by these bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexKey {
    /// Which index.
    pub table: IndexTable,
    /// The key within it.
    pub key: Bytes,
}

/// Shows the table only: keys end with those of rows.
impl std::fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}/{} bytes", self.table, self.key.len())
    }
}

/// Points from an index to a row. It is written before or with the commit and **may
/// dangle, never be missing**: a reader checks the row it points to. What it points to is part of
/// its key, so that no pointer takes another's place (see [`crate::Store`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRow {
    /// Where it stands.
    pub key: IndexKey,
    /// The partition it points to.
    pub partition: PartitionId,
    /// The row it points to.
    pub row: RowKey,
}

/// A change of one partition, with the claims and index rows that go with it.
///
/// Promise of every store: the rows appear all together or not at all, and only if the
/// partition still has the expected version and every claim is free or already says the
/// same. Claims and index rows may outlive a commit that was not applied (a store without
/// multi-partition transactions writes them first): they are facts about *intent*, and
/// every reader checks the partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The partition to change.
    pub partition: PartitionId,
    /// The version it was decided on.
    pub expected: Version,
    /// The rows to write; the header is among them whenever it changes.
    pub rows: Vec<RowWrite>,
    /// Claims to take.
    pub claims: Vec<Claim>,
    /// Index rows to add.
    pub index: Vec<IndexRow>,
    /// The business day (`yyyyMMdd`) that must be open; `None`: no day is checked. Kept with the
    /// commit (feed, log); the trait has no way to close a day yet, so no store refuses by it.
    pub business_day: Option<u32>,
}

/// What became of a commit. Where several reasons stand against it, the first of them in the
/// order `ClaimHeld`, `Stale`, `RowExists` is told: a held claim settles the matter, whatever
/// the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Durable. The partition now has this version.
    Applied(Version),
    /// Nothing was changed: the partition has another version. Load and decide again.
    Stale,
    /// Nothing was changed in the partition: somebody else holds a claim.
    ClaimHeld {
        /// Which claim.
        key: ClaimKey,
        /// What it says.
        held: ClaimValue,
    },
    /// Nothing was changed: a row to be created exists.
    RowExists(RowKey),
}
