//! The store as one process has it: until it crashes.

use super::{Choose, FaultyStore};
use crate::{
    BulkRow, BulkSnapshot, Claim, ClaimKey, ClaimValue, Commit, CommitOutcome, IndexKey, IndexRow,
    IndexTable, Load, Loaded, Page, PartitionId, Row, Store, StoreResult,
};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The store as one process has it. After its crash no call is ever answered, as in a process that
/// does not exist; what was on its way to a store elsewhere may arrive all the same.
pub struct Process<C> {
    store: Arc<FaultyStore<C>>,
    number: u64,
    crashed: AtomicBool,
}

impl<C: Choose> Process<C> {
    pub(super) const fn new(store: Arc<FaultyStore<C>>, number: u64) -> Self {
        Self {
            store,
            number,
            crashed: AtomicBool::new(false),
        }
    }

    /// Crashes. Of the commits that wait to be synced, those are kept that `keep` says.
    pub async fn crash(&self, keep: impl FnMut() -> bool) {
        self.crashed.store(true, Ordering::SeqCst);
        self.store.crash(self.number, keep).await;
    }

    /// Asks the store, as long as there is somebody to ask and to be answered.
    async fn ask<T>(&self, call: impl Future<Output = T>) -> T {
        if !self.crashed.load(Ordering::SeqCst) {
            let answer = call.await;
            if !self.crashed.load(Ordering::SeqCst) {
                return answer;
            }
        }
        std::future::pending().await
    }
}

#[async_trait]
impl<C: Choose> Store for Process<C> {
    async fn load(&self, partition: &PartitionId, what: Load) -> StoreResult<Loaded> {
        self.ask(self.store.load(partition, what)).await
    }

    async fn commit(&self, commit: Commit) -> StoreResult<CommitOutcome> {
        self.ask(self.store.commit_for(self.number, commit)).await
    }

    async fn claim(&self, claims: Vec<Claim>) -> StoreResult<Vec<ClaimValue>> {
        self.ask(self.store.claim(claims)).await
    }

    async fn read_claims(&self, keys: &[ClaimKey]) -> StoreResult<Vec<Option<ClaimValue>>> {
        self.ask(self.store.read_claims(keys)).await
    }

    async fn scan_index(
        &self,
        table: IndexTable,
        prefix: &[u8],
        after: Option<&IndexKey>,
        limit: usize,
    ) -> StoreResult<Vec<IndexRow>> {
        self.ask(self.store.scan_index(table, prefix, after, limit)).await
    }

    async fn page(&self, partition: &PartitionId, page: Page) -> StoreResult<Vec<Row>> {
        self.ask(self.store.page(partition, page)).await
    }

    async fn health(&self) -> StoreResult<()> {
        self.ask(self.store.health()).await
    }

    async fn snapshot(&self) -> StoreResult<Arc<dyn BulkSnapshot>> {
        self.ask(self.store.snapshot()).await
    }

    async fn import(&self, rows: Vec<BulkRow>) -> StoreResult<()> {
        self.ask(self.store.import(rows)).await
    }
}
