//! What outlives a document that no longer names it.

use super::{catalog_client, products, sellers};
use crate::harness::{APP, Fixture, OPERATOR, OTHER_APP, app, by, document, refused, terminal};
use map_proto::catalog::v1 as catalog;
use map_proto::operator::v1::RaiseTerminalGenerationRequest;
use map_proto::operator::v1::operator_service_client::OperatorServiceClient;
use tonic::Code;

#[tokio::test]
async fn what_a_document_no_longer_names_is_deactivated_and_never_deleted() {
    let fixture = Fixture::new().await;
    let mut smaller = document();
    smaller.callers.retain(|caller| caller.caller_id != "app2");
    smaller.products.retain(|product| product.product_id != "2610");
    smaller.sellers.retain(|seller| seller.seller_id != "S2");
    smaller.sellers[0].stores[0]
        .terminals
        .retain(|terminal| terminal.terminal_id != "T2");
    let changes = fixture.apply(smaller.clone()).await.unwrap().changes;
    assert_eq!(
        changes,
        [
            "caller app/app2: deactivated",
            "product 2610: deactivated",
            "seller S1: changed",
            "seller S2: deactivated"
        ]
    );
    assert_eq!(
        fixture.apply(smaller).await.unwrap().changes,
        Vec::<String>::new()
    );
    assert_eq!(products(&fixture, APP).await, ["1010"]);
    let sellers = sellers(&fixture).await;
    let state: Vec<_> = sellers
        .iter()
        .flat_map(|seller| {
            seller
                .stores
                .iter()
                .flat_map(|store| &store.terminals)
                .map(move |t| (seller, t))
        })
        .map(|(seller, t)| {
            (
                seller.seller_id.as_str(),
                seller.active,
                t.terminal_id.as_str(),
                t.active,
            )
        })
        .collect();
    assert_eq!(
        state,
        [
            ("S1", true, "T1", true),
            ("S1", true, "T2", false),
            ("S2", false, "T1", false)
        ]
    );
    let request = by(OTHER_APP, catalog::ListFuelProductsRequest::default());
    let (code, reason) = refused(catalog_client(&fixture).list_fuel_products(request).await);
    assert_eq!(
        (code, reason.as_str()),
        (Code::PermissionDenied, "CALLER_INACTIVE")
    );
    let back = fixture.apply(document()).await.unwrap().changes;
    assert!(back.contains(&"seller S2: activated".to_owned()), "{back:?}");
}

#[tokio::test]
async fn a_terminals_generation_survives_every_document() {
    let fixture = Fixture::new().await;
    let mut operator = OperatorServiceClient::new(fixture.edge());
    let raise = RaiseTerminalGenerationRequest {
        idempotency_key: "raise-1".to_owned(),
        seller_id: "S1".to_owned(),
        terminal_id: "T2".to_owned(),
        reason: "replaced".to_owned(),
    };
    let raised = operator
        .raise_terminal_generation(by(OPERATOR, raise))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(raised.generation, 2);
    let generation = async || {
        let request = catalog::GetTerminalRequest {
            seller_id: "S1".to_owned(),
            terminal_id: "T2".to_owned(),
        };
        let answer = catalog_client(&fixture)
            .get_terminal(by(OPERATOR, request))
            .await
            .unwrap()
            .into_inner();
        answer.terminal.unwrap().generation
    };
    let mut gone = document();
    gone.sellers[0].stores[0]
        .terminals
        .retain(|terminal| terminal.terminal_id != "T2");
    let mut moved = document();
    moved.sellers[0].stores[0]
        .terminals
        .retain(|terminal| terminal.terminal_id != "T2");
    moved.sellers[0].stores.push(catalog::Store {
        store_id: "ST9".to_owned(),
        terminals: vec![terminal("T2", "net1")],
        ..catalog::Store::default()
    });
    for document in [document(), gone, document(), moved, document()] {
        fixture.apply(document).await.unwrap();
        assert_eq!(generation().await, 2);
    }
}

#[tokio::test]
async fn a_key_that_passed_to_another_caller_is_that_callers() {
    // The identifier before and after it in order: neither may win by its name.
    for (old, new) in [("b-old", "a-new"), ("a-old", "b-new")] {
        let fixture = Fixture::new().await;
        for id in [old, new] {
            let mut named = document();
            named.callers.push(app(id, "the-same-key", "net1"));
            fixture.apply(named).await.unwrap();
            let request = by("the-same-key", catalog::ListFuelProductsRequest::default());
            let answer = catalog_client(&fixture).list_fuel_products(request).await;
            assert!(answer.is_ok(), "{old} -> {new}, as {id}: {answer:?}");
        }
    }
}
