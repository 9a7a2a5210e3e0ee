//! Rules of the bulk seams: scan, import, health.

use super::commits::every_kind_of_partition;
use super::fixture::{applied, bound, closed, commit, customer, header, index_row, load_all, put, row};
use crate::{
    BulkRow, BulkTable, Commit, CommitOutcome, IndexTable, Load, PageOrder, Row, RowKind, Store, StoreError,
    Version,
};
use std::sync::Arc;

const TABLES: [BulkTable; 3] = [BulkTable::Partitions, BulkTable::Claims, BulkTable::Index];

/// Writes partitions of every kind, one without a header, with claims and index rows.
async fn populate(store: &dyn Store) {
    for (number, partition) in (0_u8..).zip(every_kind_of_partition()) {
        let rows = vec![
            header(&[number]),
            row(RowKind::Item, b"", &[number]),
            row(RowKind::Item, b"\0", b""),
        ];
        let change = Commit {
            claims: vec![bound(&[number], &partition, number), closed(&[number, 0], &[])],
            index: vec![index_row(IndexTable::Outbox, &[number], &partition)],
            ..put(&partition, 0, rows)
        };
        applied(store, change).await;
        applied(store, commit(&partition, 1)).await;
    }
    applied(
        store,
        put(&customer(77), 0, vec![row(RowKind::Account, b"a", b"no header")]),
    )
    .await;
}

/// All rows of a table, read in pages of this size.
async fn scan(store: &dyn Store, table: BulkTable, limit: usize) -> Vec<BulkRow> {
    let snapshot = store.snapshot().await.unwrap();
    let (mut rows, mut from) = (Vec::new(), None);
    loop {
        let (page, next) = snapshot.scan(table, from, limit).await.unwrap();
        assert!(
            page.len() <= limit,
            "{} rows, at most {limit} asked for",
            page.len()
        );
        rows.extend(page);
        if next.is_none() {
            return rows;
        }
        from = next;
    }
}

async fn scan_all(store: &dyn Store, limit: usize) -> Vec<BulkRow> {
    let mut rows = Vec::new();
    for table in TABLES {
        rows.extend(scan(store, table, limit).await);
    }
    rows
}

fn sorted(mut rows: Vec<BulkRow>) -> Vec<String> {
    rows.sort_by_key(|row| format!("{row:?}"));
    rows.iter().map(|row| format!("{row:?}")).collect()
}

pub async fn a_bulk_scan_sees_everything_once_at_any_page_size(store: Arc<dyn Store>) {
    for table in TABLES {
        assert_eq!(scan(&*store, table, 10).await, [], "{table:?} of an empty store");
    }
    populate(&*store).await;
    let partitions = every_kind_of_partition().len();
    let expected = [4 * partitions + 2, 2 * partitions, partitions];
    for limit in [1, 2, 3, 7, 1000] {
        for (table, expected) in TABLES.into_iter().zip(expected) {
            let rows = scan(&*store, table, limit).await;
            assert_eq!(rows.len(), expected, "{table:?} by {limit}");
            for (at, row) in rows.iter().enumerate() {
                assert!(!rows[..at].contains(row), "{row:?} twice in {table:?} by {limit}");
            }
        }
    }
}

pub async fn a_bulk_scan_has_the_partition_before_its_rows(store: Arc<dyn Store>) {
    populate(&*store).await;
    let mut current = None;
    let mut last: Option<Row> = None;
    for bulk in scan(&*store, BulkTable::Partitions, 5).await {
        match bulk {
            BulkRow::Partition { id, version } => {
                assert!(version > Version::NONE);
                current = Some(id);
                last = None;
            }
            BulkRow::Row { partition, row } => {
                assert_eq!(
                    current.as_ref(),
                    Some(&partition),
                    "rows stand with their partition"
                );
                assert!(
                    last.is_none_or(|last| last.key < row.key),
                    "the header first, then by key"
                );
                last = Some(row);
            }
            other @ (BulkRow::Claim(_) | BulkRow::Index(_)) => panic!("{other:?} among partitions"),
        }
    }
}

pub async fn a_bulk_snapshot_does_not_see_later_commits(store: Arc<dyn Store>) {
    let partition = customer(1);
    applied(&*store, put(&partition, 0, vec![header(b"before")])).await;
    let snapshot = store.snapshot().await.unwrap();
    applied(&*store, put(&partition, 1, vec![header(b"after")])).await;
    applied(&*store, put(&customer(2), 0, vec![header(b"new")])).await;
    let (rows, _) = snapshot.scan(BulkTable::Partitions, None, 10).await.unwrap();
    let expected = [
        BulkRow::Partition {
            id: partition.clone(),
            version: Version(1),
        },
        BulkRow::Row {
            partition,
            row: header(b"before"),
        },
    ];
    assert_eq!(rows, expected);
}

/// Rows as a scan gives them, of a store that never was.
fn foreign_rows() -> Vec<BulkRow> {
    let partition = customer(5);
    let mut rows = vec![BulkRow::Partition {
        id: partition.clone(),
        version: Version(41),
    }];
    for row in [
        header(b"h"),
        row(RowKind::Account, b"a", b"1"),
        row(RowKind::Entry, b"\0\xff", b""),
    ] {
        rows.push(BulkRow::Row {
            partition: partition.clone(),
            row,
        });
    }
    rows.push(BulkRow::Partition {
        id: customer(6),
        version: Version(2),
    });
    rows.push(BulkRow::Claim(bound(b"order", &partition, 1)));
    rows.push(BulkRow::Claim(closed(b"gone", b"outcome")));
    rows.push(BulkRow::Index(index_row(
        IndexTable::OrderNumber,
        b"n",
        &partition,
    )));
    rows
}

pub async fn an_import_gives_the_same_store(store: Arc<dyn Store>) {
    store.import(foreign_rows()).await.unwrap();
    assert_eq!(sorted(scan_all(&*store, 2).await), sorted(foreign_rows()));
    let loaded = load_all(&*store, &customer(5)).await;
    assert_eq!(
        (loaded.version, loaded.header.as_deref()),
        (Version(41), Some(&b"h"[..]))
    );
    assert_eq!(loaded.rows.len(), 2);
    let page = crate::Page {
        kind: RowKind::Entry,
        after: None,
        order: PageOrder::Descending,
        limit: 5,
    };
    assert_eq!(
        store.page(&customer(5), page).await.unwrap(),
        [row(RowKind::Entry, b"\0\xff", b"")]
    );
}

pub async fn an_import_in_parts_gives_the_same_store(store: Arc<dyn Store>) {
    for part in foreign_rows().chunks(1) {
        store.import(part.to_vec()).await.unwrap();
    }
    assert_eq!(sorted(scan_all(&*store, 100).await), sorted(foreign_rows()));
}

async fn import_is_refused(store: &dyn Store) {
    let before = scan_all(store, 100).await;
    let refused = store.import(foreign_rows()).await;
    assert!(matches!(refused, Err(StoreError::NotApplied(_))), "{refused:?}");
    assert_eq!(scan_all(store, 100).await, before);
}

pub async fn an_import_into_a_used_store_is_refused(store: Arc<dyn Store>) {
    applied(&*store, put(&customer(1), 0, vec![header(b"h")])).await;
    import_is_refused(&*store).await;
}

pub async fn an_import_after_a_claim_is_refused(store: Arc<dyn Store>) {
    store.claim(vec![closed(b"order", b"")]).await.unwrap();
    import_is_refused(&*store).await;
}

pub async fn an_imported_store_takes_commits_and_no_more_imports(store: Arc<dyn Store>) {
    store.import(foreign_rows()).await.unwrap();
    let partition = customer(5);
    assert_eq!(
        store.commit(commit(&partition, 40)).await.unwrap(),
        CommitOutcome::Stale
    );
    applied(
        &*store,
        put(&partition, 41, vec![row(RowKind::Account, b"a", b"2")]),
    )
    .await;
    let loaded = store.load(&partition, Load::default()).await.unwrap();
    assert_eq!(
        (loaded.version, loaded.header.as_deref()),
        (Version(42), Some(&b"h"[..]))
    );
    import_is_refused(&*store).await;
}

pub async fn a_working_store_is_healthy(store: Arc<dyn Store>) {
    assert_eq!(store.health().await, Ok(()));
    applied(&*store, commit(&customer(1), 0)).await;
    assert_eq!(store.health().await, Ok(()));
}
