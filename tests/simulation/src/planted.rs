//! Bugs planted on purpose, outside production code: what the rules must find.
//!
//! Each bends what passes a seam: the store as a server has it, or the wire between client and server.
//! What comes out is what a server with that bug would do.

use crate::request::{Effect, Request};
use async_trait::async_trait;
use map_domain::{Order, OrderKey, OrderState, Refusal, Slot};
use map_store::codec::Body;
use map_store::keys::parse_order;
use map_store::records::closed_order;
use map_store::{
    BulkRow, BulkSnapshot, Claim, ClaimKey, ClaimTable, ClaimValue, Commit, CommitOutcome, IndexKey,
    IndexRow, IndexTable, Load, Loaded, Page, PartitionId, Row, RowKey, RowKind, RowWrite, Store, StoreError,
    StoreResult,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// Nobody looks whether a key was used.
    KeyNotChecked,
    /// The same key with other content is taken for the same request.
    ContentNotCompared,
    /// An undo that comes first closes nothing.
    FenceRemoved,
    /// What was given back is given back again.
    UndoneTwice,
    /// An unknown outcome is taken for a failure.
    UnknownTakenAsFailure,
    /// A commit is applied on whatever version there is.
    VersionNotChecked,
    /// A wrong payment code is told and not counted.
    LockoutNotCommitted,
    /// A payment that was undone is cancelled, too.
    CancelledAfterUndo,
    /// Nobody looks whether a signature was used, nor keeps that it was.
    ProofNotChecked,
}

impl Planted {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::KeyNotChecked,
        Self::ContentNotCompared,
        Self::FenceRemoved,
        Self::UndoneTwice,
        Self::UnknownTakenAsFailure,
        Self::VersionNotChecked,
        Self::LockoutNotCommitted,
        Self::CancelledAfterUndo,
        Self::ProofNotChecked,
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyNotChecked => "key not checked",
            Self::ContentNotCompared => "content not compared",
            Self::FenceRemoved => "fence removed",
            Self::UndoneTwice => "undone twice",
            Self::UnknownTakenAsFailure => "unknown taken as failure",
            Self::VersionNotChecked => "version not checked",
            Self::LockoutNotCommitted => "lockout not committed",
            Self::CancelledAfterUndo => "cancelled after undo",
            Self::ProofNotChecked => "proof not checked",
        }
    }

    /// The store as a server with this bug sees it.
    pub fn around(self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Bent { inner, bug: self })
    }

    /// The wire to a server with this bug.
    pub fn wire(self) -> Wire {
        Wire((self == Self::ContentNotCompared).then(Mutex::default))
    }
}

/// What passes between client and server: a server that does not compare contents does under a key what
/// was asked first.
#[derive(Default)]
pub struct Wire(Option<Mutex<BTreeMap<OrderKey, Request>>>);

impl Wire {
    /// What arrives.
    pub fn rewrite(&self, request: Request) -> Request {
        match &self.0 {
            Some(first) if request.effect() == Effect::Order => {
                let mut first = first.lock().unwrap();
                first.entry(request.key()).or_insert(request).clone()
            }
            _ => request,
        }
    }
}

/// A store that is bent by a bug.
struct Bent {
    inner: Arc<dyn Store>,
    bug: Planted,
}

fn is_order_key(key: &ClaimKey) -> bool {
    matches!(key.table, ClaimTable::Pos | ClaimTable::CallerOrder)
}

fn is_proof(key: &ClaimKey) -> bool {
    key.table == ClaimTable::Proof
}

/// The orders that a commit writes.
fn orders(commit: &Commit) -> impl Iterator<Item = Order> {
    let rows = commit.rows.iter().map(RowWrite::row);
    rows.filter(|row| row.key.kind == RowKind::Order)
        .map(|row| Order::from_body(&row.body).unwrap())
}

/// Every row is put, whether or not it is there.
fn put_all(commit: &mut Commit) {
    for write in &mut commit.rows {
        *write = RowWrite::Put(write.row().clone());
    }
}

/// A payment that was reversed, as if it were not.
fn as_done(row: &mut Row) {
    if row.key.kind != RowKind::Order {
        return;
    }
    let order = Order::from_body(&row.body).unwrap();
    if let OrderState::Reversed(_) = order.state {
        let state = OrderState::Done;
        row.body = Order { state, ..order }.to_body();
    }
}

fn slot(key: &RowKey) -> Option<Slot> {
    match parse_order(&key.key) {
        Some(OrderKey::Pos(_, slot)) if key.kind == RowKind::Order => Some(slot),
        _ => None,
    }
}

impl Bent {
    async fn commit_on_any_version(&self, mut commit: Commit) -> StoreResult<CommitOutcome> {
        put_all(&mut commit);
        loop {
            let now = self.inner.load(&commit.partition, Load::default()).await?;
            commit.expected = now.version;
            match self.inner.commit(commit.clone()).await {
                Ok(CommitOutcome::Stale) => {}
                outcome => return outcome,
            }
        }
    }

    fn bent<T>(&self, answer: StoreResult<T>) -> StoreResult<T> {
        match (self.bug, answer) {
            (Planted::UnknownTakenAsFailure, Err(StoreError::OutcomeUnknown(why))) => {
                Err(StoreError::NotApplied(why))
            }
            (_, answer) => answer,
        }
    }
}

#[async_trait]
impl Store for Bent {
    async fn load(&self, partition: &PartitionId, what: Load) -> StoreResult<Loaded> {
        let keys = what.keys.clone();
        let mut loaded = self.inner.load(partition, what).await?;
        match self.bug {
            Planted::KeyNotChecked => loaded.rows.retain(|row| row.key.kind != RowKind::Order),
            Planted::UndoneTwice if keys.len() == 1 => loaded.rows.iter_mut().for_each(as_done),
            Planted::CancelledAfterUndo if keys.iter().any(|key| slot(key) == Some(Slot::Cancel)) => {
                loaded.rows.iter_mut().for_each(as_done);
            }
            _ => {}
        }
        Ok(loaded)
    }

    async fn commit(&self, mut commit: Commit) -> StoreResult<CommitOutcome> {
        match self.bug {
            Planted::KeyNotChecked => {
                commit.claims.retain(|claim| !is_order_key(&claim.key));
                put_all(&mut commit);
            }
            Planted::ProofNotChecked => commit.claims.retain(|claim| !is_proof(&claim.key)),
            Planted::FenceRemoved if orders(&commit).any(|order| order.state == OrderState::Closed) => {
                return Ok(CommitOutcome::Applied(commit.expected.next()));
            }
            Planted::LockoutNotCommitted
                if orders(&commit)
                    .any(|order| order.state == OrderState::Declined(Refusal::PaymentCodeWrong)) =>
            {
                commit
                    .rows
                    .retain(|write| write.row().key.kind != RowKind::Header);
            }
            Planted::VersionNotChecked if matches!(commit.partition, PartitionId::Customer(_)) => {
                return self.commit_on_any_version(commit).await;
            }
            _ => {}
        }
        self.bent(self.inner.commit(commit).await)
    }

    async fn claim(&self, claims: Vec<Claim>) -> StoreResult<Vec<ClaimValue>> {
        let closes = |claim: &Claim| {
            let order = is_order_key(&claim.key).then(|| closed_order(&claim.value).unwrap());
            order
                .flatten()
                .is_some_and(|order| order.state == OrderState::Closed)
        };
        let unwritten = match self.bug {
            Planted::FenceRemoved => claims.iter().all(closes),
            Planted::ProofNotChecked => claims.iter().all(|claim| is_proof(&claim.key)),
            _ => false,
        };
        if unwritten {
            return Ok(claims.into_iter().map(|claim| claim.value).collect());
        }
        self.bent(self.inner.claim(claims).await)
    }

    async fn read_claims(&self, keys: &[ClaimKey]) -> StoreResult<Vec<Option<ClaimValue>>> {
        let mut held = self.inner.read_claims(keys).await?;
        let overlooked: fn(&ClaimKey) -> bool = match self.bug {
            // A pay, a top-up and the like look at one key; an undo and a cancellation at several.
            Planted::KeyNotChecked if keys.iter().filter(|key| is_order_key(key)).count() == 1 => {
                is_order_key
            }
            Planted::ProofNotChecked => is_proof,
            _ => return Ok(held),
        };
        for (held, _) in held.iter_mut().zip(keys).filter(|(_, key)| overlooked(key)) {
            *held = None;
        }
        Ok(held)
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
