//! The bulk seams: a view of everything at one moment, page by page.

use crate::cell::{Header, decode_claim, decode_pointer};
use crate::layout;
use crate::slot::{Pinned, Slot};
use crate::state::not_applied;
use async_trait::async_trait;
use bytes::Bytes;
use map_store::{
    BulkCursor, BulkRow, BulkSnapshot, BulkTable, Claim, IndexRow, Row, RowKey, StoreError, StoreResult,
};
use std::ops::Bound;
use std::sync::Arc;

/// Rows in one page, whatever was asked for: a page is read in the caller's task.
const LONGEST_PAGE: usize = 1000;

/// A cursor goes on behind this cell.
const BEHIND: u8 = 0;
/// A cursor goes on within this cell: its version was read, its header was not.
const WITHIN: u8 = 1;

/// A snapshot of everything.
pub(crate) struct View(Pinned);

impl View {
    /// Everything as it is now.
    pub(crate) fn new(slot: &Arc<Slot>) -> StoreResult<Self> {
        slot.pin().map(Self)
    }

    fn cells(&self, start: Bound<Vec<u8>>, table: u8, limit: usize) -> StoreResult<Vec<(Bytes, Bytes)>> {
        let range = (start, Bound::Excluded(layout::behind(&[table])));
        self.0.with(|at| at.range(range, false, limit))
    }
}

#[async_trait]
impl BulkSnapshot for View {
    async fn scan(
        &self,
        table: BulkTable,
        from: Option<BulkCursor>,
        limit: usize,
    ) -> StoreResult<(Vec<BulkRow>, Option<BulkCursor>)> {
        let limit = limit.clamp(1, LONGEST_PAGE);
        let byte = table_byte(table);
        let (start, mut skip) = match from {
            None => (Bound::Included(vec![byte]), false),
            Some(cursor) => read_cursor(&cursor, byte)?,
        };
        let mut rows = Vec::new();
        for (cell, value) in self.cells(start, byte, limit)? {
            let mut found = read_cell(table, &cell, &value)?.into_iter();
            if std::mem::take(&mut skip) {
                found.next();
            }
            rows.extend(found.by_ref().take(limit.saturating_sub(rows.len())));
            if rows.len() == limit {
                let position = if found.next().is_some() { WITHIN } else { BEHIND };
                return Ok((rows, Some(cursor(position, &cell))));
            }
        }
        Ok((rows, None))
    }
}

const fn table_byte(table: BulkTable) -> u8 {
    match table {
        BulkTable::Partitions => layout::ROWS,
        BulkTable::Claims => layout::CLAIMS,
        BulkTable::Index => layout::INDEX,
    }
}

fn cursor(position: u8, cell: &[u8]) -> BulkCursor {
    BulkCursor([&[position], cell].concat().into())
}

/// Where to go on, and whether the first row there was read before.
fn read_cursor(cursor: &BulkCursor, table: u8) -> StoreResult<(Bound<Vec<u8>>, bool)> {
    match cursor.0.split_first() {
        Some((&BEHIND, cell)) if cell.first() == Some(&table) => Ok((Bound::Excluded(cell.to_vec()), false)),
        Some((&WITHIN, cell)) if cell.first() == Some(&table) => Ok((Bound::Included(cell.to_vec()), true)),
        _ => Err(not_applied("the cursor is not of this scan")),
    }
}

/// The logical rows in a cell: one, but for a header, which is a version and perhaps a body.
fn read_cell(table: BulkTable, cell: &Bytes, value: &Bytes) -> StoreResult<Vec<BulkRow>> {
    let rows = match table {
        BulkTable::Partitions => read_partition_cell(cell, value),
        BulkTable::Claims => read_claim_cell(cell, value),
        BulkTable::Index => read_index_cell(cell, value),
    };
    rows.ok_or_else(|| StoreError::Damaged(format!("a cell of {} bytes among {table:?}", cell.len())))
}

/// The logical rows in a cell of any table; `None`: it is no row.
pub(crate) fn read_any_cell(cell: &Bytes, value: &Bytes) -> Option<Vec<BulkRow>> {
    match *cell.first()? {
        layout::ROWS => read_partition_cell(cell, value),
        layout::CLAIMS => read_claim_cell(cell, value),
        layout::INDEX => read_index_cell(cell, value),
        _ => None,
    }
}

fn read_partition_cell(cell: &Bytes, value: &Bytes) -> Option<Vec<BulkRow>> {
    let (partition, key) = layout::read_row(cell)?;
    if key != RowKey::HEADER {
        return Some(vec![BulkRow::Row {
            partition,
            row: Row {
                key,
                body: value.clone(),
            },
        }]);
    }
    let header = Header::decode(value)?;
    let mut rows = vec![BulkRow::Partition {
        id: partition.clone(),
        version: header.version,
    }];
    rows.extend(header.body.map(|body| BulkRow::Row {
        partition,
        row: Row { key, body },
    }));
    Some(rows)
}

fn read_claim_cell(cell: &Bytes, value: &Bytes) -> Option<Vec<BulkRow>> {
    let claim = Claim {
        key: layout::read_claim(cell)?,
        value: decode_claim(value)?,
    };
    Some(vec![BulkRow::Claim(claim)])
}

fn read_index_cell(cell: &Bytes, value: &Bytes) -> Option<Vec<BulkRow>> {
    let (partition, row) = decode_pointer(value)?;
    Some(vec![BulkRow::Index(IndexRow {
        key: layout::read_index(cell)?,
        partition,
        row,
    })])
}
