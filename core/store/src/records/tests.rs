//! What the services build on, over the store in memory.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something else fails"
)]

use super::*;
use crate::codec::Body;
use crate::codec::samples::{
    self, NOW, by_caller, customer_id, mobile, number, order, order_id, pos, restrictions,
};
use crate::keys::{self, NumberRole};
use crate::{
    ClaimValue, Commit, CommitOutcome, IndexTable, Loaded, MemoryStore, PartitionId, Row, RowKey, RowKind,
    RowWrite, Store, StoreError, Version,
};
use map_domain::order::OrderState;
use map_domain::{
    CustomerId, CustomerState, Decision, Event, EventKind, Operation, Order, OrderDetail, Slot, Timestamp,
};
use std::collections::BTreeMap;

fn state() -> CustomerState {
    CustomerState {
        customer: samples::customer(),
        accounts: Vec::new(),
        orders: BTreeMap::new(),
    }
}

fn nothing(order: &Order) -> Decision {
    Decision {
        customer: None,
        accounts: Vec::new(),
        orders: Vec::new(),
        entry: None,
        events: Vec::new(),
        answer: Ok(order.clone()),
    }
}

fn paid() -> Order {
    samples::orders().swap_remove(0).1
}

fn reversed() -> Order {
    Order {
        state: OrderState::Reversed(samples::step("ud2")),
        ..paid()
    }
}

async fn applied(store: &MemoryStore, commit: Commit) -> Version {
    match store.commit(commit).await.unwrap() {
        CommitOutcome::Applied(version) => version,
        other => panic!("{other:?}"),
    }
}

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
    let day = keys::merchant_day(&seller, 20_261_120, &paid().id, &home, &row);
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
        keys::merchant_day(&seller, 20_261_121, &step, &home, &row),
    ];
    assert_eq!(places, expected);
}

#[test]
fn midnight_in_shanghai_turns_the_business_day() {
    let midnight = 1_795_190_400_000;
    assert_eq!(business_day(Timestamp::from_millis(midnight - 1)), 20_261_120);
    assert_eq!(business_day(Timestamp::from_millis(midnight)), 20_261_121);
}

#[tokio::test]
async fn a_customer_is_loaded_as_it_was_committed() {
    let store = MemoryStore::new();
    let before = state();
    let decision = Decision {
        customer: Some(samples::customer()),
        accounts: vec![samples::account()],
        orders: vec![paid()],
        ..nothing(&paid())
    };
    applied(
        &store,
        CommitBuilder::new(Version::NONE, &before, &decision)
            .build()
            .unwrap(),
    )
    .await;
    let partition = PartitionId::Customer(customer_id());
    let what = load_for(&[paid().key, pos("unknown", Slot::Pay)]);
    let loaded = store.load(&partition, what).await.unwrap();
    assert_eq!(loaded.version, Version(1));
    let state = decode_state(&partition, &loaded).unwrap().unwrap();
    assert_eq!(state.customer, samples::customer());
    assert_eq!(state.accounts, [samples::account()]);
    assert_eq!(state.orders, BTreeMap::from([(paid().key, paid())]));
    assert_eq!(decode_state(&partition, &Loaded::default()), Ok(None));
}

#[test]
fn a_damaged_customer_is_never_answered_as_unknown() {
    let here = PartitionId::Customer(customer_id());
    let there = PartitionId::Customer(CustomerId::new([9; 16]));
    let header = Some(samples::customer().to_body());
    let row = |key, body| Row { key, body };
    let wrong_account = row(
        keys::account_row(&number("1".repeat(16).as_str())),
        samples::account().to_body(),
    );
    let wrong_order = row(keys::order_row(&pos("other", Slot::Pay)), paid().to_body());
    let cut = row(keys::order_row(&paid().key), paid().to_body().slice(..20));
    let table = [
        (&here, None, vec![], Version(1), "rows without a header"),
        (
            &there,
            header.clone(),
            vec![],
            Version(1),
            "the header is another customer's",
        ),
        (
            &here,
            header.clone(),
            vec![wrong_account],
            Version(1),
            "account: the row has another number",
        ),
        (
            &here,
            header.clone(),
            vec![wrong_order],
            Version(1),
            "order: the row has another key",
        ),
        (&here, header, vec![cut], Version(1), "order: not such a message"),
    ];
    for (partition, header, rows, version, told) in table {
        let loaded = Loaded {
            version,
            header,
            rows,
        };
        let expected = StoreError::Damaged(format!("{partition:?}: {told}"));
        assert_eq!(decode_state(partition, &loaded), Err(expected));
    }
}

#[tokio::test]
async fn the_newest_generation_of_a_mobile_number_owns_it() {
    let store = MemoryStore::new();
    assert_eq!(owner_of_mobile(&store, &mobile()).await, Ok(None));
    for generation in 0_u8..7 {
        let customer = CustomerId::new([generation; 16]);
        store
            .claim(vec![mobile_claim(&mobile(), generation.into(), customer)])
            .await
            .unwrap();
        let owner = MobileOwner {
            customer,
            generation: generation.into(),
        };
        assert_eq!(owner_of_mobile(&store, &mobile()).await, Ok(Some(owner)));
    }
}

#[tokio::test]
async fn an_account_number_leads_to_its_customer() {
    let store = MemoryStore::new();
    let card = number("2010888123456789");
    assert_eq!(owner_of_account(&store, &card).await, Ok(None));
    store
        .claim(vec![account_claim(&card, customer_id())])
        .await
        .unwrap();
    assert_eq!(owner_of_account(&store, &card).await, Ok(Some(customer_id())));
}

#[test]
fn a_number_that_is_not_bound_to_a_customer_is_damage() {
    let bound = |partition| ClaimValue::Bound {
        partition,
        content: crate::ContentHash([0; 32]),
        business_day: 0,
    };
    for value in [
        ClaimValue::Closed(bytes::Bytes::new()),
        bound(PartitionId::Catalogue),
    ] {
        assert!(
            matches!(bound_to(&value), Err(StoreError::Damaged(_))),
            "{value:?}"
        );
    }
}

#[test]
fn a_closed_claim_says_how_it_ended() {
    let closed = order(pos("9", Slot::Pay), OrderState::Closed, OrderDetail::Closure);
    let claim = closed_claim(&closed);
    assert_eq!(claim.key, keys::order_claim(&closed.key));
    assert_eq!(closed_order(&claim.value), Ok(Some(closed.clone())));
    let bound = order_claim(&closed.key, PartitionId::Catalogue, closed.content, 7);
    assert_eq!(closed_order(&bound.value), Ok(None));
}

#[tokio::test]
async fn an_order_is_found_by_its_number_and_by_the_number_of_its_reversal() {
    let store = MemoryStore::new();
    let mut known = state();
    let decision = Decision {
        orders: vec![paid()],
        ..nothing(&paid())
    };
    applied(
        &store,
        CommitBuilder::new(Version::NONE, &known, &decision)
            .build()
            .unwrap(),
    )
    .await;
    known.orders.insert(paid().key, paid());
    // An operator reverses: the act has the number of the step.
    let key = by_caller(Operation::OperatorReverse, "O-1");
    let act = Order {
        id: order_id("ud2"),
        ..order(key, OrderState::Done, OrderDetail::Act)
    };
    let decision = Decision {
        orders: vec![act.clone(), reversed()],
        ..nothing(&paid())
    };
    applied(
        &store,
        CommitBuilder::new(Version(1), &known, &decision).build().unwrap(),
    )
    .await;

    let found = |id: &'static str| {
        let store = &store;
        async move {
            let found = find_by_number(store, &order_id(id)).await.unwrap();
            found
                .into_iter()
                .map(|found| (found.role, found.order))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(
        found(paid().id.as_str().to_owned().leak()).await,
        [(NumberRole::Own, reversed())]
    );
    assert_eq!(
        found("ud2").await,
        [(NumberRole::Own, act), (NumberRole::Step, reversed())]
    );
    assert_eq!(found("ud").await, []);
}

/// Two processes may give out one number; no order hides another.
#[tokio::test]
async fn orders_of_two_customers_with_one_number_are_both_found() {
    let store = MemoryStore::new();
    let mut expected = Vec::new();
    // More than are read at once.
    for n in 1..=40_u8 {
        let mut state = state();
        state.customer.id = CustomerId::new([n; 16]);
        let paid = Order {
            key: pos(&format!("{n:06}"), Slot::Pay),
            ..paid()
        };
        let decision = Decision {
            orders: vec![paid.clone()],
            ..nothing(&paid)
        };
        let commit = CommitBuilder::new(Version::NONE, &state, &decision).build();
        expected.push((commit.as_ref().unwrap().partition.clone(), paid));
        applied(&store, commit.unwrap()).await;
    }
    let found = find_by_number(&store, &paid().id).await.unwrap();
    let mut found: Vec<_> = found
        .into_iter()
        .map(|found| (found.partition, found.order))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(found, expected);

    // All paid at one seller on one day: each has its own place there, too.
    let seller = map_domain::SellerId::parse("SH12345").unwrap();
    let day = keys::merchant_day_prefix(&seller, 20_261_121);
    let rows = store
        .scan_index(IndexTable::MerchantDay, &day, None, 100)
        .await
        .unwrap();
    assert_eq!(rows.len(), expected.len());
}

#[tokio::test]
async fn a_place_of_an_order_number_that_dangles_is_passed_over() {
    let store = MemoryStore::new();
    let partition = PartitionId::Customer(customer_id());
    let other = Order {
        id: order_id("other"),
        ..paid()
    };
    let mut commit = {
        let (state, decision) = (
            state(),
            Decision {
                orders: vec![paid()],
                ..nothing(&paid())
            },
        );
        CommitBuilder::new(Version::NONE, &state, &decision)
            .build()
            .unwrap()
    };
    commit.index.extend(index_rows(&partition, &other, None));
    applied(&store, commit).await;
    assert_eq!(find_by_number(&store, &other.id).await, Ok(Vec::new()));
}

fn event(ms: i64, target: &str) -> Event {
    let at = NOW.saturating_add_millis(ms);
    Event {
        kind: EventKind::ReplayAfterWindow,
        at,
        target: target.to_owned(),
    }
}

#[tokio::test]
async fn events_of_customers_and_others_are_listed_newest_first_page_by_page() {
    let store = MemoryStore::new();
    for event in [event(3, "no customer"), event(1, "no customer, earlier")] {
        append_event(&store, &event).await.unwrap();
    }
    let known = state();
    let events = vec![event(2, "customer"), event(2, "customer again")];
    let decision = Decision {
        events,
        orders: vec![paid()],
        ..nothing(&paid())
    };
    applied(
        &store,
        CommitBuilder::new(Version::NONE, &known, &decision)
            .build()
            .unwrap(),
    )
    .await;
    let mut targets = Vec::new();
    let mut after = None;
    loop {
        let (events, next) = list_events(&store, after, 3).await.unwrap();
        targets.extend(events.into_iter().map(|event| event.target));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(
        targets,
        [
            "no customer",
            "customer",
            "customer again",
            "no customer, earlier"
        ]
    );
}

#[tokio::test]
async fn the_audit_trail_is_listed_newest_first_page_by_page() {
    let store = MemoryStore::new();
    for at in 0_i64..5 {
        let entry = AuditEntry {
            at: NOW.saturating_add_millis(at),
            ..samples::audit_entry()
        };
        append_audit_entries(&store, &[entry]).await.unwrap();
    }
    let (first, next) = list_audit_entries(&store, None, 3).await.unwrap();
    let (rest, end) = list_audit_entries(&store, next, 3).await.unwrap();
    let times: Vec<i64> = first
        .iter()
        .chain(&rest)
        .map(|entry| entry.at.millis_since(NOW))
        .collect();
    assert_eq!(times, [4, 3, 2, 1, 0]);
    assert_eq!(end, None);
}

#[tokio::test]
async fn an_event_that_is_told_again_is_there_once() {
    let store = MemoryStore::new();
    let other_kind = Event {
        kind: EventKind::PinBlockUnreadable,
        ..event(1, "x")
    };
    let told = [event(1, "x"), event(2, "x"), event(1, "y"), other_kind];
    for _ in 0..3 {
        for event in &told {
            append_event(&store, event).await.unwrap();
        }
    }
    let (events, _) = list_events(&store, None, 1000).await.unwrap();
    assert_eq!(events.len(), told.len(), "{events:?}");
    assert!(told.iter().all(|event| events.contains(event)));
}

#[tokio::test]
async fn writers_of_one_stream_lose_nothing() {
    let store = std::sync::Arc::new(MemoryStore::new());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = std::sync::Arc::clone(&store);
        let entries = [samples::audit_entry(), samples::audit_entry()];
        tasks.spawn(async move { append_audit_entries(&*store, &entries).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    let (entries, _) = list_audit_entries(&*store, None, 1000).await.unwrap();
    assert_eq!(entries.len(), 40);
}

#[tokio::test]
async fn the_catalogue_is_loaded_as_it_was_committed() {
    let store = MemoryStore::new();
    let items = [
        CatalogueItem::Product(samples::product()),
        CatalogueItem::FuelProduct(samples::fuel_product()),
        CatalogueItem::Seller(samples::seller()),
        CatalogueItem::Caller(samples::caller_record()),
        CatalogueItem::Settings(samples::settings()),
    ];
    let commit = Commit {
        partition: PartitionId::Catalogue,
        expected: Version::NONE,
        rows: items.iter().map(CatalogueItem::write).collect(),
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    };
    applied(&store, commit).await;
    let loaded = store
        .load(&PartitionId::Catalogue, load_catalogue())
        .await
        .unwrap();
    let records = CatalogueRecords {
        revision: 1,
        products: vec![samples::product()],
        fuel_products: vec![samples::fuel_product()],
        sellers: vec![samples::seller()],
        callers: vec![samples::caller_record()],
        settings: samples::settings(),
    };
    assert_eq!(decode_catalogue(&loaded), Ok(records));
    assert_eq!(samples::product().restrictions, restrictions());
}

#[test]
fn an_item_in_another_items_row_is_damage() {
    let RowWrite::Put(row) = CatalogueItem::Product(samples::product()).write() else {
        panic!("a put")
    };
    for name in ["product/other", "seller/P100", "unknown/P100"] {
        let row = Row {
            key: RowKey::new(RowKind::Item, name),
            body: row.body.clone(),
        };
        assert!(
            matches!(CatalogueItem::read(&row), Err(StoreError::Damaged(_))),
            "{name}"
        );
    }
}

#[test]
fn a_caller_is_printed_without_keys_and_settings() {
    let text = format!("{:?}", samples::caller_record());
    assert!(!text.contains("bearer") && !text.contains("edge"), "{text}");
}
