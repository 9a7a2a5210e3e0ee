//! The store as its callers see it: each call meets its fault.

use super::counts::Kind;
use super::{Call, Choose, Fault, FaultyStore, Work, not_applied, pause, unknown};
use crate::{
    BulkRow, BulkSnapshot, Claim, ClaimKey, ClaimValue, Commit, CommitOutcome, IndexKey, IndexRow,
    IndexTable, Load, Loaded, Page, PartitionId, Row, Store, StoreResult,
};
use async_trait::async_trait;
use std::sync::Arc;

#[async_trait]
impl<C: Choose> Store for FaultyStore<C> {
    async fn load(&self, partition: &PartitionId, what: Load) -> StoreResult<Loaded> {
        self.read(self.inner.load(partition, what)).await
    }

    async fn commit(&self, commit: Commit) -> StoreResult<CommitOutcome> {
        self.commit_for(0, commit).await
    }

    async fn claim(&self, claims: Vec<Claim>) -> StoreResult<Vec<ClaimValue>> {
        self.next_call().await;
        let before = std::mem::take(&mut self.state().before_claim);
        if !before.is_empty() {
            self.inner.claim(before).await?;
        }
        let fault = self.faults.fault(Call::Claim(&claims));
        match fault {
            Fault::Fine | Fault::Stale | Fault::ClaimsOnly | Fault::UnknownClaimsOnly => {
                self.inner.claim(claims).await
            }
            Fault::NotApplied => {
                self.counts.add(Kind::NotApplied);
                Err(not_applied())
            }
            Fault::UnknownApplied => {
                self.counts.add(Kind::TimeoutWithEffect);
                self.inner.claim(claims).await?;
                Err(unknown())
            }
            Fault::UnknownLost => {
                self.counts.add(Kind::TimeoutWithoutEffect);
                Err(unknown())
            }
            Fault::UnknownLate(calls) => {
                self.delay(Work::Claim(claims), calls.max(1).into());
                Err(unknown())
            }
            Fault::UnknownHeld => {
                self.delay(Work::Claim(claims), u64::MAX);
                Err(unknown())
            }
            Fault::Dropped(ms) => {
                self.counts.add(Kind::DroppedAnswer);
                self.inner.claim(claims).await?;
                pause(ms).await;
                Err(unknown())
            }
            Fault::Slow(ms) => {
                self.counts.add(Kind::Delay);
                pause(ms).await;
                self.inner.claim(claims).await
            }
        }
    }

    async fn read_claims(&self, keys: &[ClaimKey]) -> StoreResult<Vec<Option<ClaimValue>>> {
        self.read(self.inner.read_claims(keys)).await
    }

    async fn scan_index(
        &self,
        table: IndexTable,
        prefix: &[u8],
        after: Option<&IndexKey>,
        limit: usize,
    ) -> StoreResult<Vec<IndexRow>> {
        self.read(self.inner.scan_index(table, prefix, after, limit))
            .await
    }

    async fn page(&self, partition: &PartitionId, page: Page) -> StoreResult<Vec<Row>> {
        self.read(self.inner.page(partition, page)).await
    }

    async fn health(&self) -> StoreResult<()> {
        if !self.faults.is_well() {
            return Err(not_applied());
        }
        self.inner.health().await
    }

    async fn snapshot(&self) -> StoreResult<Arc<dyn BulkSnapshot>> {
        self.inner.snapshot().await
    }

    async fn import(&self, rows: Vec<BulkRow>) -> StoreResult<()> {
        self.inner.import(rows).await
    }
}
