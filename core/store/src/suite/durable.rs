//! Rules of a store that is closed and opened again: what was answered is there.

use super::Reopen;
use super::fixture::{
    applied, bound, closed, commit, customer, header, index_row, load_all, put, read_claim, row,
};
use crate::{BulkRow, BulkTable, Commit, CommitOutcome, IndexTable, RowKind, StoreError, Version};

pub async fn an_answered_commit_is_there_after_a_reopen(mut subject: impl Reopen) {
    for round in 0_u64..3 {
        for number in 0..20 {
            let partition = customer(number);
            let key = [round.to_be_bytes(), number.to_be_bytes()].concat();
            let change = Commit {
                claims: vec![bound(&key, &partition, 1)],
                index: vec![index_row(IndexTable::SellerDay, &key, &partition)],
                ..put(
                    &partition,
                    round,
                    vec![header(&key), row(RowKind::Order, &key, &key)],
                )
            };
            applied(&*subject.store(), change).await;
        }
        subject = subject.reopen().await;
        let store = subject.store();
        for number in 0..20 {
            let loaded = load_all(&*store, &customer(number)).await;
            let key = [round.to_be_bytes(), number.to_be_bytes()].concat();
            assert_eq!(
                (loaded.version, loaded.header.as_deref()),
                (Version(round + 1), Some(&key[..]))
            );
            assert_eq!(u64::try_from(loaded.rows.len()), Ok(round + 1));
            let own = bound(&key, &customer(number), 1);
            assert_eq!(read_claim(&*store, &own.key).await, Some(own.value));
        }
        let found = store
            .scan_index(IndexTable::SellerDay, &round.to_be_bytes(), None, 100)
            .await
            .unwrap();
        assert_eq!(found.len(), 20);
    }
}

pub async fn an_answered_claim_is_there_after_a_reopen(subject: impl Reopen) {
    let claim = closed(b"order", b"first");
    subject.store().claim(vec![claim.clone()]).await.unwrap();
    let subject = subject.reopen().await;
    let says = subject
        .store()
        .claim(vec![closed(b"order", b"second")])
        .await
        .unwrap();
    assert_eq!(says, [claim.value]);
}

pub async fn a_refused_commit_is_not_there_after_a_reopen(subject: impl Reopen) {
    let partition = customer(1);
    applied(&*subject.store(), put(&partition, 0, vec![header(b"kept")])).await;
    let late = put(
        &partition,
        0,
        vec![header(b"late"), row(RowKind::Account, b"a", b"")],
    );
    assert_eq!(subject.store().commit(late).await.unwrap(), CommitOutcome::Stale);
    let subject = subject.reopen().await;
    let loaded = load_all(&*subject.store(), &partition).await;
    assert_eq!(
        (loaded.version, loaded.header.as_deref()),
        (Version(1), Some(&b"kept"[..]))
    );
    assert_eq!(loaded.rows, []);
}

fn some_rows(number: u64) -> Vec<BulkRow> {
    let id = customer(number);
    let row = BulkRow::Row {
        partition: id.clone(),
        row: header(b"h"),
    };
    vec![
        BulkRow::Partition {
            id,
            version: Version(9),
        },
        row,
    ]
}

pub async fn imported_rows_are_there_after_a_reopen(subject: impl Reopen) {
    subject.store().import(some_rows(1)).await.unwrap();
    let subject = subject.reopen().await;
    let snapshot = subject.store().snapshot().await.unwrap();
    let (rows, _) = snapshot.scan(BulkTable::Partitions, None, 10).await.unwrap();
    assert_eq!(rows, some_rows(1));
}

pub async fn an_import_goes_on_after_a_reopen(subject: impl Reopen) {
    subject.store().import(some_rows(1)).await.unwrap();
    let subject = subject.reopen().await;
    subject.store().import(some_rows(2)).await.unwrap();
    applied(&*subject.store(), commit(&customer(2), 9)).await;
    let subject = subject.reopen().await;
    let refused = subject.store().import(some_rows(3)).await;
    assert!(matches!(refused, Err(StoreError::NotApplied(_))), "{refused:?}");
}

pub async fn versions_go_on_after_a_reopen(mut subject: impl Reopen) {
    let partition = customer(1);
    for version in 0..5 {
        applied(&*subject.store(), commit(&partition, version)).await;
        subject = subject.reopen().await;
        assert_eq!(
            subject.store().commit(commit(&partition, version)).await.unwrap(),
            CommitOutcome::Stale
        );
    }
}
