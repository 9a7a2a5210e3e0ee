//! Whether the gateway can answer calls follows the core, soon, and not by a question for each probe.

use super::fake_core::{FakeCore, Health};
use super::fixture::{callers, config, listener};
use map_gateway::{Core, Gateway, GatewayConfig, Listener};
use serde_json::json;
use std::time::Duration;
use tonic::Status;
use tonic_health::pb::health_check_response::ServingStatus;

/// Two answers that are late, and the wait for the first question.
const SOON: Duration = Duration::from_millis(1600);

/// A gateway that serves, on a core that says of itself what it is told to.
async fn served(core: &FakeCore) -> Gateway {
    // Nothing but the core's return is a reason to ask for the directory.
    let config = GatewayConfig {
        directory_refresh_ms: 3_600_000,
        ..config()
    };
    let gateway = Gateway::new(config.clone(), Core::new(core.clone(), &config.core_key)).unwrap();
    let (serving, listener) = (gateway.clone(), Listener::bind(&listener()).await.unwrap());
    tokio::spawn(async move { serving.serve(vec![listener], std::future::pending()).await });
    tokio::time::sleep(SOON).await;
    gateway
}

#[tokio::test(start_paused = true)]
async fn a_core_that_serves_not_or_answers_not_is_told_soon_and_so_is_its_return() {
    let core = FakeCore::new(callers(json!({}), json!({})));
    let gateway = served(&core).await;
    assert_eq!(gateway.obstacle(), None);
    let cases: [(Health, &str); 3] = [
        (Some(Ok(ServingStatus::NotServing)), "not serving"),
        (Some(Err(Status::unavailable("gone"))), "does not answer"),
        (None, "does not answer"),
    ];
    for (health, told) in cases {
        core.says(health);
        tokio::time::sleep(SOON).await;
        let obstacle = gateway.obstacle().expect(told);
        assert!(obstacle.contains(told), "{obstacle}");
        core.says(Some(Ok(ServingStatus::Serving)));
        tokio::time::sleep(SOON).await;
        assert_eq!(gateway.obstacle(), None, "after {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_answer_that_is_late_is_no_outage_and_a_refusal_is_one_at_once() {
    let core = FakeCore::new(callers(json!({}), json!({})));
    let gateway = served(&core).await;
    core.says_after(Duration::from_millis(300));
    for _ in 0..3 {
        core.says(None);
        // Asked once, at some time of this, and not answered.
        tokio::time::sleep(Duration::from_millis(500)).await;
        core.says(Some(Ok(ServingStatus::Serving)));
        for _ in 0..100 {
            assert_eq!(gateway.obstacle(), None);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    core.says_after(Duration::ZERO);
    core.says(Some(Err(Status::unavailable("refused"))));
    tokio::time::sleep(Duration::from_millis(520)).await;
    let obstacle = gateway.obstacle().expect("an obstacle");
    assert!(obstacle.ends_with("does not answer: refused"), "{obstacle}");
}

#[tokio::test(start_paused = true)]
async fn whoever_probes_asks_the_core_nothing() {
    let core = FakeCore::new(callers(json!({}), json!({})));
    let gateway = served(&core).await;
    core.says(Some(Ok(ServingStatus::Serving)));
    for _ in 0..1_000 {
        assert_eq!(gateway.obstacle(), None);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let asked = core.says(None);
    assert!((15..=25).contains(&asked), "{asked} times in 10 s");
}

#[tokio::test(start_paused = true)]
async fn a_core_that_comes_late_is_asked_for_the_directory_at_once() {
    let core = FakeCore::new(callers(json!({}), json!({})));
    core.says(Some(Err(Status::unavailable("not yet"))));
    core.without_directory(true);
    let gateway = served(&core).await;
    assert!(gateway.obstacle().is_some());
    core.without_directory(false);
    core.says(Some(Ok(ServingStatus::Serving)));
    tokio::time::sleep(SOON).await;
    assert_eq!(gateway.obstacle(), None);
}

#[tokio::test(start_paused = true)]
async fn what_passes_calls_on_and_not_this_one_is_no_obstacle() {
    let core = FakeCore::new(callers(json!({}), json!({})));
    core.says(Some(Err(Status::unimplemented("a proxy"))));
    assert_eq!(served(&core).await.obstacle(), None);
}
