//! Reversals: final whenever they arrive (decision 21).

use crate::world::{CASH, DAY, DISCOUNT, World, discount, network, number, pos};
use map_domain::command::pay::Payer;
use map_domain::command::reverse_payment::{self, ReversePayment};
use map_domain::{AccountStatus, EventKind, Fen, NetworkId, OrderState, Refusal, Slot};

/// 100 fen, 30 of which were paid under serial 1.
fn paid() -> World {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 30);
    world.do_pay(&command).unwrap();
    world
}

#[test]
fn after_the_payment_the_money_comes_back_once() {
    let mut world = paid();
    let undo = world.undo("1");
    let order = world.do_undo(&undo).unwrap();
    let OrderState::Reversed(step) = &order.state else {
        panic!("{order:?}")
    };
    assert_eq!(
        (step.available_after, step.status_after),
        (Fen::new(100), AccountStatus::Normal)
    );
    assert_eq!(step.id, undo.id);
    let again = world.undo("1");
    assert_eq!(
        world.do_undo(&again),
        Ok(order),
        "the same answer, the first order number included"
    );
    assert_eq!((world.available(CASH), world.journal.len()), (100, 3));
    world.assert_books_balance();
}

#[test]
fn a_repeat_of_a_reversed_payment_is_refused_with_that_reason() {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 30);
    world.do_pay(&command).unwrap();
    let undo = world.undo("1");
    world.do_undo(&undo).unwrap();
    assert_eq!(world.do_pay(&command), Err(Refusal::PaymentReversed));
    assert_eq!(world.available(CASH), 100);
}

#[test]
fn before_the_payment_it_closes_the_key_and_the_late_payment_is_refused() {
    let mut world = World::with_cash(100);
    let undo = world.undo("1");
    for _ in 0..3 {
        assert_eq!(world.do_undo(&undo), Err(Refusal::PaymentUnknownKeyClosed));
    }
    assert_eq!(world.events, [EventKind::KeyClosedBeforePayment], "told once");
    let command = world.pay("1", Payer::Mobile, 30);
    assert_eq!(world.do_pay(&command), Err(Refusal::KeyClosed));
    assert_eq!(world.available(CASH), 100);
}

#[test]
fn a_declined_payment_is_as_unknown_and_stays_declined() {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 130);
    world.do_pay(&command).unwrap_err();
    let undo = world.undo("1");
    assert_eq!(world.do_undo(&undo), Err(Refusal::PaymentUnknownKeyClosed));
    assert_eq!(world.do_pay(&command), Err(Refusal::InsufficientBalance));
    assert_eq!(world.available(CASH), 100);
}

#[test]
fn a_cancelled_payment_is_not_reversed() {
    let mut world = paid();
    let cancel = world.cancel("2", "1");
    world.do_cancel(&cancel).unwrap();
    let undo = world.undo("1");
    assert_eq!(world.do_undo(&undo), Err(Refusal::PaymentCancelled));
    assert_eq!(world.available(CASH), 100);
}

#[test]
fn a_key_that_holds_only_something_else_is_refused_with_an_event_and_pays_nothing_later() {
    let mut world = World::with_cash(100);
    let undo = ReversePayment {
        holds_other: true,
        ..world.undo("1")
    };
    for _ in 0..3 {
        assert_eq!(world.do_undo(&undo), Err(Refusal::KeyHoldsNoPayment));
    }
    assert_eq!(world.events, [EventKind::ReversalOfNonPayment]);
    let command = world.pay("1", Payer::Mobile, 30);
    assert_eq!(world.do_pay(&command), Err(Refusal::KeyClosed));
}

#[test]
fn a_payment_that_shares_its_key_with_a_cancellation_is_reversed() {
    let mut world = paid();
    let undo = ReversePayment {
        holds_other: true,
        ..world.undo("1")
    };
    assert!(world.do_undo(&undo).is_ok());
    assert_eq!(world.available(CASH), 100);
}

#[test]
fn after_the_window_nothing_moves_and_an_event_tells() {
    let mut world = paid();
    world.pass(7 * DAY + 1);
    let undo = world.undo("1");
    assert_eq!(world.do_undo(&undo), Err(Refusal::ReversalWindowPassed));
    assert_eq!(world.events, [EventKind::ReversalAfterWindow]);
    assert_eq!(world.available(CASH), 70);
}

#[test]
fn at_the_window_s_last_moment_it_is_reversed_and_the_repeat_says_so_for_ever() {
    let mut world = paid();
    world.pass(7 * DAY);
    let undo = world.undo("1");
    let order = world.do_undo(&undo).unwrap();
    world.pass(100 * DAY);
    assert_eq!(world.do_undo(&undo), Ok(order));
}

#[test]
fn a_payment_of_another_network_is_neither_reversed_nor_fenced() {
    let mut world = paid();
    let before = world.clone();
    let undo = ReversePayment {
        network: NetworkId::parse("n2").unwrap(),
        ..world.undo("1")
    };
    assert_eq!(world.do_undo(&undo), Err(Refusal::PaymentNotFound));
    assert_eq!(world.state, before.state);
    assert_ne!(undo.network, network());
}

#[test]
fn money_returns_to_the_account_that_paid_frozen_expired_or_locked_as_it_is() {
    let check = |spoil: fn(&mut World), expect| {
        let mut world = World::with_cash(100);
        world.put(discount(DISCOUNT, world.now), 100);
        let command = world.pay("1", Payer::Account(number(DISCOUNT)), 30);
        world.do_pay(&command).unwrap();
        spoil(&mut world);
        let undo = world.undo("1");
        let order = world.do_undo(&undo).unwrap();
        let OrderState::Reversed(step) = order.state else {
            panic!("{order:?}")
        };
        assert_eq!(step.status_after, expect);
        assert_eq!((world.available(DISCOUNT), world.available(CASH)), (100, 100));
        world.assert_books_balance();
    };
    check(|_| {}, AccountStatus::Normal);
    check(
        |world| world.account_mut(DISCOUNT).frozen = true,
        AccountStatus::Frozen,
    );
    check(
        |world| world.account_mut(DISCOUNT).validity.until = Some(world.now),
        AccountStatus::Expired,
    );
    check(
        |world| world.state.customer.payment_code.locked = true,
        AccountStatus::Locked,
    );
}

#[test]
fn a_key_without_a_customer_is_closed_by_an_order_for_its_claim() {
    let mut world = World::new();
    let undo = world.undo("1");
    let decision = reverse_payment::close(&undo, &world.context());
    let [closure] = decision.orders.as_slice() else {
        panic!("{decision:?}")
    };
    assert_eq!(
        (&closure.key, &closure.state),
        (&pos("1").slot(Slot::Pay), &OrderState::Closed)
    );
    assert_eq!(decision.answer, Err(Refusal::PaymentUnknownKeyClosed));
    assert_eq!(
        reverse_payment::closed(closure, &undo),
        Refusal::PaymentUnknownKeyClosed
    );
}

#[test]
fn a_done_payment_whose_account_is_gone_is_a_defect_and_no_refusal() {
    let mut world = paid();
    world.state.accounts.clear();
    let undo = world.undo("1");
    let decision = reverse_payment::decide(&world.state, &undo, &world.context()).unwrap();
    assert!(decision.check(&world.state).is_err());
}
