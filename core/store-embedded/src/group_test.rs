//! Rules of a group: what comes later in it sees what comes earlier, refused changes leave nothing.

#![allow(clippy::arithmetic_side_effects, reason = "tests count small numbers")]

use super::*;
use crate::cell::Accounts;
use map_domain::CustomerId;
use map_store::{ClaimTable, ContentHash, RowKey, Version};

/// Committed cells in memory.
#[derive(Default)]
struct Memory(BTreeMap<Vec<u8>, Bytes>);

impl Cells for Memory {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        Ok(self.0.get(key).cloned())
    }
}

/// A disk on which nothing can be read.
struct Unreadable;

impl Cells for Unreadable {
    fn get(&self, _: &[u8]) -> StoreResult<Option<Bytes>> {
        Err(StoreError::NotApplied("unreadable".to_owned()))
    }
}

fn partition(number: u8) -> PartitionId {
    PartitionId::Customer(CustomerId::new([number; 16]))
}

fn commit(number: u8, expected: u64, rows: Vec<RowWrite>) -> Commit {
    Commit {
        partition: partition(number),
        expected: Version(expected),
        rows,
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}

fn order(key: &'static str, body: &'static str) -> Row {
    Row {
        key: RowKey::new(RowKind::Order, key),
        body: Bytes::from(body),
    }
}

fn claim(number: u8) -> Claim {
    Claim {
        key: ClaimKey {
            table: ClaimTable::Pos,
            key: "key".into(),
        },
        value: ClaimValue::Bound {
            partition: partition(number),
            content: ContentHash([0; 32]),
            business_day: 0,
        },
    }
}

fn admit(group: &mut Group<'_, Memory>, commit: Commit) -> CommitOutcome {
    match group.admit(Change::Commit(commit)).unwrap() {
        Answer::Commit(outcome) => outcome,
        other @ (Answer::Claims(_) | Answer::Imported) => panic!("{other:?}"),
    }
}

#[test]
fn two_commits_of_one_partition_fit_in_one_group() {
    let state = Memory::default();
    let mut group = Group::new(&state, true);
    let header = |body: &'static str| {
        RowWrite::Put(Row {
            key: RowKey::HEADER,
            body: body.into(),
        })
    };
    let applied = |version| CommitOutcome::Applied(Version(version));
    assert_eq!(admit(&mut group, commit(1, 0, vec![header("first")])), applied(1));
    assert_eq!(
        admit(&mut group, commit(1, 1, vec![RowWrite::Insert(order("b", "2"))])),
        applied(2)
    );
    assert_eq!(
        admit(&mut group, commit(1, 1, vec![header("late")])),
        CommitOutcome::Stale
    );
    assert_eq!(
        admit(&mut group, commit(2, 0, vec![])),
        applied(1),
        "others go on"
    );
    let (batch, _) = group.finish();
    assert_eq!(batch.changes.len(), 3, "a refused commit is no record");
    let cell = batch.cells.get(&layout::header(&partition(1))).unwrap();
    let expected = Header {
        version: Version(2),
        body: Some("first".into()),
        ..Header::default()
    };
    assert_eq!(Header::decode(cell), Some(expected));
}

#[test]
fn a_row_created_earlier_in_the_group_exists() {
    let state = Memory::default();
    let mut group = Group::new(&state, true);
    let insert = |body| vec![RowWrite::Insert(order("key", body))];
    admit(&mut group, commit(1, 0, insert("first")));
    let outcome = admit(&mut group, commit(1, 1, insert("second")));
    assert_eq!(outcome, CommitOutcome::RowExists(order("key", "").key));
    let twice = [insert("a"), insert("b")].concat();
    let outcome = admit(&mut group, commit(2, 0, twice));
    assert_eq!(
        outcome,
        CommitOutcome::RowExists(order("key", "").key),
        "nor twice in one commit"
    );
    let (batch, _) = group.finish();
    assert_eq!(
        batch
            .cells
            .get(&layout::row(&partition(1), &order("key", "").key))
            .unwrap(),
        "first"
    );
    assert!(!batch.cells.contains_key(&layout::header(&partition(2))));
}

fn account(key: &'static str) -> Row {
    Row {
        key: RowKey::new(RowKind::Account, key),
        body: Bytes::from("body"),
    }
}

/// The accounts that a partition's header names.
fn accounts(batch: &Batch, number: u8) -> Accounts {
    let cell = batch.cells.get(&layout::header(&partition(number))).unwrap();
    Header::decode(cell).unwrap().accounts
}

#[test]
fn a_header_names_the_accounts_that_were_committed() {
    let state = Memory::default();
    let mut group = Group::new(&state, true);
    let insert = |key| RowWrite::Insert(account(key));
    admit(
        &mut group,
        commit(1, 0, vec![insert("b"), RowWrite::Put(account("c"))]),
    );
    admit(
        &mut group,
        commit(1, 1, vec![insert("a"), RowWrite::Put(account("b"))]),
    );
    let refused = vec![RowWrite::Put(account("d")), insert("a")];
    assert_eq!(
        admit(&mut group, commit(1, 2, refused)),
        CommitOutcome::RowExists(account("a").key)
    );
    let (batch, _) = group.finish();
    let named = accounts(&batch, 1);
    assert_eq!(named.keys(), Some(["a", "b", "c"].map(Bytes::from).as_slice()));

    // An older version wrote a header without names: a new account alone would hide the others.
    let unnamed = Header {
        version: Version(1),
        accounts: Accounts::UNKNOWN,
        body: None,
    };
    let state = Memory(BTreeMap::from([(
        layout::header(&partition(1)),
        unnamed.encode(),
    )]));
    let mut group = Group::new(&state, true);
    admit(&mut group, commit(1, 1, vec![insert("d")]));
    assert_eq!(accounts(&group.finish().0, 1), Accounts::UNKNOWN);
}

#[test]
fn a_header_names_the_accounts_that_were_imported_in_whatever_order() {
    let row = |row| BulkRow::Row {
        partition: partition(1),
        row,
    };
    let version = BulkRow::Partition {
        id: partition(1),
        version: Version(7),
    };
    let header = row(Row {
        key: RowKey::HEADER,
        body: "body".into(),
    });
    let rows = [version, header, row(account("a")), row(account("b"))];
    for first in 0..rows.len() {
        let mut rows = rows.clone();
        rows.rotate_left(first);
        let state = Memory::default();
        let mut group = Group::new(&state, false);
        for part in rows.chunks(1) {
            group.admit(Change::Import(part.to_vec())).unwrap();
        }
        let (batch, _) = group.finish();
        let mut expected = Header {
            version: Version(7),
            body: Some("body".into()),
            ..Header::default()
        };
        expected.accounts.add(&"a".into());
        expected.accounts.add(&"b".into());
        let cell = batch.cells.get(&layout::header(&partition(1))).unwrap();
        assert_eq!(Header::decode(cell), Some(expected), "{first}");
    }
}

#[test]
fn a_claim_taken_earlier_in_the_group_is_held() {
    let state = Memory::default();
    let mut group = Group::new(&state, true);
    let with_claim = |number| Commit {
        claims: vec![claim(number)],
        ..commit(number, 0, vec![])
    };
    assert_eq!(
        admit(&mut group, with_claim(1)),
        CommitOutcome::Applied(Version(1))
    );
    let held = CommitOutcome::ClaimHeld {
        key: claim(1).key,
        held: claim(1).value,
    };
    assert_eq!(admit(&mut group, with_claim(2)), held);
    let says = group.admit(Change::Claims(vec![claim(2)])).unwrap();
    assert_eq!(says, Answer::Claims(vec![claim(1).value]));
}

#[test]
fn a_refused_commit_leaves_no_claim_behind() {
    let state = Memory::default();
    let mut group = Group::new(&state, true);
    let stale = Commit {
        claims: vec![claim(1)],
        ..commit(1, 7, vec![])
    };
    assert_eq!(admit(&mut group, stale), CommitOutcome::Stale);
    let (batch, _) = group.finish();
    assert!(batch.cells.is_empty() && batch.changes.is_empty());
}

#[test]
fn a_state_that_cannot_be_read_changes_nothing() {
    let mut group = Group::new(&Unreadable, true);
    let error = group.admit(Change::Commit(commit(1, 0, vec![]))).unwrap_err();
    assert_eq!(error, StoreError::NotApplied("unreadable".to_owned()));
    assert!(group.finish().0.cells.is_empty());
}

#[test]
fn a_damaged_cell_is_named_and_never_taken_for_absent() {
    let mut state = Memory::default();
    state
        .0
        .insert(layout::header(&partition(1)), Bytes::from_static(b"short"));
    state
        .0
        .insert(layout::claim(&claim(1).key), Bytes::from_static(b""));
    let mut group = Group::new(&state, true);
    for change in [
        Change::Commit(commit(1, 0, vec![])),
        Change::Claims(vec![claim(1)]),
    ] {
        let error = group.admit(change).unwrap_err();
        assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    }
}

#[test]
fn the_first_commit_ends_the_imports_in_the_same_group() {
    let state = Memory::default();
    let mut group = Group::new(&state, false);
    let rows = || {
        vec![BulkRow::Partition {
            id: partition(9),
            version: Version(3),
        }]
    };
    assert_eq!(group.admit(Change::Import(rows())), Ok(Answer::Imported));
    admit(&mut group, commit(1, 0, vec![]));
    assert!(matches!(
        group.admit(Change::Import(rows())),
        Err(StoreError::NotApplied(_))
    ));
    let (batch, live) = group.finish();
    assert!(live);
    assert_eq!(batch.cells.get(&layout::origin()).unwrap(), COMMITTED);
}
