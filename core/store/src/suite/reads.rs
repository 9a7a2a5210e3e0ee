//! Rules of reading a partition: load and page.

use super::fixture::{applied, customer, header, put, row, sequence};
use crate::{Load, Loaded, Page, PageOrder, PartitionId, Row, RowKey, RowKind, Store, Version};
use bytes::Bytes;
use std::sync::Arc;

pub async fn an_unknown_partition_is_empty_at_version_none(store: Arc<dyn Store>) {
    let what = Load {
        kinds: RowKind::ALL.to_vec(),
        keys: vec![RowKey::HEADER],
    };
    assert_eq!(store.load(&customer(1), what).await.unwrap(), Loaded::default());
    assert_eq!(Loaded::default().version, Version::NONE);
    assert_eq!(
        page(&*store, &customer(1), PageOrder::Ascending, None, 10).await,
        []
    );
}

pub async fn load_gives_kinds_and_keys_once_and_in_order(store: Arc<dyn Store>) {
    let partition = customer(1);
    let rows = vec![
        row(RowKind::Rule, b"r", b"rule"),
        row(RowKind::Order, b"2", b"second"),
        row(RowKind::Account, b"b", b"B"),
        row(RowKind::Order, b"1", b"first"),
        row(RowKind::Account, b"a", b"A"),
        header(b"h"),
    ];
    applied(&*store, put(&partition, 0, rows)).await;
    let order = |key: &[u8]| RowKey::new(RowKind::Order, key.to_vec());
    let account = RowKey::new(RowKind::Account, b"a".to_vec());
    let what = Load {
        kinds: vec![RowKind::Rule, RowKind::Account, RowKind::Account],
        keys: vec![order(b"2"), account, order(b"2")],
    };
    let expected = [
        row(RowKind::Account, b"a", b"A"),
        row(RowKind::Account, b"b", b"B"),
        row(RowKind::Order, b"2", b"second"),
        row(RowKind::Rule, b"r", b"rule"),
    ];
    let loaded = store.load(&partition, what).await.unwrap();
    assert_eq!(
        (loaded.version, loaded.header.as_deref()),
        (Version(1), Some(&b"h"[..]))
    );
    assert_eq!(loaded.rows, expected);
    let bare = store.load(&partition, Load::default()).await.unwrap();
    assert_eq!((bare.header.as_deref(), bare.rows), (Some(&b"h"[..]), Vec::new()));
    // The header is a row like others when it is asked for as one.
    let asked = Load {
        kinds: Vec::new(),
        keys: vec![RowKey::HEADER],
    };
    assert_eq!(store.load(&partition, asked).await.unwrap().rows, [header(b"h")]);
}

pub async fn load_skips_what_does_not_exist(store: Arc<dyn Store>) {
    let partition = customer(1);
    applied(&*store, put(&partition, 0, vec![row(RowKind::Order, b"1", b"")])).await;
    let keys = ["0", "1", "11", ""]
        .map(|key| RowKey::new(RowKind::Order, key))
        .to_vec();
    let loaded = store
        .load(
            &partition,
            Load {
                kinds: vec![RowKind::Voucher],
                keys,
            },
        )
        .await
        .unwrap();
    assert_eq!(loaded.rows, [row(RowKind::Order, b"1", b"")]);
    assert_eq!(loaded.header, None);
}

/// The sequences of a page of entries.
async fn page(
    store: &dyn Store,
    partition: &PartitionId,
    order: PageOrder,
    after: Option<u64>,
    limit: usize,
) -> Vec<u64> {
    let page = Page {
        kind: RowKind::Entry,
        after: after.map(sequence),
        order,
        limit,
    };
    let rows = store.page(partition, page).await.expect("the store answers");
    rows.iter().map(number_of).collect()
}

fn number_of(row: &Row) -> u64 {
    assert_eq!(row.body, row.key.key, "the body belongs to the key");
    u64::from_be_bytes(row.key.key[..].try_into().expect("eight bytes"))
}

/// Writes the entries 1, 3, 5 … 2 × count - 1, and rows of the neighbouring kinds.
async fn statement(store: &dyn Store, partition: &PartitionId, count: u64) {
    let key = |at: u64| sequence(2 * at + 1);
    let mut rows: Vec<Row> = (0..count)
        .map(|at| row(RowKind::Entry, &key(at), &key(at)))
        .collect();
    for neighbour in [RowKind::Order, RowKind::Rule] {
        rows.extend([
            row(neighbour, &sequence(0), b""),
            row(neighbour, &sequence(u64::MAX), b""),
        ]);
    }
    applied(store, put(partition, 0, rows)).await;
}

pub async fn a_page_ascends_from_the_start_and_after_a_key(store: Arc<dyn Store>) {
    let partition = customer(1);
    statement(&*store, &partition, 5).await;
    let up = PageOrder::Ascending;
    let cases: [(Option<u64>, usize, &[u64]); 7] = [
        (None, 10, &[1, 3, 5, 7, 9]),
        (None, 2, &[1, 3]),
        (Some(3), 2, &[5, 7]),
        (Some(4), 2, &[5, 7]),
        (Some(9), 2, &[]),
        (Some(0), 1, &[1]),
        (None, 0, &[]),
    ];
    for (after, limit, expected) in cases {
        let found = page(&*store, &partition, up, after, limit).await;
        assert_eq!(found, expected, "after {after:?}, limit {limit}");
    }
}

pub async fn a_page_descends_from_the_end_and_after_a_key(store: Arc<dyn Store>) {
    let partition = customer(1);
    statement(&*store, &partition, 5).await;
    let down = PageOrder::Descending;
    let cases: [(Option<u64>, usize, &[u64]); 6] = [
        (None, 10, &[9, 7, 5, 3, 1]),
        (None, 2, &[9, 7]),
        (Some(7), 2, &[5, 3]),
        (Some(6), 2, &[5, 3]),
        (Some(1), 2, &[]),
        (Some(u64::MAX), 1, &[9]),
    ];
    for (after, limit, expected) in cases {
        let found = page(&*store, &partition, down, after, limit).await;
        assert_eq!(found, expected, "after {after:?}, limit {limit}");
    }
}

pub async fn a_page_shows_one_kind_only(store: Arc<dyn Store>) {
    let partition = customer(1);
    statement(&*store, &partition, 1).await;
    statement(&*store, &customer(2), 3).await;
    for order in [PageOrder::Ascending, PageOrder::Descending] {
        assert_eq!(page(&*store, &partition, order, None, 10).await, [1]);
    }
    let headers = Page {
        kind: RowKind::Header,
        after: None,
        order: PageOrder::Ascending,
        limit: 10,
    };
    assert_eq!(store.page(&partition, headers.clone()).await.unwrap(), []);
    applied(&*store, put(&partition, 1, vec![header(b"h")])).await;
    assert_eq!(
        store.page(&partition, headers.clone()).await.unwrap(),
        [header(b"h")]
    );
    let behind = Page {
        after: Some(Bytes::new()),
        ..headers
    };
    assert_eq!(store.page(&partition, behind).await.unwrap(), []);
}

pub async fn pages_join_without_gap_or_repeat(store: Arc<dyn Store>) {
    let partition = customer(1);
    statement(&*store, &partition, 50).await;
    let all: Vec<u64> = (0..50).map(|at| 2 * at + 1).collect();
    for order in [PageOrder::Ascending, PageOrder::Descending] {
        let mut seen = Vec::new();
        loop {
            let found = page(&*store, &partition, order, seen.last().copied(), 7).await;
            if found.is_empty() {
                break;
            }
            seen.extend(found);
        }
        if order == PageOrder::Descending {
            seen.reverse();
        }
        assert_eq!(seen, all, "{order:?}");
    }
}
