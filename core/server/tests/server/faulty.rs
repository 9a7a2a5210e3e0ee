//! A store that fails as it is told to: what a store may do to those who call it, by script.

use async_trait::async_trait;
use map_store::{
    BulkRow, BulkSnapshot, Claim, ClaimKey, ClaimValue, Commit, CommitOutcome, IndexKey, IndexRow,
    IndexTable, Load, Loaded, MemoryStore, Page, PartitionId, Row, Store, StoreError, StoreResult, keys,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What becomes of one commit of a customer's or a mobile number's partition, or of one event's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing goes wrong.
    Fine,
    /// Said to be stale, though it is not.
    Stale,
    /// Certainly not applied.
    NotApplied,
    /// Applied, and the answer is lost.
    UnknownApplied,
    /// Not applied, and nobody knows.
    UnknownLost,
    /// Applied before the next commit arrives, not now, and nobody knows.
    UnknownLate,
    /// Applied when [`FaultyStore::arrive`] says so, and nobody knows.
    UnknownHeld,
    /// Claims are written, the rest is not, and that is known.
    ClaimsOnly,
    /// Claims are written, the rest is not, and nobody knows.
    UnknownClaimsOnly,
}

/// The store in memory, with faults.
#[derive(Default)]
pub(crate) struct FaultyStore {
    inner: MemoryStore,
    script: Mutex<VecDeque<Fault>>,
    /// The same for SMS codes.
    sms: Mutex<VecDeque<Fault>>,
    /// The same for events without a customer.
    events: Mutex<VecDeque<Fault>>,
    /// Commits that are on their way still.
    late: Mutex<Vec<Commit>>,
    /// Commits that arrive when they are told to.
    held: Mutex<Vec<Commit>>,
    /// What a claim that is asked for by itself meets first: somebody's who came before.
    before_claim: Mutex<Option<Vec<Claim>>>,
}

impl FaultyStore {
    /// The next commits of customers meet these, one each; later ones nothing.
    pub(crate) fn script(&self, faults: &[Fault]) {
        *self.script.lock().unwrap() = faults.iter().copied().collect();
    }

    /// The next commits of SMS codes meet these, one each; later ones nothing.
    pub(crate) fn script_sms(&self, faults: &[Fault]) {
        *self.sms.lock().unwrap() = faults.iter().copied().collect();
    }

    /// The next commits of events without a customer meet these, one each; later ones nothing.
    pub(crate) fn script_events(&self, faults: &[Fault]) {
        *self.events.lock().unwrap() = faults.iter().copied().collect();
    }

    /// How many scripted faults were not met yet.
    pub(crate) fn unmet(&self) -> usize {
        [&self.script, &self.sms, &self.events]
            .map(|script| script.lock().unwrap().len())
            .iter()
            .sum()
    }

    /// Somebody writes these claims right before the next call of `claim`.
    pub(crate) fn overtake(&self, claims: Vec<Claim>) {
        *self.before_claim.lock().unwrap() = Some(claims);
    }

    /// What was on its way arrives.
    pub(crate) async fn arrive(&self) -> Vec<CommitOutcome> {
        let held = std::mem::take(&mut *self.held.lock().unwrap());
        self.late.lock().unwrap().extend(held);
        self.catch_up().await
    }

    async fn catch_up(&self) -> Vec<CommitOutcome> {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        let mut outcomes = Vec::new();
        for commit in late {
            outcomes.push(self.inner.commit(commit).await.unwrap());
        }
        outcomes
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn load(&self, partition: &PartitionId, what: Load) -> StoreResult<Loaded> {
        let loaded = self.inner.load(partition, what).await;
        // Whoever reads to write lets the others read, too: as many race as can.
        tokio::task::yield_now().await;
        loaded
    }

    async fn commit(&self, commit: Commit) -> StoreResult<CommitOutcome> {
        let script = match &commit.partition {
            PartitionId::Customer(_) => &self.script,
            PartitionId::Sms(_) => &self.sms,
            events @ PartitionId::Audit(_) if *events != keys::operator_acts() => &self.events,
            _ => return self.inner.commit(commit).await,
        };
        self.catch_up().await;
        let fault = script.lock().unwrap().pop_front().unwrap_or(Fault::Fine);
        let unknown = || StoreError::OutcomeUnknown("scripted".to_owned());
        match fault {
            Fault::Fine => self.inner.commit(commit).await,
            Fault::Stale => Ok(CommitOutcome::Stale),
            Fault::NotApplied => Err(StoreError::NotApplied("scripted".to_owned())),
            Fault::UnknownApplied => {
                self.inner.commit(commit).await?;
                Err(unknown())
            }
            Fault::UnknownLost => Err(unknown()),
            Fault::UnknownLate => {
                self.late.lock().unwrap().push(commit);
                Err(unknown())
            }
            Fault::UnknownHeld => {
                self.held.lock().unwrap().push(commit);
                Err(unknown())
            }
            Fault::ClaimsOnly => {
                self.inner.claim(commit.claims).await?;
                Err(StoreError::NotApplied("scripted".to_owned()))
            }
            Fault::UnknownClaimsOnly => {
                self.inner.claim(commit.claims).await?;
                Err(unknown())
            }
        }
    }

    async fn claim(&self, claims: Vec<Claim>) -> StoreResult<Vec<ClaimValue>> {
        let before = self.before_claim.lock().unwrap().take();
        if let Some(before) = before {
            self.inner.claim(before).await?;
        }
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
        self.inner.health().await
    }

    async fn snapshot(&self) -> StoreResult<Arc<dyn BulkSnapshot>> {
        self.inner.snapshot().await
    }

    async fn import(&self, rows: Vec<BulkRow>) -> StoreResult<()> {
        self.inner.import(rows).await
    }
}
