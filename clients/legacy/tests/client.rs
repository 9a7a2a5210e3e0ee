//! Bodies as the documents describe them, and what becomes of answers; against a plain TCP server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops where it fails"
)]

use map_legacy_client::generated::{
    ENDPOINTS, FrontPayRequest, OilcardGetRequest, OilcardTransferToCashAccountRequest,
};
use map_legacy_client::{CallError, Caller, Client, PaymentCode, SignError, Signer, Stamps, contract};
use map_legacy_crypto::digest::value_sorted_md5;
use map_legacy_crypto::{Charset, digest::Blank};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const POSP_KEY: &str = "0123456789ABCDEFFEDCBA9876543210";

struct Fixed;

impl Stamps for Fixed {
    fn next(&self) -> (String, String) {
        ("TIMESTAMP".into(), "NONCE".into())
    }
}

fn app() -> Caller {
    Caller::app("zjhtwallet", "appKey08").unwrap()
}

fn pay(code: PaymentCode) -> FrontPayRequest {
    FrontPayRequest {
        consumer_id: "13912345678".into(),
        payment_code_des: code,
        sum: 5000,
        seller_id: "SH\"1".into(),
        ..Default::default()
    }
}

#[test]
fn a_body_has_the_documented_order_and_signature() {
    let signer = Signer::with_stamps(app(), Fixed);
    let body = signer
        .body(&OilcardGetRequest {
            app_order_id: "1".into(),
        })
        .unwrap();
    let signature = value_sorted_md5(
        ["zjhtwallet", "appKey08", "TIMESTAMP", "NONCE"].map(Some),
        Blank::Skip,
        Charset::Utf8,
    );
    let expected = format!(
        "{{\"app\":{{\"appId\":\"zjhtwallet\",\"timeStamp\":\"TIMESTAMP\",\"nonce\":\"NONCE\",\"signature\":\"{}\"}},\
         \"appOrderId\":\"1\"}}",
        signature.to_hex()
    );
    assert_eq!(body, expected);
}

#[test]
fn a_pin_block_is_bound_to_the_consumer_or_to_the_named_owner() {
    let signer = Signer::new(Caller::network(POSP_KEY).unwrap());
    let block = |request: &FrontPayRequest| {
        let body: Value = serde_json::from_str(&signer.body(request).unwrap()).unwrap();
        body["order"]["paymentCodeDES"].as_str().unwrap().to_owned()
    };
    let of_consumer = block(&pay(PaymentCode::new("246810")));
    let of_owner = block(&pay(PaymentCode::of_owner("246810", "13912345678")));
    let of_other = block(&pay(PaymentCode::of_owner("246810", "13800000000")));
    assert_eq!(of_consumer, of_owner);
    assert_ne!(of_consumer, of_other);
    assert_eq!(of_consumer.len(), 16);
}

#[test]
fn what_cannot_be_signed_is_told_before_anything_is_sent() {
    let network = Signer::new(Caller::network(POSP_KEY).unwrap());
    assert!(matches!(
        network.body(&OilcardGetRequest::default()),
        Err(SignError::NoKey(_))
    ));
    let transfer = OilcardTransferToCashAccountRequest::default();
    assert!(
        matches!(Signer::new(app()).body(&transfer), Err(SignError::NoKey(_))),
        "no private key"
    );
    let unknown = json!({ "summe": 1 });
    let error = network.sign_json(contract::find("front_pay").unwrap(), unknown.as_object().unwrap());
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("front_pay has no field \"summe\"; it has consumerId")
    );
    let wrong = json!({ "sum": "5" });
    let error = network.sign_json(
        contract::find("/front/offline/pay").unwrap(),
        wrong.as_object().unwrap(),
    );
    assert_eq!(error, Err(SignError::WrongType("sum")));
}

#[test]
fn nothing_secret_is_printed() {
    let request = pay(PaymentCode::new("246810"));
    let printed = format!(
        "{request:?} {:?} {:?}",
        request.payment_code_des,
        Signer::new(app())
    );
    for secret in ["246810", "13912345678", "appKey08"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn endpoints_have_names_of_their_own() {
    for endpoint in ENDPOINTS {
        assert_eq!(contract::find(endpoint.name).unwrap().name, endpoint.name);
    }
    assert!(contract::find("nothing").is_none());
}

/// Answers one connection with these bytes and closes it.
async fn answering(bytes: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0_u8; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
    });
    format!("http://{address}")
}

async fn outcome(bytes: &'static str) -> Result<String, CallError> {
    let client = Client::new(&answering(bytes).await, Caller::network(POSP_KEY).unwrap()).unwrap();
    client
        .call(&pay(PaymentCode::new("246810")))
        .await
        .map(|paid| paid.order.order_id)
}

#[tokio::test]
async fn answers_are_successes_decisions_or_unknown_outcomes() {
    let declined =
        "HTTP/1.1 200 OK\r\ncontent-length: 45\r\n\r\n{\"errcode\":10000,\"errmsg\":\"支付失败，x\"}";
    assert!(matches!(
        outcome(declined).await,
        Err(CallError::Failed { errcode: 10000, .. })
    ));
    for unknown in [
        "",
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"errcode\":0",
        "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"errcode\":0}",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
    ] {
        let error = outcome(unknown).await.unwrap_err();
        assert!(error.is_unknown(), "{unknown}: {error}");
    }
}

#[tokio::test]
async fn a_gateway_that_is_not_there_was_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(&format!("http://{address}"), Caller::network(POSP_KEY).unwrap()).unwrap();
    let error = client.call(&pay(PaymentCode::new("246810"))).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent) && !error.is_unknown());
    assert!(Client::new("https://x", app()).is_err() && Client::new("x", app()).is_err());
}
