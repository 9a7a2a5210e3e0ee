//! Without faults it is a store like any; with them it still keeps its promises.

use super::{Choose, Fault, FaultyStore, Kind, Odds, Seeded};
use crate::suite::Subject;
use crate::{
    Claim, ClaimKey, ClaimTable, ClaimValue, Commit, CommitOutcome, IndexKey, IndexRow, IndexTable, Load,
    PartitionId, Row, RowKey, RowKind, RowWrite, Store, StoreError, Version,
};
use bytes::Bytes;
use std::sync::Arc;

struct Faulty<C>(Arc<FaultyStore<C>>);

impl<C: Choose> Subject for Faulty<C> {
    fn store(&self) -> Arc<dyn Store> {
        self.0.process()
    }
}

/// The whole contract, where nothing goes wrong.
mod calm {
    use super::{Faulty, FaultyStore, Odds, Seeded};
    use std::sync::Arc;

    async fn make() -> Faulty<Seeded> {
        Faulty(Arc::new(FaultyStore::new(Seeded::new(1, Odds::NONE))))
    }

    crate::store_contract_suite!(make);
}

/// The whole contract, where every third call takes its time: that breaks no promise.
mod slow {
    use super::super::{Call, Choose, Fault};
    use super::{Faulty, FaultyStore};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Default)]
    pub(super) struct Third(AtomicU32);

    impl Choose for Third {
        fn fault(&self, _: Call<'_>) -> Fault {
            match self.0.fetch_add(1, Ordering::Relaxed) % 3 {
                0 => Fault::Slow(1),
                _ => Fault::Fine,
            }
        }
    }

    async fn make() -> Faulty<Third> {
        Faulty(Arc::new(FaultyStore::default()))
    }

    crate::store_contract_suite!(make);
}

/// Each call meets this one.
struct Always(Fault);

impl Choose for Always {
    fn fault(&self, _: super::Call<'_>) -> Fault {
        self.0
    }
}

fn events() -> PartitionId {
    PartitionId::Audit("events".to_owned())
}

/// A commit with a row, a claim and an index row, all of this name.
fn commit(name: u64, expected: Version) -> Commit {
    let key = Bytes::copy_from_slice(&name.to_be_bytes());
    let row = RowKey::new(RowKind::Item, key.clone());
    Commit {
        partition: events(),
        expected,
        rows: vec![RowWrite::Insert(Row {
            key: row.clone(),
            body: key.clone(),
        })],
        claims: vec![Claim {
            key: ClaimKey {
                table: ClaimTable::CallerOrder,
                key: key.clone(),
            },
            value: ClaimValue::Closed(key.clone()),
        }],
        index: vec![IndexRow {
            key: IndexKey {
                table: IndexTable::Outbox,
                key,
            },
            partition: events(),
            row,
        }],
        business_day: None,
    }
}

/// The names of the rows that are there, and the version.
async fn there(store: &dyn Store) -> (Version, Vec<u64>) {
    let what = Load {
        kinds: vec![RowKind::Item],
        keys: Vec::new(),
    };
    let loaded = store.load(&events(), what).await.unwrap();
    let names = loaded
        .rows
        .iter()
        .map(|row| u64::from_be_bytes(row.key.key[..].try_into().unwrap()));
    (loaded.version, names.collect())
}

async fn after(fault: Fault) -> (Arc<FaultyStore<Always>>, Result<CommitOutcome, StoreError>) {
    let store = Arc::new(FaultyStore::new(Always(fault)));
    let outcome = store.commit(commit(1, Version::NONE)).await;
    (store, outcome)
}

#[tokio::test(start_paused = true)]
async fn what_is_said_is_true_of_every_fault() {
    let none = (Version::NONE, vec![]);
    let one = (Version(1), vec![1]);
    let unknown = |outcome: &Result<_, StoreError>| matches!(outcome, Err(StoreError::OutcomeUnknown(_)));
    let refused = |outcome: &Result<_, StoreError>| matches!(outcome, Err(StoreError::NotApplied(_)));
    let applied = Ok(CommitOutcome::Applied(Version(1)));

    let (store, outcome) = after(Fault::Fine).await;
    assert_eq!((outcome, there(&*store).await), (applied.clone(), one.clone()));
    let (store, outcome) = after(Fault::Slow(5)).await;
    assert_eq!((outcome, there(&*store).await), (applied, one.clone()));
    let (store, outcome) = after(Fault::Stale).await;
    assert_eq!(
        (outcome, there(&*store).await),
        (Ok(CommitOutcome::Stale), none.clone())
    );
    for (fault, kind) in [
        (Fault::UnknownApplied, Kind::TimeoutWithEffect),
        (Fault::Dropped(500), Kind::DroppedAnswer),
    ] {
        let (store, outcome) = after(fault).await;
        assert!(unknown(&outcome), "{fault:?} {outcome:?}");
        assert_eq!(there(&*store).await, one, "{fault:?}");
        assert_eq!(store.counts().of(kind), 1, "{fault:?}");
    }
    for fault in [Fault::NotApplied, Fault::ClaimsOnly] {
        let store = Arc::new(FaultyStore::new(Always(fault)));
        let outcome = store.commit(commit(1, Version::NONE)).await;
        assert!(refused(&outcome), "{fault:?} {outcome:?}");
        assert!(store.arrive().await.is_empty(), "{fault:?}");
        assert_eq!(
            store
                .inner
                .load(&events(), Load::default())
                .await
                .unwrap()
                .version,
            none.0
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_effect_comes_after_others_and_only_where_nothing_moved_meanwhile() {
    let (store, outcome) = after(Fault::UnknownHeld).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))));
    assert_eq!(there(&*store).await, (Version::NONE, vec![]));
    assert_eq!(store.arrive().await, [CommitOutcome::Applied(Version(1))]);
    assert_eq!(there(&*store).await, (Version(1), vec![1]));
    assert_eq!(store.counts().of(Kind::LateEffect), 1);

    let (store, _) = after(Fault::UnknownLate(2)).await;
    store.inner.commit(commit(2, Version::NONE)).await.unwrap();
    assert!(
        store.commit(commit(3, Version(1))).await.is_err(),
        "on its way, too"
    );
    assert_eq!(there(&*store).await, (Version(1), vec![2]));
    assert!(store.commit(commit(4, Version(1))).await.is_err());
    assert_eq!(store.counts().of(Kind::TooLate), 1);
    store.forget();
    assert!(store.arrive().await.is_empty());
    assert_eq!(there(&*store).await, (Version(1), vec![2]));
}

#[tokio::test(start_paused = true)]
async fn a_dangling_row_is_there_without_its_commit_and_is_known() {
    let (store, outcome) = after(Fault::UnknownClaimsOnly).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))));
    let asked = commit(1, Version::NONE);
    let rows = store.scan_index(IndexTable::Outbox, b"", None, 9).await.unwrap();
    assert_eq!(rows, asked.index);
    assert!(store.dangling().contains(&rows[0].key));
    let said = store.read_claims(&[asked.claims[0].key.clone()]).await.unwrap();
    assert_eq!(said, [Some(asked.claims[0].value.clone())]);
    assert_eq!(there(&*store).await, (Version::NONE, vec![]));
    // Somebody else's claim is told as ever.
    let mut other = commit(1, Version::NONE);
    other.claims[0].value = ClaimValue::Closed(Bytes::new());
    let outcome = store.commit(other).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::ClaimHeld { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_crash_answers_nobody_and_loses_only_what_was_not_answered() {
    for kept in [false, true] {
        let store = Arc::new(FaultyStore::new(Always(Fault::Slow(10))));
        let (one, two) = (store.process(), store.process());
        let answered = one.commit(commit(1, Version::NONE)).await.unwrap();
        assert_eq!(answered, CommitOutcome::Applied(Version(1)));
        let dying = Arc::clone(&one);
        let waiting = tokio::spawn(async move { dying.commit(commit(2, Version(1))).await });
        tokio::task::yield_now().await;
        one.crash(|| kept).await;
        let never = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
        assert!(never.is_err(), "nobody is answered");
        let expected = if kept {
            (Version(2), vec![1, 2])
        } else {
            (Version(1), vec![1])
        };
        assert_eq!(there(&*two).await, expected);
        let kind = if kept { Kind::CrashKept } else { Kind::CrashLost };
        assert_eq!(store.counts().of(kind), 1);
    }
}

/// Writers that follow the rules: read, commit, and after an unknown outcome look whether it is there.
#[tokio::test(start_paused = true)]
async fn whatever_faults_come_no_answered_commit_is_lost_and_none_happens_twice() {
    for seed in 0..50 {
        let odds = Odds {
            writes: 500,
            reads: 0,
        };
        let store = Arc::new(FaultyStore::new(Seeded::new(seed, odds)));
        let mut told = Vec::new();
        for name in 0..40 {
            let (version, names) = there(&*store).await;
            match store.commit(commit(name, version)).await {
                Ok(CommitOutcome::Applied(_)) => told.push(name),
                Ok(CommitOutcome::Stale) | Err(_) => {}
                Ok(other) => panic!("seed {seed}: {other:?} with {names:?}"),
            }
        }
        store.arrive().await;
        let (version, names) = there(&*store).await;
        assert_eq!(
            version,
            Version(u64::try_from(names.len()).unwrap()),
            "seed {seed}"
        );
        assert!(
            told.iter().all(|name| names.contains(name)),
            "seed {seed}: {told:?} {names:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_meets_the_same_faults() {
    let run = async |seed| {
        let odds = Odds {
            writes: 500,
            reads: 200,
        };
        let store = Arc::new(FaultyStore::new(Seeded::new(seed, odds)));
        let mut heard = Vec::new();
        for name in 0..100 {
            heard.push(format!("{:?}", store.commit(commit(name, Version(name))).await));
        }
        (heard, store.counts())
    };
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await.0, run(8).await.0);
}
