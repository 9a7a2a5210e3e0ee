//! Browsers: which pages may call over gRPC-web, and what they may read.

use crate::harness::{APP, Fixture, document};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use map_listener::Listener;
use map_server::CoreConfig;
use map_store::MemoryStore;
use std::net::SocketAddr;
use std::sync::Arc;

const PAGE: &str = "https://till.example";
const PATH: &str = "/map.catalog.v1.CatalogService/ListFuelProducts";

/// A core on a free port that these pages may call.
async fn serve(origins: &[&str]) -> SocketAddr {
    let config = CoreConfig {
        cors_origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
        ..CoreConfig::default()
    };
    let fixture = Fixture::start(config, Arc::new(MemoryStore::default())).await;
    fixture.apply(document()).await.unwrap();
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), None).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { fixture.server.serve(listener, std::future::pending()).await });
    address
}

async fn send(
    address: SocketAddr,
    method: Method,
    headers: &[(&str, &str)],
    body: &'static [u8],
) -> Response<Bytes> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{address}{PATH}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from_static(body))).unwrap();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

/// What a browser sends before the call.
async fn preflight(address: SocketAddr, origin: &str) -> Response<Bytes> {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type,x-grpc-web",
        ),
    ];
    send(address, Method::OPTIONS, &asked, b"").await
}

async fn call(address: SocketAddr, key: &str) -> Response<Bytes> {
    let bearer = format!("Bearer {key}");
    let headers = [
        ("origin", PAGE),
        ("content-type", "application/grpc-web+proto"),
        ("x-grpc-web", "1"),
        ("authorization", &bearer),
    ];
    send(address, Method::POST, &headers, &[0; 5]).await
}

fn told(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter();
    let values: Vec<_> = values
        .map(|value| value.to_str().unwrap().to_lowercase())
        .collect();
    values.join(",")
}

#[tokio::test]
async fn a_page_that_is_named_may_call_after_a_preflight_without_a_key() {
    let address = serve(&["https://other.example", PAGE]).await;
    let answer = preflight(address, PAGE).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers();
    assert_eq!(told(headers, "access-control-allow-origin"), PAGE);
    assert_eq!(told(headers, "access-control-allow-methods"), "post");
    let allowed = told(headers, "access-control-allow-headers");
    for name in [
        "authorization",
        "content-type",
        "x-grpc-web",
        "grpc-timeout",
        "traceparent",
    ] {
        assert!(
            allowed.split(',').any(|allowed| allowed.trim() == name),
            "{name}: {allowed}"
        );
    }
    assert_eq!(told(headers, "access-control-allow-credentials"), "");

    let answer = call(address, APP).await;
    assert_eq!(told(answer.headers(), "access-control-allow-origin"), PAGE);
    assert!(String::from_utf8_lossy(answer.body()).contains("grpc-status:0"));
    // The preflight opened nothing: a call needs its key, and the page can read that.
    let refused = call(address, "nobody's").await;
    assert_eq!(told(refused.headers(), "grpc-status"), "16");
    assert_eq!(told(refused.headers(), "access-control-allow-origin"), PAGE);
    let exposed = told(refused.headers(), "access-control-expose-headers");
    for name in [
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "x-request-id",
    ] {
        assert!(
            exposed.split(',').any(|exposed| exposed.trim() == name),
            "{name}: {exposed}"
        );
        assert!(refused.headers().contains_key(name), "{name}: {refused:?}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_named_is_told_nothing() {
    for origins in [&[][..], &["https://other.example"]] {
        let address = serve(origins).await;
        for answer in [preflight(address, PAGE).await, call(address, APP).await] {
            assert!(
                !answer.headers().contains_key("access-control-allow-origin"),
                "{origins:?}: {answer:?}"
            );
        }
    }
}

#[test]
fn any_page_at_all_is_no_setting() {
    let config = CoreConfig {
        cors_origins: vec![PAGE.to_owned(), "*".to_owned()],
        ..CoreConfig::default()
    };
    let errors: Vec<_> = config.validate().iter().map(ToString::to_string).collect();
    assert!(
        errors.len() == 1 && errors[0].contains("core.cors_origins"),
        "{errors:?}"
    );
}
