//! Decision 21: an undo is final whenever it arrives.

use super::server;
use crate::harness::*;
use map_client::proto::payment::v1::PaymentState;

/// What an undo says that found no payment.
const CLOSED: &str = "原交易不存在或未成功，已登记不再扣款";

type Pay = fn(&Customer, &Pos, i64) -> Call;
type Undo = fn(&Pos) -> Call;

/// Both ways to pay and to undo, with their texts.
const WAYS: [(Pay, Undo, &str, &str); 2] = [
    (front_pay, front_undo, "消费冲正", "支付失败"),
    (gw_pay, gw_undo, "交易撤销", "线下支付失败"),
];

#[test]
fn an_undo_after_the_payment_restores_the_money_once_and_repeats_its_answer() {
    let server = server();
    for (pay, undo, text, _) in WAYS {
        let customer = server.customer(1000);
        let pos = Pos::new();
        let call = pay(&customer, &pos, 100);
        let paid = call.send(&server).answer();
        assert!(paid.succeeded());
        let undo = undo(&pos);
        let first = undo.send(&server).answer().success(&format!("{text}成功"));
        assert_ne!(
            first.json.at("order.orderId"),
            paid.json.at("order.orderId"),
            "the number of the new entry"
        );
        assert_eq!(first.json.text("order.status"), "支付失败，冲正成功");
        for _ in 0..3 {
            let again = undo.send(&server).answer();
            assert_eq!(again.json.at("order"), first.json.at("order"));
            assert_eq!(again.errmsg(), first.errmsg());
        }
        assert_eq!(server.balance(&customer), 1000);
        let payment = server.payment(&pos).expect("the payment");
        assert_eq!(payment.state(), PaymentState::Reversed);
        assert_eq!(
            payment.life.iter().map(|step| step.state()).collect::<Vec<_>>(),
            [PaymentState::Paid, PaymentState::Reversed]
        );
    }
}

#[test]
fn an_undo_before_the_payment_closes_the_key_and_the_late_payment_is_refused() {
    let server = server();
    for (pay, undo, text, prefix) in WAYS {
        let customer = server.customer(1000);
        let pos = Pos::new();
        for _ in 0..2 {
            let answer = undo(&pos).send(&server).answer();
            assert_eq!(answer.failure(10_000, &format!("{text}失败")), CLOSED);
        }
        for _ in 0..2 {
            let late = pay(&customer, &pos, 100).send(&server).answer();
            late.failure(10_000, prefix);
        }
        assert_eq!(
            undo(&pos)
                .send(&server)
                .answer()
                .failure(10_000, &format!("{text}失败")),
            CLOSED
        );
        assert_eq!(server.balance(&customer), 1000);
        assert_eq!(
            server.payment(&pos).expect("remembered").state(),
            PaymentState::Closed
        );
    }
}

#[test]
fn an_undo_before_the_payment_closes_it_for_every_way_to_pay() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    front_undo(&pos)
        .send(&server)
        .answer()
        .failure(10_000, "消费冲正失败");
    gw_pay(&customer, &pos, 100)
        .send(&server)
        .answer()
        .failure(10_000, "线下支付失败");
    gw_pay(&customer, &pos, 101)
        .app("second")
        .send(&server)
        .answer()
        .failure(10_000, "线下支付失败");
    assert_eq!(server.balance(&customer), 1000);
}

#[test]
fn an_undo_before_the_payment_fences_the_cancel_slot_too() {
    let server = server();
    let customer = server.customer(1000);
    let (paid, fenced) = (Pos::new(), Pos::new());
    front_pay(&customer, &paid, 100)
        .send(&server)
        .answer()
        .success("支付成功");
    front_undo(&fenced)
        .send(&server)
        .answer()
        .failure(10_000, "消费冲正失败");
    front_cancel(&fenced, &paid.serial)
        .send(&server)
        .answer()
        .failure(10_000, "交易撤销失败");
    assert_eq!(server.balance(&customer), 900);
}

#[test]
fn an_undo_of_an_unknown_payment_is_a_success_where_it_is_set_so() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    for _ in 0..2 {
        let answer = gw_undo(&pos).app("undosays").send(&server).answer();
        assert_eq!(
            (answer.errcode(), answer.errmsg()),
            (0, "交易撤销成功"),
            "{}",
            answer.json
        );
    }
    gw_pay(&customer, &pos, 100)
        .send(&server)
        .answer()
        .failure(10_000, "线下支付失败");
    assert_eq!(server.balance(&customer), 1000);
}

#[test]
fn an_undo_of_a_declined_payment_is_as_of_an_unknown_one() {
    let server = server();
    let customer = server.customer(100);
    let pos = Pos::new();
    let call = front_pay(&customer, &pos, 101);
    call.send(&server).answer().failure(10_000, "支付失败");
    for _ in 0..2 {
        assert_eq!(
            front_undo(&pos)
                .send(&server)
                .answer()
                .failure(10_000, "消费冲正失败"),
            CLOSED
        );
    }
    server.top_up(&customer.mobile, 1000);
    call.send(&server).answer().failure(10_000, "支付失败");
    assert_eq!(server.balance(&customer), 1100);
    // Also where nobody has the number: the decline is in the claim itself.
    let nobody = Customer {
        mobile: people::new_mobile(),
        pin: "111111".to_owned(),
    };
    let pos = Pos::new();
    front_pay(&nobody, &pos, 1)
        .send(&server)
        .answer()
        .failure(10_000, "支付失败");
    assert_eq!(
        front_undo(&pos)
            .send(&server)
            .answer()
            .failure(10_000, "消费冲正失败"),
        CLOSED
    );
}

#[test]
fn during_the_payment_exactly_one_of_the_two_outcomes_holds() {
    let server = server();
    let customer = server.customer(100_000);
    for round in 0..24 {
        let pos = Pos::new();
        let (pay, undo) = (front_pay(&customer, &pos, 100), front_undo(&pos));
        let (paid, undone) = std::thread::scope(|scope| {
            let paying = scope.spawn(|| pay.send(&server).answer());
            let undoing = scope.spawn(|| {
                // Each round a little later, so that it comes before, during and after.
                for _ in 0..round * 300 {
                    std::hint::spin_loop();
                }
                undo.send(&server).answer()
            });
            (paying.join().unwrap(), undoing.join().unwrap())
        });
        if undone.succeeded() {
            // The payment was there. Its answer may have been overtaken by the undo.
            assert!(
                paid.succeeded() || paid.errmsg().contains("交易已冲正"),
                "round {round}: {}",
                paid.json
            );
        } else {
            assert_eq!(undone.failure(10_000, "消费冲正失败"), CLOSED);
            assert!(
                !paid.succeeded(),
                "round {round}: closed and yet paid: {}",
                paid.json
            );
        }
        // Either way the undo is final, and said so again.
        assert_eq!(undo.send(&server).answer().errmsg(), undone.errmsg());
        assert!(!pay.send(&server).answer().succeeded());
    }
    assert_eq!(server.balance(&customer), 100_000);
}

#[test]
fn an_undo_of_a_key_that_holds_only_a_cancel_is_refused_and_told_to_the_operator() {
    let server = Server::start(Setup::default());
    let customer = server.customer(1000);
    let (paid, cancel) = (Pos::new(), Pos::new());
    front_pay(&customer, &paid, 100)
        .send(&server)
        .answer()
        .success("支付成功");
    front_cancel(&cancel, &paid.serial)
        .send(&server)
        .answer()
        .success("交易撤销成功");
    let before = server.events("").len();
    let reason = front_undo(&cancel)
        .send(&server)
        .answer()
        .failure(10_000, "消费冲正失败");
    assert_ne!(reason, CLOSED, "its own reason");
    eventually("an event", || (server.events("").len() > before).then_some(()));
    assert_eq!(server.balance(&customer), 1000);
    assert_eq!(
        server.payment(&paid).expect("the payment").state(),
        PaymentState::Cancelled
    );
}

#[test]
fn money_comes_back_to_the_account_that_paid_frozen_as_it_may_be() {
    let server = server();
    let customer = server.customer(1000);
    let account = server.cash(&customer.mobile).account_number;
    let (undone, cancelled) = (Pos::new(), Pos::new());
    for pos in [&undone, &cancelled] {
        front_pay(&customer, pos, 100)
            .send(&server)
            .answer()
            .success("支付成功");
    }
    server.freeze(&account);
    let answer = gw_undo(&undone).send(&server).answer().success("交易撤销成功");
    assert_eq!(answer.json.text("card.status"), "冻结");
    gw_cancel(&cancelled.next(), &cancelled.serial)
        .send(&server)
        .answer()
        .success("交易撤销成功");
    server.unfreeze(&account);
    assert_eq!(server.balance(&customer), 1000);
}
