//! Rules of callers that come at the same time.

use super::fixture::{applied, bound, closed, commit, customer, header, load_all, put, read_claim, row};
use crate::{ClaimValue, Commit, CommitOutcome, Load, PartitionId, RowKind, Store, Version};
use std::future::Future;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs one task per number and gives their results in the order of the numbers.
async fn together<T, F>(count: u64, task: impl Fn(u64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let future = task(number);
        tasks.spawn(async move { (number, future.await) });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

pub async fn two_commits_on_one_version_are_applied_once(store: Arc<dyn Store>) {
    let partition = customer(1);
    for version in 0..20 {
        let outcomes = together(8, |writer| {
            let (store, partition) = (Arc::clone(&store), partition.clone());
            let change = put(&partition, version, vec![header(&writer.to_be_bytes())]);
            async move { store.commit(change).await.unwrap() }
        })
        .await;
        let next = CommitOutcome::Applied(Version(version + 1));
        let winners: Vec<_> = (0_u64..)
            .zip(&outcomes)
            .filter(|(_, outcome)| **outcome == next)
            .collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        assert_eq!(
            outcomes
                .iter()
                .filter(|outcome| **outcome == CommitOutcome::Stale)
                .count(),
            7
        );
        let loaded = load_all(&*store, &partition).await;
        assert_eq!(loaded.header.as_deref(), Some(&winners[0].0.to_be_bytes()[..]));
    }
}

/// Adds one to the counter in the header, as often as it takes.
async fn increment(store: &dyn Store, partition: &PartitionId) {
    loop {
        let loaded = store.load(partition, Load::default()).await.unwrap();
        let count = loaded
            .header
            .map_or(0, |body| u64::from_be_bytes(body[..].try_into().unwrap()));
        let change = put(
            partition,
            loaded.version.0,
            vec![header(&(count + 1).to_be_bytes())],
        );
        match store.commit(change).await.unwrap() {
            CommitOutcome::Applied(version) => {
                assert_eq!(version, loaded.version.next());
                return;
            }
            CommitOutcome::Stale => {}
            other @ (CommitOutcome::ClaimHeld { .. } | CommitOutcome::RowExists(_)) => panic!("{other:?}"),
        }
    }
}

pub async fn a_hot_partition_loses_no_update(store: Arc<dyn Store>) {
    const WRITERS: u64 = 8;
    const ROUNDS: u64 = 20;
    let partition = customer(1);
    together(WRITERS, |_| {
        let (store, partition) = (Arc::clone(&store), partition.clone());
        async move {
            for _ in 0..ROUNDS {
                increment(&*store, &partition).await;
            }
        }
    })
    .await;
    let loaded = load_all(&*store, &partition).await;
    assert_eq!(loaded.version, Version(WRITERS * ROUNDS));
    assert_eq!(
        loaded.header.as_deref(),
        Some(&(WRITERS * ROUNDS).to_be_bytes()[..])
    );
}

pub async fn many_partitions_commit_side_by_side(store: Arc<dyn Store>) {
    const PARTITIONS: u64 = 64;
    together(PARTITIONS, |number| {
        let store = Arc::clone(&store);
        async move {
            for version in 0..5 {
                applied(
                    &*store,
                    put(&customer(number), version, vec![header(&number.to_be_bytes())]),
                )
                .await;
            }
        }
    })
    .await;
    for number in 0..PARTITIONS {
        let loaded = load_all(&*store, &customer(number)).await;
        assert_eq!(
            (loaded.version, loaded.header.as_deref()),
            (Version(5), Some(&number.to_be_bytes()[..]))
        );
    }
}

pub async fn racing_claims_have_one_winner(store: Arc<dyn Store>) {
    for round in 0_u64..10 {
        let key = round.to_be_bytes();
        let says = together(8, |racer| {
            let store = Arc::clone(&store);
            async move {
                store
                    .claim(vec![closed(&key, &racer.to_be_bytes())])
                    .await
                    .unwrap()
            }
        })
        .await;
        let found = read_claim(&*store, &closed(&key, b"").key)
            .await
            .expect("one has won");
        assert!(
            says.iter().all(|says| says.as_slice() == [found.clone()]),
            "{says:?} but {found:?}"
        );
    }
}

pub async fn racing_commits_for_one_claim_have_one_winner(store: Arc<dyn Store>) {
    for round in 0_u64..10 {
        let key = round.to_be_bytes();
        let outcomes = together(8, |racer| {
            let (store, partition) = (Arc::clone(&store), customer(racer));
            let body = row(RowKind::Order, &key, b"");
            async move {
                let version = load_all(&*store, &partition).await.version.0;
                let claims = vec![bound(&key, &partition, 1)];
                let change = Commit {
                    claims,
                    ..put(&partition, version, vec![body])
                };
                store.commit(change).await.unwrap()
            }
        })
        .await;
        let found = read_claim(&*store, &bound(&key, &customer(0), 1).key)
            .await
            .expect("one has won");
        let mut winners = 0;
        for (racer, outcome) in (0_u64..).zip(outcomes) {
            let own = bound(&key, &customer(racer), 1).value;
            match outcome {
                CommitOutcome::Applied(_) => {
                    winners += 1;
                    assert_eq!(found, own, "who was applied holds the claim");
                }
                CommitOutcome::ClaimHeld { held, .. } => {
                    assert_eq!(held, found, "who lost is told the winner's value");
                }
                other @ (CommitOutcome::Stale | CommitOutcome::RowExists(_)) => panic!("{other:?}"),
            }
        }
        assert_eq!(winners, 1, "round {round}");
        assert!(matches!(found, ClaimValue::Bound { .. }));
    }
}

pub async fn a_load_never_sees_half_a_commit(store: Arc<dyn Store>) {
    const ROUNDS: u64 = 60;
    let partition = customer(1);
    applied(&*store, commit(&partition, 0)).await;
    together(4, |task| {
        let (store, partition) = (Arc::clone(&store), partition.clone());
        async move {
            if task == 0 {
                for version in 1..=ROUNDS {
                    let body = version.to_be_bytes();
                    let rows = [b"a", b"b", b"c"].map(|key| row(RowKind::Account, key, &body));
                    let rows = rows.into_iter().chain([header(&body)]).collect();
                    applied(&*store, put(&partition, version, rows)).await;
                }
            } else {
                let mut last = Version::NONE;
                while last <= Version(ROUNDS) {
                    last = look(&*store, &partition, last).await;
                    tokio::task::yield_now().await;
                }
            }
        }
    })
    .await;
}

/// Loads, and insists that version, header and rows are of one commit, and none older than seen.
async fn look(store: &dyn Store, partition: &PartitionId, last: Version) -> Version {
    let loaded = load_all(store, partition).await;
    assert!(
        loaded.version >= last,
        "went back from {last:?} to {:?}",
        loaded.version
    );
    if loaded.version > Version(1) {
        let body = (loaded.version.0 - 1).to_be_bytes();
        assert_eq!(loaded.header.as_deref(), Some(&body[..]));
        assert_eq!(loaded.rows.len(), 3);
        assert!(loaded.rows.iter().all(|row| row.body == body[..]), "{loaded:?}");
    }
    loaded.version
}
