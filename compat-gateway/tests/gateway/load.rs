//! Overload: refused where nothing changes, no answer where something might, never for undo and cancel.

use super::fixture::{Bench, Reply, bench_with, config, endpoint, listener, payload};
use bytes::Bytes;
use map_gateway::{GatewayConfig, ListenerConfig};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// A gateway for one call and one that gives money back, whose core answers payments only when told to.
async fn narrow() -> (Arc<Bench>, Arc<Semaphore>, Arc<Semaphore>) {
    let listener = ListenerConfig {
        concurrency: 1,
        reserved: 1,
        ..listener()
    };
    let bench = Arc::new(bench_with(json!({}), json!({}), config(), &listener).await);
    let (arrived, released) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (signal, gate) = (Arc::clone(&arrived), Arc::clone(&released));
    bench.core.scripted(move |call| {
        let (response, signal, gate) = (
            super::declared::response(&call.rpc),
            Arc::clone(&signal),
            Arc::clone(&gate),
        );
        let waits = call.rpc.ends_with("/Pay");
        Box::pin(async move {
            signal.add_permits(1);
            if waits {
                gate.acquire().await.unwrap().forget();
            }
            Ok(response)
        })
    });
    (bench, arrived, released)
}

fn sent(bench: &Arc<Bench>, name: &'static str) -> tokio::task::JoinHandle<Reply> {
    let bench = Arc::clone(bench);
    tokio::spawn(async move { bench.call(endpoint(name), &payload(endpoint(name))).await })
}

#[tokio::test]
async fn undo_and_cancel_pass_while_payments_fill_the_listener() {
    let (bench, arrived, released) = narrow().await;
    let payment = sent(&bench, "front_pay");
    arrived.acquire().await.unwrap().forget();
    for unanswered in ["front_pay", "oilcard_get"] {
        assert_eq!(sent(&bench, unanswered).await.unwrap(), Reply::Closed);
    }
    let read = sent(&bench, "front_get_account_info").await.unwrap();
    assert_eq!(read.errmsg(), "查询余额失败，系统繁忙，请稍后再试");
    // One after the other through the one reserved place; all are served.
    let back: Vec<_> = [
        "front_pay_undo",
        "front_pay_cancel",
        "gw_pay_undo",
        "gw_pay_cancel",
    ]
    .into_iter()
    .map(|name| sent(&bench, name))
    .collect();
    for one in back {
        assert_eq!(one.await.unwrap().errcode(), 0);
    }
    released.add_permits(1);
    assert_eq!(payment.await.unwrap().errcode(), 0);
    released.add_permits(1);
    assert_eq!(sent(&bench, "front_pay").await.unwrap().errcode(), 0);
}

/// A body that never comes.
struct Silent;

impl http_body::Body for Silent {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_takes_nobodys_place() {
    let (bench, _, released) = narrow().await;
    for name in ["front_pay", "front_pay", "front_pay_undo", "front_pay_undo"] {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            let request = http::Request::post(endpoint(name).path).body(Silent).unwrap();
            bench.gateway.handle(&bench.context, request).await
        });
    }
    tokio::task::yield_now().await;
    released.add_permits(1);
    assert_eq!(sent(&bench, "front_pay").await.unwrap().errcode(), 0);
    assert_eq!(sent(&bench, "front_pay_undo").await.unwrap().errcode(), 0);
}

/// A body that never ends: this many bytes, then nothing.
fn unfinished(
    bytes: usize,
) -> impl http_body::Body<Data = Bytes, Error = std::convert::Infallible> + Send + Unpin {
    use tokio_stream::StreamExt;
    let data = Ok(http_body::Frame::data(Bytes::from(vec![b' '; bytes])));
    http_body_util::StreamBody::new(tokio_stream::iter([data]).chain(tokio_stream::pending()))
}

#[tokio::test]
async fn large_bodies_have_a_common_bound_and_small_ones_pass_beside_them() {
    let config = GatewayConfig {
        max_body_bytes: 100 * 1024,
        total_body_bytes: 100 * 1024,
        ..config()
    };
    let bench = Arc::new(bench_with(json!({}), json!({}), config, &listener()).await);
    // 60 KiB are counted for each of them, while it comes in and until it is answered.
    let held = 64 * 1024;
    let coming = {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            let request = http::Request::post("/gw/offline/pay")
                .body(unfinished(held))
                .unwrap();
            bench.gateway.handle(&bench.context, request).await
        })
    };
    tokio::task::yield_now().await;
    let large = || " ".repeat(held);
    let busy = bench.post("/gw/offline/get_account_info", large()).await;
    assert_eq!(busy.errmsg(), "查询余额失败，系统繁忙，请稍后再试");
    // The same bytes may have paid before: nothing is said.
    assert_eq!(bench.post("/gw/offline/pay", large()).await, Reply::Closed);
    assert_eq!(bench.post("/gw/offline/pay_undo", large()).await, Reply::Closed);
    for small in ["front_pay", "front_pay_undo", "front_get_account_info"] {
        assert_eq!(sent(&bench, small).await.unwrap().errcode(), 0, "{small}");
    }
    coming.abort();
    assert!(coming.await.unwrap_err().is_cancelled());
    for _ in 0..3 {
        let looked_at = bench.post("/gw/offline/get_account_info", large()).await;
        assert_ne!(looked_at.errmsg(), busy.errmsg());
    }
}

/// What nobody had signed is repeated, too, and a control character is six bytes in the echo.
#[tokio::test]
async fn answers_that_nobody_takes_have_the_bound_of_bodies() {
    let config = GatewayConfig {
        max_body_bytes: 100 * 1024,
        total_body_bytes: 300 * 1024,
        ..config()
    };
    let bench = bench_with(json!({}), json!({}), config, &listener()).await;
    let ask = async || {
        let body = http_body_util::Full::from("\u{1}".repeat(32 * 1024));
        let request = http::Request::post("/front/offline/pay").body(body).unwrap();
        bench.gateway.handle(&bench.context, request).await
    };
    let length = |answer: &http::Response<http_body_util::Full<Bytes>>| {
        http_body::Body::size_hint(answer.body()).exact().unwrap()
    };
    let first = ask().await;
    assert!(length(&first) > 6 * 32 * 1024);
    let beside = ask().await;
    assert!(length(&beside) < 1024, "without an echo");
    drop(first);
    assert!(length(&ask().await) > 6 * 32 * 1024);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_ends_at_its_limit_as_a_whole() {
    use tokio_stream::StreamExt;
    let bench = bench_with(json!({}), json!({}), config(), &listener()).await;
    let drop = || Ok::<_, std::convert::Infallible>(http_body::Frame::data(Bytes::from_static(b" ")));
    let trickle = tokio_stream::iter(std::iter::repeat_with(drop)).throttle(Duration::from_secs(1));
    let body = http_body_util::StreamBody::new(Box::pin(trickle));
    let request = http::Request::post("/gw/offline/pay").body(body).unwrap();
    let begun = tokio::time::Instant::now();
    let answer = bench.gateway.handle(&bench.context, request).await;
    assert_eq!(super::fixture::reply(answer).await, Reply::Closed);
    assert_eq!(begun.elapsed().as_millis(), u128::from(config().body_timeout_ms));
}

#[test]
fn a_networks_door_that_is_open_to_everybody_is_refused() {
    let door = |bind: &str, addresses: &[&str]| {
        let listener = ListenerConfig {
            bind: bind.parse().unwrap(),
            network: Some("posp1".into()),
            addresses: addresses.iter().map(|range| range.parse().unwrap()).collect(),
            ..listener()
        };
        let config = map_gateway::GatewayConfig {
            listeners: vec![listener],
            ..config()
        };
        config.validate()
    };
    let refused = door("0.0.0.0:0", &[]);
    assert!(
        matches!(refused.as_slice(), [only] if only.contains("gateway.listeners[0]")),
        "{refused:?}"
    );
    assert!(door("0.0.0.0:0", &["10.0.0.0/8"]).is_empty());
    assert!(door("127.0.0.1:0", &[]).is_empty());
}

/// A provisioning document may be 16 MiB; tonic's own limit is 4.
#[tokio::test]
async fn a_directory_of_more_than_4_mib_is_loaded() {
    use map_gateway::{Core, Gateway};
    use map_proto::provisioning::v1::{Caller, Role};
    use prost::Message;
    let many = (0..20_000).map(|number| Caller {
        caller_id: format!("app{number}"),
        role: Role::App.into(),
        active: true,
        edge_settings_json: json!({ "app_key": "k".repeat(200) }).to_string(),
        ..Default::default()
    });
    let callers: Vec<_> = super::fixture::callers(json!({}), json!({}))
        .into_iter()
        .chain(many)
        .collect();
    let bytes: usize = callers.iter().map(Message::encoded_len).sum();
    assert!(bytes > 4 << 20, "{bytes}");
    let core = super::fake_core::FakeCore::new(callers);
    let gateway = Gateway::new(config(), Core::new(core, &config().core_key)).unwrap();
    assert!(gateway.refresh().await.unwrap() && gateway.obstacle().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_core_that_never_answers_is_an_unknown_outcome_after_the_deadline() {
    let (bench, _arrived, _released) = narrow().await;
    assert_eq!(sent(&bench, "front_pay").await.unwrap(), Reply::Closed);
}

#[tokio::test]
async fn before_the_directory_is_loaded_nothing_is_decided() {
    use super::fixture::{PEER, callers, reply};
    use map_gateway::{Core, Gateway, ListenerContext};
    let core = super::fake_core::FakeCore::new(callers(json!({}), json!({})));
    let gateway = Gateway::new(config(), Core::new(core, &config().core_key)).unwrap();
    assert!(gateway.obstacle().is_some());
    let context = ListenerContext::detached(&listener(), PEER);
    for (path, closed) in [
        ("/front/offline/pay", true),
        ("/front/oilcard/get", true),
        ("/gw/offline/get_account_info", false),
    ] {
        let request = http::Request::post(path)
            .body(http_body_util::Full::from("{}"))
            .unwrap();
        let reply = reply(gateway.handle(&context, request).await).await;
        assert_eq!(reply == Reply::Closed, closed, "{path}: {reply:?}");
    }
    assert!(gateway.refresh().await.unwrap() && gateway.obstacle().is_none());
    assert!(
        !gateway.refresh().await.unwrap(),
        "the same revision again is nothing new"
    );
}
