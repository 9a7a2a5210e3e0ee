//! What is read back of a customer.

use super::*;

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
