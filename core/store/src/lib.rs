//! Where MAP keeps what it knows: the [`Store`] trait, the words it speaks in, and the
//! suite every store must pass.
//!
//! The trait speaks in *partitions*, *commits* and *claims*, not in the rows of a
//! particular database. A partition is the unit of consistency: everything of one
//! customer, under one version. A commit changes one partition, if its version is still
//! the expected one. A claim is written once, by whoever comes first, and never changes.
//!
//! What this crate does not do: decide anything about money (`map-domain` does), or touch
//! a disk or a network (the stores do).

mod change;
pub mod check;
mod claim;
pub mod codec;
mod commit;
mod error;
#[cfg(feature = "suite")]
pub mod faulty;
pub mod keys;
#[cfg(any(test, feature = "suite"))]
pub mod memory;
mod partition;
pub mod records;
mod store;
#[cfg(feature = "suite")]
pub mod suite;

pub use change::Change;
pub use claim::{Claim, ClaimKey, ClaimTable, ClaimValue, ContentHash, ProofDigest};
pub use commit::{Commit, CommitOutcome, IndexKey, IndexRow, IndexTable, RowWrite};
pub use error::{StoreError, StoreResult};
#[cfg(any(test, feature = "suite"))]
pub use memory::MemoryStore;
pub use partition::{PartitionId, PartitionIdError, Row, RowKey, RowKind, Version};
pub use store::{
    BulkCursor, BulkRow, BulkSnapshot, BulkTable, Feed, FeedItem, Load, Loaded, Page, PageOrder, Store,
};
