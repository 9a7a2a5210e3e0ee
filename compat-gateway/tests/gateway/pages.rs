//! What the core gives in pages, the gateway knows and prints whole.

use super::fixture::{self, APP, Reply, bench, callers, config, endpoint, payload};
use map_gateway::{Core, Gateway, ListenerContext};
use map_proto::catalog::v1::{ListProductsRequest, ListProductsResponse, Product};
use map_proto::provisioning::v1::{Caller, Role};
use prost::Message;
use serde_json::json;
use tonic::Status;

/// Callers before the usual ones, so that these are on a later page.
fn many(count: usize) -> Vec<Caller> {
    let other = |number: usize| Caller {
        caller_id: format!("other{number}"),
        role: Role::App.into(),
        active: true,
        ..Default::default()
    };
    let usual = callers(json!({}), json!({}));
    (0..count).map(other).chain(usual).collect()
}

/// What an app is told that asks for its products.
async fn asked(gateway: &Gateway) -> Reply {
    let endpoint = endpoint("app_download_product");
    let body = fixture::signer(endpoint)
        .sign_json(endpoint, &payload(endpoint))
        .unwrap();
    let request = http::Request::post(endpoint.path).body(http_body_util::Full::from(body));
    let context = ListenerContext::detached(&fixture::listener(), fixture::PEER);
    fixture::reply(gateway.handle(&context, request.unwrap()).await).await
}

#[tokio::test]
async fn a_directory_of_many_pages_is_known_to_its_last_caller() {
    let core = super::fake_core::FakeCore::new(many(1_200));
    let gateway = Gateway::new(config(), Core::new(core, &config().core_key)).unwrap();
    assert!(gateway.refresh().await.unwrap());
    assert_eq!(asked(&gateway).await.errcode(), 0);
}

#[tokio::test]
async fn a_directory_that_changes_between_two_pages_is_read_from_its_start() {
    let core = super::fake_core::FakeCore::new(many(1_200));
    let mut without = many(600);
    without.retain(|caller| caller.caller_id != APP);
    core.provision_between_pages(without);
    let gateway = Gateway::new(config(), Core::new(core, &config().core_key)).unwrap();
    assert!(gateway.refresh().await.unwrap());
    assert_ne!(
        asked(&gateway).await.errcode(),
        0,
        "the app is in the old directory only"
    );
    assert!(!gateway.refresh().await.unwrap(), "the new revision is known");
}

#[tokio::test]
async fn a_download_has_the_products_of_all_pages() {
    let bench = bench().await;
    bench.core.answers(|call| {
        let asked: ListProductsRequest = call.decode();
        let page: i64 = asked.page_token.parse().unwrap_or_default();
        let product = |at: i64| Product {
            product_id: (page * 2 + at).to_string(),
            price_fen: 1,
            ..Default::default()
        };
        let answer = ListProductsResponse {
            products: vec![product(0), product(1)],
            next_page_token: if page < 2 {
                (page + 1).to_string()
            } else {
                String::new()
            },
            ..Default::default()
        };
        Ok(answer.encode_to_vec())
    });
    for name in ["front_download_product", "app_download_product"] {
        let endpoint = endpoint(name);
        let answer = bench.call(endpoint, &payload(endpoint)).await;
        let json = answer.json();
        let ids: Vec<_> = json["product"]
            .as_array()
            .unwrap()
            .iter()
            .map(|product| product["productId"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["0", "1", "2", "3", "4", "5"], "{name}");
        assert_eq!(bench.core.take_calls().len(), 3, "{name}");
    }
}

/// Half a list would be told as the whole one.
#[tokio::test]
async fn where_a_page_fails_the_download_fails() {
    let bench = bench().await;
    bench.core.answers(|call| {
        let asked: ListProductsRequest = call.decode();
        let answer = ListProductsResponse {
            products: vec![Product::default()],
            next_page_token: "1".to_owned(),
            ..Default::default()
        };
        if asked.page_token.is_empty() {
            Ok(answer.encode_to_vec())
        } else {
            Err(Status::unavailable("later"))
        }
    });
    let endpoint = endpoint("app_download_product");
    let answer = bench.call(endpoint, &payload(endpoint)).await;
    assert_ne!(answer.errcode(), 0);
    assert!(!answer.text().contains("productId"), "{answer:?}");
}
