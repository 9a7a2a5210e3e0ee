//! Decision 17: undo and cancel ask less. Nothing that may stop a payment stops the money's way back.

use super::declines::unlock;
use crate::harness::*;
use map_client::proto::provisioning::v1::{Caller, Document, Role};
use std::sync::{Arc, Mutex};

/// One server for this file: its tests change the world, each its own part.
fn server() -> Arc<Server> {
    static SERVER: Shared<Server> = Shared::new();
    SERVER.get(|| Server::start(Setup::default()))
}

/// Two payments are made, the world changes until a payment is refused, then the money comes back.
#[track_caller]
fn check(
    case: &str,
    pos: &Pos,
    pay: &dyn Fn(&Customer, &Pos) -> Call,
    back: [&dyn Fn(&Pos) -> Call; 2],
    change: impl FnOnce(&mut Document),
) {
    let server = server();
    let customer = server.customer(100_000);
    let (one, other) = (pos.next(), pos.next());
    for pos in [&one, &other] {
        let paid = pay(&customer, pos).send(&server).answer();
        assert!(paid.succeeded(), "{case}: {}", paid.json);
    }
    apply(&server, change);
    eventually(&format!("{case}: payments are refused"), || {
        (!pay(&customer, &pos.next()).send(&server).answer().succeeded()).then_some(())
    });
    let before = server.balance(&customer);
    let undone = back[0](&one).send(&server).answer();
    assert!(undone.succeeded(), "{case}: undo: {}", undone.json);
    let cancelled = back[1](&other).send(&server).answer();
    assert!(cancelled.succeeded(), "{case}: cancel: {}", cancelled.json);
    assert_eq!(server.balance(&customer), before + 200, "{case}");
}

/// Changes the world and waits until the gateway knows it: with the change comes another setting of the app
/// `detailed`, which its failures show.
fn apply(server: &Server, change: impl FnOnce(&mut Document)) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = server::lock(&TURN);
    let mut detailed = false;
    server.provision(|document| {
        change(document);
        let edge = &mut caller(document, Role::App, "detailed").edge_settings_json;
        detailed = !edge.contains(r#""detailed""#);
        let (from, to) = if detailed {
            ("plain", "detailed")
        } else {
            ("detailed", "plain")
        };
        *edge = edge.replace(&format!("\"{from}\""), &format!("\"{to}\""));
    });
    let nowhere = Pos::of("posp1", "NOBODY", "ST01", "POS1");
    let nobody = Customer {
        mobile: people::new_mobile(),
        pin: "111111".to_owned(),
    };
    eventually("the gateway knows the change", || {
        let answer = gw_pay(&nobody, &nowhere, 1).app("detailed").send(server).answer();
        ((answer.errcode() != 10_000) == detailed).then_some(())
    });
}

fn caller<'a>(document: &'a mut Document, role: Role, id: &str) -> &'a mut Caller {
    let mut callers = document.callers.iter_mut();
    callers
        .find(|caller| caller.role() == role && caller.caller_id == id)
        .unwrap()
}

fn front(customer: &Customer, pos: &Pos) -> Call {
    front_pay(customer, pos, 100)
}

fn cancel(pos: &Pos) -> Call {
    front_cancel(&pos.next(), &pos.serial)
}

#[test]
fn a_deactivated_app_still_undoes_and_cancels() {
    let pay = |customer: &Customer, pos: &Pos| gw_pay(customer, pos, 100).app("leaves");
    let undo = |pos: &Pos| gw_undo(pos).app("leaves");
    let cancel = |pos: &Pos| gw_cancel(&pos.next(), &pos.serial).app("leaves");
    check("app", &Pos::new(), &pay, [&undo, &cancel], |document| {
        caller(document, Role::App, "leaves").active = false
    });
}

#[test]
fn a_deactivated_network_still_undoes_and_cancels() {
    let pos = Pos::of("posp2", "N2SELLER", "N2STORE", "N2POS1");
    check("network", &pos, &front, [&front_undo, &cancel], |document| {
        caller(document, Role::PosNetwork, "posp2").active = false;
    });
}

#[test]
fn at_a_deactivated_seller_money_still_comes_back() {
    let pos = Pos::of("posp1", "LEAVES", "ST01", "POS1");
    check("seller", &pos, &front, [&front_undo, &cancel], |document| {
        document
            .sellers
            .iter_mut()
            .filter(|seller| seller.seller_id == "LEAVES")
            .for_each(|seller| seller.active = false);
    });
}

#[test]
fn at_a_deactivated_terminal_money_still_comes_back() {
    let pos = Pos::of("posp1", "SH01", "ST01", "POS01");
    check("terminal", &pos, &front, [&front_undo, &cancel], |document| {
        let sellers = document
            .sellers
            .iter_mut()
            .filter(|seller| seller.seller_id == "SH01");
        sellers.for_each(|seller| seller.stores[0].terminals[0].active = false);
    });
}

#[test]
fn a_terminal_that_was_ever_the_sellers_is_enough() {
    let pos = Pos::of("posp1", "MOVES", "ST01", "POS2");
    check(
        "terminal removed",
        &pos,
        &front,
        [&front_undo, &cancel],
        |document| {
            let sellers = document
                .sellers
                .iter_mut()
                .filter(|seller| seller.seller_id == "MOVES");
            sellers.for_each(|seller| {
                seller.stores[0]
                    .terminals
                    .retain(|terminal| terminal.terminal_id != "POS2")
            });
        },
    );
}

#[test]
fn a_terminal_that_never_was_the_sellers_is_refused_and_nothing_is_remembered() {
    let server = server();
    for pos in [
        Pos::of("posp1", "GM01", "ST01", "ZJ000001"),
        Pos::of("posp1", "NOBODY", "ST01", "POS1"),
    ] {
        for call in [
            front_undo(&pos),
            gw_undo(&pos),
            front_cancel(&pos, "1"),
            gw_cancel(&pos, "1"),
        ] {
            let answer = call.send(&server).answer();
            let reason = call.endpoint.refusal(&answer);
            assert!(!reason.contains("已登记"), "{}", answer.json);
        }
    }
}

#[test]
fn another_store_or_clerk_does_not_refuse_undo_and_cancel() {
    let server = server();
    let customer = server.customer(1000);
    let (one, other) = (Pos::new(), Pos::new());
    for pos in [&one, &other] {
        front(&customer, pos).send(&server).answer().success("支付成功");
    }
    let elsewhere = |call: Call| {
        call.with("storeId", "NOWHERE")
            .with("operatorId", "lisi")
            .send(&server)
            .answer()
    };
    elsewhere(front_undo(&one)).success("消费冲正成功");
    elsewhere(cancel(&other)).success("交易撤销成功");
    assert_eq!(server.balance(&customer), 1000);
}

#[test]
fn freeze_and_lock_do_not_refuse_undo_and_cancel() {
    let server = server();
    let customer = server.customer(1000);
    let (one, other) = (Pos::new(), Pos::new());
    for pos in [&one, &other] {
        front(&customer, pos).send(&server).answer().success("支付成功");
    }
    for _ in 0..5 {
        front(&customer, &Pos::new())
            .code("000001", &customer.mobile)
            .send(&server)
            .answer()
            .failure(10_000, "支付失败");
    }
    let account = server.cash(&customer.mobile).account_number;
    server.freeze(&account);
    front(&customer, &Pos::new())
        .send(&server)
        .answer()
        .failure(10_000, "支付失败");
    front_undo(&one).send(&server).answer().success("消费冲正成功");
    cancel(&other).send(&server).answer().success("交易撤销成功");
    server.unfreeze(&account);
    unlock(&server, &customer);
    assert_eq!(server.balance(&customer), 1000);
}

#[test]
fn the_freshness_window_does_not_refuse_undo_and_cancel() {
    let server = server();
    let customer = server.customer(1000);
    let (one, other) = (Pos::new(), Pos::new());
    for pos in [&one, &other] {
        front(&customer, pos).send(&server).answer().success("支付成功");
    }
    let stale = |call: Call| {
        Call {
            time: "20150102121200".to_owned(),
            ..call.app("fresh")
        }
        .send(&server)
    };
    let pay = stale(gw_pay(&customer, &Pos::new(), 1));
    assert!(matches!(pay, Reply::Closed), "{pay:?}");
    stale(gw_undo(&one)).answer().success("交易撤销成功");
    stale(gw_cancel(&other.next(), &other.serial))
        .answer()
        .success("交易撤销成功");
    assert_eq!(server.balance(&customer), 1000);
}
