//! Rules of claims: the first writer wins, for ever.

use super::fixture::{applied, bound, claim_key, closed, commit, customer, load_all, put, read_claim, row};
use crate::{Claim, ClaimTable, ClaimValue, Commit, CommitOutcome, RowKind, RowWrite, Store, Version};
use std::sync::Arc;

fn with_claims(change: Commit, claims: &[Claim]) -> Commit {
    Commit {
        claims: claims.to_vec(),
        ..change
    }
}

pub async fn a_free_claim_is_taken_with_the_commit(store: Arc<dyn Store>) {
    let partition = customer(1);
    let claims = [bound(b"order", &partition, 1), closed(b"gone", b"outcome")];
    applied(&*store, with_claims(commit(&partition, 0), &claims)).await;
    for claim in claims {
        assert_eq!(read_claim(&*store, &claim.key).await, Some(claim.value));
    }
}

pub async fn an_own_claim_lets_the_commit_through(store: Arc<dyn Store>) {
    let partition = customer(1);
    let own = [bound(b"order", &partition, 1)];
    store.claim(own.to_vec()).await.unwrap();
    applied(&*store, with_claims(commit(&partition, 0), &own)).await;
    applied(&*store, with_claims(commit(&partition, 1), &own)).await;
    assert_eq!(read_claim(&*store, &own[0].key).await, Some(own[0].value.clone()));
}

/// The claim `held` exists; a commit that claims `wanted` must be told, and change nothing.
async fn a_commit_is_stopped_by(store: Arc<dyn Store>, held: Claim, wanted: Claim) {
    let partition = customer(1);
    applied(&*store, commit(&partition, 0)).await;
    store.claim(vec![held.clone()]).await.unwrap();
    let before = load_all(&*store, &partition).await;
    let change = put(&partition, 1, vec![row(RowKind::Account, b"a", b"1")]);
    let outcome = store.commit(with_claims(change, &[wanted])).await.unwrap();
    let expected = CommitOutcome::ClaimHeld {
        key: held.key.clone(),
        held: held.value.clone(),
    };
    assert_eq!(outcome, expected);
    assert_eq!(load_all(&*store, &partition).await, before);
    assert_eq!(read_claim(&*store, &held.key).await, Some(held.value));
}

pub async fn a_claim_of_another_partition_stops_the_commit(store: Arc<dyn Store>) {
    let (held, wanted) = (bound(b"order", &customer(2), 1), bound(b"order", &customer(1), 1));
    a_commit_is_stopped_by(store, held, wanted).await;
}

pub async fn a_claim_with_other_content_stops_the_commit(store: Arc<dyn Store>) {
    let (held, wanted) = (bound(b"order", &customer(1), 1), bound(b"order", &customer(1), 2));
    a_commit_is_stopped_by(store, held, wanted).await;
}

pub async fn a_closed_claim_stops_the_commit(store: Arc<dyn Store>) {
    a_commit_is_stopped_by(store, closed(b"order", b""), bound(b"order", &customer(1), 1)).await;
}

pub async fn a_held_claim_is_told_before_a_stale_version(store: Arc<dyn Store>) {
    let held = bound(b"order", &customer(2), 1);
    store.claim(vec![held.clone()]).await.unwrap();
    let change = with_claims(commit(&customer(1), 7), &[bound(b"order", &customer(1), 1)]);
    let expected = CommitOutcome::ClaimHeld {
        key: held.key,
        held: held.value,
    };
    assert_eq!(store.commit(change).await.unwrap(), expected);
}

pub async fn a_stale_version_is_told_before_an_existing_row(store: Arc<dyn Store>) {
    let partition = customer(1);
    let mut change = commit(&partition, 0);
    change
        .rows
        .push(RowWrite::Insert(row(RowKind::Order, b"key", b"")));
    applied(&*store, change.clone()).await;
    assert_eq!(store.commit(change).await.unwrap(), CommitOutcome::Stale);
}

pub async fn claims_of_a_commit_that_was_not_applied_are_free_or_its_own(store: Arc<dyn Store>) {
    let partition = customer(1);
    let own = bound(b"order", &partition, 1);
    let stale = with_claims(commit(&partition, 5), std::slice::from_ref(&own));
    assert_eq!(store.commit(stale).await.unwrap(), CommitOutcome::Stale);
    let found = read_claim(&*store, &own.key).await;
    assert!(
        found.is_none() || found.as_ref() == Some(&own.value),
        "neither free nor its own"
    );
    // Whichever it is, the same commit decided again goes through.
    applied(&*store, with_claims(commit(&partition, 0), &[own])).await;
}

pub async fn claims_without_a_partition_are_each_on_their_own(store: Arc<dyn Store>) {
    let held = closed(b"b", b"held");
    store.claim(vec![held.clone()]).await.unwrap();
    let wanted = [closed(b"a", b"1"), closed(b"b", b"2"), closed(b"c", b"3")];
    let says = store.claim(wanted.to_vec()).await.unwrap();
    assert_eq!(
        says,
        [wanted[0].value.clone(), held.value, wanted[2].value.clone()]
    );
    let keys: Vec<_> = wanted.iter().map(|claim| claim.key.clone()).collect();
    let found: Vec<_> = store
        .read_claims(&keys)
        .await
        .unwrap()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(found, says);
}

pub async fn a_claim_never_changes(store: Arc<dyn Store>) {
    let partition = customer(1);
    let first = bound(b"order", &partition, 1);
    store.claim(vec![first.clone()]).await.unwrap();
    for other in [
        closed(b"order", b"late"),
        bound(b"order", &partition, 2),
        first.clone(),
    ] {
        let says = store.claim(vec![other]).await.unwrap();
        assert_eq!(says, std::slice::from_ref(&first.value));
        assert_eq!(read_claim(&*store, &first.key).await, Some(first.value.clone()));
    }
}

pub async fn claims_of_different_tables_do_not_mix(store: Arc<dyn Store>) {
    for table in ClaimTable::ALL {
        let value = ClaimValue::Closed(vec![table.code()].into());
        let claim = Claim {
            key: claim_key(table, b"same"),
            value: value.clone(),
        };
        assert_eq!(store.claim(vec![claim]).await.unwrap(), [value], "{table:?}");
    }
    for table in ClaimTable::ALL {
        let found = read_claim(&*store, &claim_key(table, b"same")).await;
        assert_eq!(
            found,
            Some(ClaimValue::Closed(vec![table.code()].into())),
            "{table:?}"
        );
    }
}

pub async fn unknown_claims_are_absent(store: Arc<dyn Store>) {
    store.claim(vec![closed(b"known", b"")]).await.unwrap();
    let keys =
        [b"a".as_slice(), b"known", b"", b"known\0"].map(|key| claim_key(ClaimTable::CallerOrder, key));
    let found = store.read_claims(&keys).await.unwrap();
    assert_eq!(
        found,
        [None, Some(ClaimValue::Closed(b"".as_slice().into())), None, None]
    );
    assert_eq!(store.read_claims(&[]).await.unwrap(), []);
    assert_eq!(load_all(&*store, &customer(1)).await.version, Version::NONE);
}
