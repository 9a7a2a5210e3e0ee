//! A store that can be made sick, slow, or deaf to the audit trail.

use async_trait::async_trait;
use map_store::{
    BulkRow, BulkSnapshot, Claim, ClaimKey, ClaimValue, Commit, CommitOutcome, IndexKey, IndexRow,
    IndexTable, Load, Loaded, MemoryStore, Page, PartitionId, Row, Store, StoreError, StoreResult,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// The store in memory, which can be made sick or slow.
#[derive(Default)]
pub(crate) struct Patient {
    pub(crate) inner: MemoryStore,
    /// No commit and not well.
    pub(crate) sick: AtomicBool,
    /// No commit of the audit trail.
    pub(crate) audit_down: AtomicBool,
    /// The next commits of the catalogue end unknown: applied (true) or not.
    pub(crate) lost: Mutex<Vec<bool>>,
    /// The catalogue can't be read any more once it was committed to while this is set.
    pub(crate) blinding: AtomicBool,
    pub(crate) blind: AtomicBool,
    /// Commits and snapshots wait for a permit while this is set.
    pub(crate) slow: AtomicBool,
    pub(crate) gate: Option<Arc<Semaphore>>,
}

#[async_trait]
impl Store for Patient {
    async fn load(&self, partition: &PartitionId, what: Load) -> StoreResult<Loaded> {
        if self.blind.load(Ordering::SeqCst) && *partition == PartitionId::Catalogue {
            return Err(StoreError::NotApplied("the disk can't be read".to_owned()));
        }
        self.inner.load(partition, what).await
    }
    async fn commit(&self, commit: Commit) -> StoreResult<CommitOutcome> {
        if self.sick.load(Ordering::SeqCst) {
            return Err(StoreError::NotApplied("disk full".to_owned()));
        }
        if self.audit_down.load(Ordering::SeqCst) && commit.partition == map_store::keys::operator_acts() {
            return Err(StoreError::NotApplied("the audit trail is down".to_owned()));
        }
        if commit.partition == PartitionId::Catalogue {
            let lost = self.lost.lock().unwrap().pop();
            if let Some(applied) = lost {
                if applied {
                    self.inner.commit(commit).await?;
                }
                return Err(StoreError::OutcomeUnknown("the answer was lost".to_owned()));
            }
            if self.blinding.load(Ordering::SeqCst) {
                self.blind.store(true, Ordering::SeqCst);
            }
        }
        if let (true, Some(gate)) = (self.slow.load(Ordering::SeqCst), &self.gate) {
            gate.acquire().await.unwrap().forget();
        }
        self.inner.commit(commit).await
    }
    async fn claim(&self, claims: Vec<Claim>) -> StoreResult<Vec<ClaimValue>> {
        self.inner.claim(claims).await
    }
    async fn read_claims(&self, keys: &[ClaimKey]) -> StoreResult<Vec<Option<ClaimValue>>> {
        self.inner.read_claims(keys).await
    }
    async fn scan_index(
        &self,
        table: IndexTable,
        prefix: &[u8],
        after: Option<&IndexKey>,
        limit: usize,
    ) -> StoreResult<Vec<IndexRow>> {
        self.inner.scan_index(table, prefix, after, limit).await
    }
    async fn page(&self, partition: &PartitionId, page: Page) -> StoreResult<Vec<Row>> {
        self.inner.page(partition, page).await
    }
    async fn health(&self) -> StoreResult<()> {
        if self.sick.load(Ordering::SeqCst) {
            return Err(StoreError::NotApplied("disk full".to_owned()));
        }
        self.inner.health().await
    }
    async fn snapshot(&self) -> StoreResult<Arc<dyn BulkSnapshot>> {
        if let (true, Some(gate)) = (self.slow.load(Ordering::SeqCst), &self.gate) {
            gate.acquire().await.unwrap().forget();
        }
        self.inner.snapshot().await
    }
    async fn import(&self, rows: Vec<BulkRow>) -> StoreResult<()> {
        self.inner.import(rows).await
    }
}
