//! Orders by their numbers.

use super::*;

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
    let day = keys::seller_day_prefix(&seller, 20_261_121);
    let rows = store
        .scan_index(IndexTable::SellerDay, &day, None, 100)
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
