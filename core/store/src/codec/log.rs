//! The body of a record of a commit log: the changes of one group.

use super::{Flaw, IndexTarget, wire};
use crate::{
    BulkRow, Change, Claim, ClaimKey, ClaimTable, Commit, IndexKey, IndexRow, IndexTable, PartitionId, Row,
    RowKey, RowKind, RowWrite, StoreError, StoreResult, Version,
};
use bytes::Bytes;
use prost::Message;
use wire::log_bulk_row::Row as Bulk;
use wire::log_change::Change as Kind;

/// Appends the encoded group. Equal groups have equal encodings.
pub fn encode_group(changes: &[Change], out: &mut Vec<u8>) {
    let group = wire::LogGroup {
        changes: changes.iter().map(wire::LogChange::from).collect(),
    };
    // A vector grows, so there is always room.
    let _always = group.encode(out);
}

/// The changes of an encoded group. Bodies share the bytes that are given.
///
/// # Errors
/// [`StoreError::Damaged`] where the bytes can't be what [`encode_group`] wrote.
pub fn decode_group(body: Bytes) -> StoreResult<Vec<Change>> {
    let group = wire::LogGroup::decode(body)
        .map_err(|_| StoreError::Damaged("log: not such a message".to_owned()))?;
    all(group.changes).map_err(|Flaw(field)| StoreError::Damaged(format!("log: {field}")))
}

/// How many commits are among these changes.
pub fn commits_in(changes: &[Change]) -> u64 {
    let is_commit = |change: &&Change| matches!(change, Change::Commit(_));
    u64::try_from(changes.iter().filter(is_commit).count()).unwrap_or(u64::MAX)
}

impl From<&Change> for wire::LogChange {
    fn from(change: &Change) -> Self {
        let kind = match change {
            Change::Commit(commit) => Kind::Commit(commit.into()),
            Change::Claims(claims) => Kind::Claims(wire::LogClaims {
                claims: claims.iter().map(Into::into).collect(),
            }),
            Change::Import(rows) => Kind::Import(wire::LogImport {
                rows: rows.iter().map(Into::into).collect(),
            }),
        };
        Self { change: Some(kind) }
    }
}

impl TryFrom<wire::LogChange> for Change {
    type Error = Flaw;

    fn try_from(change: wire::LogChange) -> Result<Self, Flaw> {
        Ok(match change.change.ok_or(Flaw("change"))? {
            Kind::Commit(commit) => Self::Commit(commit.try_into()?),
            Kind::Claims(claims) => Self::Claims(all(claims.claims)?),
            Kind::Import(import) => Self::Import(all(import.rows)?),
        })
    }
}

fn all<M, V: TryFrom<M, Error = Flaw>>(messages: Vec<M>) -> Result<Vec<V>, Flaw> {
    messages.into_iter().map(V::try_from).collect()
}

fn partition(key: &str) -> Result<PartitionId, Flaw> {
    PartitionId::parse(key).map_err(|_| Flaw("partition"))
}

/// Reads the stored number of a kind or a table.
fn code<T>(number: u32, from_code: fn(u8) -> Option<T>, field: &'static str) -> Result<T, Flaw> {
    u8::try_from(number).ok().and_then(from_code).ok_or(Flaw(field))
}

impl From<&Commit> for wire::LogCommit {
    fn from(commit: &Commit) -> Self {
        let write = |write: &RowWrite| wire::LogWrite {
            row: Some(write.row().into()),
            creates: matches!(write, RowWrite::Insert(_)),
        };
        Self {
            partition: commit.partition.key(),
            expected: commit.expected.0,
            writes: commit.rows.iter().map(write).collect(),
            claims: commit.claims.iter().map(Into::into).collect(),
            index: commit.index.iter().map(Into::into).collect(),
            business_day: commit.business_day,
        }
    }
}

impl TryFrom<wire::LogCommit> for Commit {
    type Error = Flaw;

    fn try_from(commit: wire::LogCommit) -> Result<Self, Flaw> {
        let write = |write: wire::LogWrite| {
            let row = Row::try_from(write.row.ok_or(Flaw("row"))?)?;
            Ok(if write.creates {
                RowWrite::Insert(row)
            } else {
                RowWrite::Put(row)
            })
        };
        Ok(Self {
            partition: partition(&commit.partition)?,
            expected: Version(commit.expected),
            rows: commit
                .writes
                .into_iter()
                .map(write)
                .collect::<Result<_, Flaw>>()?,
            claims: all(commit.claims)?,
            index: all(commit.index)?,
            business_day: commit.business_day,
        })
    }
}

impl From<&Row> for wire::LogRow {
    fn from(row: &Row) -> Self {
        Self {
            kind: row.key.kind.code().into(),
            key: row.key.key.clone(),
            body: row.body.clone(),
        }
    }
}

impl TryFrom<wire::LogRow> for Row {
    type Error = Flaw;

    fn try_from(row: wire::LogRow) -> Result<Self, Flaw> {
        Ok(Self {
            key: RowKey {
                kind: code(row.kind, RowKind::from_code, "row kind")?,
                key: row.key,
            },
            body: row.body,
        })
    }
}

impl From<&Claim> for wire::LogClaim {
    fn from(claim: &Claim) -> Self {
        Self {
            table: claim.key.table.code().into(),
            key: claim.key.key.clone(),
            value: Some((&claim.value).into()),
        }
    }
}

impl TryFrom<wire::LogClaim> for Claim {
    type Error = Flaw;

    fn try_from(claim: wire::LogClaim) -> Result<Self, Flaw> {
        Ok(Self {
            key: ClaimKey {
                table: code(claim.table, ClaimTable::from_code, "claim table")?,
                key: claim.key,
            },
            value: claim.value.ok_or(Flaw("claim value"))?.try_into()?,
        })
    }
}

impl From<&IndexRow> for wire::LogIndexRow {
    fn from(row: &IndexRow) -> Self {
        let target = IndexTarget {
            partition: row.partition.clone(),
            row: row.row.clone(),
        };
        Self {
            table: row.key.table.code().into(),
            key: row.key.key.clone(),
            target: Some((&target).into()),
        }
    }
}

impl TryFrom<wire::LogIndexRow> for IndexRow {
    type Error = Flaw;

    fn try_from(row: wire::LogIndexRow) -> Result<Self, Flaw> {
        let IndexTarget { partition, row: to } = row.target.ok_or(Flaw("index target"))?.try_into()?;
        Ok(Self {
            key: IndexKey {
                table: code(row.table, IndexTable::from_code, "index table")?,
                key: row.key,
            },
            partition,
            row: to,
        })
    }
}

impl From<&BulkRow> for wire::LogBulkRow {
    fn from(row: &BulkRow) -> Self {
        let row = match row {
            BulkRow::Partition { id, version } => Bulk::Partition(wire::LogPartitionVersion {
                partition: id.key(),
                version: version.0,
            }),
            BulkRow::Row { partition, row } => Bulk::PartitionRow(wire::LogPartitionRow {
                partition: partition.key(),
                row: Some(row.into()),
            }),
            BulkRow::Claim(claim) => Bulk::Claim(claim.into()),
            BulkRow::Index(row) => Bulk::Index(row.into()),
        };
        Self { row: Some(row) }
    }
}

impl TryFrom<wire::LogBulkRow> for BulkRow {
    type Error = Flaw;

    fn try_from(row: wire::LogBulkRow) -> Result<Self, Flaw> {
        Ok(match row.row.ok_or(Flaw("bulk row"))? {
            Bulk::Partition(version) => Self::Partition {
                id: partition(&version.partition)?,
                version: Version(version.version),
            },
            Bulk::PartitionRow(row) => Self::Row {
                partition: partition(&row.partition)?,
                row: row.row.ok_or(Flaw("row"))?.try_into()?,
            },
            Bulk::Claim(claim) => Self::Claim(claim.try_into()?),
            Bulk::Index(row) => Self::Index(row.try_into()?),
        })
    }
}
