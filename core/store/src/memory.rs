//! A store in memory: the promises of [`Store`] in the fewest words.
//!
//! It is the model that the contract suite is tried on first and that services are tested
//! over. It is not durable and not fast, and every call holds one lock.

use crate::{
    BulkCursor, BulkRow, BulkSnapshot, BulkTable, Claim, ClaimKey, ClaimValue, Commit, CommitOutcome,
    IndexKey, IndexRow, IndexTable, Load, Loaded, Page, PageOrder, PartitionId, Row, RowKey, RowWrite, Store,
    StoreError, StoreResult, Version,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default, Clone)]
struct Partition {
    version: Version,
    rows: BTreeMap<RowKey, Bytes>,
}

#[derive(Debug, Default)]
struct State {
    partitions: BTreeMap<PartitionId, Partition>,
    claims: BTreeMap<ClaimKey, ClaimValue>,
    index: BTreeMap<IndexKey, (PartitionId, RowKey)>,
    /// Whether anything was written that was not imported.
    written: bool,
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes claims and index rows whose commit is not applied: a store may write them first.
    #[cfg(feature = "suite")]
    pub(crate) fn announce(&self, claims: Vec<Claim>, index: Vec<IndexRow>) {
        let mut state = self.state();
        state.written = true;
        for claim in claims {
            state.claims.entry(claim.key).or_insert(claim.value);
        }
        for row in index {
            state.index.insert(row.key, (row.partition, row.row));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn load(&self, partition: &PartitionId, what: &Load) -> Loaded {
        let Some(found) = self.partitions.get(partition) else {
            return Loaded::default();
        };
        Loaded {
            version: found.version,
            header: found.rows.get(&RowKey::HEADER).cloned(),
            rows: found
                .rows
                .iter()
                .filter(|(key, _)| what.kinds.contains(&key.kind) || what.keys.contains(key))
                .map(|(key, body)| Row {
                    key: key.clone(),
                    body: body.clone(),
                })
                .collect(),
        }
    }

    fn commit(&mut self, commit: Commit) -> CommitOutcome {
        for claim in &commit.claims {
            if let Some(held) = self.claims.get(&claim.key).filter(|held| **held != claim.value) {
                return CommitOutcome::ClaimHeld {
                    key: claim.key.clone(),
                    held: held.clone(),
                };
            }
        }
        let version = self
            .partitions
            .get(&commit.partition)
            .map_or(Version::NONE, |found| found.version);
        if version != commit.expected {
            return CommitOutcome::Stale;
        }
        let partition = self.partitions.get(&commit.partition);
        for write in &commit.rows {
            if let RowWrite::Insert(row) = write
                && partition.is_some_and(|found| found.rows.contains_key(&row.key))
            {
                return CommitOutcome::RowExists(row.key.clone());
            }
        }
        self.apply(commit, version.next())
    }

    fn apply(&mut self, commit: Commit, version: Version) -> CommitOutcome {
        self.written = true;
        let partition = self.partitions.entry(commit.partition).or_default();
        partition.version = version;
        for write in commit.rows {
            let (RowWrite::Put(row) | RowWrite::Insert(row)) = write;
            partition.rows.insert(row.key, row.body);
        }
        for claim in commit.claims {
            self.claims.insert(claim.key, claim.value);
        }
        for row in commit.index {
            self.index.insert(row.key, (row.partition, row.row));
        }
        CommitOutcome::Applied(version)
    }

    fn import(&mut self, rows: Vec<BulkRow>) {
        for row in rows {
            match row {
                BulkRow::Partition { id, version } => {
                    self.partitions.entry(id).or_default().version = version
                }
                BulkRow::Row { partition, row } => {
                    self.partitions
                        .entry(partition)
                        .or_default()
                        .rows
                        .insert(row.key, row.body);
                }
                BulkRow::Claim(claim) => {
                    self.claims.insert(claim.key, claim.value);
                }
                BulkRow::Index(row) => {
                    self.index.insert(row.key, (row.partition, row.row));
                }
            }
        }
    }

    fn snapshot(&self) -> MemorySnapshot {
        let mut partitions = Vec::new();
        for (id, found) in &self.partitions {
            partitions.push(BulkRow::Partition {
                id: id.clone(),
                version: found.version,
            });
            partitions.extend(found.rows.iter().map(|(key, body)| BulkRow::Row {
                partition: id.clone(),
                row: Row {
                    key: key.clone(),
                    body: body.clone(),
                },
            }));
        }
        let claim = |(key, value): (&ClaimKey, &ClaimValue)| {
            BulkRow::Claim(Claim {
                key: key.clone(),
                value: value.clone(),
            })
        };
        let index = self.index.iter().map(|(key, (partition, row))| {
            BulkRow::Index(IndexRow {
                key: key.clone(),
                partition: partition.clone(),
                row: row.clone(),
            })
        });
        MemorySnapshot {
            partitions,
            claims: self.claims.iter().map(claim).collect(),
            index: index.collect(),
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, partition: &PartitionId, what: Load) -> StoreResult<Loaded> {
        Ok(self.state().load(partition, &what))
    }

    async fn commit(&self, commit: Commit) -> StoreResult<CommitOutcome> {
        Ok(self.state().commit(commit))
    }

    async fn claim(&self, claims: Vec<Claim>) -> StoreResult<Vec<ClaimValue>> {
        let mut state = self.state();
        state.written = true;
        Ok(claims
            .into_iter()
            .map(|claim| state.claims.entry(claim.key).or_insert(claim.value).clone())
            .collect())
    }

    async fn read_claims(&self, keys: &[ClaimKey]) -> StoreResult<Vec<Option<ClaimValue>>> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.claims.get(key).cloned()).collect())
    }

    async fn scan_index(
        &self,
        table: IndexTable,
        prefix: &[u8],
        after: Option<&IndexKey>,
        limit: usize,
    ) -> StoreResult<Vec<IndexRow>> {
        let state = self.state();
        let first = IndexKey {
            table,
            key: Bytes::copy_from_slice(prefix),
        };
        Ok(state
            .index
            .range(first..)
            .take_while(|(key, _)| key.table == table && key.key.starts_with(prefix))
            .filter(|(key, _)| after.is_none_or(|after| *key > after))
            .take(limit)
            .map(|(key, (partition, row))| IndexRow {
                key: key.clone(),
                partition: partition.clone(),
                row: row.clone(),
            })
            .collect())
    }

    async fn page(&self, partition: &PartitionId, page: Page) -> StoreResult<Vec<Row>> {
        let state = self.state();
        let Some(found) = state.partitions.get(partition) else {
            return Ok(Vec::new());
        };
        let mut rows: Vec<Row> = found
            .rows
            .iter()
            .filter(|(key, _)| key.kind == page.kind && page.admits(&key.key))
            .map(|(key, body)| Row {
                key: key.clone(),
                body: body.clone(),
            })
            .collect();
        match page.order {
            PageOrder::Ascending => {}
            PageOrder::Descending => rows.reverse(),
        }
        rows.truncate(page.limit);
        Ok(rows)
    }

    async fn health(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn snapshot(&self) -> StoreResult<Arc<dyn BulkSnapshot>> {
        Ok(Arc::new(self.state().snapshot()))
    }

    async fn import(&self, rows: Vec<BulkRow>) -> StoreResult<()> {
        let mut state = self.state();
        if state.written {
            return Err(StoreError::NotApplied("the store is not empty".to_owned()));
        }
        state.import(rows);
        Ok(())
    }
}

impl Page {
    /// Whether the page may show a row of this key.
    fn admits(&self, key: &[u8]) -> bool {
        match (&self.after, self.order) {
            (None, PageOrder::Ascending | PageOrder::Descending) => true,
            (Some(after), PageOrder::Ascending) => key > after.as_ref(),
            (Some(after), PageOrder::Descending) => key < after.as_ref(),
        }
    }
}

/// A copy of everything.
#[derive(Debug)]
struct MemorySnapshot {
    partitions: Vec<BulkRow>,
    claims: Vec<BulkRow>,
    index: Vec<BulkRow>,
}

#[async_trait]
impl BulkSnapshot for MemorySnapshot {
    async fn scan(
        &self,
        table: BulkTable,
        from: Option<BulkCursor>,
        limit: usize,
    ) -> StoreResult<(Vec<BulkRow>, Option<BulkCursor>)> {
        let rows = match table {
            BulkTable::Partitions => &self.partitions,
            BulkTable::Claims => &self.claims,
            BulkTable::Index => &self.index,
        };
        let start = match from {
            None => 0,
            Some(BulkCursor(bytes)) => <[u8; 8]>::try_from(bytes.as_ref())
                .ok()
                .and_then(|bytes| usize::try_from(u64::from_be_bytes(bytes)).ok())
                .ok_or_else(|| StoreError::NotApplied("not a cursor of this store".to_owned()))?,
        };
        let end = start.saturating_add(limit.max(1)).min(rows.len());
        let page = rows.get(start..end).unwrap_or_default().to_vec();
        let next = (end < rows.len()).then(|| u64::try_from(end).unwrap_or(u64::MAX));
        Ok((
            page,
            next.map(|next| BulkCursor(Bytes::copy_from_slice(&next.to_be_bytes()))),
        ))
    }
}

#[cfg(all(test, feature = "suite"))]
mod contract {
    use super::MemoryStore;
    use crate::Store;
    use crate::suite::Subject;
    use std::sync::Arc;

    struct InMemory(Arc<MemoryStore>);

    impl Subject for InMemory {
        fn store(&self) -> Arc<dyn Store> {
            self.0.clone()
        }
    }

    async fn make() -> InMemory {
        InMemory(Arc::new(MemoryStore::new()))
    }

    crate::store_contract_suite!(make);
}
