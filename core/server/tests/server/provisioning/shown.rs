//! What gateways and callers are shown of the catalogue.

use super::{broken, catalog_client, products};
use crate::harness::{APP, Fixture, GATEWAY, NETWORK, OPERATOR, OTHER_APP, app, by, document, refused};
use map_proto::catalog::v1 as catalog;
use map_proto::common::v1::PosKey;
use map_proto::provisioning::v1::{GetDirectoryRequest, Role};
use map_server::CoreConfig;
use map_store::MemoryStore;
use std::sync::Arc;
use tonic::Code;

#[tokio::test]
async fn the_directory_has_edge_settings_and_no_bearer_keys() {
    let fixture = Fixture::new().await;
    let mut changed = document();
    changed.callers[2].edge_settings_json = r#"{"shared_key":"k"}"#.to_owned();
    fixture.apply(changed).await.unwrap();
    let ask = async |known_revision| {
        let request = GetDirectoryRequest {
            known_revision,
            ..GetDirectoryRequest::default()
        };
        let request = by(GATEWAY, request);
        fixture
            .provisioning()
            .get_directory(request)
            .await
            .unwrap()
            .into_inner()
    };
    let directory = ask(0).await;
    let ids: Vec<_> = directory
        .callers
        .iter()
        .map(|c| (c.role(), c.caller_id.as_str(), c.active))
        .collect();
    assert_eq!(
        ids,
        [
            (Role::App, "app1", true),
            (Role::App, "app2", true),
            (Role::App, "idle", false),
            (Role::Channel, "c1", true),
            (Role::PosNetwork, "net1", true),
            (Role::PosNetwork, "net2", true),
        ]
    );
    assert!(
        directory
            .callers
            .iter()
            .all(|caller| caller.bearer_key_sha256.is_empty())
    );
    assert_eq!(directory.callers[0].edge_settings_json, r#"{"shared_key":"k"}"#);
    assert_eq!(directory.callers[0].network_ids, ["net1"]);
    assert_eq!(ask(1).await.callers.len(), 6);
    let current = ask(directory.revision).await;
    assert_eq!((current.revision, current.callers.len()), (directory.revision, 0));
}

#[tokio::test]
async fn another_process_sees_a_new_catalogue_when_it_looks_again() {
    let store = Arc::new(MemoryStore::default());
    let one = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    let other = Fixture::start(CoreConfig::default(), store).await;
    one.apply(document()).await.unwrap();
    assert!(
        other.server.core().refresh_catalogue().await.unwrap()
            || other.server.core().catalogue().revision == 1
    );
    assert_eq!(products(&other, APP).await, ["1010", "2610"]);
    assert!(!other.server.core().refresh_catalogue().await.unwrap());
}

#[tokio::test]
async fn a_caller_sees_the_terminals_of_its_networks_only() {
    let fixture = Fixture::new().await;
    let visible = async |key: &str| {
        let answer = catalog_client(&fixture)
            .list_sellers(by(key, catalog::ListSellersRequest::default()))
            .await
            .unwrap();
        answer
            .into_inner()
            .sellers
            .into_iter()
            .map(|seller| seller.seller_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(visible(APP).await, ["S1"]);
    assert_eq!(visible(NETWORK).await, ["S1"]);
    assert_eq!(visible(OTHER_APP).await, ["S2"]);
    assert_eq!(visible(OPERATOR).await, ["S1", "S2"]);
    let request = || catalog::GetTerminalRequest {
        seller_id: "S2".to_owned(),
        terminal_id: "T1".to_owned(),
    };
    let answer = catalog_client(&fixture).get_terminal(by(APP, request())).await;
    assert_eq!(
        refused(answer),
        (Code::PermissionDenied, "NETWORK_NOT_ALLOWED".to_owned())
    );
    catalog_client(&fixture)
        .get_terminal(by(OTHER_APP, request()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_terminal_is_offered_the_products_that_can_be_spent_at_its_seller() {
    let fixture = Fixture::new().await;
    let ask = async |key: &str, seller: &str, terminal: &str, store: &str| {
        let pos = PosKey {
            seller_id: seller.to_owned(),
            terminal_id: terminal.to_owned(),
            ..PosKey::default()
        };
        let request = catalog::ListProductsRequest {
            key: Some(pos),
            store_id: store.to_owned(),
            ..catalog::ListProductsRequest::default()
        };
        catalog_client(&fixture).list_products(by(key, request)).await
    };
    let ids = |answer: Result<tonic::Response<catalog::ListProductsResponse>, tonic::Status>| {
        let products = answer.unwrap().into_inner().products;
        products
            .into_iter()
            .map(|product| product.product_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(ask(NETWORK, "S1", "T1", "ST1").await), ["1010", "2610"]);
    assert_eq!(ids(ask(OTHER_APP, "S2", "T1", "ST1").await), ["1010"]);
    let cases = [
        (
            NETWORK,
            "S2",
            "T1",
            "ST1",
            Code::PermissionDenied,
            "NETWORK_NOT_ALLOWED",
        ),
        (
            NETWORK,
            "S9",
            "T1",
            "ST1",
            Code::FailedPrecondition,
            "TERMINAL_UNKNOWN",
        ),
        (
            NETWORK,
            "S1",
            "T9",
            "ST1",
            Code::FailedPrecondition,
            "TERMINAL_UNKNOWN",
        ),
        (
            NETWORK,
            "S1",
            "T1",
            "ST9",
            Code::FailedPrecondition,
            "TERMINAL_UNKNOWN",
        ),
        (
            NETWORK,
            "S1",
            "T1",
            "",
            Code::InvalidArgument,
            "MALFORMED_REQUEST",
        ),
        (
            NETWORK,
            "",
            "T1",
            "ST1",
            Code::InvalidArgument,
            "MALFORMED_REQUEST",
        ),
    ];
    for (key, seller, terminal, store, code, reason) in cases {
        let answer = ask(key, seller, terminal, store).await;
        assert_eq!(
            refused(answer),
            (code, reason.to_owned()),
            "{seller} {terminal} {store}"
        );
    }
}

#[tokio::test]
async fn a_product_is_read_by_its_identifier_while_it_is_on_sale() {
    let fixture = Fixture::new().await;
    let ask = async |id: &str| {
        let request = catalog::GetProductRequest {
            product_id: id.to_owned(),
        };
        catalog_client(&fixture).get_product(by(APP, request)).await
    };
    let product = ask("2610").await.unwrap().into_inner().product.unwrap();
    assert_eq!(product, broken(|_| {}).products[1]);
    assert_eq!(
        refused(ask("9999").await),
        (Code::NotFound, "PRODUCT_UNKNOWN".to_owned())
    );
    assert_eq!(
        refused(ask("").await),
        (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned())
    );
    fixture
        .apply(broken(|d| d.products[1].active = false))
        .await
        .unwrap();
    assert_eq!(
        refused(ask("2610").await),
        (Code::NotFound, "PRODUCT_UNKNOWN".to_owned())
    );
}

#[tokio::test]
async fn a_new_app_may_call_at_once() {
    let fixture = Fixture::new().await;
    let mut larger = document();
    larger.callers.push(app("app3", "key-of-app-three", "net1"));
    assert_eq!(
        fixture.apply(larger).await.unwrap().changes,
        ["caller app/app3: added"]
    );
    assert_eq!(products(&fixture, "key-of-app-three").await, ["1010", "2610"]);
}
