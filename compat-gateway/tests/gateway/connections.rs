//! Over real sockets: closed connections, reset streams, TLS, address lists, drain.

use super::fixture::{Bench, bench, bench_with, config, endpoint, listener, payload, signer};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use map_gateway::{GatewayConfig, Listener, ListenerConfig, TlsConfig};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tonic::Status;

/// A gateway that serves a socket.
struct Served {
    bench: Bench,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

async fn serve(config: &ListenerConfig) -> Served {
    serve_bench(bench().await, config).await
}

async fn serve_bench(bench: Bench, config: &ListenerConfig) -> Served {
    let socket = Listener::bind(config).await.unwrap();
    let address = socket.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let gateway = bench.gateway.clone();
    let running = tokio::spawn(async move {
        let shutdown = async {
            let _ = stopped.await;
        };
        gateway.serve(vec![socket], shutdown).await;
    });
    Served {
        bench,
        address,
        stop: Some(stop),
        running,
    }
}

impl Served {
    async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.running.await.unwrap();
    }
}

fn pay() -> String {
    let pay = endpoint("front_pay");
    let body = signer(pay).sign_json(pay, &payload(pay)).unwrap();
    format!(
        "POST {} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        pay.path,
        body.len()
    )
}

/// Writes a request and reads to the end of the connection, or of one answer.
async fn exchange(stream: impl AsyncRead + AsyncWrite, request: &str) -> String {
    tokio::pin!(stream);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(read) => received.extend_from_slice(&chunk[..read]),
        }
        if received.ends_with(b"}") {
            break;
        }
    }
    String::from_utf8(received).unwrap()
}

#[tokio::test]
async fn an_unknown_outcome_closes_the_connection_without_a_byte() {
    let served = serve(&listener()).await;
    let answer = exchange(TcpStream::connect(served.address).await.unwrap(), &pay()).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"errcode\":0"),
        "{answer}"
    );
    served
        .bench
        .core
        .answers(|_| Err(Status::unavailable("disk full")));
    assert_eq!(
        exchange(TcpStream::connect(served.address).await.unwrap(), &pay()).await,
        ""
    );
    served.stop().await;
}

/// Clients of 2015 write their request, close their side and read to the end.
#[tokio::test]
async fn a_client_that_closes_its_side_after_the_request_is_answered() {
    let served = serve(&listener()).await;
    served.bench.core.scripted(|call| {
        let response = super::declared::response(&call.rpc);
        Box::pin(async move {
            // Time for the gateway to see the end of what the client says.
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            Ok(response)
        })
    });
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(pay().as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\"errcode\":0"), "{answer}");
    served.stop().await;
}

#[tokio::test]
async fn who_connects_and_says_nothing_loses_the_place_in_time() {
    the_place_is_free_in_time_after(b"").await;
}

#[tokio::test]
async fn who_stops_on_the_way_to_a_request_loses_the_place_in_time() {
    // Both begin as HTTP/2 does; hyper-util waits for more without a limit.
    the_place_is_free_in_time_after(b"P").await;
    the_place_is_free_in_time_after(b"PRI * HTTP/2.0\r\n\r\nSM\r\n").await;
    the_place_is_free_in_time_after(b"GET / HTTP/1.1\r\n").await;
}

#[tokio::test]
async fn who_speaks_http2_and_asks_nothing_loses_the_place_in_time() {
    // Preface and settings, as every client says them; the settings are empty.
    the_place_is_free_in_time_after(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
}

async fn the_place_is_free_in_time_after(said: &[u8]) {
    let listener = ListenerConfig {
        max_connections: 1,
        ..listener()
    };
    let config = GatewayConfig {
        header_timeout_ms: 50,
        ..config()
    };
    let served = serve_bench(
        bench_with(json!({}), json!({}), config, &listener).await,
        &listener,
    )
    .await;
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    silent.write_all(said).await.unwrap();
    // The only place is taken: the payment waits until it is free.
    let request = pay();
    let paid = exchange(TcpStream::connect(served.address).await.unwrap(), &request);
    let answer = tokio::time::timeout(Duration::from_secs(20), paid)
        .await
        .expect("the place is free");
    assert!(answer.contains("\"errcode\":0"), "{answer}");
    let mut told = Vec::new();
    silent.read_to_end(&mut told).await.unwrap();
    assert!(told.is_empty() || said.starts_with(b"PRI"), "{told:?}");
    served.stop().await;
}

/// The named limit of "always HTTP 200": what is no HTTP request has no path, and so no documented answer.
#[tokio::test]
async fn a_head_that_is_no_http_request_gets_the_status_of_http() {
    let served = serve(&listener()).await;
    let many = "x: y\r\n".repeat(200);
    let long = "x".repeat(1 << 17);
    for (head, status) in [
        ("not http\r\n\r\n".to_owned(), "400 Bad Request"),
        (
            "POST /front/offline/pay HTTP/1.1\r\nno colon\r\n\r\n".to_owned(),
            "400 Bad Request",
        ),
        (
            format!("POST /{long} HTTP/1.1\r\nhost: x\r\n\r\n"),
            "431 Request Header Fields Too Large",
        ),
        (
            format!("POST /front/offline/pay HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
            "431 Request Header Fields Too Large",
        ),
        (
            format!("POST /front/offline/pay HTTP/1.1\r\nhost: x\r\nlong: {long}{long}{long}{long}\r\n\r\n"),
            "431 Request Header Fields Too Large",
        ),
    ] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        // The gateway may close while the head is still being written.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{status}: {answer}"
        );
        assert!(served.bench.core.take_calls().is_empty());
    }
    served.stop().await;
}

#[tokio::test]
async fn over_http2_an_unknown_outcome_resets_its_stream_and_no_other() {
    let served = serve(&listener()).await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let body = pay().split_once("\r\n\r\n").unwrap().1.to_owned();
    let request = || {
        let uri = format!("http://{}/front/offline/pay", served.address);
        http::Request::post(uri)
            .body(Full::<bytes::Bytes>::from(body.clone()))
            .unwrap()
    };
    served
        .bench
        .core
        .answers(|_| Err(Status::unavailable("disk full")));
    assert!(client.send_request(request()).await.is_err());
    served
        .bench
        .core
        .answers(|call| Ok(super::declared::response(&call.rpc)));
    let answer = client
        .send_request(request())
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();
    assert!(answer.to_bytes().starts_with(b"{\"errcode\":0"));
    drop(client);
    served.stop().await;
}

#[tokio::test]
async fn a_listener_with_an_address_list_takes_no_other_connections() {
    for (ranges, allowed) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let served = serve(&ListenerConfig {
            addresses: vec![ranges.parse().unwrap()],
            ..listener()
        })
        .await;
        let answer = exchange(TcpStream::connect(served.address).await.unwrap(), &pay()).await;
        assert_eq!(answer.contains("\"errcode\":0"), allowed, "{ranges}: {answer}");
        assert_eq!(served.bench.core.take_calls().len(), usize::from(allowed));
        served.stop().await;
    }
}

#[tokio::test]
async fn a_shutdown_lets_open_requests_finish_and_takes_no_new_ones() {
    let mut served = serve(&listener()).await;
    let (arrived, released) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (signal, gate) = (Arc::clone(&arrived), Arc::clone(&released));
    served.bench.core.scripted(move |call| {
        let (response, signal, gate) = (
            super::declared::response(&call.rpc),
            Arc::clone(&signal),
            Arc::clone(&gate),
        );
        Box::pin(async move {
            signal.add_permits(1);
            gate.acquire().await.unwrap().forget();
            Ok(response)
        })
    });
    let stream = TcpStream::connect(served.address).await.unwrap();
    let open = tokio::spawn(async move { exchange(stream, &pay()).await });
    arrived.acquire().await.unwrap().forget();
    served.stop.take().unwrap().send(()).unwrap();
    // The port is closed once the loop has seen the shutdown.
    while TcpStream::connect(served.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    released.add_permits(1);
    assert!(open.await.unwrap().contains("\"errcode\":0"));
    served.running.await.unwrap();
}

/// An authority with a server's and a client's certificate, as files.
struct Certificates {
    dir: tempfile::TempDir,
    ca: rcgen::CertifiedIssuer<'static, rcgen::KeyPair>,
}

impl Certificates {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let ca = rcgen::CertifiedIssuer::self_signed(params, key).unwrap();
        std::fs::write(dir.path().join("ca.pem"), ca.pem()).unwrap();
        let made = Self { dir, ca };
        made.issue("server");
        made.issue("client");
        made
    }

    fn issue(&self, name: &str) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.ca).unwrap();
        std::fs::write(self.path(&format!("{name}.pem")), cert.pem()).unwrap();
        std::fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        Path::new(self.dir.path()).join(name)
    }

    fn listener(&self, mutual: bool) -> ListenerConfig {
        let client_ca_file = mutual.then(|| self.path("ca.pem"));
        let (cert_file, key_file) = (self.path("server.pem"), self.path("server.key"));
        ListenerConfig {
            tls: Some(TlsConfig {
                cert_file,
                key_file,
                client_ca_file,
            }),
            ..listener()
        }
    }

    async fn exchange(&self, address: SocketAddr, with_certificate: bool) -> String {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap())
            .unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = if with_certificate {
            let chain = vec![CertificateDer::from_pem_file(self.path("client.pem")).unwrap()];
            let key = PrivateKeyDer::from_pem_file(self.path("client.key")).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        } else {
            builder.with_no_client_auth()
        };
        let connector = TlsConnector::from(Arc::new(config));
        let tcp = TcpStream::connect(address).await.unwrap();
        match connector
            .connect(ServerName::try_from("localhost").unwrap(), tcp)
            .await
        {
            Ok(stream) => exchange(stream, &pay()).await,
            Err(_) => String::new(),
        }
    }
}

#[tokio::test]
async fn a_listener_speaks_tls_and_asks_for_client_certificates_where_told() {
    let certificates = Certificates::new();
    for (mutual, with_certificate, served_at_all) in
        [(false, false, true), (true, true, true), (true, false, false)]
    {
        let served = serve(&certificates.listener(mutual)).await;
        let answer = certificates.exchange(served.address, with_certificate).await;
        assert_eq!(
            answer.contains("\"errcode\":0"),
            served_at_all,
            "{mutual} {with_certificate}: {answer}"
        );
        assert_eq!(served.bench.core.take_calls().len(), usize::from(served_at_all));
        served.stop().await;
    }
}

#[tokio::test]
async fn a_tls_file_that_cannot_be_used_is_named() {
    let certificates = Certificates::new();
    let mut config = certificates.listener(false);
    config.tls.as_mut().unwrap().key_file = certificates.path("nothing.key");
    let error = Listener::bind(&config).await.unwrap_err().to_string();
    assert!(error.contains("nothing.key"), "{error}");
}
