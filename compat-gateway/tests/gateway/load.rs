//! Overload: refused where nothing changes, no answer where something might, never for undo and cancel.

use super::fixture::{Bench, Reply, bench_with, config, endpoint, listener, payload};
use map_gateway::ListenerConfig;
use serde_json::json;
use std::sync::Arc;
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
            super::fixture::response(&call.rpc),
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
    assert_eq!(sent(&bench, "front_pay").await.unwrap(), Reply::Closed);
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
    assert!(!gateway.is_ready());
    let context = ListenerContext::detached(&listener(), PEER);
    for (path, closed) in [("/front/offline/pay", true), ("/front/oilcard/get", false)] {
        let request = http::Request::post(path)
            .body(http_body_util::Full::from("{}"))
            .unwrap();
        let reply = reply(gateway.handle(&context, request).await).await;
        assert_eq!(reply == Reply::Closed, closed, "{path}: {reply:?}");
    }
    assert!(gateway.refresh().await.unwrap() && gateway.is_ready());
    assert!(
        !gateway.refresh().await.unwrap(),
        "the same revision again is nothing new"
    );
}
