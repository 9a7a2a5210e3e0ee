//! The trait that every store implements.

use crate::{
    Claim, ClaimKey, ClaimValue, Commit, CommitOutcome, IndexKey, IndexRow, IndexTable, PartitionId, Row,
    RowKey, RowKind, StoreResult, Version,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;

/// What to read of a partition, besides its header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load {
    /// Every row of these kinds.
    pub kinds: Vec<RowKind>,
    /// These rows, where they exist.
    pub keys: Vec<RowKey>,
}

/// One consistent snapshot of (part of) a partition.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Its version; [`Version::NONE`] where nobody has written it.
    pub version: Version,
    /// The header's body, where it has one.
    pub header: Option<Bytes>,
    /// The rows asked for that exist, each once, ordered by key; the header among them only
    /// where it was asked for as a row.
    pub rows: Vec<Row>,
}

/// Shows no bytes: a header holds a mobile number.
impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("version", &self.version)
            .field("header_bytes", &self.header.as_ref().map(Bytes::len))
            .field("rows", &self.rows)
            .finish()
    }
}

/// In which order rows are paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOrder {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// A page of rows of one kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// What the rows are.
    pub kind: RowKind,
    /// Continue strictly after this key in the given order; `None`: from the start.
    pub after: Option<Bytes>,
    /// In which order.
    pub order: PageOrder,
    /// At most this many rows.
    pub limit: usize,
}

/// Shows no bytes of a key.
impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("kind", &self.kind)
            .field("after_bytes", &self.after.as_ref().map(Bytes::len))
            .field("order", &self.order)
            .field("limit", &self.limit)
            .finish()
    }
}

/// What the bulk seams read and write, one logical table after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BulkTable {
    /// Headers and rows, partition by partition, the header first.
    Partitions,
    /// Claims.
    Claims,
    /// Index rows.
    Index,
}

/// One logical row, the same in every store: a ledger is copied from one engine to another
/// row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkRow {
    /// A partition's version.
    Partition {
        /// Which partition.
        id: PartitionId,
        /// Its version.
        version: Version,
    },
    /// A row of a partition, the header's body among them.
    Row {
        /// Which partition.
        partition: PartitionId,
        /// The row.
        row: Row,
    },
    /// A claim.
    Claim(Claim),
    /// An index row.
    Index(IndexRow),
}

/// Where a bulk scan goes on; opaque, made by the store that reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkCursor(pub Bytes);

/// A view of the whole store at one moment, as far as the store can give one.
#[async_trait]
pub trait BulkSnapshot: Send + Sync {
    /// Up to `limit` rows (at least one is read, at most what the store thinks fit) of a table
    /// from a cursor on, and where to go on; no cursor: the end.
    async fn scan(
        &self,
        table: BulkTable,
        from: Option<BulkCursor>,
        limit: usize,
    ) -> StoreResult<(Vec<BulkRow>, Option<BulkCursor>)>;
}

/// One durable commit, in the order in which it became durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    /// Its place in the order, from 1, without gaps.
    pub sequence: u64,
    /// What was committed.
    pub commit: Commit,
}

/// A feed of durable commits, for stores that have one.
#[async_trait]
pub trait Feed: Send + Sync {
    /// Up to `limit` commits after this sequence, waiting for none.
    async fn read(&self, after: u64, limit: usize) -> StoreResult<Vec<FeedItem>>;
}

/// A durable store of partitions and claims.
///
/// What every store promises, and the suite tries:
/// - an answered commit is durable, survives a crash, and is seen by every later read;
/// - rows of a commit appear together or not at all, on the expected version only;
/// - a claim, once written, never changes; a second writer is told what it says;
/// - an index row replaces the one under the same key, silently: whoever builds the keys puts what
///   the row points to into them ([`crate::keys`]), so that a second write says the same again;
/// - an error says what is known; [`crate::StoreError::NotApplied`] is never a guess.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The header and the named rows of a partition, as one consistent snapshot.
    async fn load(&self, partition: &PartitionId, what: Load) -> StoreResult<Loaded>;

    /// Changes one partition; see [`Commit`] for the promise.
    async fn commit(&self, commit: Commit) -> StoreResult<CommitOutcome>;

    /// Takes claims without a partition, each on its own; answers what each claim says
    /// now, in the order given: the own value where it was free.
    async fn claim(&self, claims: Vec<Claim>) -> StoreResult<Vec<ClaimValue>>;

    /// What each claim says, in the order given. Conclusive where one is found.
    async fn read_claims(&self, keys: &[ClaimKey]) -> StoreResult<Vec<Option<ClaimValue>>>;

    /// Index rows whose key begins with `prefix`, in key order, strictly after `after`.
    async fn scan_index(
        &self,
        table: IndexTable,
        prefix: &[u8],
        after: Option<&IndexKey>,
        limit: usize,
    ) -> StoreResult<Vec<IndexRow>>;

    /// A page of the rows of one kind: a statement is the entries by sequence.
    async fn page(&self, partition: &PartitionId, page: Page) -> StoreResult<Vec<Row>>;

    /// Whether the next commit would be accepted, as far as that is known before it comes; the text, for operators,
    /// says why not. Asked every second and by every probe.
    async fn health(&self) -> StoreResult<()>;

    /// A view of everything, for check, copy, backup and totals.
    async fn snapshot(&self) -> StoreResult<Arc<dyn BulkSnapshot>>;

    /// Writes rows as they are into an empty store; refused where it holds anything
    /// that was not imported.
    async fn import(&self, rows: Vec<BulkRow>) -> StoreResult<()>;

    /// The feed of durable commits, where the store has one.
    fn feed(&self) -> Option<Arc<dyn Feed>> {
        None
    }
}
