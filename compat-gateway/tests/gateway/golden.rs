//! Golden files: for each endpoint the request's bytes, what the core is asked, and the exact answer.
//! A new endpoint's are written by the first run; `UPDATE_GOLDEN=1 cargo test -p map-gateway` writes all. Read
//! what was written before you commit it: a file that nobody committed fails the gate.

use super::declared::method;
use super::fake_core::CoreCall;
use super::fixture::{Bench, bench, payload, signer};
use map_legacy_client::Endpoint;
use map_legacy_client::generated::ENDPOINTS;
use prost_reflect::DynamicMessage;
use std::path::PathBuf;
use std::{env, fs};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn compare(name: &str, what: &str, actual: &str) {
    let path = folder().join(format!("{name}.{what}"));
    if env::var_os("UPDATE_GOLDEN").is_some() || !path.exists() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(actual, expected, "{}", path.display());
}

/// A canonical request in protobuf's text format: its `Debug` would hide what identifies the customer.
fn shown(call: &CoreCall) -> String {
    let method = method(&call.rpc);
    let message = DynamicMessage::decode(method.input(), call.message.clone()).unwrap();
    format!(
        "{}\nfor {}\n{message:#}\n",
        call.rpc,
        call.header("map-on-behalf-of")
    )
}

async fn check(bench: &Bench, endpoint: &'static Endpoint) {
    let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
    compare(endpoint.name, "request.json", &body);
    let answer = bench.post(endpoint.path, body).await;
    let calls = bench.core.take_calls();
    assert_eq!(calls.len(), 1, "{}", endpoint.name);
    assert_eq!(calls[0].header("authorization"), "Bearer gateway-key");
    assert!(!calls[0].header("x-request-id").is_empty() && !calls[0].header("grpc-timeout").is_empty());
    compare(endpoint.name, "core.txt", &shown(&calls[0]));
    compare(endpoint.name, "answer.json", answer.text());
}

#[tokio::test]
async fn each_endpoint_answers_exactly_as_documented() {
    let bench = bench().await;
    for endpoint in ENDPOINTS {
        check(&bench, endpoint).await;
    }
    // And there is none of an endpoint that is no more.
    assert_eq!(fs::read_dir(folder()).unwrap().count(), ENDPOINTS.len() * 3);
}

#[tokio::test]
async fn oilcard_get_also_answers_below_gw() {
    let bench = bench().await;
    let endpoint = super::fixture::endpoint("oilcard_get");
    let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
    let front = bench.post("/front/oilcard/get", body.clone()).await;
    assert_eq!(front, bench.post("/gw/oilcard/get", body).await);
    assert_eq!(front.errcode(), 0);
}

#[test]
fn every_endpoint_of_the_gateway_is_one_of_the_client() {
    let served: Vec<_> = map_gateway::contract::ENDPOINTS
        .iter()
        .map(|endpoint| endpoint.paths[0])
        .collect();
    let called: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    assert_eq!(served, called);
}
