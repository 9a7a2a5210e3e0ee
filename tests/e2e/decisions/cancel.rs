//! Decision 22: which payment a cancel means, and that it excludes an undo.

use super::server;
use crate::harness::*;
use map_client::proto::payment::v1::PaymentState;

fn paid(server: &Server, customer: &Customer, pos: &Pos) -> String {
    let answer = front_pay(customer, pos, 100)
        .send(server)
        .answer()
        .success("支付成功");
    answer.json.text("order.orderId").to_owned()
}

#[test]
fn the_original_is_found_by_its_serial_in_the_same_batch() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let number = paid(&server, &customer, &pos);
    let cancelled = gw_cancel(&pos.next(), &pos.serial)
        .send(&server)
        .answer()
        .success("交易撤销成功");
    assert_ne!(
        cancelled.json.text("order.orderId"),
        number,
        "the number of the new entry"
    );
    assert_eq!(cancelled.json.int("order.sum"), 100, "in full");
    assert_eq!(server.balance(&customer), 1000);
    assert_eq!(
        server.payment(&pos).expect("the payment").state(),
        PaymentState::Cancelled
    );
}

#[test]
fn the_original_is_found_by_the_platforms_number_where_no_serial_has_it() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let number = paid(&server, &customer, &pos);
    front_cancel(&pos.next(), &number)
        .send(&server)
        .answer()
        .success("交易撤销成功");
    assert_eq!(server.balance(&customer), 1000);
}

#[test]
fn a_serial_goes_before_the_platforms_number() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let number = paid(&server, &customer, &pos);
    // A terminal that uses the number as a serial.
    let serial = Pos {
        serial: number.clone(),
        ..pos.clone()
    };
    paid(&server, &customer, &serial);
    front_cancel(&pos.next(), &number)
        .send(&server)
        .answer()
        .success("交易撤销成功");
    assert_eq!(
        server.payment(&serial).expect("it").state(),
        PaymentState::Cancelled
    );
    assert_eq!(
        server.payment(&pos).expect("the other").state(),
        PaymentState::Paid
    );
}

#[test]
fn a_payment_is_never_looked_up_in_another_batch_or_at_another_terminal() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let number = paid(&server, &customer, &pos);
    let elsewhere = Pos {
        terminal: "ZJ000002".to_owned(),
        ..pos.next()
    };
    for (case, key, original) in [
        (
            "another batch",
            Pos {
                batch: "20270101".to_owned(),
                ..pos.next()
            },
            &pos.serial,
        ),
        (
            "another batch by number",
            Pos {
                batch: "20270102".to_owned(),
                ..pos.next()
            },
            &number,
        ),
        ("another terminal", elsewhere.clone(), &pos.serial),
        ("another terminal by number", elsewhere.next(), &number),
        (
            "another seller by number",
            Pos::of("posp1", "GM01", "ST01", "POS12345"),
            &number,
        ),
    ] {
        for cancel in [front_cancel, gw_cancel] {
            let answer = cancel(&key, original).send(&server).answer();
            answer.failure(10_000, "交易撤销失败");
            assert_eq!(server.balance(&customer), 900, "{case}");
        }
    }
    front_cancel(&pos.next(), &pos.serial)
        .send(&server)
        .answer()
        .success("交易撤销成功");
}

#[test]
fn a_payment_is_cancelled_once() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let number = paid(&server, &customer, &pos);
    front_cancel(&pos.next(), &pos.serial)
        .send(&server)
        .answer()
        .success("交易撤销成功");
    for original in [&pos.serial, &number] {
        front_cancel(&pos.next(), original)
            .send(&server)
            .answer()
            .failure(10_000, "交易撤销失败");
    }
    assert_eq!(server.balance(&customer), 1000);
}

#[test]
fn a_cancelled_payment_is_not_reversed_and_a_reversed_one_not_cancelled() {
    let server = server();
    let customer = server.customer(1000);
    let (cancelled, reversed) = (Pos::new(), Pos::new());
    for pos in [&cancelled, &reversed] {
        paid(&server, &customer, pos);
    }
    front_cancel(&cancelled.next(), &cancelled.serial)
        .send(&server)
        .answer()
        .success("交易撤销成功");
    front_undo(&reversed)
        .send(&server)
        .answer()
        .success("消费冲正成功");
    for _ in 0..2 {
        front_undo(&cancelled)
            .send(&server)
            .answer()
            .failure(10_000, "消费冲正失败");
        gw_undo(&cancelled)
            .send(&server)
            .answer()
            .failure(10_000, "交易撤销失败");
        front_cancel(&reversed.next(), &reversed.serial)
            .send(&server)
            .answer()
            .failure(10_000, "交易撤销失败");
    }
    assert_eq!(server.balance(&customer), 1000);
}

#[test]
fn cancel_and_undo_at_once_give_the_money_back_once() {
    let server = server();
    let customer = server.customer(1000);
    for round in 0..12 {
        let pos = Pos::new();
        paid(&server, &customer, &pos);
        let (undo, cancel) = (front_undo(&pos), front_cancel(&pos.next(), &pos.serial));
        let (undone, cancelled) = std::thread::scope(|scope| {
            let undoing = scope.spawn(|| undo.send(&server).answer());
            let cancelling = scope.spawn(|| cancel.send(&server).answer());
            (undoing.join().unwrap(), cancelling.join().unwrap())
        });
        assert!(
            undone.succeeded() != cancelled.succeeded(),
            "round {round}: {} {}",
            undone.json,
            cancelled.json
        );
        assert_eq!(server.balance(&customer), 1000, "round {round}");
    }
}

#[test]
fn a_declined_or_closed_payment_is_not_cancelled() {
    let server = server();
    let customer = server.customer(100);
    let (declined, closed) = (Pos::new(), Pos::new());
    front_pay(&customer, &declined, 101)
        .send(&server)
        .answer()
        .failure(10_000, "支付失败");
    front_undo(&closed)
        .send(&server)
        .answer()
        .failure(10_000, "消费冲正失败");
    for pos in [&declined, &closed] {
        front_cancel(&pos.next(), &pos.serial)
            .send(&server)
            .answer()
            .failure(10_000, "交易撤销失败");
    }
    assert_eq!(server.balance(&customer), 100);
}

#[test]
fn a_cancel_that_found_nothing_stays_refused_when_the_payment_comes() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let cancel = front_cancel(&pos.next(), &pos.serial);
    let first = cancel.send(&server).answer();
    first.failure(10_000, "交易撤销失败");
    paid(&server, &customer, &pos);
    let again = cancel.send(&server).answer();
    assert_eq!(again.errmsg(), first.errmsg());
    assert_eq!(server.balance(&customer), 900);
    front_cancel(&pos.next(), &pos.serial)
        .send(&server)
        .answer()
        .success("交易撤销成功");
}

#[test]
fn gw_and_front_keep_their_documented_texts() {
    let server = server();
    let customer = server.customer(1000);
    let (one, other) = (Pos::new(), Pos::new());
    for pos in [&one, &other] {
        paid(&server, &customer, pos);
    }
    gw_undo(&one).send(&server).answer().success("交易撤销成功");
    gw_undo(&Pos::new())
        .send(&server)
        .answer()
        .failure(10_000, "交易撤销失败");
    front_undo(&other).send(&server).answer().success("消费冲正成功");
    front_undo(&Pos::new())
        .send(&server)
        .answer()
        .failure(10_000, "消费冲正失败");
}
