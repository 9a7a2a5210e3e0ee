//! Rules of index rows: ordered, paged, never missing.

use super::fixture::{applied, commit, customer, index_row};
use crate::keys::{self, NumberRole};
use crate::{Commit, IndexKey, IndexRow, IndexTable, RowKey, RowKind, Store};
use bytes::Bytes;
use map_domain::{OrderId, SellerId};
use std::sync::Arc;

async fn write(store: &dyn Store, rows: Vec<IndexRow>) {
    applied(
        store,
        Commit {
            index: rows,
            ..commit(&customer(1), 0)
        },
    )
    .await;
}

fn day(key: &[u8]) -> IndexRow {
    index_row(IndexTable::SellerDay, key, &customer(1))
}

/// The keys a scan finds.
async fn scan(store: &dyn Store, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Vec<Bytes> {
    let table = IndexTable::SellerDay;
    let after = after.map(|key| IndexKey {
        table,
        key: Bytes::copy_from_slice(key),
    });
    let rows = store
        .scan_index(table, prefix, after.as_ref(), limit)
        .await
        .expect("the store answers");
    rows.into_iter()
        .map(|row| {
            assert_eq!(row, day(&row.key.key), "the row is the one that was written");
            row.key.key
        })
        .collect()
}

pub async fn an_index_scan_keeps_prefix_order_after_and_limit(store: Arc<dyn Store>) {
    let keys: [&[u8]; 7] = [b"b2", b"a", b"b1", b"b", b"c", b"b\xff", b""];
    write(&*store, keys.iter().map(|key| day(key)).collect()).await;
    type Case<'a> = (&'a [u8], Option<&'a [u8]>, usize, &'a [&'a [u8]]);
    let cases: [Case<'_>; 9] = [
        (b"", None, 10, &[b"", b"a", b"b", b"b1", b"b2", b"b\xff", b"c"]),
        (b"b", None, 10, &[b"b", b"b1", b"b2", b"b\xff"]),
        (b"b", None, 2, &[b"b", b"b1"]),
        (b"b", Some(b"b1"), 10, &[b"b2", b"b\xff"]),
        (b"b", Some(b"b11"), 1, &[b"b2"]),
        (b"b", Some(b"b\xff"), 10, &[]),
        (b"b", Some(b"a"), 1, &[b"b"]),
        (b"b", Some(b"c"), 10, &[]),
        (b"d", None, 10, &[]),
    ];
    for (prefix, after, limit, expected) in cases {
        let found = scan(&*store, prefix, after, limit).await;
        assert_eq!(
            found, expected,
            "prefix {prefix:?}, after {after:?}, limit {limit}"
        );
    }
}

pub async fn an_index_prefix_may_end_in_the_largest_byte(store: Arc<dyn Store>) {
    let keys: [&[u8]; 5] = [b"\xfe", b"\xff", b"\xff\0", b"\xff\xff", b"\xff\xff\xff"];
    write(&*store, keys.iter().map(|key| day(key)).collect()).await;
    assert_eq!(scan(&*store, b"\xff", None, 10).await, &keys[1..]);
    assert_eq!(scan(&*store, b"\xff\xff", None, 10).await, &keys[3..]);
    assert_eq!(scan(&*store, b"\xff", Some(b"\xff\0"), 10).await, &keys[3..]);
}

pub async fn index_tables_do_not_mix(store: Arc<dyn Store>) {
    let partition = customer(1);
    let rows: Vec<_> = IndexTable::ALL
        .into_iter()
        .map(|table| index_row(table, &[table.code()], &partition))
        .collect();
    write(&*store, rows.clone()).await;
    for row in rows {
        let found = store.scan_index(row.key.table, b"", None, 10).await.unwrap();
        assert_eq!(found, [row]);
    }
}

pub async fn an_index_row_written_twice_is_there_once(store: Arc<dyn Store>) {
    write(&*store, vec![day(b"k"), day(b"k")]).await;
    applied(
        &*store,
        Commit {
            index: vec![day(b"k")],
            ..commit(&customer(1), 1)
        },
    )
    .await;
    assert_eq!(scan(&*store, b"", None, 10).await, [b"k".as_slice()]);
}

pub async fn two_pointers_under_one_prefix_are_both_there(store: Arc<dyn Store>) {
    let seller = SellerId::parse("SH1").expect("a seller");
    let id = OrderId::parse("ud1").expect("a number");
    let mut rows: Vec<IndexRow> = Vec::new();
    for owner in [customer(1), customer(2)] {
        let row = RowKey::new(RowKind::Order, b"k".to_vec());
        let own: Vec<_> = [
            keys::order_number(&id, NumberRole::Own, &owner, &row),
            keys::seller_day(&seller, 20_261_121, &id, &owner, &row),
        ]
        .into_iter()
        .map(|key| IndexRow {
            key,
            partition: owner.clone(),
            row: row.clone(),
        })
        .collect();
        rows.extend(own.clone());
        let commit = Commit {
            index: own,
            ..commit(&owner, 0)
        };
        applied(&*store, commit).await;
    }
    for (table, prefix) in [
        (IndexTable::OrderNumber, keys::order_number_prefix(&id)),
        (
            IndexTable::SellerDay,
            keys::seller_day_prefix(&seller, 20_261_121),
        ),
    ] {
        let found = store.scan_index(table, &prefix, None, 10).await.unwrap();
        let written: Vec<_> = rows
            .iter()
            .filter(|row| row.key.table == table)
            .cloned()
            .collect();
        assert_eq!(found, written, "{table:?}");
    }
}

/// Keys that do not tell what they point to would lose a pointer: the last one stays.
pub async fn an_index_row_replaces_the_one_under_its_key(store: Arc<dyn Store>) {
    write(&*store, vec![day(b"k")]).await;
    let other = IndexRow {
        partition: customer(2),
        ..day(b"k")
    };
    applied(
        &*store,
        Commit {
            index: vec![other.clone()],
            ..commit(&customer(2), 0)
        },
    )
    .await;
    let found = store.scan_index(IndexTable::SellerDay, b"", None, 10).await;
    assert_eq!(found.unwrap(), [other]);
}

pub async fn an_applied_commit_has_all_its_index_rows(store: Arc<dyn Store>) {
    let keys: Vec<[u8; 2]> = (0_u16..300).map(u16::to_be_bytes).collect();
    write(&*store, keys.iter().map(|key| day(key)).collect()).await;
    let mut seen: Vec<Bytes> = Vec::new();
    loop {
        let found = scan(&*store, b"", seen.last().map(|key| &key[..]), 17).await;
        if found.is_empty() {
            break;
        }
        seen.extend(found);
    }
    assert!(
        seen.iter()
            .map(|key| &key[..])
            .eq(keys.iter().map(|key| &key[..])),
        "{seen:?}"
    );
}
