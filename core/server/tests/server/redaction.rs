//! What is secret never reaches a log, whatever the level.

use crate::harness::{APP, Fixture, IDLE_APP, OPERATOR, app, by, document};
use crate::log;
use map_proto::common::v1::{PaymentCode, PosKey, payment_code};
use map_proto::customer::v1::customer_service_client::CustomerServiceClient;
use map_proto::customer::v1::{ResetPaymentCodeRequest, SendSmsCodeRequest, SetPaymentCodeRequest};
use map_proto::opening::v1::OpenCardRequest;
use map_proto::opening::v1::opening_service_client::OpeningServiceClient;
use map_proto::payment::v1::PayRequest;
use map_proto::payment::v1::payment_service_client::PaymentServiceClient;
use map_server::ports::SmsSender;

const MOBILE: &str = "13912345678";
const ID_NUMBER: &str = "110101199003077758";
const DIGITS: &str = "907351";
const EDGE_SECRET: &str = "edge-secret-of-app-nine";

fn code() -> Option<PaymentCode> {
    Some(PaymentCode {
        form: Some(payment_code::Form::Digits(DIGITS.to_owned())),
    })
}

#[tokio::test]
async fn no_secret_and_no_personal_number_is_ever_logged() {
    log::capture();
    let fixture = Fixture::new().await;
    let mut with_secret = document();
    let mut nine = app("app9", "key-of-app-nine", "net1");
    nine.edge_settings_json = format!("{{\"shared_key\":\"{EDGE_SECRET}\"}}");
    with_secret.callers.push(nine);
    fixture.apply(with_secret).await.unwrap();

    let mut customers = CustomerServiceClient::new(fixture.edge());
    let send = SendSmsCodeRequest {
        mobile_number: MOBILE.to_owned(),
        idempotency_key: "sms-1".to_owned(),
    };
    customers.send_sms_code(by(APP, send)).await.unwrap();
    let sms_code = fixture.outbox.outbox().unwrap().first().unwrap().code.clone();
    let open = OpenCardRequest {
        idempotency_key: "open-1".to_owned(),
        id_number: ID_NUMBER.to_owned(),
        name: "王小明".to_owned(),
        mobile_number: MOBILE.to_owned(),
        sms_code: sms_code.clone(),
        ..OpenCardRequest::default()
    };
    let opened = OpeningServiceClient::new(fixture.edge())
        .open_card(by(APP, open))
        .await
        .unwrap()
        .into_inner();
    let card = opened.opening.unwrap().card.unwrap().account_number;
    fixture.clock.advance(61_000);
    let send = SendSmsCodeRequest {
        mobile_number: MOBILE.to_owned(),
        idempotency_key: "sms-2".to_owned(),
    };
    customers.send_sms_code(by(APP, send)).await.unwrap();
    let second_code = fixture.outbox.outbox().unwrap().first().unwrap().code.clone();
    let set = SetPaymentCodeRequest {
        mobile_number: MOBILE.to_owned(),
        sms_code: second_code.clone(),
        payment_code: code(),
        idempotency_key: "set-1".to_owned(),
    };
    customers.set_payment_code(by(APP, set)).await.unwrap();
    let reset = ResetPaymentCodeRequest {
        id_number: ID_NUMBER.to_owned(),
        ..ResetPaymentCodeRequest::default()
    };
    customers.reset_payment_code(by(APP, reset)).await.unwrap_err();
    let key = |serial: &str| PosKey {
        seller_id: "S1".to_owned(),
        terminal_id: "T1".to_owned(),
        batch_number: "B1".to_owned(),
        serial_number: serial.to_owned(),
    };
    let mut payments = PaymentServiceClient::new(fixture.edge());
    for (serial, consumer, amount_fen) in [("1", card.as_str(), 100), ("2", MOBILE, 100), ("3", &card, 0)] {
        let pay = PayRequest {
            key: Some(key(serial)),
            consumer: consumer.to_owned(),
            payment_code: code(),
            amount_fen,
            store_id: "ST1".to_owned(),
            ..PayRequest::default()
        };
        let _ = payments.pay(by(APP, pay)).await;
    }
    let _ = payments
        .pay(by("a key that nobody has", PayRequest::default()))
        .await;

    let log = log::captured();
    for told in [
        "/map.payment.v1.PaymentService/Pay",
        "app/app1",
        "UNAUTHENTICATED",
        "INVALID_ARGUMENT",
        "request_id",
    ] {
        assert!(log.contains(told), "{told} is missing in {log}");
    }
    let secrets = [
        MOBILE,
        ID_NUMBER,
        DIGITS,
        EDGE_SECRET,
        APP,
        IDLE_APP,
        OPERATOR,
        "王小明",
        &card,
        "a key that nobody has",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    let quoted = |code: &str| {
        [
            format!("\"{code}\""),
            format!("={code} "),
            format!("code: {code}"),
        ]
    };
    for form in [&sms_code, &second_code]
        .into_iter()
        .flat_map(|code| quoted(code))
    {
        assert!(!log.contains(&form), "{form} is in the log: {log}");
    }
}
