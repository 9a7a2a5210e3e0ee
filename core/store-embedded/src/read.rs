//! Reading: load, page, claims, index. Each from one snapshot.

use crate::cell::{Header, decode_claim, decode_pointer};
use crate::layout;
use crate::recent::Recent;
use crate::tables::{KeyRange, Snapshot, Tables};
use bytes::Bytes;
use map_store::{
    ClaimKey, ClaimValue, IndexKey, IndexRow, IndexTable, Load, Loaded, Page, PageOrder, PartitionId, Row,
    RowKey, RowKind, StoreError, StoreResult,
};
use std::collections::BTreeMap;
use std::ops::Bound;

fn damaged(what: &str, of: &impl std::fmt::Debug) -> StoreError {
    StoreError::Damaged(format!("{what} of {of:?}"))
}

fn header(at: &Snapshot, partition: &PartitionId) -> StoreResult<Header> {
    match at.get(&layout::header(partition))? {
        None => Ok(Header::default()),
        Some(cell) => Header::decode(&cell).ok_or_else(|| damaged("the header", partition)),
    }
}

/// The header and the rows asked for.
pub(crate) fn load(
    tables: &Tables,
    recent: &Recent,
    partition: &PartitionId,
    what: &Load,
) -> StoreResult<Loaded> {
    // Asked before the snapshot is taken, so that what it shows is live, too.
    let live = recent.is_live();
    let at = tables.snapshot();
    let header = header(&at, partition)?;
    let mut rows = BTreeMap::new();
    for key in &what.keys {
        if key.kind != RowKind::Header
            && let Some(body) = at.get(&layout::row(partition, key))?
        {
            rows.insert(key.clone(), body);
        }
    }
    for kind in what.kinds.iter().filter(|kind| **kind != RowKind::Header) {
        let all = match recent.rows(partition, header.version, *kind) {
            Some(all) => all,
            None => {
                let all = rows_of_kind(&at, partition, &header, *kind)?;
                if live {
                    recent.remember(partition, header.version, *kind, &all);
                }
                all
            }
        };
        rows.extend(all.into_iter().map(|row| (row.key, row.body)));
    }
    if (what.kinds.contains(&RowKind::Header) || what.keys.contains(&RowKey::HEADER))
        && let Some(body) = &header.body
    {
        rows.insert(RowKey::HEADER, body.clone());
    }
    let rows = rows.into_iter().map(|(key, body)| Row { key, body }).collect();
    Ok(Loaded {
        version: header.version,
        header: header.body,
        rows,
    })
}

fn rows_of_kind(
    at: &Snapshot,
    partition: &PartitionId,
    header: &Header,
    kind: RowKind,
) -> StoreResult<Vec<Row>> {
    if let Some(keys) = header.keys(kind) {
        let named = |key: &Bytes| {
            let key = RowKey::new(kind, key.clone());
            match at.get(&layout::row(partition, &key))? {
                Some(body) => Ok(Row { key, body }),
                None => Err(damaged("an account", partition)),
            }
        };
        return keys.iter().map(named).collect();
    }
    let prefix = layout::kind_prefix(partition, kind);
    let range = (
        Bound::Included(prefix.clone()),
        Bound::Excluded(layout::behind(&prefix)),
    );
    let row = |(cell, body): (Bytes, Bytes)| Row {
        key: row_key(kind, &prefix, &cell),
        body,
    };
    let cells = at.range(range, false, usize::MAX)?;
    Ok(cells.into_iter().map(row).collect())
}

/// The key of a row whose cell begins with this prefix.
fn row_key(kind: RowKind, prefix: &[u8], cell: &Bytes) -> RowKey {
    RowKey {
        kind,
        key: cell.slice(prefix.len()..),
    }
}

/// A page of the rows of one kind.
pub(crate) fn page(tables: &Tables, partition: &PartitionId, page: &Page) -> StoreResult<Vec<Row>> {
    let at = tables.snapshot();
    if page.kind == RowKind::Header {
        let body = header(&at, partition)?
            .body
            .filter(|_| page.after.is_none() && page.limit > 0);
        return Ok(body
            .map(|body| Row {
                key: RowKey::HEADER,
                body,
            })
            .into_iter()
            .collect());
    }
    let prefix = layout::kind_prefix(partition, page.kind);
    let after = page.after.as_ref().map(|key| [&prefix[..], key].concat());
    let range: KeyRange = match (page.order, after) {
        (PageOrder::Ascending, Some(after)) => {
            (Bound::Excluded(after), Bound::Excluded(layout::behind(&prefix)))
        }
        (PageOrder::Descending, Some(after)) => (Bound::Included(prefix.clone()), Bound::Excluded(after)),
        (PageOrder::Ascending | PageOrder::Descending, None) => (
            Bound::Included(prefix.clone()),
            Bound::Excluded(layout::behind(&prefix)),
        ),
    };
    let cells = at.range(range, page.order == PageOrder::Descending, page.limit)?;
    let row = |(cell, body): (Bytes, Bytes)| Row {
        key: row_key(page.kind, &prefix, &cell),
        body,
    };
    Ok(cells.into_iter().map(row).collect())
}

/// What each claim says.
pub(crate) fn claims(tables: &Tables, keys: &[ClaimKey]) -> StoreResult<Vec<Option<ClaimValue>>> {
    let at = tables.snapshot();
    let read = |key: &ClaimKey| match at.get(&layout::claim(key))? {
        None => Ok(None),
        Some(cell) => decode_claim(&cell)
            .map(Some)
            .ok_or_else(|| damaged("the value", key)),
    };
    keys.iter().map(read).collect()
}

/// Index rows in key order.
pub(crate) fn index(
    tables: &Tables,
    table: IndexTable,
    prefix: &[u8],
    after: Option<&IndexKey>,
    limit: usize,
) -> StoreResult<Vec<IndexRow>> {
    let first = layout::index(table, prefix);
    let end = Bound::Excluded(layout::behind(&first));
    let start = match after.map(|after| layout::index(table, &after.key)) {
        Some(after) if after >= first => Bound::Excluded(after),
        Some(_) | None => Bound::Included(first),
    };
    let read = |(cell, value): (Bytes, Bytes)| {
        let key = layout::read_index(&cell).ok_or_else(|| damaged("a key of the index", &table))?;
        let (partition, row) =
            decode_pointer(&value).ok_or_else(|| damaged("a pointer of the index", &table))?;
        Ok(IndexRow { key, partition, row })
    };
    let cells = tables.snapshot().range((start, end), false, limit)?;
    cells.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use map_domain::CustomerId;

    #[test]
    fn an_account_that_is_named_and_not_there_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let tables = Tables::open(folder.path(), 1 << 20).unwrap();
        let partition = PartitionId::Customer(CustomerId::new([1; 16]));
        let accounts = Load {
            kinds: vec![RowKind::Account],
            keys: Vec::new(),
        };
        let load = || load(&tables, &Recent::new(0), &partition, &accounts);
        let mut header = Header::default();
        header.accounts.add(&"a".into());
        tables.apply([(layout::header(&partition), header.encode())], 1);
        let text = load().unwrap_err().to_string();
        assert!(text.contains("an account of"), "{text}");
        let row = layout::row(&partition, &RowKey::new(RowKind::Account, "a"));
        tables.apply([(row, Bytes::from_static(b"body"))], 2);
        assert_eq!(load().unwrap().rows.len(), 1);
    }
}
