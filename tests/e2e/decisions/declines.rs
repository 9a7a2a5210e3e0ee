//! Decision 20: what is decided stays decided; what was refused before a decision leaves the key free.

use super::server;
use crate::harness::people::{new_id_number, new_mobile, order_number};
use crate::harness::*;
use map_client::proto::operator::v1::UnlockPaymentCodeRequest;
use map_client::proto::payment::v1::PaymentState;

/// The call is declined, the obstacle removed, and the same bytes again are declined again.
#[track_caller]
fn check(
    server: &Server,
    case: &str,
    pos: &Pos,
    call: &Call,
    mobile: &str,
    reason: &str,
    remove: impl FnOnce(),
) {
    let first = call.send(server).answer();
    let prefix = call.endpoint.failure.as_deref().unwrap();
    let said = first.failure(10_000, prefix);
    assert!(said.contains(reason), "{case}: {said}");
    remove();
    let before = server.cash(mobile).available_fen;
    for _ in 0..2 {
        let again = call.send(server).answer();
        assert!(!again.succeeded(), "{case}: a no became a charge: {}", again.json);
        assert_eq!(again.errmsg(), first.errmsg(), "{case}");
    }
    assert_eq!(server.cash(mobile).available_fen, before, "{case}");
    let payment = server.payment(pos).expect(case);
    assert_eq!(payment.state(), PaymentState::Declined, "{case}");
    // Nothing else is in the way: a new key pays.
    let fresh = call.clone().at(&pos.next()).send(server).answer();
    assert!(fresh.succeeded(), "{case}: {}", fresh.json);
}

#[test]
fn declined_for_balance_stays_declined_after_a_top_up() {
    let server = server();
    let customer = server.customer(100);
    let pos = Pos::new();
    let call = front_pay(&customer, &pos, 101);
    check(
        &server,
        "balance",
        &pos,
        &call,
        &customer.mobile,
        "余额不足",
        || server.top_up(&customer.mobile, 1000),
    );
}

#[test]
fn declined_for_a_wrong_payment_code_stays_declined_with_the_right_one() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let wrong = front_pay(&customer, &pos, 100).code("000001", &customer.mobile);
    wrong.send(&server).answer().failure(10_000, "支付失败");
    let right = front_pay(&customer, &pos, 100);
    check(
        &server,
        "payment code",
        &pos,
        &right,
        &customer.mobile,
        "密码",
        || {},
    );
}

#[test]
fn declined_for_a_frozen_account_stays_declined_after_the_freeze() {
    let server = server();
    let customer = server.customer(1000);
    let account = server.cash(&customer.mobile).account_number;
    server.freeze(&account);
    let pos = Pos::new();
    let call = front_pay(&customer, &pos, 100);
    check(&server, "frozen", &pos, &call, &customer.mobile, "冻结", || {
        server.unfreeze(&account)
    });
}

#[test]
fn declined_for_a_locked_payment_code_stays_declined_after_the_unlock() {
    let server = server();
    let customer = server.customer(1000);
    for _ in 0..5 {
        let wrong = front_pay(&customer, &Pos::new(), 100).code("000001", &customer.mobile);
        wrong.send(&server).answer().failure(10_000, "支付失败");
    }
    let pos = Pos::new();
    let call = front_pay(&customer, &pos, 100);
    check(&server, "locked", &pos, &call, &customer.mobile, "锁定", || {
        unlock(&server, &customer)
    });
}

pub fn unlock(server: &Server, customer: &Customer) {
    let request = UnlockPaymentCodeRequest {
        idempotency_key: order_number(),
        mobile_number: customer.mobile.clone(),
        reason: "test".to_owned(),
        ..UnlockPaymentCodeRequest::default()
    };
    wait(server.operator().unlock_payment_code(request)).expect("unlocked");
}

#[test]
fn five_consecutive_wrong_codes_lock_and_a_right_one_resets() {
    let server = server();
    let customer = server.customer(1000);
    let wrong = |pos: &Pos| front_pay(&customer, pos, 1).code("000001", &customer.mobile);
    for _ in 0..4 {
        wrong(&Pos::new())
            .send(&server)
            .answer()
            .failure(10_000, "支付失败");
    }
    front_pay(&customer, &Pos::new(), 1)
        .send(&server)
        .answer()
        .success("支付成功");
    // A repeat under one key is one attempt.
    let pos = Pos::new();
    for _ in 0..6 {
        wrong(&pos).send(&server).answer().failure(10_000, "支付失败");
    }
    front_pay(&customer, &Pos::new(), 1)
        .send(&server)
        .answer()
        .success("支付成功");
    for _ in 0..5 {
        wrong(&Pos::new())
            .send(&server)
            .answer()
            .failure(10_000, "支付失败");
    }
    let locked = front_pay(&customer, &Pos::new(), 1).send(&server).answer();
    assert!(
        locked.failure(10_000, "支付失败").contains("锁定"),
        "{}",
        locked.json
    );
    assert_eq!(server.balance(&customer), 998);
}

#[test]
fn a_balance_query_counts_a_wrong_code_once_for_each_key_and_does_not_occupy_it() {
    let server = server();
    let customer = server.customer(1000);
    let query = |pos: &Pos| {
        Call::sample("front.offline.get_account_info")
            .by(&customer)
            .at(pos)
    };
    let pos = Pos::new();
    for _ in 0..7 {
        let wrong = query(&pos)
            .code("000001", &customer.mobile)
            .send(&server)
            .answer();
        wrong.failure(10_000, "查询余额失败");
    }
    // One attempt, not seven; and the key pays.
    front_pay(&customer, &pos, 100)
        .send(&server)
        .answer()
        .success("支付成功");
    for _ in 0..5 {
        query(&Pos::new())
            .code("000001", &customer.mobile)
            .send(&server)
            .answer()
            .failure(10_000, "查询余额失败");
    }
    let locked = front_pay(&customer, &Pos::new(), 100).send(&server).answer();
    assert!(
        locked.failure(10_000, "支付失败").contains("锁定"),
        "{}",
        locked.json
    );
}

#[test]
fn declined_for_an_unset_payment_code_stays_declined_after_it_is_set() {
    let server = server();
    let customer = Customer {
        mobile: new_mobile(),
        pin: "135790".to_owned(),
    };
    server.top_up(&customer.mobile, 1000);
    let pos = Pos::new();
    let call = front_pay(&customer, &pos, 100);
    check(
        &server,
        "no code",
        &pos,
        &call,
        &customer.mobile,
        "密码",
        || server.set_code(&customer),
    );
}

#[test]
fn declined_for_an_unknown_consumer_stays_declined_when_the_customer_comes() {
    let server = server();
    let customer = Customer {
        mobile: new_mobile(),
        pin: "135790".to_owned(),
    };
    let pos = Pos::new();
    let call = front_pay(&customer, &pos, 100);
    check(&server, "unknown", &pos, &call, &customer.mobile, "", || {
        server.top_up(&customer.mobile, 1000);
        server.set_code(&customer);
    });
}

#[test]
fn declined_for_an_inactive_terminal_stays_declined_when_it_is_active() {
    let server = Server::start(Setup::default());
    let customer = server.customer(1000);
    let pos = Pos::of("posp1", "SH12345", "ST12345", "ZJSLEEPS");
    let call = front_pay(&customer, &pos, 100);
    check(
        &server,
        "inactive terminal",
        &pos,
        &call,
        &customer.mobile,
        "终端",
        || {
            server.provision(|document| document.sellers[0].stores[0].terminals[2].active = true);
            // Until the core has it.
            eventually("the terminal is active", || {
                front_pay(&customer, &pos.next(), 1)
                    .send(&server)
                    .answer()
                    .succeeded()
                    .then_some(())
            });
        },
    );
}

#[test]
fn declined_for_an_inactive_seller_stays_declined_when_it_is_active() {
    let server = Server::start(Setup::default());
    let customer = server.customer(1000);
    let pos = Pos::of("posp1", "SLEEPS", "ST01", "POS1");
    let call = front_pay(&customer, &pos, 100);
    check(
        &server,
        "inactive seller",
        &pos,
        &call,
        &customer.mobile,
        "商户",
        || {
            server.provision(|document| {
                document
                    .sellers
                    .iter_mut()
                    .filter(|seller| seller.seller_id == "SLEEPS")
                    .for_each(|seller| seller.active = true);
            });
            eventually("the seller is active", || {
                front_pay(&customer, &pos.next(), 1)
                    .send(&server)
                    .answer()
                    .succeeded()
                    .then_some(())
            });
        },
    );
}

#[test]
fn what_was_refused_before_a_decision_does_not_use_the_key_up() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let good = gw_pay(&customer, &pos, 100);
    let mut forged = good.sealed();
    forged.set("order.sum", 1);
    let mut unknown = good.sealed();
    unknown.set("app.appId", "nobody");
    for (case, body) in [
        ("signature", forged.to_string()),
        ("unknown app", unknown.to_string()),
        ("format", good.clone().with("sum", 0).text()),
        ("an inactive app", good.clone().app("sleeps").text()),
        (
            "an unreadable payment code",
            good.clone().with("paymentCodeDES", "0000000000000000").text(),
        ),
        ("no JSON", format!("{}x", good.text())),
    ] {
        let answer = good.post(&server, body.as_bytes()).answer();
        assert!(!answer.succeeded(), "{case}: {}", answer.json);
        assert_eq!(server.payment(&pos), None, "{case}");
    }
    good.send(&server).answer().success("线下支付成功");
    assert_eq!(server.balance(&customer), 900);
}

#[test]
fn a_wrong_sms_code_does_not_use_the_opening_key_up() {
    let server = server();
    let mobile = new_mobile();
    let code = server.sms_code("wallet", &mobile);
    let wrong = if code == "0000" { "0001" } else { "0000" };
    let call = Call::sample("gw.oilcard.open_online")
        .with("ID", new_id_number())
        .with("mobileNum", &mobile);
    let call = call.with("appOrderId", order_number());
    call.clone()
        .with("smsCode", wrong)
        .send(&server)
        .answer()
        .failure(10_000, "用户开卡失败");
    call.with("smsCode", code)
        .send(&server)
        .answer()
        .success("用户开卡成功");
}
