//! The SMS webhook: what arrives at the provider, and what the core makes of its answers.

use crate::certificates::certificates;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use map_domain::{MobileNumber, Timestamp};
use map_server::adapters::{SmsWebhook, WebhookConfig, WebhookError, signature};
use map_server::config::TlsConfig;
use map_server::ports::SmsSender;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

const KEY: &str = "a key of more than sixteen bytes";

/// What a provider got.
type Got = mpsc::UnboundedReceiver<(http::request::Parts, Bytes)>;

/// A provider that answers with this status and passes on what it got, over TLS where it has a
/// certificate.
async fn provider(status: u16, tls: Option<TlsAcceptor>) -> (SocketAddr, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (got, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (got, tls) = (got.clone(), tls.clone());
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let got = got.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let _ = got.send((parts, body.collect().await.unwrap().to_bytes()));
                    let response = http::Response::builder()
                        .status(status)
                        .body(Full::<Bytes>::default());
                    Ok::<_, Infallible>(response.unwrap())
                }
            });
            tokio::spawn(async move {
                let http = auto::Builder::new(TokioExecutor::new());
                let _ = match tls {
                    None => http.serve_connection(TokioIo::new(stream), service).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => http.serve_connection(TokioIo::new(stream), service).await,
                        Err(_) => Ok(()),
                    },
                };
            });
        }
    });
    (address, receiver)
}

fn webhook(url: &str, key: &str) -> Result<SmsWebhook, WebhookError> {
    webhook_trusting(url, key, None)
}

fn webhook_trusting(url: &str, key: &str, ca_file: Option<PathBuf>) -> Result<SmsWebhook, WebhookError> {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("key");
    std::fs::write(&key_file, format!("{key}\n")).unwrap();
    SmsWebhook::new(&WebhookConfig {
        url: url.to_owned(),
        ca_file,
        key_file,
        timeout_ms: if url.starts_with("https") { 30_000 } else { 300 },
    })
}

async fn send(webhook: &SmsWebhook) -> Result<(), String> {
    let mobile = MobileNumber::parse("13800138000").unwrap();
    webhook
        .send(&mobile, "0421", Timestamp::from_millis(1_795_226_400_123))
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_code_arrives_signed() {
    let (address, mut got) = provider(204, None).await;
    let webhook = webhook(&format!("http://{address}/sms?x=1"), KEY).unwrap();
    assert!(webhook.outbox().is_none());
    send(&webhook).await.unwrap();
    let (parts, body) = got.recv().await.unwrap();
    assert_eq!(
        (parts.method.as_str(), parts.uri.to_string().as_str()),
        ("POST", "/sms?x=1")
    );
    assert_eq!(
        body,
        r#"{"mobile_number":"13800138000","code":"0421","sent_at_ms":1795226400123}"#
    );
    let header = |name| parts.headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-map-timestamp"), "1795226400123");
    assert_eq!(
        header("x-map-signature"),
        signature(KEY.as_bytes(), "1795226400123", &body)
    );
}

#[tokio::test]
async fn over_https_a_code_arrives_signed_where_the_right_authority_vouches_for_the_provider() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (own, _, _) = certificates(folder.path());
    let (strange, _, _) = certificates(other.path());
    let tls = TlsConfig {
        client_ca_file: None,
        ..own.clone()
    };
    let acceptor = tls.acceptor();
    let (address, mut got) = provider(204, Some(acceptor.unwrap())).await;
    let url = format!("https://localhost:{}/sms", address.port());
    send(&webhook_trusting(&url, KEY, own.client_ca_file.clone()).unwrap())
        .await
        .unwrap();
    let (parts, body) = got.recv().await.unwrap();
    assert_eq!(
        parts.headers.get("x-map-signature").unwrap().to_str().unwrap(),
        signature(KEY.as_bytes(), "1795226400123", &body)
    );
    // Another authority, the system's, or the right one for another name: nothing is sent.
    let by_address = format!("https://{address}/sms");
    for (url, ca_file) in [
        (&url, strange.client_ca_file),
        (&url, None),
        (&by_address, own.client_ca_file),
    ] {
        let error = send(&webhook_trusting(url, KEY, ca_file).unwrap())
            .await
            .unwrap_err();
        assert!(error.contains("can't be reached"), "{error}");
        assert!(
            !error.contains("13800138000") && !error.contains("0421"),
            "{error}"
        );
        assert!(got.try_recv().is_err());
    }
}

#[test]
fn the_signature_is_hmac_sha256_over_timestamp_dot_body() {
    // printf '1.{}' | openssl dgst -sha256 -hmac key
    assert_eq!(signature(b"key", "1", b"{}"), OPENSSL);
    for (key, timestamp, body) in [
        (&b"kez"[..], "1", &b"{}"[..]),
        (b"key", "2", b"{}"),
        (b"key", "1", b"{ }"),
    ] {
        assert_ne!(signature(key, timestamp, body), OPENSSL);
    }
}

const OPENSSL: &str = "v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224";

#[tokio::test]
async fn a_code_that_the_provider_does_not_take_is_not_sent() {
    for status in [301, 400, 500] {
        let (address, _got) = provider(status, None).await;
        let webhook = webhook(&format!("http://{address}/"), KEY).unwrap();
        let error = send(&webhook).await.unwrap_err();
        assert!(error.contains(&status.to_string()), "{error}");
        assert!(
            !error.contains("13800138000") && !error.contains("0421"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_away_or_silent_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = listener.local_addr().unwrap();
    let error = send(&webhook(&format!("http://{silent}/"), KEY).unwrap())
        .await
        .unwrap_err();
    assert!(error.contains("in time"), "{error}");
    drop(listener);
    let error = send(&webhook(&format!("http://{silent}/"), KEY).unwrap())
        .await
        .unwrap_err();
    assert!(error.contains("can't be reached"), "{error}");
}

#[test]
fn a_webhook_that_could_not_work_is_refused_at_the_start() {
    for url in ["ftp://example.org/", "https:///sms", "/sms", "nonsense:", ""] {
        assert!(matches!(webhook(url, KEY), Err(WebhookError::Url)), "{url}");
    }
    assert!(matches!(
        webhook("http://localhost/", "short"),
        Err(WebhookError::KeyTooShort(_))
    ));
    let authorities = || Some(PathBuf::from("/nowhere"));
    assert!(matches!(
        webhook_trusting("https://localhost/", KEY, authorities()),
        Err(WebhookError::Authorities(_))
    ));
    assert!(matches!(
        webhook_trusting("http://localhost/", KEY, authorities()),
        Err(WebhookError::AuthoritiesUnused)
    ));
    let config = WebhookConfig {
        url: "http://localhost/hooks/topsecret".to_owned(),
        ca_file: None,
        key_file: PathBuf::from("/nowhere"),
        timeout_ms: 1,
    };
    assert!(matches!(SmsWebhook::new(&config), Err(WebhookError::KeyFile(..))));
    assert!(!format!("{config:?}").contains("topsecret"), "{config:?}");
}
