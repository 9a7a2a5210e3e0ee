//! What a decision writes.

use super::*;

#[test]
fn a_decision_that_writes_nothing_has_no_commit() {
    let (state, decision) = (state(), nothing(&paid()));
    assert_eq!(CommitBuilder::new(Version(4), &state, &decision).build(), None);
    assert_eq!(CommitBuilder::new(Version::NONE, &state, &decision).build(), None);
}

#[test]
fn the_first_commit_of_a_customer_writes_the_header_whatever_was_decided() {
    let state = state();
    let decision = Decision {
        orders: vec![paid()],
        ..nothing(&paid())
    };
    let commit = CommitBuilder::new(Version::NONE, &state, &decision)
        .build()
        .unwrap();
    let header = Row {
        key: RowKey::HEADER,
        body: state.customer.to_body(),
    };
    assert!(commit.rows.contains(&RowWrite::Put(header)));
    let commit = CommitBuilder::new(Version(1), &state, &decision).build().unwrap();
    assert!(commit.rows.iter().all(|row| row.row().key != RowKey::HEADER));
}

#[test]
fn what_is_new_is_inserted_and_what_was_there_is_replaced() {
    let mut known = state();
    let decision = Decision {
        accounts: vec![samples::account()],
        orders: vec![paid()],
        entry: Some(samples::entry()),
        ..nothing(&paid())
    };
    let kinds = |state: &CustomerState| -> Vec<(RowKind, bool)> {
        let commit = CommitBuilder::new(Version(1), state, &decision).build().unwrap();
        let rows = commit.rows.iter();
        rows.map(|row| (row.row().key.kind, matches!(row, RowWrite::Insert(_))))
            .collect()
    };
    assert_eq!(
        kinds(&known),
        [
            (RowKind::Account, true),
            (RowKind::Order, true),
            (RowKind::Entry, true)
        ]
    );
    known.accounts.push(samples::account());
    known.orders.insert(paid().key, paid());
    assert_eq!(
        kinds(&known),
        [
            (RowKind::Account, false),
            (RowKind::Order, false),
            (RowKind::Entry, true)
        ]
    );
}

#[test]
fn a_payment_is_indexed_in_the_day_of_its_claim_and_its_reversal_in_its_own() {
    let mut known = state();
    let decision = Decision {
        orders: vec![paid()],
        ..nothing(&paid())
    };
    let seller = map_domain::SellerId::parse("SH12345").unwrap();
    let commit = CommitBuilder::new(Version(1), &known, &decision)
        .business_day(20_261_120)
        .build()
        .unwrap();
    let places: Vec<_> = commit.index.into_iter().map(|row| row.key).collect();
    let (home, row) = (PartitionId::Customer(customer_id()), keys::order_row(&paid().key));
    let own = keys::order_number(&paid().id, NumberRole::Own, &home, &row);
    let day = keys::seller_day(&seller, 20_261_120, &paid().id, &home, &row);
    assert_eq!(places, [own, day]);

    known.orders.insert(paid().key, paid());
    let decision = Decision {
        orders: vec![reversed()],
        ..nothing(&paid())
    };
    let commit = CommitBuilder::new(Version(2), &known, &decision)
        .business_day(20_261_120)
        .build()
        .unwrap();
    let places: Vec<_> = commit.index.into_iter().map(|row| row.key).collect();
    let step = order_id("ud2");
    let expected = [
        keys::order_number(&step, NumberRole::Step, &home, &row),
        keys::seller_day(&seller, 20_261_121, &step, &home, &row),
    ];
    assert_eq!(places, expected);
}

#[test]
fn midnight_in_shanghai_turns_the_business_day() {
    let midnight = 1_795_190_400_000;
    assert_eq!(business_day(Timestamp::from_millis(midnight - 1)), 20_261_120);
    assert_eq!(business_day(Timestamp::from_millis(midnight)), 20_261_121);
}
