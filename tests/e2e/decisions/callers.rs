//! Decisions 16 and 17: networks and the apps that act for them.

use super::server;
use crate::harness::people::{new_id_number, new_mobile, order_number};
use crate::harness::*;
use map_client::ErrorReason;
use map_client::proto::opening::v1::FindOpeningRequest;

#[test]
fn an_app_of_another_network_is_refused_and_nothing_is_remembered() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    for app in ["elsewhere", "nowhere"] {
        for call in [gw_pay(&customer, &pos, 100), gw_undo(&pos), gw_cancel(&pos, "1")] {
            let answer = call.app(app).send(&server).answer();
            assert!(!answer.succeeded(), "{app}: {}", answer.json);
        }
    }
    assert_eq!(server.payment(&pos), None);
    // The same key, by who may.
    gw_pay(&customer, &pos, 100)
        .send(&server)
        .answer()
        .success("线下支付成功");
    assert_eq!(server.balance(&customer), 900);
}

#[test]
fn a_terminal_of_another_network_is_refused_at_a_networks_listener_and_nothing_is_remembered() {
    let server = server();
    let customer = server.customer(1000);
    let foreign = Pos::of("posp2", "N2SELLER", "N2STORE", "N2POS1");
    for call in [
        front_pay(&customer, &foreign, 100),
        front_undo(&foreign),
        front_cancel(&foreign, "1"),
    ] {
        let answer = call.through(Door::Posp1).send(&server).answer();
        assert!(!answer.succeeded(), "{}", answer.json);
    }
    assert_eq!(server.payment(&foreign), None);
    front_pay(&customer, &foreign, 100)
        .send(&server)
        .answer()
        .success("支付成功");
    assert_eq!(server.balance(&customer), 900);
}

#[test]
fn a_payment_belongs_to_the_network_whichever_of_its_callers_made_it() {
    let server = server();
    let customer = server.customer(1000);
    let undos: [&dyn Fn(&Pos) -> Call; 3] = [&front_undo, &|pos: &Pos| gw_undo(pos), &|pos: &Pos| {
        gw_undo(pos).app("second")
    }];
    for undo in undos {
        for pay in [front_pay, gw_pay] {
            let pos = Pos::new();
            assert!(pay(&customer, &pos, 100).send(&server).answer().succeeded());
            let undone = undo(&pos).send(&server).answer();
            assert!(undone.succeeded(), "{}", undone.json);
            assert_eq!(server.balance(&customer), 1000);
        }
    }
    let cancels: [&dyn Fn(&Pos) -> Call; 2] = [
        &|pos: &Pos| front_cancel(&pos.next(), &pos.serial),
        &|pos: &Pos| gw_cancel(&pos.next(), &pos.serial).app("second"),
    ];
    for cancel in cancels {
        for pay in [front_pay, gw_pay] {
            let pos = Pos::new();
            assert!(pay(&customer, &pos, 100).send(&server).answer().succeeded());
            let cancelled = cancel(&pos).send(&server).answer();
            assert!(cancelled.succeeded(), "{}", cancelled.json);
            assert_eq!(server.balance(&customer), 1000);
        }
    }
}

#[test]
fn a_payment_of_another_network_is_neither_shown_nor_reversed_nor_fenced() {
    let server = server();
    let customer = server.customer(1000);
    let paid = Pos::new();
    front_pay(&customer, &paid, 100)
        .send(&server)
        .answer()
        .success("支付成功");
    let unseen = refused(server.app_sees("elsewhere", &paid));
    assert!(
        matches!(
            unseen,
            ErrorReason::PaymentNotFound | ErrorReason::NetworkNotAllowed
        ),
        "{unseen:?}"
    );
    server
        .app_sees("second", &paid)
        .expect("an app of the network sees it");
    let undo = gw_undo(&paid).app("elsewhere").send(&server).answer();
    undo.failure(10_000, "交易撤销失败");
    assert_eq!(server.balance(&customer), 900);
    // Not fenced: a key that a foreign undo named can still be paid.
    let unused = Pos::new();
    gw_undo(&unused)
        .app("elsewhere")
        .send(&server)
        .answer()
        .failure(10_000, "交易撤销失败");
    front_pay(&customer, &unused, 100)
        .send(&server)
        .answer()
        .success("支付成功");
}

#[test]
fn only_its_own_orders_are_visible_to_an_app() {
    let server = server();
    let mobile = new_mobile();
    let order = order_number();
    let open = Call::sample("gw.oilcard.open_online")
        .with("ID", new_id_number())
        .with("mobileNum", &mobile)
        .with("smsCode", server.sms_code("wallet", &mobile))
        .with("appOrderId", &order);
    open.send(&server).answer().success("用户开卡成功");
    let get = |app: &str| {
        Call::sample("front.oilcard.get")
            .app(app)
            .with("appOrderId", &order)
            .send(&server)
            .answer()
    };
    assert!(get("wallet").succeeded());
    get("second").failure(10_000, "没有查找到对应的分期卡订单");
    let find = |app: &str| {
        let request = FindOpeningRequest {
            idempotency_key: order.clone(),
        };
        wait(server.client(&world::app(app).bearer).find_opening(request))
    };
    assert!(find("wallet").is_ok());
    assert_eq!(refused(find("second")), ErrorReason::OpeningNotFound);
}
