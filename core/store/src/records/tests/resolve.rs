//! Whose a number is, and what a claim says.

use super::*;

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
