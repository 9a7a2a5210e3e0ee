//! A group: changes decided one after the other against the committed state and those before
//! them in the group, then written together.
//!
//! What it does not do: touch a disk, answer a caller, know a thread.

use crate::cell::{Header, decode_claim, encode_claim, encode_pointer};
use crate::layout;
use crate::seam::{Batch, Cells};
use bytes::Bytes;
use map_store::{
    BulkRow, Change, Claim, ClaimKey, ClaimValue, Commit, CommitOutcome, IndexRow, PartitionId, Row, RowKind,
    RowWrite, StoreError, StoreResult,
};
use std::collections::BTreeMap;

/// What a change is answered, once the group is durable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Commit(CommitOutcome),
    Claims(Vec<ClaimValue>),
    Imported,
}

/// Everything in the store was imported, and more may be.
pub(crate) const IMPORTED: &[u8] = &[1];
/// Something was committed: no more imports.
const COMMITTED: &[u8] = &[2];

/// The effect of one change, until it is known that it is applied.
type Staged = BTreeMap<Vec<u8>, Bytes>;

/// Changes decided so far.
pub(crate) struct Group<'a, S> {
    state: &'a S,
    /// The store is known to hold something that was committed.
    live: bool,
    batch: Batch,
}

impl<'a, S: Cells> Group<'a, S> {
    /// An empty group on this state.
    pub(crate) fn new(state: &'a S, live: bool) -> Self {
        Self {
            state,
            live,
            batch: Batch::default(),
        }
    }

    /// What is to be written, and whether the store then holds something that was committed.
    pub(crate) fn finish(self) -> (Batch, bool) {
        (self.batch, self.live)
    }

    /// Decides one change. An error leaves the group as it was.
    pub(crate) fn admit(&mut self, change: Change) -> StoreResult<Answer> {
        let mut staged = Staged::new();
        let answer = match &change {
            Change::Commit(commit) => self.commit(commit, &mut staged).map(Answer::Commit)?,
            Change::Claims(claims) => self.claims(claims, &mut staged).map(Answer::Claims)?,
            Change::Import(rows) => self.import(rows, &mut staged).map(|()| Answer::Imported)?,
        };
        if !staged.is_empty() {
            if !self.live && !matches!(change, Change::Import(_)) {
                staged.insert(layout::origin(), Bytes::from_static(COMMITTED));
                self.live = true;
            }
            self.batch.changes.push(effective(change, &staged));
            self.batch.cells.extend(staged);
        }
        Ok(answer)
    }

    fn get(&self, staged: &Staged, key: &[u8]) -> StoreResult<Option<Bytes>> {
        match staged.get(key).or_else(|| self.batch.cells.get(key)) {
            Some(value) => Ok(Some(value.clone())),
            None => self.state.get(key),
        }
    }

    /// Stages nothing unless the commit is applied.
    fn commit(&self, commit: &Commit, staged: &mut Staged) -> StoreResult<CommitOutcome> {
        let mut fresh = Staged::new();
        for Claim { key, value } in &commit.claims {
            let held = self.take_claim(key, value, &mut fresh)?;
            if held != *value {
                return Ok(CommitOutcome::ClaimHeld {
                    key: key.clone(),
                    held,
                });
            }
        }
        let mut header = self.header(&fresh, &commit.partition)?;
        if header.version != commit.expected {
            return Ok(CommitOutcome::Stale);
        }
        for write in &commit.rows {
            if !self.write_row(&commit.partition, write, &mut header, &mut fresh)? {
                return Ok(CommitOutcome::RowExists(write.row().key.clone()));
            }
        }
        for row in &commit.index {
            put_index(row, &mut fresh);
        }
        header.version = commit.expected.next();
        fresh.insert(layout::header(&commit.partition), header.encode());
        *staged = fresh;
        Ok(CommitOutcome::Applied(header.version))
    }

    /// `false`: the row was to be created, and exists.
    fn write_row(
        &self,
        partition: &PartitionId,
        write: &RowWrite,
        header: &mut Header,
        staged: &mut Staged,
    ) -> StoreResult<bool> {
        let row = write.row();
        let creates = matches!(write, RowWrite::Insert(_));
        if row.key.kind == RowKind::Header {
            if creates && header.body.is_some() {
                return Ok(false);
            }
            header.body = Some(row.body.clone());
            return Ok(true);
        }
        let key = layout::row(partition, &row.key);
        if creates && self.get(staged, &key)?.is_some() {
            return Ok(false);
        }
        header.add(&row.key);
        staged.insert(key, row.body.clone());
        Ok(true)
    }

    fn claims(&self, claims: &[Claim], staged: &mut Staged) -> StoreResult<Vec<ClaimValue>> {
        claims
            .iter()
            .map(|claim| self.take_claim(&claim.key, &claim.value, staged))
            .collect()
    }

    /// What the claim says now: what it said, or the value it has just been given.
    fn take_claim(&self, key: &ClaimKey, value: &ClaimValue, staged: &mut Staged) -> StoreResult<ClaimValue> {
        let cell = layout::claim(key);
        match self.get(staged, &cell)? {
            Some(held) => {
                decode_claim(&held).ok_or_else(|| StoreError::Damaged(format!("the claim {key:?}")))
            }
            None => {
                staged.insert(cell, encode_claim(value));
                Ok(value.clone())
            }
        }
    }

    fn header(&self, staged: &Staged, partition: &PartitionId) -> StoreResult<Header> {
        match self.get(staged, &layout::header(partition))? {
            None => Ok(Header::default()),
            Some(cell) => Header::decode(&cell)
                .ok_or_else(|| StoreError::Damaged(format!("the header of partition {partition:?}"))),
        }
    }

    fn import(&self, rows: &[BulkRow], staged: &mut Staged) -> StoreResult<()> {
        let origin = self.get(staged, &layout::origin())?;
        if self.live || origin.is_some_and(|origin| origin != IMPORTED) {
            let text = "the store holds rows that were not imported; import into a new one";
            return Err(StoreError::NotApplied(text.to_owned()));
        }
        for row in rows {
            self.import_row(row, staged)?;
        }
        if !rows.is_empty() {
            staged.insert(layout::origin(), Bytes::from_static(IMPORTED));
        }
        Ok(())
    }

    fn import_row(&self, row: &BulkRow, staged: &mut Staged) -> StoreResult<()> {
        match row {
            BulkRow::Partition { id, version } => {
                self.import_header(id, staged, |header| header.version = *version)?;
            }
            BulkRow::Row { partition, row } => self.import_partition_row(partition, row, staged)?,
            BulkRow::Claim(claim) => {
                staged.insert(layout::claim(&claim.key), encode_claim(&claim.value));
            }
            BulkRow::Index(row) => put_index(row, staged),
        }
        Ok(())
    }

    fn import_partition_row(
        &self,
        partition: &PartitionId,
        row: &Row,
        staged: &mut Staged,
    ) -> StoreResult<()> {
        if row.key.kind == RowKind::Header {
            return self.import_header(partition, staged, |header| header.body = Some(row.body.clone()));
        }
        if Header::names(row.key.kind) {
            self.import_header(partition, staged, |header| header.add(&row.key))?;
        }
        staged.insert(layout::row(partition, &row.key), row.body.clone());
        Ok(())
    }

    /// Version, header and the names of the accounts share a cell, and are imported row by row.
    fn import_header(
        &self,
        partition: &PartitionId,
        staged: &mut Staged,
        change: impl FnOnce(&mut Header),
    ) -> StoreResult<()> {
        let mut header = self.header(staged, partition)?;
        change(&mut header);
        staged.insert(layout::header(partition), header.encode());
        Ok(())
    }
}

/// What of a change had an effect: the log keeps nothing else.
fn effective(change: Change, staged: &Staged) -> Change {
    match change {
        Change::Claims(claims) => {
            let mut taken: Vec<Claim> = Vec::new();
            for claim in claims {
                let again = taken.iter().any(|earlier| earlier.key == claim.key);
                if !again && staged.contains_key(&layout::claim(&claim.key)) {
                    taken.push(claim);
                }
            }
            Change::Claims(taken)
        }
        whole @ (Change::Commit(_) | Change::Import(_)) => whole,
    }
}

fn put_index(row: &IndexRow, staged: &mut Staged) {
    staged.insert(
        layout::index(row.key.table, &row.key.key),
        encode_pointer(&row.partition, &row.row),
    );
}

#[cfg(test)]
#[path = "group_test.rs"]
mod tests;
