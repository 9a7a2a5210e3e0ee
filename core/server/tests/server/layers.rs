//! The layers on their own, around a service that does what the test wants.

use crate::harness::{APP, OPERATOR};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Frame;
use map_domain::{Policy, Timestamp};
use map_server::CoreConfig;
use map_server::adapters::SmsOutbox;
use map_server::caller::Role;
use map_server::catalogue::{Catalogue, ProvisionedCaller};
use map_server::config::{Limits, Timeouts};
use map_server::core::Core;
use map_server::layers::{Admission, Edge};
use map_server::ports::{Clock, Random};
use map_server::secrets::Secrets;
use map_store::MemoryStore;
use map_store::records::CatalogueRecords;
use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::task::Poll;
use tokio::sync::Semaphore;
use tokio_stream::StreamExt;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Service, ServiceExt, service_fn};

const PAY: &str = "/map.payment.v1.PaymentService/Pay";
const UNDO: &str = "/map.payment.v1.PaymentService/ReversePayment";
const APPLY: &str = "/map.provisioning.v1.ProvisioningService/Apply";
const MIB: usize = 1024 * 1024;

struct Zeroes;
impl Random for Zeroes {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

struct Epoch;
impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}

/// A core that knows an app and an operator.
fn core() -> Arc<Core> {
    let extra_callers = vec![
        ProvisionedCaller::configured(Role::App, "app1", APP).unwrap(),
        ProvisionedCaller::configured(Role::Operator, "root", OPERATOR).unwrap(),
    ];
    Arc::new(Core {
        store: Arc::new(MemoryStore::default()),
        clock: Arc::new(Epoch),
        random: Arc::new(Zeroes),
        sms: Arc::new(SmsOutbox::default()),
        secrets: Secrets::new([7; 32]),
        policy: Policy::default(),
        catalogue: RwLock::new(Arc::new(Catalogue::of(
            CatalogueRecords::default(),
            &extra_callers,
        ))),
        extra_callers,
    })
}

/// An edge around this service, and its admission.
fn edge<F, W>(limits: Limits, serve: F) -> (Edge<impl Inner<Future: Send>>, Arc<Admission>)
where
    F: FnMut(Request<Body>) -> W + Clone + Send + 'static,
    W: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
{
    crate::log::install();
    let admission = Arc::new(Admission::new(&limits));
    (
        Edge::new(
            service_fn(serve),
            core(),
            Arc::clone(&admission),
            Timeouts::default(),
        ),
        admission,
    )
}

/// A service as the layers want it.
trait Inner:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static
{
}
impl<S> Inner for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static
{
}

/// A call of the app.
fn request(path: &str) -> http::request::Builder {
    request_by(APP, path)
}

fn request_by(key: &str, path: &str) -> http::request::Builder {
    Request::post(path)
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {key}"))
}

fn empty(builder: http::request::Builder) -> Request<Body> {
    builder.body(Body::empty()).unwrap()
}

fn status(response: &Response<Body>) -> Option<Status> {
    Status::from_header_map(response.headers())
}

fn code(response: &Response<Body>) -> Code {
    status(response).map_or(Code::Ok, |status| status.code())
}

async fn ok(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::empty()))
}

#[tokio::test]
async fn a_request_id_reaches_the_service_and_comes_back() {
    let echo = |request: Request<Body>| async move {
        let id = request.headers().get("x-request-id").unwrap().as_bytes().to_vec();
        Ok(Response::new(Body::new(Full::new(Bytes::from(id)))))
    };
    let (edge, _) = edge(Limits::default(), echo);
    for (given, expected) in [
        (Some("my-id"), "my-id"),
        (Some("no good"), &*"0".repeat(24)),
        (None, &*"0".repeat(24)),
    ] {
        let mut builder = request(PAY);
        if let Some(given) = given {
            builder = builder.header("x-request-id", given);
        }
        let response = edge.clone().oneshot(empty(builder)).await.unwrap();
        assert_eq!(response.headers().get("x-request-id").unwrap(), expected);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, expected.as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_deadline_the_caller_is_answered_and_the_work_goes_on_to_its_end() {
    let finished = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&finished);
    let slow = move |_| {
        let done = Arc::clone(&done);
        async move {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            done.store(true, Ordering::SeqCst);
            Ok(Response::new(Body::empty()))
        }
    };
    let (edge, admission) = edge(Limits::default(), slow);
    let before = tokio::time::Instant::now();
    let response = edge
        .oneshot(empty(request(PAY).header("grpc-timeout", "100m")))
        .await
        .unwrap();
    assert_eq!(before.elapsed(), std::time::Duration::from_millis(100));
    assert_eq!(code(&response), Code::DeadlineExceeded);
    assert!(!finished.load(Ordering::SeqCst));
    assert_eq!(admission.running(), 1);
    admission.idle().await;
    assert!(finished.load(Ordering::SeqCst));
    assert_eq!(admission.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_does_not_stop_the_work() {
    let finished = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&finished);
    let slow = move |_| {
        let done = Arc::clone(&done);
        async move {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            done.store(true, Ordering::SeqCst);
            Ok(Response::new(Body::empty()))
        }
    };
    let (edge, admission) = edge(Limits::default(), slow);
    let call = edge.oneshot(empty(request(PAY)));
    let gone = tokio::time::timeout(std::time::Duration::from_millis(10), call).await;
    assert!(gone.is_err());
    admission.idle().await;
    assert!(finished.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_of_the_caller_the_default_holds() {
    let (edge, _) = edge(Limits::default(), |_| std::future::pending());
    let before = tokio::time::Instant::now();
    let response = edge.oneshot(empty(request(PAY))).await.unwrap();
    assert_eq!(
        before.elapsed().as_millis(),
        u128::from(Timeouts::default().default_ms)
    );
    assert_eq!(code(&response), Code::DeadlineExceeded);
}

/// A service that waits for a permit of the test, and the permits.
fn gated() -> (
    impl FnMut(Request<Body>) -> GateFuture + Clone + Send + 'static,
    Arc<Semaphore>,
) {
    let gate = Arc::new(Semaphore::new(0));
    let inner = Arc::clone(&gate);
    let serve = move |_: Request<Body>| -> GateFuture {
        let gate = Arc::clone(&inner);
        Box::pin(async move {
            gate.acquire().await.unwrap().forget();
            Ok(Response::new(Body::empty()))
        })
    };
    (serve, gate)
}

type GateFuture = std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

#[tokio::test(start_paused = true)]
async fn one_call_too_many_is_refused_at_once_and_giving_back_has_its_own_places() {
    let (serve, gate) = gated();
    let limits = Limits {
        concurrent_calls: 2,
        reserved_calls: 1,
        ..Limits::default()
    };
    let (edge, admission) = edge(limits, serve);
    let call = |path: &str| tokio::spawn(edge.clone().oneshot(empty(request(path))));
    let running = [call(PAY), call(PAY)];
    tokio::task::yield_now().await;
    assert_eq!(admission.running(), 2);
    let shed = edge.clone().oneshot(empty(request(PAY))).await.unwrap();
    assert_eq!(code(&shed), Code::Unavailable);
    let reason = crate::harness::reason(&status(&shed).unwrap());
    assert_eq!(reason, "OVERLOADED");
    // One reversal has a place, the next one waits for it and is not refused.
    let reversals = [call(UNDO), call(UNDO)];
    tokio::task::yield_now().await;
    assert_eq!(admission.running(), 3);
    // What is no call of ours (health) is never refused.
    let health = call("/grpc.health.v1.Health/Check");
    gate.add_permits(5);
    for task in running.into_iter().chain(reversals).chain([health]) {
        assert_eq!(code(&task.await.unwrap().unwrap()), Code::Ok);
    }
    assert_eq!(admission.running(), 0);
}

#[tokio::test]
async fn a_panic_ends_as_internal_and_frees_its_place() {
    let (edge, admission) = edge(
        Limits {
            concurrent_calls: 1,
            ..Limits::default()
        },
        |request: Request<Body>| async move {
            assert!(request.uri().path() != PAY, "a defect with a secret 13800138000");
            Ok(Response::new(Body::empty()))
        },
    );
    let response = edge.clone().oneshot(empty(request(PAY))).await.unwrap();
    assert_eq!(code(&response), Code::Internal);
    assert!(!status(&response).unwrap().message().contains("13800138000"));
    admission.idle().await;
    assert_eq!(code(&edge.oneshot(empty(request(UNDO))).await.unwrap()), Code::Ok);
}

/// These bytes, and then nothing more and no end.
fn unfinished(bytes: usize) -> Body {
    let pieces = (0..bytes.div_ceil(1000)).map(move |n| (bytes - n * 1000).min(1000));
    let frames = pieces.map(|length| Ok::<_, Status>(Frame::data(Bytes::from(vec![0; length]))));
    let frames = tokio_stream::iter(frames).chain(tokio_stream::pending());
    Body::new(http_body_util::StreamBody::new(frames))
}

/// A body that must not be read.
fn untouchable() -> Body {
    let frames = tokio_stream::iter([()]).map(|()| -> Result<Frame<Bytes>, Status> { panic!("it was read") });
    Body::new(http_body_util::StreamBody::new(frames))
}

fn whole(bytes: usize) -> Body {
    Body::new(Full::new(Bytes::from(vec![0; bytes])))
}

#[tokio::test]
async fn a_caller_that_may_not_call_is_refused_before_its_message_is_read() {
    let (edge, _) = edge(Limits::default(), |_| async { panic!("it ran") });
    let anonymous = Request::post(PAY);
    let cases = [
        (anonymous, Code::Unauthenticated),
        (request_by("nobody's", PAY), Code::Unauthenticated),
        (request_by("nobody's", UNDO), Code::Unauthenticated),
        (request_by("nobody's", APPLY), Code::Unauthenticated),
        (request(APPLY), Code::PermissionDenied),
        (request_by(OPERATOR, PAY), Code::PermissionDenied),
    ];
    for (builder, expected) in cases {
        let told = format!("{builder:?}");
        let refused = edge.clone().oneshot(builder.body(untouchable()).unwrap()).await;
        assert_eq!(code(&refused.unwrap()), expected, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_end_holds_no_place_and_is_given_up_at_the_deadline() {
    let limits = Limits {
        concurrent_calls: 1,
        reserved_calls: 1,
        ..Limits::default()
    };
    let (edge, admission) = edge(limits, |request: Request<Body>| async move {
        assert!(!request.headers().contains_key("slow"), "it ran");
        Ok(Response::new(Body::empty()))
    });
    let slow = |path: &str, bytes: usize| {
        let request = request(path).header("slow", "1").header("grpc-timeout", "100m");
        tokio::spawn(edge.clone().oneshot(request.body(unfinished(bytes)).unwrap()))
    };
    let before = tokio::time::Instant::now();
    let waiting = [slow(PAY, 0), slow(PAY, 5), slow(UNDO, 0), slow(UNDO, 3000)];
    tokio::task::yield_now().await;
    assert_eq!(admission.running(), 0);
    for path in [PAY, UNDO] {
        let served = edge.clone().oneshot(empty(request(path))).await.unwrap();
        assert_eq!(code(&served), Code::Ok, "{path}");
    }
    for task in waiting {
        assert_eq!(code(&task.await.unwrap().unwrap()), Code::DeadlineExceeded);
    }
    assert_eq!(before.elapsed().as_millis(), 100);
    assert_eq!(admission.running(), 0);
}

#[tokio::test]
async fn a_message_is_as_long_as_its_rpc_allows_and_arrives_as_it_was_sent() {
    let echo = |request: Request<Body>| async move { Ok(Response::new(request.into_body())) };
    let (edge, _) = edge(Limits::default(), echo);
    for (key, path, most) in [(APP, PAY, MIB), (APP, UNDO, MIB), (OPERATOR, APPLY, 16 * MIB)] {
        // Five bytes stand before the message itself.
        let longest = request_by(key, path).body(whole(most + 5)).unwrap();
        let answer = edge.clone().oneshot(longest).await.unwrap();
        let came = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(came.len(), most + 5, "{path}");
        let too_long = request_by(key, path).body(unfinished(most + 6)).unwrap();
        let refused = edge.clone().oneshot(too_long).await.unwrap();
        assert_eq!(code(&refused), Code::OutOfRange, "{path}");
    }
    let pieces = ["ab", "", "cde", "f"].map(|piece| Ok::<_, Status>(Frame::data(Bytes::from(piece))));
    let body = http_body_util::StreamBody::new(tokio_stream::iter(pieces));
    let answer = edge
        .clone()
        .oneshot(request(PAY).body(Body::new(body)).unwrap())
        .await;
    let came = answer.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(came, "abcdef");
    let broken = tokio_stream::iter([Err::<Frame<Bytes>, _>(Status::cancelled("gone"))]);
    let body = Body::new(http_body_util::StreamBody::new(broken));
    let answer = edge.oneshot(request(PAY).body(body).unwrap()).await.unwrap();
    assert_eq!(code(&answer), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn large_messages_have_a_common_bound_and_small_ones_pass_beside_them() {
    let (serve, gate) = gated();
    let limits = Limits {
        total_message_bytes: 100 * 1024,
        ..Limits::default()
    };
    let (edge, admission) = edge(limits, serve);
    let call = |body: Body| tokio::spawn(edge.clone().oneshot(request(PAY).body(body).unwrap()));
    let overloaded = |response: Response<Body>| {
        let status = status(&response).unwrap();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(crate::harness::reason(&status), "OVERLOADED");
    };
    // 60 KiB are counted for each of them, while it comes in and while its call runs.
    let (coming, running) = (64 * 1024, 64 * 1024);
    let first = call(unfinished(coming));
    tokio::task::yield_now().await;
    overloaded(call(whole(running)).await.unwrap().unwrap());
    overloaded(call(unfinished(running)).await.unwrap().unwrap());
    let small = call(whole(4 * 1024));
    tokio::task::yield_now().await;
    assert_eq!(admission.running(), 1);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let second = call(whole(running));
    tokio::task::yield_now().await;
    assert_eq!(admission.running(), 2);
    overloaded(call(whole(running)).await.unwrap().unwrap());
    gate.add_permits(3);
    for task in [small, second] {
        assert_eq!(code(&task.await.unwrap().unwrap()), Code::Ok);
    }
    let third = call(whole(running)).await.unwrap().unwrap();
    assert_eq!(code(&third), Code::Ok);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_call_of_ours_needs_no_key_and_ends_with_the_deadline() {
    let (edge, admission) = edge(Limits::default(), |_| std::future::pending());
    let ask = Request::post("/grpc.health.v1.Health/Check").header("grpc-timeout", "100m");
    let response = edge.oneshot(ask.body(unfinished(0)).unwrap()).await.unwrap();
    assert_eq!(code(&response), Code::DeadlineExceeded);
    assert_eq!(admission.running(), 0);
}

/// Bytes as they came from a socket, and who counts how many of them are still held.
struct Received(Vec<u8>, #[expect(dead_code, reason = "counted")] Arc<()>);

impl AsRef<[u8]> for Received {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Anybody may ask, and never end the message: 16 KiB of headers for each stream would be held till the deadline.
#[tokio::test]
async fn a_question_of_anybody_holds_nothing_of_its_head() {
    let memory = Arc::new(());
    let received = |text: &str| Bytes::from_owner(Received(text.as_bytes().to_vec(), Arc::clone(&memory)));
    let value = |text: &str| HeaderValue::from_maybe_shared(received(text)).unwrap();
    for path in ["Check", "Watch"].map(|rpc| format!("/grpc.health.v1.Health/{rpc}")) {
        let known = path.clone();
        let (edge, _) = edge(Limits::default(), move |request: Request<Body>| {
            assert_eq!(request.uri().path(), known);
            assert_eq!(request.headers()["content-type"], "application/grpc");
            async move {
                std::future::pending::<()>().await;
                ok(request).await
            }
        });
        let long = "x".repeat(4_000);
        let ask = Request::post(Uri::from_maybe_shared(received(&path)).unwrap())
            .header("content-type", value("application/grpc"))
            .header("grpc-encoding", value(&long))
            .header("grpc-made-up", value(&long))
            .header("authorization", value(&long))
            .header("x-request-id", value("asked"));
        let answer = edge.oneshot(ask.body(unfinished(0)).unwrap());
        tokio::pin!(answer);
        let polled = std::future::poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
        assert!(polled.is_pending());
        assert_eq!(Arc::strong_count(&memory), 1, "{path}");
    }
}

#[tokio::test]
async fn a_draining_core_refuses_new_calls() {
    let (edge, admission) = edge(Limits::default(), ok);
    assert_eq!(
        code(&edge.clone().oneshot(empty(request(PAY))).await.unwrap()),
        Code::Ok
    );
    admission.drain();
    assert_eq!(
        code(&edge.clone().oneshot(empty(request(PAY))).await.unwrap()),
        Code::Unavailable
    );
    let health = edge
        .oneshot(empty(request("/grpc.health.v1.Health/Check")))
        .await
        .unwrap();
    assert_eq!(code(&health), Code::Ok);
}

#[test]
fn settings_have_sound_defaults_and_refuse_what_they_do_not_know() {
    let config: CoreConfig = toml::from_str("").unwrap();
    assert_eq!(config, CoreConfig::default());
    assert_eq!(config.validate(), []);
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<CoreConfig>(&text).unwrap(), config, "{text}");
    let sections = ["", "[limits]\n", "[timeouts]\n", "[rules]\n", "[ledger]\n"];
    for section in sections {
        assert!(
            toml::from_str::<CoreConfig>(&format!("{section}unknown = 1")).is_err(),
            "{section}"
        );
    }
    assert!(toml::from_str::<CoreConfig>("[sms]\nadapter = \"pigeon\"").is_err());
    let webhook = "[sms]\nadapter = \"webhook\"\nurl = \"http://localhost\"\nkey_file = \"k\"\n";
    toml::from_str::<CoreConfig>(webhook).unwrap();
    assert!(toml::from_str::<CoreConfig>(&format!("{webhook}unknown = 1")).is_err());
    let bad = "poll_ms = 0\n[limits]\nconcurrent_calls = 0\n[timeouts]\nmaximum_ms = 1";
    let named: Vec<_> = toml::from_str::<CoreConfig>(bad)
        .unwrap()
        .validate()
        .into_iter()
        .map(|error| error.setting)
        .collect();
    assert_eq!(
        named,
        ["limits.concurrent_calls", "timeouts.maximum_ms", "poll_ms"]
    );
}

/// Anybody may ask, and never end the message: a service would take 8 KiB for each of them, at once.
#[tokio::test]
async fn a_probe_whose_message_is_not_there_reaches_no_service() {
    for path in ["Check", "List"].map(|rpc| format!("/grpc.health.v1.Health/{rpc}")) {
        let reached = Arc::new(AtomicBool::new(false));
        let by_whom = Arc::clone(&reached);
        let (edge, _) = edge(Limits::default(), move |request| {
            by_whom.store(true, Ordering::SeqCst);
            ok(request)
        });
        let ask = |body: Body| edge.clone().oneshot(Request::post(&path).body(body).unwrap());
        let coming = ask(unfinished(3));
        tokio::pin!(coming);
        let polled = std::future::poll_fn(|context| Poll::Ready(coming.as_mut().poll(context))).await;
        assert!(polled.is_pending(), "{path}");
        let too_long = ask(unfinished(5_000)).await.unwrap();
        assert_eq!(code(&too_long), Code::OutOfRange, "{path}");
        assert!(!reached.load(Ordering::SeqCst), "{path}");
        assert_eq!(code(&ask(whole(5)).await.unwrap()), Code::Ok, "{path}");
        assert!(reached.load(Ordering::SeqCst), "{path}");
    }
}
