//! From start to end: health, reflection, sockets, gRPC-web, TLS, drain.

use crate::certificates::certificates;
use crate::harness::{APP, Fixture, by, document};
use crate::patient::Patient;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use map_listener::Listener;
use map_proto::catalog::v1::ListFuelProductsRequest;
use map_proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use map_server::CoreConfig;
use map_server::config::{Limits, Timeouts, TlsConfig};
use map_store::MemoryStore;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// A core that is served on a free port.
struct Served {
    fixture: Arc<Fixture>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn serve(fixture: Fixture) -> Served {
    serve_with(fixture, None).await
}

async fn serve_with(fixture: Fixture, tls: Option<&TlsConfig>) -> Served {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), tls).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let fixture = Arc::new(fixture);
    let server = Arc::clone(&fixture);
    let task = tokio::spawn(async move {
        let shutdown = async {
            let _ = stopped.await;
        };
        server.server.serve(listener, shutdown).await;
    });
    Served {
        fixture,
        address,
        stop,
        task,
    }
}

async fn health(fixture: &Fixture, service: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    HealthClient::new(fixture.edge())
        .check(request)
        .await
        .unwrap()
        .into_inner()
        .status()
}

/// Waits for a status that the watcher must bring within its next rounds.
pub(crate) async fn until(fixture: &Fixture, status: ServingStatus) {
    while health(fixture, "").await != status {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn health_follows_the_store_and_needs_no_key() {
    let store = Arc::new(Patient::default());
    let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    for service in [
        "",
        "map.payment.v1.PaymentService",
        "map.provisioning.v1.ProvisioningService",
    ] {
        assert_eq!(
            health(&fixture, service).await,
            ServingStatus::Serving,
            "{service}"
        );
    }
    store.sick.store(true, Ordering::SeqCst);
    until(&fixture, ServingStatus::NotServing).await;
    assert_eq!(
        health(&fixture, "map.payment.v1.PaymentService").await,
        ServingStatus::NotServing
    );
    store.sick.store(false, Ordering::SeqCst);
    until(&fixture, ServingStatus::Serving).await;
}

#[tokio::test(start_paused = true)]
async fn who_watches_health_hears_of_changes_and_of_nothing_else() {
    let store = Arc::new(Patient::default());
    let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    let mut health = HealthClient::new(fixture.edge());
    let watched = health.watch(HealthCheckRequest::default()).await;
    let mut watched = watched.unwrap().into_inner();
    let mut heard = Vec::new();
    for sick in [false, true, false] {
        store.sick.store(sick, Ordering::SeqCst);
        // Time stands still while anybody has work: ten rounds of the watcher go by.
        let hear = async {
            while let Some(answer) = watched.message().await.unwrap() {
                heard.push(answer.status());
            }
        };
        let _silence = tokio::time::timeout(std::time::Duration::from_secs(10), hear).await;
    }
    use ServingStatus::{NotServing, Serving};
    assert_eq!(heard, [Serving, NotServing, Serving]);
}

#[tokio::test]
async fn questions_that_stay_open_end_when_a_drain_begins() {
    let served = serve(Fixture::new().await).await;
    let channel = Channel::from_shared(format!("http://{}", served.address)).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut health = HealthClient::new(channel.clone());
    let watched = health.watch(HealthCheckRequest::default()).await;
    let mut watched = watched.unwrap().into_inner();
    let first = watched.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let mut reflected = ServerReflectionClient::new(channel)
        .server_reflection_info(tokio_stream::pending::<ServerReflectionRequest>())
        .await
        .unwrap()
        .into_inner();
    served.stop.send(()).unwrap();
    // Far less than the limit of a drain, far more than an end takes.
    let end = async {
        let last = watched.message().await.unwrap().unwrap();
        assert_eq!(last.status(), ServingStatus::NotServing);
        assert_eq!(watched.message().await.unwrap_err().code(), Code::Unavailable);
        assert!(!matches!(reflected.message().await, Ok(Some(_))));
        served.task.await.unwrap();
    };
    let limit = std::time::Duration::from_secs(10);
    tokio::time::timeout(limit, end).await.expect("the streams end");
}

#[tokio::test]
async fn questions_that_stay_open_have_places_of_their_own_and_probes_need_none() {
    let fixture = Fixture::new().await;
    let mut client = HealthClient::new(fixture.edge());
    let mut open = Vec::new();
    let refused = loop {
        match client.watch(HealthCheckRequest::default()).await {
            Ok(watching) => open.push(watching),
            Err(refused) => break refused,
        }
        assert!(open.len() <= 1000, "there is no end to it");
    };
    assert_eq!((open.len(), refused.code()), (128, Code::Unavailable));
    assert_eq!(health(&fixture, "").await, ServingStatus::Serving);
    open.pop();
    client.watch(HealthCheckRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_core_that_starts_on_a_sick_store_is_not_serving() {
    let store = Arc::new(Patient::default());
    store.sick.store(true, Ordering::SeqCst);
    let fixture = Fixture::start(CoreConfig::default(), store).await;
    assert_eq!(health(&fixture, "").await, ServingStatus::NotServing);
    let refused = fixture.apply(document()).await.unwrap_err();
    assert_eq!(
        (refused.code(), crate::harness::reason(&refused).as_str()),
        (Code::Unavailable, "UNAVAILABLE")
    );
}

#[tokio::test]
async fn grpc_is_served_over_a_socket() {
    let served = serve(Fixture::new().await).await;
    let channel = Endpoint::from_shared(format!("http://{}", served.address))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut client = CatalogServiceClient::new(channel.clone());
    let answer = client
        .list_fuel_products(by(APP, ListFuelProductsRequest::default()))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().fuel_products.len(), 1);
    let anonymous = client
        .list_fuel_products(Request::new(ListFuelProductsRequest::default()))
        .await
        .unwrap_err();
    assert_eq!(anonymous.code(), Code::Unauthenticated);
    assert_eq!(crate::harness::reason(&anonymous), "UNAUTHENTICATED");
    let listed = reflected(channel, MessageRequest::ListServices(String::new())).await;
    let listed = format!("{listed:?}");
    for service in [
        "map.payment.v1.PaymentService",
        "map.operator.v1.OperatorService",
        "grpc.health.v1.Health",
    ] {
        assert!(listed.contains(service), "{service} is not listed: {listed}");
    }
}

/// Passes connections on to a server. Tells of each when it has ended, on both sides.
async fn relay(server: SocketAddr) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ended, ends) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let ended = ended.clone();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(server).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                let _ = ended.send(());
            });
        }
    });
    (address, ends)
}

#[tokio::test]
async fn a_client_whose_connection_was_closed_for_being_idle_goes_on_without_an_error() {
    let config = CoreConfig {
        timeouts: Timeouts {
            idle_ms: 20,
            ..Timeouts::default()
        },
        ..CoreConfig::default()
    };
    let fixture = Fixture::start(config, Arc::new(MemoryStore::default())).await;
    fixture.apply(document()).await.unwrap();
    let served = serve(fixture).await;
    let (address, mut ends) = relay(served.address).await;
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    let mut client = CatalogServiceClient::new(channel.connect().await.unwrap());
    for _ in 0..20 {
        let answer = client
            .list_fuel_products(by(APP, ListFuelProductsRequest::default()))
            .await;
        assert_eq!(answer.unwrap().into_inner().fuel_products.len(), 1);
        let limit = std::time::Duration::from_secs(60);
        let end = tokio::time::timeout(limit, ends.recv()).await;
        end.expect("it is closed").unwrap();
    }
}

#[tokio::test]
async fn reflection_describes_what_error_details_are_made_of() {
    let served = serve(Fixture::new().await).await;
    let channel = Channel::from_shared(format!("http://{}", served.address)).unwrap();
    let channel = channel.connect().await.unwrap();
    for message in ["ErrorInfo", "BadRequest", "RetryInfo", "Status"] {
        let symbol = format!("google.rpc.{message}");
        let found = reflected(channel.clone(), MessageRequest::FileContainingSymbol(symbol)).await;
        assert!(
            matches!(found, MessageResponse::FileDescriptorResponse(_)),
            "{message}: {found:?}"
        );
    }
    // What those files import is asked for by name.
    for file in ["google/protobuf/any.proto", "google/protobuf/duration.proto"] {
        let found = reflected(channel.clone(), MessageRequest::FileByFilename(file.to_owned())).await;
        assert!(
            matches!(found, MessageResponse::FileDescriptorResponse(_)),
            "{file}: {found:?}"
        );
    }
}

/// What reflection answers to one question.
async fn reflected(channel: Channel, question: MessageRequest) -> MessageResponse {
    let mut reflection = ServerReflectionClient::new(channel);
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let mut answers = reflection
        .server_reflection_info(OneMessage(Some(ask)))
        .await
        .unwrap()
        .into_inner();
    answers
        .message()
        .await
        .unwrap()
        .unwrap()
        .message_response
        .unwrap()
}

/// A stream of one message.
struct OneMessage<T>(Option<T>);

impl<T: Unpin> tokio_stream::Stream for OneMessage<T> {
    type Item = T;
    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<T>> {
        std::task::Poll::Ready(self.0.take())
    }
}

#[tokio::test]
async fn grpc_web_is_served_over_http_1() {
    let served = serve(Fixture::new().await).await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let uri = format!(
        "http://{}/map.catalog.v1.CatalogService/ListFuelProducts",
        served.address
    );
    let request = http::Request::post(uri)
        .header("content-type", "application/grpc-web+proto")
        .header("authorization", format!("Bearer {APP}"))
        .body(Full::new(Bytes::from_static(&[0; 5])))
        .unwrap();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_11);
    assert_eq!(
        response.headers().get("content-type").unwrap(),
        "application/grpc-web+proto"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&body);
    assert!(
        text.contains("0号柴油") && text.contains("grpc-status:0"),
        "{text}"
    );
}

/// Sends the head of a gRPC-web request for the fuel products and then these pieces of its
/// chunked body, each when the one before was taken; what comes back until the grpc-status, in lower case, for
/// names of headers may come in any.
async fn web(address: SocketAddr, kind: &str, key: &str, pieces: &[&str]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = TcpStream::connect(address).await.unwrap();
    let path = "/map.catalog.v1.CatalogService/ListFuelProducts";
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\naccept: {kind}\r\n\
         authorization: Bearer {key}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in pieces {
        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        stream.write_all(chunk.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        // Of a text answer the trailers are in base64; its last chunk ends it.
        if text.contains("grpc-status:") || text.ends_with("\r\n0\r\n\r\n") {
            return text;
        }
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{text}");
    }
}

#[tokio::test]
async fn grpc_web_asks_for_the_key_first_and_takes_a_message_in_pieces() {
    let served = serve(Fixture::new().await).await;
    let binary = "application/grpc-web+proto";
    let refused = web(served.address, binary, "nobody's", &["\0"]).await;
    assert!(refused.contains("grpc-status: 16"), "{refused}");
    let whole = web(served.address, binary, APP, &["\0\0", "\0\0\0", ""]).await;
    assert!(
        whole.contains("0号柴油") && whole.contains("grpc-status:0"),
        "{whole}"
    );
    let text = "application/grpc-web-text+proto";
    let refused = web(served.address, text, "nobody's", &["AA"]).await;
    assert!(refused.contains("grpc-status: 16"), "{refused}");
    let whole = web(served.address, text, APP, &["AA", "AAAA", "A=", ""]).await;
    assert!(
        whole.starts_with("http/1.1 200") && !whole.contains("grpc-status"),
        "{whole}"
    );
}

#[tokio::test]
async fn streams_without_key_and_end_are_refused_at_once_and_take_no_places() {
    use hyper::body::Frame;
    let config = CoreConfig {
        limits: Limits {
            concurrent_calls: 1,
            reserved_calls: 1,
            ..Limits::default()
        },
        ..CoreConfig::default()
    };
    let fixture = Fixture::start(config, Arc::new(MemoryStore::default())).await;
    fixture.apply(document()).await.unwrap();
    let served = serve(fixture).await;
    let client: Client<_, http_body_util::combinators::BoxBody<Bytes, tonic::Status>> =
        Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
    for path in [
        "/map.payment.v1.PaymentService/Pay",
        "/map.payment.v1.PaymentService/ReversePayment",
        "/map.provisioning.v1.ProvisioningService/Apply",
    ] {
        for _ in 0..3 {
            let request = http::Request::post(format!("http://{}{path}", served.address))
                .header("content-type", "application/grpc")
                .header("te", "trailers");
            let endless = tokio_stream::pending::<Result<Frame<Bytes>, tonic::Status>>();
            let body = http_body_util::StreamBody::new(endless).boxed();
            let response = client.request(request.body(body).unwrap()).await.unwrap();
            assert_eq!(response.headers().get("grpc-status").unwrap(), "16", "{path}");
        }
    }
    assert_eq!(served.fixture.server.running(), 0);
    let mut catalog = CatalogServiceClient::new(served.fixture.edge());
    catalog
        .list_fuel_products(by(APP, ListFuelProductsRequest::default()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_question_of_anybody_is_short() {
    let fixture = Fixture::start(CoreConfig::default(), Arc::new(MemoryStore::default())).await;
    let request = HealthCheckRequest {
        service: "x".repeat(5000),
    };
    let refused = HealthClient::new(fixture.edge())
        .check(request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange);
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused() {
    let config = CoreConfig {
        limits: Limits {
            message_bytes: 1024,
            ..Limits::default()
        },
        ..CoreConfig::default()
    };
    let fixture = Fixture::start(config, Arc::new(MemoryStore::default())).await;
    fixture.apply(document()).await.unwrap();
    let mut client = CatalogServiceClient::new(fixture.edge());
    let ask = |bytes: usize| map_proto::catalog::v1::GetProductRequest {
        product_id: "x".repeat(bytes),
    };
    assert_eq!(
        client.get_product(by(APP, ask(1500))).await.unwrap_err().code(),
        Code::OutOfRange
    );
    assert_eq!(
        client.get_product(by(APP, ask(1000))).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn a_stopped_server_finishes_what_runs_and_takes_no_more() {
    let gate = Arc::new(Semaphore::new(0));
    let store = Arc::new(Patient {
        gate: Some(Arc::clone(&gate)),
        ..Patient::default()
    });
    let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    let served = serve(fixture).await;
    let channel = Endpoint::from_shared(format!("http://{}", served.address))
        .unwrap()
        .connect()
        .await
        .unwrap();
    store.slow.store(true, Ordering::SeqCst);
    let request = map_proto::provisioning::v1::ApplyRequest {
        document: Some(document()),
        reason: "a test".to_owned(),
        idempotency_key: "a key".to_owned(),
        ..map_proto::provisioning::v1::ApplyRequest::default()
    };
    let mut client =
        map_proto::provisioning::v1::provisioning_service_client::ProvisioningServiceClient::new(channel);
    let running = tokio::spawn(async move { client.apply(by(crate::harness::OPERATOR, request)).await });
    // The call has arrived: its audit entry waits for the gate.
    while served.fixture.server.running() == 0 {
        tokio::task::yield_now().await;
    }
    served.stop.send(()).unwrap();
    while health(&served.fixture, "").await == ServingStatus::Serving {
        tokio::task::yield_now().await;
    }
    gate.add_permits(Semaphore::MAX_PERMITS / 2);
    assert_eq!(running.await.unwrap().unwrap().into_inner().revision, 1);
    served.task.await.unwrap();
    assert!(
        TcpStream::connect(served.address).await.is_err(),
        "the port is closed"
    );
    assert_eq!(served.fixture.server.drain().await, 0);
    let late = served.fixture.apply(document()).await.unwrap_err();
    assert_eq!(crate::harness::reason(&late), "OVERLOADED");
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_at_its_limit_and_says_what_still_runs() {
    let store = Arc::new(Patient {
        gate: Some(Arc::new(Semaphore::new(0))),
        ..Patient::default()
    });
    let timeouts = Timeouts {
        drain_ms: 500,
        ..Timeouts::default()
    };
    let fixture = Arc::new(
        Fixture::start(
            CoreConfig {
                timeouts,
                ..CoreConfig::default()
            },
            Arc::clone(&store) as _,
        )
        .await,
    );
    store.slow.store(true, Ordering::SeqCst);
    let stuck = Arc::clone(&fixture);
    let stuck = tokio::spawn(async move { stuck.apply(document()).await });
    tokio::task::yield_now().await;
    while fixture.server.running() == 0 {
        tokio::task::yield_now().await;
    }
    let before = tokio::time::Instant::now();
    assert_eq!(fixture.server.drain().await, 1);
    assert_eq!(before.elapsed().as_millis(), 500);
    stuck.abort();
}

/// Connects over TLS and asks for `/`, with a client certificate or without: whether an
/// answer comes.
async fn tls_answers(
    address: SocketAddr,
    authority: &str,
    client: Option<&rcgen::Issuer<'static, rcgen::KeyPair>>,
) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(issuer) => {
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = rcgen::CertificateParams::new(vec!["client".to_owned()])
                .unwrap()
                .signed_by(&key, issuer)
                .unwrap();
            let der = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
            builder
                .with_client_auth_cert(vec![certificate.der().clone()], der)
                .unwrap()
        }
    };
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let Ok(mut stream) = connector
        .connect(ServerName::try_from("localhost").unwrap(), stream)
        .await
    else {
        return false;
    };
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    if stream.write_all(request).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer.starts_with(b"HTTP/1.1 ")
}

#[tokio::test]
async fn with_client_ca_file_only_a_client_with_their_certificate_gets_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, issuer, authority) = certificates(folder.path());
    for (client_ca_file, anonymous_answered) in [(None, true), (tls.client_ca_file.clone(), false)] {
        let tls = TlsConfig {
            client_ca_file,
            ..tls.clone()
        };
        let fixture = Fixture::start(CoreConfig::default(), Arc::new(MemoryStore::default())).await;
        let served = serve_with(fixture, Some(&tls)).await;
        assert!(tls_answers(served.address, &authority, Some(&issuer)).await);
        assert_eq!(
            tls_answers(served.address, &authority, None).await,
            anonymous_answered
        );
        let (_, stranger, _) = certificates(tempfile::tempdir().unwrap().path());
        assert_eq!(
            tls_answers(served.address, &authority, Some(&stranger)).await,
            anonymous_answered
        );
    }
}

#[tokio::test]
async fn tls_files_that_can_not_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, ..) = certificates(folder.path());
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let cases = [
        TlsConfig {
            cert_file: folder.path().join("missing"),
            ..tls.clone()
        },
        TlsConfig {
            cert_file: empty.clone(),
            ..tls.clone()
        },
        TlsConfig {
            key_file: empty.clone(),
            ..tls.clone()
        },
        TlsConfig {
            client_ca_file: Some(empty.clone()),
            ..tls.clone()
        },
    ];
    for tls in cases {
        let refused = Listener::bind(([127, 0, 0, 1], 0).into(), Some(&tls)).await;
        let error = refused.expect_err("refused").to_string();
        assert!(
            error.starts_with("tls: ") && error.contains(folder.path().to_str().unwrap()),
            "{error}"
        );
    }
}
