//! What an error tells programs besides its reason: the request id always, and just the keys that
//! `error_reason.proto` documents for the reason.

use crate::harness::{APP, Fixture, OPERATOR, OTHER_APP, by, call, document};
use crate::reasons::documented_metadata;
use crate::story::{CODE, MOBILE, STRANGER, Story, digits, payment};
use map_proto::customer::v1::SendSmsCodeRequest;
use map_proto::operator::v1::RaiseTerminalGenerationRequest;
use map_proto::payment::v1::PayRequest;
use map_proto::transfer::v1::TopUpRequest;
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The metadata without the request id, which is that of the answer's header; all of it is documented.
fn told<T: std::fmt::Debug>(answer: Result<T, Status>, reason: &str) -> BTreeMap<String, String> {
    let status = answer.unwrap_err();
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, "map"));
    let mut metadata: BTreeMap<_, _> = info.metadata.clone().into_iter().collect();
    let id = metadata.remove("request_id").expect("a request id");
    assert_eq!(status.metadata().get("x-request-id").unwrap(), id.as_str());
    let documented = documented_metadata(reason);
    assert!(
        metadata.keys().all(|key| documented.contains(key)),
        "{metadata:?}, not {documented:?}"
    );
    metadata
}

fn only(key: &str, value: impl ToString) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_string())])
}

/// Path, headers, body; the code and the reason.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u8], Code, &'a str);

#[tokio::test]
async fn every_error_names_its_request_also_those_that_no_service_has_seen() {
    let fixture = Fixture::new().await;
    let bearer = format!("Bearer {APP}");
    let headers = [("authorization", bearer.as_str()), ("x-request-id", "till-7.1")];
    let pay = "/map.payment.v1.PaymentService/Pay";
    let long = vec![0; 1024 * 1024 + 6];
    let cases: [Case<'_>; 5] = [
        (pay, &headers, &[0; 5], Code::InvalidArgument, "MALFORMED_REQUEST"),
        // A field of a length that does not come.
        (
            pay,
            &headers,
            &[0, 0, 0, 0, 2, 0x12, 9],
            Code::InvalidArgument,
            "MALFORMED_REQUEST",
        ),
        (pay, &headers, &long, Code::OutOfRange, "MALFORMED_REQUEST"),
        (
            pay,
            &headers[1..],
            &[0; 5],
            Code::Unauthenticated,
            "UNAUTHENTICATED",
        ),
        (
            "/map.payment.v1.PaymentService/Play",
            &headers,
            &[0; 5],
            Code::Unimplemented,
            "NOT_SUPPORTED",
        ),
    ];
    for (path, headers, body, code, reason) in cases {
        let status = call(fixture.edge(), path, headers, body).await;
        assert_eq!(status.code(), code, "{reason}: {status:?}");
        let details = status.get_error_details();
        let id = details
            .error_info()
            .map(|info| info.metadata["request_id"].clone());
        assert_eq!(id.as_deref(), Some("till-7.1"), "{reason}");
        assert_eq!(told(Err::<(), _>(status), reason), BTreeMap::new());
    }
    // Who sends none gets one.
    let status = call(fixture.edge(), pay, &[], &[0; 5]).await;
    assert_eq!(told(Err::<(), _>(status), "UNAUTHENTICATED"), BTreeMap::new());
}

#[tokio::test]
async fn a_key_with_other_content_names_the_order_it_holds() {
    let story = Story::new().await;
    let paid = story.pay(payment("1")).await.unwrap().payment.unwrap();
    let other = PayRequest {
        amount_fen: 7,
        ..payment("1")
    };
    let held = only("order_number", &paid.order_number);
    assert_eq!(
        told(story.pay(other.clone()).await, "IDEMPOTENCY_KEY_REUSED"),
        held
    );
    // Another network learns nothing of it.
    let answer = story.payments().pay(by(OTHER_APP, other)).await;
    assert_eq!(told(answer, "NETWORK_NOT_ALLOWED"), BTreeMap::new());
    // A key that is closed without a customer.
    let stranger = |amount_fen| PayRequest {
        consumer: STRANGER.to_owned(),
        amount_fen,
        ..payment("2")
    };
    assert_eq!(
        told(story.pay(stranger(5)).await, "CONSUMER_UNKNOWN"),
        BTreeMap::new()
    );
    let declined = story.find("2").await.unwrap().order_number;
    assert_eq!(
        told(story.pay(stranger(6)).await, "IDEMPOTENCY_KEY_REUSED"),
        only("order_number", declined)
    );
    let top_up = |amount_fen| TopUpRequest {
        idempotency_key: "T-9".to_owned(),
        mobile_number: MOBILE.to_owned(),
        amount_fen,
        ..TopUpRequest::default()
    };
    let done = story
        .transfers()
        .top_up(by(APP, top_up(5)))
        .await
        .unwrap()
        .into_inner();
    let again = story.transfers().top_up(by(APP, top_up(6))).await;
    assert_eq!(
        told(again, "IDEMPOTENCY_KEY_REUSED"),
        only("order_number", done.order_number)
    );
    let raise = |terminal: &str| RaiseTerminalGenerationRequest {
        idempotency_key: "G-1".to_owned(),
        seller_id: "S1".to_owned(),
        terminal_id: terminal.to_owned(),
        reason: "replaced".to_owned(),
    };
    let mut operator = story.operator();
    operator
        .raise_terminal_generation(by(OPERATOR, raise("T2")))
        .await
        .unwrap();
    let other = operator
        .raise_terminal_generation(by(OPERATOR, raise("T1")))
        .await;
    let metadata = told(other, "IDEMPOTENCY_KEY_REUSED");
    assert!(metadata["order_number"].starts_with("ud"), "{metadata:?}");
}

#[tokio::test]
async fn what_became_of_a_payment_and_the_windows_are_told() {
    let story = Story::new().await;
    for (serial, reason) in [("1", "PAYMENT_REVERSED"), ("2", "PAYMENT_CANCELLED")] {
        let paid = story.pay(payment(serial)).await.unwrap().payment.unwrap();
        if reason == "PAYMENT_REVERSED" {
            story.undo(serial).await.unwrap();
        } else {
            story.cancel("9", serial).await.unwrap();
        }
        let held = only("order_number", paid.order_number);
        assert_eq!(told(story.pay(payment(serial)).await, reason), held);
    }
    let paid = story.pay(payment("3")).await.unwrap().payment.unwrap();
    story.fixture.clock.advance(8 * DAY_MS);
    let mut expected = only("replay_window_ms", 7 * DAY_MS);
    expected.extend(only("order_number", paid.order_number));
    assert_eq!(
        told(story.pay(payment("3")).await, "REPLAY_WINDOW_PASSED"),
        expected
    );
    assert_eq!(
        told(story.undo("3").await, "REVERSAL_WINDOW_PASSED"),
        only("reversal_window_ms", 7 * DAY_MS)
    );
}

/// A guesser would stop before the lock is noticed, were it told how many attempts are left.
#[tokio::test]
async fn a_wrong_payment_code_tells_the_setting_and_never_what_is_left() {
    let story = Story::new().await;
    let setting = only("max_attempts", 5);
    for serial in 1..=5 {
        let wrong = PayRequest {
            payment_code: digits("000000"),
            ..payment(&serial.to_string())
        };
        assert_eq!(told(story.pay(wrong).await, "PAYMENT_CODE_WRONG"), setting);
    }
    let right = PayRequest {
        payment_code: digits(CODE),
        ..payment("6")
    };
    assert_eq!(told(story.pay(right).await, "PAYMENT_CODE_LOCKED"), setting);
}

#[tokio::test]
async fn who_asks_for_too_many_sms_codes_is_told_when_to_come_again() {
    let fixture = Fixture::new().await;
    fixture.apply(document()).await.unwrap();
    let mut customers =
        map_proto::customer::v1::customer_service_client::CustomerServiceClient::new(fixture.edge());
    let mut ask = async |number: usize| {
        let request = SendSmsCodeRequest {
            mobile_number: MOBILE.to_owned(),
            idempotency_key: format!("sms {number}"),
        };
        customers.send_sms_code(by(APP, request)).await
    };
    let delay = |answer: Result<_, Status>| {
        let delay = answer
            .as_ref()
            .unwrap_err()
            .get_error_details()
            .retry_info()
            .unwrap()
            .retry_delay;
        assert_eq!(
            told::<tonic::Response<_>>(answer, "SMS_RATE_LIMITED"),
            BTreeMap::new()
        );
        delay.unwrap()
    };
    ask(0).await.unwrap();
    fixture.clock.advance(12_300);
    // Rounded up to whole seconds.
    assert_eq!(delay(ask(1).await), Duration::from_secs(48));
    fixture.clock.advance(48_000);
    for number in 1..10 {
        ask(number).await.unwrap();
        fixture.clock.advance(60_000);
    }
    // Ten within the day: the first of them must be a day old.
    let since_first = 12_300 + 48_000 + 9 * 60_000;
    let left = delay(ask(10).await);
    assert_eq!(
        left.as_secs(),
        u64::try_from(DAY_MS - since_first).unwrap().div_ceil(1000)
    );
    fixture.clock.advance(i64::try_from(left.as_millis()).unwrap());
    ask(10).await.unwrap();
}
