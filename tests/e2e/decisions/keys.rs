//! Decision 19: one effect for each key.

use super::server;
use crate::harness::people::{new_id_number, new_mobile, order_number};
use crate::harness::*;
use map_client::proto::operator::v1::RaiseTerminalGenerationRequest;

#[test]
fn the_same_key_and_content_gets_the_same_stored_answer_and_money_moves_once() {
    let server = server();
    let customer = server.customer(10_000);
    let call = gw_pay(&customer, &Pos::new(), 1000);
    let first = call.send(&server).answer().success("线下支付成功");
    // Another payment in between: the stored answer tells the balance of then.
    gw_pay(&customer, &Pos::new(), 1000)
        .send(&server)
        .answer()
        .success("线下支付成功");
    for _ in 0..3 {
        // Signed anew, with another nonce.
        let again = call.send(&server).answer();
        assert_eq!(again.json, first.json);
    }
    assert_eq!(first.json.int("account.balance"), 9000);
    assert_eq!(server.balance(&customer), 8000);
}

#[test]
fn the_same_key_and_other_content_is_refused_and_nothing_moves() {
    let server = server();
    let (customer, other) = (server.customer(10_000), server.customer(10_000));
    let pos = Pos::new();
    let call = gw_pay(&customer, &pos, 1000).with("remark", "first");
    let first = call.send(&server).answer().success("线下支付成功");
    for (case, changed) in [
        ("another amount", call.clone().with("sum", 1001)),
        ("another product", call.clone().with("productName", "国V 92#汽油")),
        ("no product", call.clone().without("productName")),
        ("another price", call.clone().with("productPrice", 501)),
        ("another quantity", call.clone().with("productQuantity", "1.550")),
        (
            "another appOrderId",
            call.clone().with("appOrderId", order_number()),
        ),
        ("no appOrderId", call.clone().without("appOrderId")),
    ] {
        let answer = changed.send(&server).answer();
        assert!(
            answer.failure(10_000, "线下支付失败").contains("重复"),
            "{case}: {}",
            answer.json
        );
    }
    // One number for two mobile numbers pays once.
    let answer = call.clone().by(&other).send(&server).answer();
    answer.failure(10_000, "线下支付失败");
    assert_eq!(
        (server.balance(&customer), server.balance(&other)),
        (9000, 10_000)
    );
    assert_eq!(
        call.send(&server).answer().json,
        first.json,
        "the key is what it was"
    );
}

#[test]
fn clerk_remark_and_payment_code_are_not_content() {
    let server = server();
    let customer = server.customer(10_000);
    let call = gw_pay(&customer, &Pos::new(), 1000).with("remark", "first");
    let first = call.send(&server).answer().success("线下支付成功");
    let id = first.json.text("order.orderId").to_owned();
    for (case, changed) in [
        ("another clerk", call.clone().with("operatorId", "lisi")),
        ("another remark", call.clone().with("remark", "second")),
        ("no remark", call.clone().without("remark")),
        (
            "a wrong payment code",
            call.clone().code("000000", &customer.mobile),
        ),
        ("another app of the network", call.clone().app("second")),
    ] {
        let again = changed.send(&server).answer();
        assert!(again.succeeded(), "{case}: {}", again.json);
        assert_eq!(again.json.text("order.orderId"), id, "{case}");
    }
    assert_eq!(server.balance(&customer), 9000);
}

#[test]
fn front_and_gw_share_the_pos_key() {
    let server = server();
    let customer = server.customer(10_000);
    let pos = Pos::new();
    let first = front_pay(&customer, &pos, 1000)
        .send(&server)
        .answer()
        .success("支付成功");
    let again = gw_pay(&customer, &pos, 1000)
        .without("appOrderId")
        .send(&server)
        .answer()
        .success("线下支付成功");
    assert_eq!(again.json.at("order.orderId"), first.json.at("order.orderId"));
    assert_eq!(server.balance(&customer), 9000);
}

#[test]
fn each_part_of_the_pos_key_counts() {
    let server = server();
    let customer = server.customer(10_000);
    let pos = Pos::new();
    let mut ids = Vec::new();
    for key in [
        pos.clone(),
        Pos {
            batch: "20261122".to_owned(),
            ..pos.clone()
        },
        Pos {
            terminal: "ZJ000002".to_owned(),
            ..pos.clone()
        },
        Pos {
            serial: format!("0{}", pos.serial),
            ..pos.clone()
        },
        Pos {
            serial: pos.serial.clone(),
            batch: pos.batch.clone(),
            ..Pos::of("posp1", "GM01", "ST01", "POS12345")
        },
    ] {
        let paid = front_pay(&customer, &key, 1000)
            .send(&server)
            .answer()
            .success("支付成功");
        ids.push(paid.json.text("order.orderId").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), server.balance(&customer)), (5, 5000));
    // Parts are not just joined: "AB"+"C" is not "A"+"BC".
    let joined = Pos {
        batch: format!("{}1", pos.batch),
        serial: pos.serial[1..].to_owned(),
        ..pos.clone()
    };
    front_pay(&customer, &joined, 1000)
        .send(&server)
        .answer()
        .success("支付成功");
    assert_eq!(server.balance(&customer), 4000);
}

#[test]
fn pay_and_cancel_are_separate_slots_of_one_key() {
    let server = server();
    let customer = server.customer(10_000);
    let pos = Pos::new();
    front_pay(&customer, &pos, 1000)
        .send(&server)
        .answer()
        .success("支付成功");
    // The samples give a cancel its original's serial.
    front_cancel(&pos, &pos.serial)
        .send(&server)
        .answer()
        .success("交易撤销成功");
    assert_eq!(server.balance(&customer), 10_000);
}

#[test]
fn a_repeat_of_a_reversed_or_cancelled_payment_is_refused_with_that_reason() {
    let server = server();
    let customer = server.customer(10_000);
    for (pay, prefix) in [
        (front_pay as fn(&Customer, &Pos, i64) -> Call, "支付失败"),
        (gw_pay, "线下支付失败"),
    ] {
        let (reversed, cancelled) = (Pos::new(), Pos::new());
        let (first, second) = (pay(&customer, &reversed, 100), pay(&customer, &cancelled, 100));
        for call in [&first, &second] {
            assert!(call.send(&server).answer().succeeded());
        }
        front_undo(&reversed)
            .send(&server)
            .answer()
            .success("消费冲正成功");
        front_cancel(&cancelled.next(), &cancelled.serial)
            .send(&server)
            .answer()
            .success("交易撤销成功");
        for _ in 0..2 {
            assert_eq!(first.send(&server).answer().failure(10_000, prefix), "交易已冲正");
            assert_eq!(
                second.send(&server).answer().failure(10_000, prefix),
                "交易已撤销"
            );
        }
        assert_eq!(server.balance(&customer), 10_000);
    }
}

#[test]
fn a_repeat_of_a_cancel_gets_the_same_answer_and_other_content_is_refused() {
    let server = server();
    let customer = server.customer(10_000);
    let (pos, other) = (Pos::new(), Pos::new());
    for pos in [&pos, &other] {
        front_pay(&customer, pos, 1000)
            .send(&server)
            .answer()
            .success("支付成功");
    }
    let key = pos.next();
    let cancel = gw_cancel(&key, &pos.serial);
    let first = cancel.send(&server).answer().success("交易撤销成功");
    assert_eq!(cancel.send(&server).answer().json, first.json);
    let reused = gw_cancel(&key, &other.serial).send(&server).answer();
    assert!(
        reused.failure(10_000, "交易撤销失败").contains("重复"),
        "{}",
        reused.json
    );
    assert_eq!(server.balance(&customer), 9000);
}

#[test]
fn an_operator_raises_a_terminals_generation_and_its_serials_start_again() {
    let server = server();
    let customer = server.customer(10_000);
    let pos = Pos::of("posp1", "RAISED", "ST01", "POS1");
    let call = front_pay(&customer, &pos, 1000);
    let first = call.send(&server).answer().success("支付成功");
    let raise = RaiseTerminalGenerationRequest {
        idempotency_key: order_number(),
        seller_id: pos.seller.clone(),
        terminal_id: pos.terminal.clone(),
        reason: "replaced".to_owned(),
    };
    let raised = wait(server.operator().raise_terminal_generation(raise.clone())).expect("raised");
    // The same request again raises it once.
    let again = wait(server.operator().raise_terminal_generation(raise)).expect("raised");
    assert_eq!(raised.generation, again.generation);
    let second = call.send(&server).answer().success("支付成功");
    assert_ne!(first.json.at("order.orderId"), second.json.at("order.orderId"));
    assert_eq!(server.balance(&customer), 8000);
    assert_eq!(
        call.send(&server).answer().json.at("order"),
        second.json.at("order")
    );
    assert_eq!(server.balance(&customer), 8000);
}

fn open(server: &Server, mobile: &str, order: &str) -> Call {
    Call::sample("gw.oilcard.open_online")
        .with("ID", new_id_number())
        .with("mobileNum", mobile)
        .with("smsCode", server.sms_code("wallet", mobile))
        .with("appOrderId", order)
}

#[test]
fn an_opening_repeats_its_answer_although_its_sms_code_is_burnt() {
    let server = server();
    let (mobile, order) = (new_mobile(), order_number());
    let call = open(&server, &mobile, &order);
    let first = call.send(&server).answer().success("用户开卡成功");
    for smscode in [call.body.text("order.smsCode").to_owned(), "0000".to_owned()] {
        let again = call.clone().with("smsCode", smscode).send(&server).answer();
        assert_eq!(again.json, first.json, "smsCode is not content");
    }
    let other = call.clone().with("productId", "1010").send(&server).answer();
    assert!(
        other.failure(10_000, "用户开卡失败").contains("重复"),
        "{}",
        other.json
    );
    let cards = server.accounts(&mobile).len();
    assert_eq!(cards, 2, "one card and the cash account");
    // No other key may present the code.
    call.with("appOrderId", order_number())
        .send(&server)
        .answer()
        .failure(10_000, "用户开卡失败");
}

#[test]
fn an_order_number_is_unique_for_caller_and_operation_only() {
    let server = server();
    let (mobile, order) = (new_mobile(), order_number());
    open(&server, &mobile, &order)
        .send(&server)
        .answer()
        .success("用户开卡成功");
    // The same number of another app.
    let other = new_mobile();
    let call = open(&server, &other, &order)
        .app("second")
        .with("smsCode", server.sms_code("second", &new_mobile()));
    call.send(&server).answer().failure(10_000, "用户开卡失败");
    let third = new_mobile();
    let call = open(&server, &third, &order).app("second");
    // The code of `wallet` is none of `second`.
    call.send(&server).answer().failure(10_000, "用户开卡失败");
    let fourth = new_mobile();
    let call = Call::sample("gw.oilcard.open_online")
        .app("second")
        .with("ID", new_id_number())
        .with("mobileNum", &fourth);
    let call = call
        .with("smsCode", server.sms_code("second", &fourth))
        .with("appOrderId", &order);
    call.send(&server).answer().success("用户开卡成功");
    // The same number for another operation.
    let owner = new_mobile();
    let card = server.open_card(&owner, "1099");
    let transfer = Call::sample("gw.oilcard.transfer_to_cashAccount")
        .with("mobileNum", &owner)
        .with("accountId", &card)
        .with("sum", 100)
        .with("appOrderId", &order)
        .without("accountCode")
        .without("paymentCodeMD5");
    let first = transfer
        .send(&server)
        .answer()
        .success("从分期卡账户转账到现金账户成功");
    assert_eq!(transfer.send(&server).answer().json, first.json);
    let reused = transfer.with("sum", 101).send(&server).answer();
    assert!(
        reused
            .failure(4340, "从分期卡账户转账到现金账户失败")
            .contains("重复"),
        "{}",
        reused.json
    );
    assert_eq!(server.cash(&owner).available_fen, 100);
}

#[test]
fn many_clients_with_one_key_move_money_once() {
    let server = server();
    let customer = server.customer(10_000);
    let call = front_pay(&customer, &Pos::new(), 1000);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let sends: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| call.send(&server).answer()))
            .collect();
        sends.into_iter().map(|send| send.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!(answer.json, answers[0].json);
    }
    assert_eq!(server.balance(&customer), 9000);
}
