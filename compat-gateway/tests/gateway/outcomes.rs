//! What becomes of the core's statuses: decisions in the contract's words, unknown outcomes without an answer.

use super::declared::{REMARK, declared, reasons};
use super::fixture::{Bench, Reply, bench, bench_with, config, endpoint, listener, payload, signer};
use map_gateway_codegen::codec::CoreType;
use map_gateway_codegen::model::{AnswerNode, Effect, Source};
use map_legacy_client::Endpoint;
use map_legacy_client::generated::ENDPOINTS;
use serde_json::{Value, json};
use std::collections::HashMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

const SECRET: &str = "row 17 of customer 13912345678";

fn status(code: Code, reason: &str) -> Status {
    Status::with_error_details(
        code,
        SECRET,
        ErrorDetails::with_error_info(reason, "map", HashMap::new()),
    )
}

async fn answered(bench: &Bench, endpoint: &'static Endpoint, status: Status) -> Reply {
    bench.core.answers(move |_| Err(status.clone()));
    bench.call(endpoint, &payload(endpoint)).await
}

fn is_binding(endpoint: &Endpoint) -> bool {
    declared(endpoint).effect != Effect::Read
}

/// Number and name of every reason that is about the request.
fn decisions() -> impl Iterator<Item = (i32, String)> {
    let about_the_caller = ["UNAUTHENTICATED", "PERMISSION_DENIED", "CALLER_INACTIVE"];
    reasons().filter(move |(_, name)| !about_the_caller.contains(&name.as_str()))
}

const OPEN: [(Code, &str); 9] = [
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::Unavailable, "OVERLOADED"),
    (Code::Unavailable, "OUTCOME_UNKNOWN"),
    (Code::DeadlineExceeded, "OUTCOME_UNKNOWN"),
    (Code::Cancelled, "OUTCOME_UNKNOWN"),
    (Code::Unknown, "OUTCOME_UNKNOWN"),
    (Code::Internal, "INTERNAL"),
    (Code::Aborted, "OUTCOME_UNKNOWN"),
    (Code::ResourceExhausted, "OVERLOADED"),
];

#[tokio::test]
async fn an_unknown_outcome_gets_no_answer_where_a_no_would_bind() {
    let bench = bench().await;
    for endpoint in ENDPOINTS {
        for (code, reason) in OPEN {
            let reply = answered(&bench, endpoint, status(code, reason)).await;
            if is_binding(endpoint) {
                assert_eq!(reply, Reply::Closed, "{} {code:?}", endpoint.name);
            } else {
                assert!(
                    reply.errmsg().ends_with("，系统繁忙，请稍后再试"),
                    "{} {code:?}",
                    endpoint.name
                );
            }
        }
    }
}

#[tokio::test]
async fn a_status_that_is_not_about_the_request_decides_nothing() {
    let bench = bench().await;
    let foreign = ErrorDetails::with_error_info("PAYMENT_REVERSED", "proxy.example", HashMap::new());
    for status in [
        Status::failed_precondition("plain"),
        Status::invalid_argument("plain"),
        Status::unimplemented("wrong server"),
        Status::with_error_details(Code::FailedPrecondition, "x", foreign),
        status(Code::FailedPrecondition, "A_REASON_OF_A_LATER_VERSION"),
        status(Code::Unauthenticated, "UNAUTHENTICATED"),
        // About the gateway's own caller, which an operator puts right.
        status(Code::PermissionDenied, "PERMISSION_DENIED"),
        status(Code::PermissionDenied, "CALLER_INACTIVE"),
    ] {
        assert_eq!(
            answered(&bench, endpoint("front_pay"), status.clone()).await,
            Reply::Closed,
            "{status:?}"
        );
    }
    // Whose terminal it is, however, is about the request.
    let refused = status(Code::PermissionDenied, "NETWORK_NOT_ALLOWED");
    let reply = answered(&bench, endpoint("front_pay"), refused).await;
    assert_eq!(reply.errmsg(), "支付失败，没有该终端的权限");
}

/// An app that reads "no such opening" opens again under a new key, and two cards are sold.
#[tokio::test]
async fn a_question_about_an_opening_is_told_no_only_where_the_core_said_so() {
    let bench = bench().await;
    let get = endpoint("oilcard_get");
    let body = signer(get).sign_json(get, &payload(get)).unwrap();
    for path in ["/front/oilcard/get", "/gw/oilcard/get"] {
        for (code, reason) in OPEN {
            let open = status(code, reason);
            bench.core.answers(move |_| Err(open.clone()));
            assert_eq!(
                bench.post(path, body.clone()).await,
                Reply::Closed,
                "{path} {code:?}"
            );
        }
        let decided = status(Code::NotFound, "OPENING_NOT_FOUND");
        bench.core.answers(move |_| Err(decided.clone()));
        let reply = bench.post(path, body.clone()).await;
        assert_eq!(reply.errmsg(), "没有查找到对应的分期卡订单，订单不存在", "{path}");
    }
}

#[tokio::test]
async fn an_unknown_outcome_may_be_http_503_by_setting() {
    let setting = json!({ "unknown_answer": "http_503" });
    let bench = bench_with(setting.clone(), setting, config(), &listener()).await;
    for name in ["front_pay", "gw_pay"] {
        let reply = answered(&bench, endpoint(name), status(Code::Unavailable, "UNAVAILABLE")).await;
        assert_eq!(reply, Reply::Status(503), "{name}");
    }
}

#[tokio::test]
async fn every_decision_has_a_text_and_never_the_cores_message() {
    let bench = bench().await;
    let mut texts = HashMap::new();
    for (_, name) in decisions() {
        for endpoint in ENDPOINTS {
            let reply = answered(&bench, endpoint, status(Code::FailedPrecondition, &name)).await;
            let served = declared(endpoint);
            assert_eq!(reply.errcode(), i64::from(served.errcode), "{name}");
            let message = reply.errmsg();
            let reason = message
                .strip_prefix(&format!("{}，", served.failure))
                .unwrap()
                .to_owned();
            assert!(
                !reason.is_empty() && reason.chars().all(|letter| !letter.is_ascii_alphabetic()),
                "{reason}"
            );
            assert!(!reply.text().contains("row 17"), "{message}");
            texts.insert(name.clone(), reason);
        }
    }
    for (reason, text) in [
        ("PAYMENT_REVERSED", "交易已冲正"),
        ("PAYMENT_CANCELLED", "交易已撤销"),
        (
            "PAYMENT_UNKNOWN_KEY_CLOSED",
            "原交易不存在或未成功，已登记不再扣款",
        ),
        ("IDENTITY_MISMATCH", "实名不符"),
    ] {
        assert_eq!(texts[reason], text);
    }
}

#[tokio::test]
async fn a_field_that_the_core_refuses_is_told_by_its_documented_name() {
    let bench = bench().await;
    let mut details = ErrorDetails::with_error_info("MALFORMED_REQUEST", "map", HashMap::new());
    details.add_bad_request_violation("key.batch_number", "internal words");
    let refused = Status::with_error_details(Code::InvalidArgument, SECRET, details);
    let reply = answered(&bench, endpoint("front_pay"), refused).await;
    assert_eq!(reply.errmsg(), "支付失败，参数batchNo格式错误");
}

#[tokio::test]
async fn sms_limits_are_decisions() {
    let bench = bench().await;
    let limited = status(Code::ResourceExhausted, "SMS_RATE_LIMITED");
    let reply = answered(&bench, endpoint("gw_pay"), limited).await;
    assert_eq!(reply.errmsg(), "线下支付失败，短信验证码发送过于频繁");
}

#[tokio::test]
async fn detailed_errcodes_are_a_setting_and_never_0_or_that_of_a_kept_order() {
    let setting = json!({ "errcodes": "detailed" });
    let bench = bench_with(setting.clone(), setting, config(), &listener()).await;
    for (number, name) in decisions() {
        let reply = answered(
            &bench,
            endpoint("front_pay"),
            status(Code::FailedPrecondition, &name),
        )
        .await;
        assert_eq!(reply.errcode(), i64::from(20_000 + number));
        assert_ne!(reply.errcode(), 25_205);
    }
    let reply = bench.post("/front/offline/pay", "{\"order\":{}}").await;
    assert_eq!(reply.errcode(), 21_012);
}

#[tokio::test]
async fn an_undo_of_an_unknown_payment_is_a_failure_or_by_setting_a_success() {
    let unknown = || status(Code::FailedPrecondition, "PAYMENT_UNKNOWN_KEY_CLOSED");
    let plain = bench().await;
    let setting = json!({ "undo_unknown": "success" });
    let other = bench_with(setting.clone(), setting, config(), &listener()).await;
    let front = endpoint("front_pay_undo");
    assert_eq!(
        answered(&plain, front, unknown()).await.errmsg(),
        "消费冲正失败，原交易不存在或未成功，已登记不再扣款"
    );
    let reply = answered(&other, front, unknown()).await.json();
    assert_eq!(
        (&reply["errcode"], &reply["errmsg"]),
        (&json!(0), &json!("消费冲正成功"))
    );
    let order: Value = json!({
        "sellerId": "GM01", "storeId": "ST01", "terminalId": "POS12345", "operatorId": "zhangsan",
        "batchNo": "123123123122132", "terminalOrderId": "1234567890", "remark": REMARK,
        "status": "支付失败，冲正成功",
    });
    assert_eq!(reply["order"], order);
    // Any other refusal stays one, and other calls know no such setting.
    let reply = answered(
        &other,
        front,
        status(Code::FailedPrecondition, "KEY_HOLDS_NO_PAYMENT"),
    )
    .await;
    assert_eq!(reply.errmsg(), "消费冲正失败，该流水号不是消费交易");
    assert_eq!(
        answered(&other, endpoint("front_pay"), unknown()).await.errcode(),
        10_000
    );
}

#[tokio::test]
async fn an_answer_of_the_core_that_cannot_be_printed_is_an_unknown_outcome() {
    let bench = bench().await;
    bench.core.answers(|_| Ok(Vec::new()));
    for endpoint in ENDPOINTS {
        let reply = bench.call(endpoint, &payload(endpoint)).await;
        match (
            is_printable_empty(&declared(endpoint).answer),
            is_binding(endpoint),
        ) {
            // An empty list of products is an answer.
            (true, _) => assert_eq!(reply.errcode(), 0, "{}", endpoint.name),
            (false, true) => assert_eq!(reply, Reply::Closed, "{}", endpoint.name),
            (false, false) => assert!(
                reply.errmsg().ends_with("，系统繁忙，请稍后再试"),
                "{}",
                endpoint.name
            ),
        }
    }
    assert!(!is_printable_empty(&declared(endpoint("front_pay")).answer));
}

/// Whether an answer that the core left empty has all that the documented one must have.
fn is_printable_empty(answer: &[AnswerNode]) -> bool {
    answer.iter().all(|node| match node {
        AnswerNode::Object(object) => {
            object.list || (object.base.is_none() && is_printable_empty(&object.fields))
        }
        AnswerNode::Value(value) => match &value.source {
            Source::Core(path) => {
                let plain = path.steps.len() == 1 && !matches!(value.codec.core, CoreType::Named(_));
                plain || value.omit_empty || value.codec.absent
            }
            Source::Request(_) | Source::Constant(_) => true,
        },
    })
}

#[tokio::test]
async fn what_is_absent_is_left_out_or_empty_as_documented() {
    use map_proto::account::v1::GetBalanceResponse;
    use map_proto::payment::v1::PayResponse;
    use prost::Message;
    let bench = bench().await;
    bench.core.answers(|call| {
        let mut response = super::declared::response(&call.rpc);
        if call.rpc.ends_with("/Pay") {
            let mut pay = PayResponse::decode(&*response).unwrap();
            let payment = pay.payment.as_mut().unwrap();
            payment.purchase = None;
            payment.remark.clear();
            response = pay.encode_to_vec();
        } else {
            let mut balance = GetBalanceResponse::decode(&*response).unwrap();
            balance.valid_until = None;
            response = balance.encode_to_vec();
        }
        Ok(response)
    });
    let order = bench
        .call(endpoint("front_pay"), &payload(endpoint("front_pay")))
        .await
        .json()["order"]
        .clone();
    let keys: Vec<_> = order.as_object().unwrap().keys().cloned().collect();
    assert!(!keys.iter().any(|key| key.starts_with("product")), "{keys:?}");
    assert_eq!(order["remark"], json!(""));
    let query = endpoint("gw_get_account_info");
    assert_eq!(
        bench.call(query, &payload(query)).await.json()["card"]["endTime"],
        json!("")
    );
}
