//! A store that takes no commits: who hears of it, when, and how often the log tells.

use crate::harness::{APP, Fixture, by, document, fresh_key};
use crate::lifecycle::until;
use crate::patient::Patient;
use map_proto::customer::v1::SendSmsCodeRequest;
use map_proto::customer::v1::customer_service_client::CustomerServiceClient;
use map_server::CoreConfig;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

/// How many lines of this level say this.
fn lines(log: &str, level: &str, part: &str) -> usize {
    let said = |line: &&str| line.contains(&format!(" {level} ")) && line.contains(part);
    log.lines().filter(said).count()
}

#[tokio::test(start_paused = true)]
async fn an_outage_has_one_warning_and_one_line_at_its_end_and_a_refused_call_says_why_once() {
    let store = Arc::new(Patient::default());
    let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    fixture.apply(document()).await.unwrap();
    crate::log::capture();
    store.sick.store(true, Ordering::SeqCst);
    until(&fixture, ServingStatus::NotServing).await;
    for _ in 0..3 {
        let request = SendSmsCodeRequest {
            mobile_number: "13912345678".to_owned(),
            idempotency_key: fresh_key(),
        };
        let mut client = CustomerServiceClient::new(fixture.edge());
        let refused = client.send_sms_code(by(APP, request)).await;
        assert_eq!(refused.unwrap_err().code(), Code::Unavailable);
        // Some rounds of the watcher go by.
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    store.sick.store(false, Ordering::SeqCst);
    until(&fixture, ServingStatus::Serving).await;
    let log = crate::log::captured();
    assert_eq!(lines(&log, "WARN", ""), 1, "{log}");
    assert_eq!(lines(&log, "WARN", "the store accepts no commits"), 1, "{log}");
    assert_eq!(lines(&log, "INFO", "the store accepts commits again"), 1, "{log}");
    assert_eq!(lines(&log, "INFO", "reason=disk full"), 3, "once a call: {log}");
}

#[tokio::test(start_paused = true)]
async fn a_catalogue_that_can_not_be_read_is_told_once_and_so_is_its_return() {
    let store = Arc::new(Patient::default());
    let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    crate::log::capture();
    for blind in [true, false] {
        store.blind.store(blind, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let log = crate::log::captured();
    assert_eq!(lines(&log, "WARN", "the catalogue can't be read"), 1, "{log}");
    assert_eq!(lines(&log, "INFO", "the catalogue can be read again"), 1, "{log}");
    drop(fixture);
}
