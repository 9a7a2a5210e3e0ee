//! Golden files: for each endpoint the request's bytes, what the core is asked, and the exact answer.
//! `UPDATE_GOLDEN=1 cargo test -p map-gateway` writes them; read the difference before you keep it.

use super::fake_core::CoreCall;
use super::fixture::{Bench, bench, payload, signer};
use map_legacy_client::Endpoint;
use map_legacy_client::generated::ENDPOINTS;
use prost_reflect::{DescriptorPool, DynamicMessage};
use std::path::PathBuf;
use std::{env, fs};

fn compare(name: &str, what: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.{what}"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(actual, expected, "{}", path.display());
}

/// A canonical request in protobuf's text format: its `Debug` would hide what identifies the customer.
fn shown(call: &CoreCall) -> String {
    let pool = DescriptorPool::decode(map_proto::DESCRIPTOR_SET).unwrap();
    let (service, method) = call.rpc.trim_start_matches('/').split_once('/').unwrap();
    let service = pool.get_service_by_name(service).unwrap();
    let method = service.methods().find(|known| known.name() == method).unwrap();
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

#[tokio::test]
async fn every_endpoint_of_the_gateway_is_one_of_the_client_and_has_a_golden_file() {
    let served: Vec<_> = map_gateway::contract::ENDPOINTS
        .iter()
        .map(|endpoint| endpoint.paths[0])
        .collect();
    let called: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    assert_eq!(served, called);
    let golden = fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden"))
        .unwrap()
        .count();
    assert_eq!(golden, ENDPOINTS.len() * 3);
}
