//! Decisions 19 and 21: the replay window and the reversal window, here of a second and a half.

use crate::harness::people::order_number;
use crate::harness::*;
use map_client::proto::operator::v1::ReversePaymentRequest;
use map_client::proto::payment::v1::PaymentState;

const WINDOWS: Setup = Setup {
    rules: "replay_window_ms = 1500\nreversal_window_ms = 1500\n",
    mode: Mode::Together,
    gateway: "",
    listener: "",
    tables: "",
    log: "info",
    data_dir: None,
    certificates: None,
};

/// Pays, then waits until a later payment's repeat is refused: then the windows of the first have passed.
fn pay_and_let_the_windows_pass(server: &Server, customer: &Customer, payments: &[&Pos]) -> String {
    for pos in payments {
        front_pay(customer, pos, 100)
            .send(server)
            .answer()
            .success("支付成功");
    }
    let last = front_pay(customer, &Pos::new(), 1);
    last.send(server).answer().success("支付成功");
    eventually("the replay window has passed", || {
        let answer = last.send(server).answer();
        (!answer.succeeded()).then(|| answer.failure(10_000, "支付失败"))
    })
}

#[test]
fn a_repeat_after_the_replay_window_is_refused_and_told_to_the_operator() {
    let server = Server::start(WINDOWS);
    let customer = server.customer(1000);
    let pos = Pos::new();
    let before = server.events("").len();
    let reason = pay_and_let_the_windows_pass(&server, &customer, &[&pos]);
    assert!(!reason.contains("冲正") && !reason.contains("撤销"), "{reason}");
    let answer = front_pay(&customer, &pos, 100).send(&server).answer();
    answer.failure(10_000, "支付失败");
    let events = eventually("an event", || {
        let events = server.events("");
        (events.len() > before).then_some(events)
    });
    assert!(events.iter().any(|kind| kind.contains("REPLAY")), "{events:?}");
    assert_eq!(server.balance(&customer), 899, "money moved once");
    assert_eq!(
        server.payment(&pos).expect("the payment").state(),
        PaymentState::Paid
    );
}

#[test]
fn undo_and_cancel_after_the_reversal_window_are_refused_and_told_but_an_operator_reverses() {
    let server = Server::start(WINDOWS);
    let customer = server.customer(1000);
    let (one, other) = (Pos::new(), Pos::new());
    pay_and_let_the_windows_pass(&server, &customer, &[&one, &other]);
    let before = server.events("").len();
    front_undo(&one)
        .send(&server)
        .answer()
        .failure(10_000, "消费冲正失败");
    gw_undo(&one)
        .send(&server)
        .answer()
        .failure(10_000, "交易撤销失败");
    eventually("an event for the undo", || {
        (server.events("").len() > before).then_some(())
    });
    let before = server.events("").len();
    front_cancel(&other.next(), &other.serial)
        .send(&server)
        .answer()
        .failure(10_000, "交易撤销失败");
    eventually("an event for the cancel", || {
        (server.events("").len() > before).then_some(())
    });
    assert_eq!(server.balance(&customer), 799);
    let payment = server.payment(&one).expect("the payment");
    assert_eq!(payment.state(), PaymentState::Paid);
    let request = ReversePaymentRequest {
        idempotency_key: order_number(),
        order_number: payment.order_number,
        reason: "paid in cash".to_owned(),
        key: None,
    };
    for _ in 0..2 {
        wait(server.operator().operator_reverse_payment(request.clone())).expect("reversed");
    }
    assert_eq!(server.balance(&customer), 899);
}

#[test]
fn an_undo_within_the_window_repeats_its_answer() {
    let server = Server::start(WINDOWS);
    let customer = server.customer(1000);
    let pos = Pos::new();
    front_pay(&customer, &pos, 100)
        .send(&server)
        .answer()
        .success("支付成功");
    let first = front_undo(&pos).send(&server).answer().success("消费冲正成功");
    assert_eq!(front_undo(&pos).send(&server).answer().json, first.json);
    assert_eq!(server.balance(&customer), 1000);
}
