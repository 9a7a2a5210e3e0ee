//! What a change weighs, and whether it can be stored at all. Asked before it is queued.

use crate::layout::LONGEST_KEY;
use crate::state::not_applied;
use map_store::{
    BulkRow, Change, Claim, ClaimValue, IndexRow, PartitionId, Row, RowKey, RowKind, StoreResult,
};

/// Room for the table, kind and escape bytes of a key.
const MARGIN: usize = 64;

/// The size of keys and bodies (bytes).
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Weight {
    pub(crate) bytes: usize,
}

impl Weight {
    fn key(&mut self, partition: &PartitionId, key: &[u8]) -> StoreResult<()> {
        // Every byte of a partition's name may need a second one.
        let partition = match partition {
            PartitionId::Customer(_) => 17,
            PartitionId::Sms(_)
            | PartitionId::Catalogue
            | PartitionId::Audit(_)
            | PartitionId::Run { .. }
            | PartitionId::Exceptions { .. } => partition.key().len().saturating_mul(2),
        };
        let len = partition.saturating_add(key.len()).saturating_add(MARGIN);
        if len > LONGEST_KEY {
            return Err(not_applied("a key is too long to be stored"));
        }
        self.bytes = self.bytes.saturating_add(len);
        Ok(())
    }

    fn row(&mut self, partition: &PartitionId, row: &Row) -> StoreResult<()> {
        self.row_key(partition, &row.key)?;
        self.bytes = self.bytes.saturating_add(row.body.len());
        Ok(())
    }

    fn row_key(&mut self, partition: &PartitionId, key: &RowKey) -> StoreResult<()> {
        if key.kind == RowKind::Header && !key.key.is_empty() {
            return Err(not_applied("a header has an empty key"));
        }
        self.key(partition, &key.key)
    }

    fn claim(&mut self, claim: &Claim) -> StoreResult<()> {
        self.key(&PartitionId::Catalogue, &claim.key.key)?;
        match &claim.value {
            ClaimValue::Bound { partition, .. } => self.key(partition, &[]),
            ClaimValue::Closed(outcome) => {
                self.bytes = self.bytes.saturating_add(outcome.len());
                Ok(())
            }
        }
    }

    fn index(&mut self, row: &IndexRow) -> StoreResult<()> {
        self.key(&PartitionId::Catalogue, &row.key.key)?;
        self.row_key(&row.partition, &row.row)
    }
}

/// Weighs a change; refuses one that is too large or that no key could be made for.
pub(crate) fn check(change: &Change, longest: usize) -> StoreResult<Weight> {
    let mut weight = Weight::default();
    match change {
        Change::Commit(commit) => {
            weight.key(&commit.partition, &[])?;
            commit
                .rows
                .iter()
                .try_for_each(|write| weight.row(&commit.partition, write.row()))?;
            commit.claims.iter().try_for_each(|claim| weight.claim(claim))?;
            commit.index.iter().try_for_each(|row| weight.index(row))?;
        }
        Change::Claims(claims) => claims.iter().try_for_each(|claim| weight.claim(claim))?,
        Change::Import(rows) => rows.iter().try_for_each(|row| match row {
            BulkRow::Partition { id, .. } => weight.key(id, &[]),
            BulkRow::Row { partition, row } => weight.row(partition, row),
            BulkRow::Claim(claim) => weight.claim(claim),
            BulkRow::Index(row) => weight.index(row),
        })?,
    }
    if weight.bytes > longest {
        return Err(not_applied("the change is too large to be stored in one piece"));
    }
    Ok(weight)
}
