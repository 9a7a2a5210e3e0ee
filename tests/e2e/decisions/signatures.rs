//! Decision 15: a signature is bound to what it was first used for. Who reads along can send the bytes again,
//! and exchange values between fields as the documented digest allows; nothing moves by either.

use super::server;
use crate::harness::*;
use map_client::proto::payment::v1::PaymentState;

/// What is told of a signature that was used for something else.
const USED: &str = "签名已用于其他请求";

/// A key of which no part sorts between the others' values.
fn pos() -> Pos {
    let pos = Pos::new();
    Pos {
        batch: format!("SA{}", pos.serial),
        serial: format!("SB{}", pos.serial),
        ..pos
    }
}

/// A payment with the required fields only: few values to find a place for.
fn plain(customer: &Customer, pos: &Pos) -> Call {
    ["productName", "productPrice", "productQuantity"]
        .into_iter()
        .fold(gw_pay(customer, pos, 1000), |call, field| call.without(field))
}

/// The captured payment as an undo of itself: what an undo has no field for goes, joined, into the remark.
fn as_undo(captured: &Json) -> Json {
    let mut left_over = ["sum", "consumerId", "paymentCodeDES", "appOrderId"].map(|field| {
        captured
            .at(&format!("order.{field}"))
            .and_then(Json::lexeme)
            .expect(field)
    });
    left_over.sort();
    let mut body = gw_undo(&Pos::new()).body;
    for object in ["app", "tsig"] {
        body.set(object, captured.at(object).expect(object).clone());
    }
    for field in [
        "sellerId",
        "storeId",
        "terminalId",
        "operatorId",
        "batchNo",
        "terminalOrderId",
    ] {
        let path = format!("order.{field}");
        body.set(&path, captured.text(&path));
    }
    body.set("order.remark", left_over.concat());
    body.remove("order.appOrderId");
    let endpoint = gw_undo(&Pos::new()).endpoint;
    let digest = call::order_md5(endpoint, &body, map_legacy_crypto::Charset::Utf8);
    assert_eq!(digest, captured.text("tsig.orderMD5"), "the same digest");
    body
}

/// The captured payment under a key that was never used: batch and serial exchanged.
fn exchanged(captured: &Json) -> Json {
    let (batch, serial) = (
        captured.text("order.batchNo"),
        captured.text("order.terminalOrderId"),
    );
    let mut body = captured.clone();
    body.set("order.batchNo", serial);
    body.set("order.terminalOrderId", batch);
    body
}

/// Sends a body to the endpoint of a call.
fn replay(server: &Server, call: &Call, body: &Json) -> Answer {
    call.post(server, body.to_string().as_bytes()).answer()
}

#[test]
fn a_captured_payment_is_not_given_back_by_its_own_signature() {
    let server = server();
    let customer = server.customer(5000);
    let pos = pos();
    let pay = plain(&customer, &pos);
    let captured = pay.sealed();
    let paid = replay(&server, &pay, &captured).success("线下支付成功");
    let answer = replay(&server, &gw_undo(&pos), &as_undo(&captured));
    assert_eq!(answer.failure(10_000, "交易撤销失败"), USED);
    let payment = server.payment(&pos).expect("the payment");
    assert_eq!(payment.state(), PaymentState::Paid);
    // The same bytes get their answer again, and whoever has the key undoes.
    assert_eq!(replay(&server, &pay, &captured).json, paid.json);
    gw_undo(&pos).send(&server).answer().success("交易撤销成功");
    assert_eq!(server.balance(&customer), 5000);
}

#[test]
fn a_captured_payment_is_not_charged_again_under_another_key() {
    let server = Server::start(Setup::default());
    let customer = server.customer(5000);
    let pay = gw_pay(&customer, &Pos::new(), 1000);
    let captured = pay.sealed();
    let paid = replay(&server, &pay, &captured).success("线下支付成功");
    let refused = |server: &Server| {
        let answer = replay(server, &pay, &exchanged(&captured));
        assert_eq!(answer.failure(10_000, "线下支付失败"), USED);
        assert_eq!(server.balance(&customer), 4000);
    };
    refused(&server);
    server.stop();
    server.launch();
    refused(&server);
    assert_eq!(
        replay(&server, &pay, &captured).json,
        paid.json,
        "the stored answer"
    );
    server.stop();
    server.clean().expect("clean");
}

#[test]
fn a_retry_with_a_new_signature_binds_that_one_too() {
    let server = server();
    let customer = server.customer(5000);
    let pay = gw_pay(&customer, &Pos::new(), 1000);
    let first = pay.send(&server).answer().success("线下支付成功");
    let captured = pay.sealed();
    let again = replay(&server, &pay, &captured);
    assert_eq!(again.json, first.json, "the stored answer");
    let answer = replay(&server, &pay, &exchanged(&captured));
    assert_eq!(answer.failure(10_000, "线下支付失败"), USED);
    assert_eq!(server.balance(&customer), 4000);
}

#[test]
fn a_declined_payment_is_not_charged_by_its_own_signature() {
    let server = server();
    let customer = server.customer(500);
    let pos = Pos::new();
    for (case, refused) in [
        ("not enough", gw_pay(&customer, &pos, 1000)),
        ("the key is used", gw_pay(&customer, &pos, 400)),
        (
            "nobody",
            gw_pay(&customer, &pos.next(), 400).with("consumerId", "13900000000"),
        ),
    ] {
        let captured = refused.sealed();
        replay(&server, &refused, &captured).failure(10_000, "线下支付失败");
        server.top_up(&customer.mobile, 1000);
        let answer = replay(&server, &refused, &exchanged(&captured));
        assert_eq!(answer.failure(10_000, "线下支付失败"), USED, "{case}");
    }
    assert_eq!(server.balance(&customer), 3500);
}

#[test]
fn a_captured_undo_closes_no_other_key() {
    let server = server();
    let customer = server.customer(5000);
    let (pos, other) = (Pos::new(), Pos::new());
    let other = Pos {
        batch: pos.serial.clone(),
        serial: pos.batch.clone(),
        ..other
    };
    let undo = gw_undo(&pos);
    let captured = undo.sealed();
    replay(&server, &undo, &captured).failure(10_000, "交易撤销失败");
    let answer = replay(&server, &undo, &exchanged(&captured));
    assert_eq!(answer.failure(10_000, "交易撤销失败"), USED);
    let paid = gw_pay(&customer, &other, 1000).send(&server).answer();
    paid.success("线下支付成功");
}

#[test]
fn an_app_can_be_set_to_leave_its_signatures_free() {
    let server = server();
    let customer = server.customer(5000);
    let pay = gw_pay(&customer, &Pos::new(), 1000).app("unbound");
    let captured = pay.sealed();
    replay(&server, &pay, &captured).success("线下支付成功");
    replay(&server, &pay, &exchanged(&captured)).success("线下支付成功");
    assert_eq!(server.balance(&customer), 3000, "the named limit");
}
