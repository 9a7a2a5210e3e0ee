//! Rules of a commit: the version, the rows, the partition.

use super::fixture::{applied, commit, customer, header, load_all, put, row};
use crate::{CommitOutcome, Load, PartitionId, Row, RowKey, RowKind, RowWrite, Store, Version};
use std::sync::Arc;

pub async fn a_first_commit_makes_version_one(store: Arc<dyn Store>) {
    let partition = customer(1);
    let outcome = store
        .commit(put(&partition, 0, vec![header(b"h")]))
        .await
        .unwrap();
    assert_eq!(outcome, CommitOutcome::Applied(Version(1)));
    let loaded = load_all(&*store, &partition).await;
    assert_eq!(
        (loaded.version, loaded.header.as_deref()),
        (Version(1), Some(&b"h"[..]))
    );
}

pub async fn a_commit_on_another_version_is_stale_and_changes_nothing(store: Arc<dyn Store>) {
    let partition = customer(1);
    applied(
        &*store,
        put(
            &partition,
            0,
            vec![header(b"h"), row(RowKind::Account, b"a", b"1")],
        ),
    )
    .await;
    let before = load_all(&*store, &partition).await;
    for expected in [0, 2, u64::MAX] {
        let late = put(
            &partition,
            expected,
            vec![header(b"x"), row(RowKind::Account, b"a", b"2")],
        );
        assert_eq!(
            store.commit(late).await.unwrap(),
            CommitOutcome::Stale,
            "expected {expected}"
        );
        assert_eq!(load_all(&*store, &partition).await, before, "expected {expected}");
    }
    let unknown = customer(2);
    assert_eq!(
        store.commit(commit(&unknown, 1)).await.unwrap(),
        CommitOutcome::Stale
    );
    assert_eq!(load_all(&*store, &unknown).await.version, Version::NONE);
}

pub async fn a_commit_without_rows_raises_the_version(store: Arc<dyn Store>) {
    let partition = customer(1);
    applied(&*store, commit(&partition, 0)).await;
    applied(&*store, commit(&partition, 1)).await;
    let loaded = load_all(&*store, &partition).await;
    assert_eq!(
        (loaded.version, loaded.header, loaded.rows),
        (Version(2), None, Vec::new())
    );
}

pub async fn put_creates_and_replaces(store: Arc<dyn Store>) {
    let partition = customer(1);
    applied(
        &*store,
        put(&partition, 0, vec![row(RowKind::Account, b"a", b"1")]),
    )
    .await;
    applied(
        &*store,
        put(&partition, 1, vec![row(RowKind::Account, b"a", b"2")]),
    )
    .await;
    assert_eq!(
        load_all(&*store, &partition).await.rows,
        [row(RowKind::Account, b"a", b"2")]
    );
}

pub async fn insert_of_an_existing_row_is_refused_and_changes_nothing(store: Arc<dyn Store>) {
    let partition = customer(1);
    let entry = |body: &[u8]| row(RowKind::Order, b"key", body);
    let insert = |version, body: &[u8]| {
        let mut change = put(
            &partition,
            version,
            vec![header(body), row(RowKind::Account, b"a", body)],
        );
        change.rows.push(RowWrite::Insert(entry(body)));
        change
    };
    applied(&*store, insert(0, b"first")).await;
    let before = load_all(&*store, &partition).await;
    let outcome = store.commit(insert(1, b"second")).await.unwrap();
    assert_eq!(outcome, CommitOutcome::RowExists(entry(b"").key));
    assert_eq!(load_all(&*store, &partition).await, before);
}

pub async fn insert_of_an_existing_header_is_refused(store: Arc<dyn Store>) {
    let partition = customer(1);
    let insert = |version| {
        let mut change = commit(&partition, version);
        change.rows.push(RowWrite::Insert(header(b"h")));
        change
    };
    applied(&*store, commit(&partition, 0)).await;
    applied(&*store, insert(1)).await;
    let outcome = store.commit(insert(2)).await.unwrap();
    assert_eq!(outcome, CommitOutcome::RowExists(RowKey::HEADER));
}

pub async fn a_header_that_is_not_written_stays(store: Arc<dyn Store>) {
    let partition = customer(1);
    applied(&*store, put(&partition, 0, vec![header(b"kept")])).await;
    applied(&*store, put(&partition, 1, vec![row(RowKind::Rule, b"r", b"1")])).await;
    let loaded = load_all(&*store, &partition).await;
    assert_eq!(
        (loaded.version, loaded.header.as_deref()),
        (Version(2), Some(&b"kept"[..]))
    );
}

pub async fn all_rows_of_a_commit_appear_together(store: Arc<dyn Store>) {
    let partition = customer(1);
    let kinds = RowKind::ALL.into_iter().filter(|kind| *kind != RowKind::Header);
    let rows: Vec<Row> = kinds.map(|kind| row(kind, b"k", &[kind.code()])).collect();
    let mut change = put(&partition, 0, vec![header(b"h")]);
    change.rows.extend(rows.iter().cloned().map(RowWrite::Insert));
    applied(&*store, change).await;
    let loaded = load_all(&*store, &partition).await;
    assert_eq!((loaded.rows, loaded.header.as_deref()), (rows, Some(&b"h"[..])));
}

pub async fn partitions_are_independent(store: Arc<dyn Store>) {
    let partitions = every_kind_of_partition();
    for (number, partition) in (0_u8..).zip(&partitions) {
        for version in 0..=u64::from(number) {
            let rows = vec![header(&[number]), row(RowKind::Item, b"k", &[number])];
            applied(&*store, put(partition, version, rows)).await;
        }
    }
    for (number, partition) in (0_u8..).zip(&partitions) {
        let loaded = load_all(&*store, partition).await;
        assert_eq!(loaded.version, Version(u64::from(number) + 1), "{partition:?}");
        assert_eq!(loaded.header.as_deref(), Some(&[number][..]), "{partition:?}");
        assert_eq!(
            loaded.rows,
            [row(RowKind::Item, b"k", &[number])],
            "{partition:?}"
        );
    }
}

/// Partitions of every kind, among them names that begin alike or hold odd characters.
pub(super) fn every_kind_of_partition() -> Vec<PartitionId> {
    let audit = |name: &str| PartitionId::Audit(name.to_owned());
    vec![
        customer(0),
        customer(1),
        customer(u64::MAX),
        PartitionId::Sms(map_domain::MobileNumber::parse("13800000001").unwrap()),
        PartitionId::Catalogue,
        audit(""),
        audit("operator"),
        audit("operator\0"),
        audit("operator\0\0x"),
        audit("operator\u{1}"),
        audit("操作员:1"),
        PartitionId::Run {
            network: "n".to_owned(),
            day: 20_261_121,
        },
        PartitionId::Run {
            network: "n:n".to_owned(),
            day: 20_261_121,
        },
        PartitionId::Exceptions { day: 20_261_121 },
    ]
}

pub async fn keys_that_resemble_each_other_do_not_mix(store: Arc<dyn Store>) {
    let partition = PartitionId::Audit("a".to_owned());
    let longer = PartitionId::Audit("a\0".to_owned());
    applied(
        &*store,
        put(&partition, 0, vec![row(RowKind::Item, b"\0\x01k", b"short")]),
    )
    .await;
    applied(&*store, put(&longer, 0, vec![row(RowKind::Item, b"k", b"long")])).await;
    assert_eq!(
        load_all(&*store, &partition).await.rows,
        [row(RowKind::Item, b"\0\x01k", b"short")]
    );
    assert_eq!(
        load_all(&*store, &longer).await.rows,
        [row(RowKind::Item, b"k", b"long")]
    );
}

pub async fn keys_and_bodies_may_be_any_bytes(store: Arc<dyn Store>) {
    let partition = customer(1);
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let keys: [&[u8]; 9] = [
        b"",
        b"\0",
        b"\0\0",
        &every_byte,
        b"\0\xff",
        b"\x01",
        b"\xff",
        b"\xff\0",
        b"\xff\xff",
    ];
    let rows: Vec<Row> = keys.iter().map(|key| row(RowKind::Item, key, key)).collect();
    applied(&*store, put(&partition, 0, rows.clone())).await;
    assert_eq!(load_all(&*store, &partition).await.rows, rows);
    let keys = rows.iter().map(|row| row.key.clone()).collect();
    let loaded = store
        .load(
            &partition,
            Load {
                kinds: Vec::new(),
                keys,
            },
        )
        .await
        .unwrap();
    assert_eq!(loaded.rows, rows);
}

pub async fn big_and_empty_bodies_come_back(store: Arc<dyn Store>) {
    let partition = customer(1);
    let big: Vec<u8> = (0_u32..1 << 18).flat_map(u32::to_le_bytes).collect();
    let rows = vec![
        row(RowKind::Item, b"big", &big),
        row(RowKind::Item, b"empty", b""),
    ];
    let mut change = put(&partition, 0, rows.clone());
    change.rows.push(RowWrite::Put(header(b"")));
    applied(&*store, change).await;
    let loaded = load_all(&*store, &partition).await;
    assert_eq!(loaded.rows, rows);
    assert_eq!(
        loaded.header.as_deref(),
        Some(&b""[..]),
        "an empty header is a header"
    );
}
