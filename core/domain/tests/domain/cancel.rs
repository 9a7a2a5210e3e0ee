//! Cancellations: at the terminal that took the payment, in full, once (decision 22).

use crate::world::{CASH, DAY, World, pos};
use map_domain::command::cancel_payment::CancelPayment;
use map_domain::command::pay::Payer;
use map_domain::{EventKind, NetworkId, OrderKey, OrderState, PosKey, Refusal, SellerId, Slot, TerminalId};

fn paid() -> World {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 30);
    world.do_pay(&command).unwrap();
    world
}

#[test]
fn a_cancellation_gives_the_money_back_once_and_repeats_its_answer() {
    let mut world = paid();
    let cancel = world.cancel("2", "1");
    let order = world.do_cancel(&cancel).unwrap();
    assert_eq!(
        (&order.key, &order.state),
        (&pos("2").slot(Slot::Cancel), &OrderState::Done)
    );
    assert_eq!(world.do_cancel(&cancel), Ok(order));
    let again = world.cancel("3", "1");
    assert_eq!(world.do_cancel(&again), Err(Refusal::PaymentCancelled));
    assert_eq!((world.available(CASH), world.journal.len()), (100, 3));
    let repeat = world.pay("1", Payer::Mobile, 30);
    assert_eq!(world.do_pay(&repeat), Err(Refusal::PaymentCancelled));
    world.assert_books_balance();
}

#[test]
fn a_cancellation_may_carry_the_serial_of_its_payment() {
    let mut world = paid();
    let cancel = world.cancel("1", "1");
    assert!(world.do_cancel(&cancel).is_ok());
    assert_eq!(world.available(CASH), 100);
}

/// A cancellation that is refused; the refusal is committed under its own key and an event goes with it.
fn check(
    prepare: impl Fn(&mut World),
    change: impl Fn(&mut CancelPayment),
    expect: Refusal,
    events: &[EventKind],
) {
    let mut world = paid();
    prepare(&mut world);
    let mut cancel = world.cancel("2", "1");
    change(&mut cancel);
    let entries = world.journal.len();
    for _ in 0..2 {
        assert_eq!(world.do_cancel(&cancel), Err(expect));
    }
    assert_eq!((world.journal.len(), world.events.as_slice()), (entries, events));
    let order = world.state.order(&pos("2").slot(Slot::Cancel)).unwrap();
    assert_eq!(order.state, OrderState::Declined(expect));
}

fn elsewhere(change: impl Fn(&mut PosKey)) -> impl Fn(&mut CancelPayment) {
    move |cancel| {
        if let Some(OrderKey::Pos(key, _)) = &mut cancel.original {
            change(key);
        }
    }
}

#[test]
fn each_refusal_is_told_and_committed() {
    let undone = |world: &mut World| {
        let undo = world.undo("1");
        world.do_undo(&undo).unwrap();
    };
    let declined = |world: &mut World| {
        let command = world.pay("9", Payer::Mobile, 1000);
        world.do_pay(&command).unwrap_err();
    };
    let old = |world: &mut World| world.pass(7 * DAY + 1);
    check(undone, |_| {}, Refusal::PaymentReversed, &[]);
    check(
        |_| {},
        |cancel| cancel.original = None,
        Refusal::PaymentNotFound,
        &[],
    );
    check(
        |_| {},
        |cancel| cancel.original = Some(pos("7").slot(Slot::Pay)),
        Refusal::PaymentNotFound,
        &[],
    );
    check(
        |_| {},
        |cancel| cancel.original = Some(pos("1").slot(Slot::Cancel)),
        Refusal::PaymentNotFound,
        &[],
    );
    check(
        declined,
        |cancel| cancel.original = Some(pos("9").slot(Slot::Pay)),
        Refusal::PaymentNotPaid,
        &[],
    );
    check(
        old,
        |_| {},
        Refusal::ReversalWindowPassed,
        &[EventKind::ReversalAfterWindow],
    );
    let seller = SellerId::parse("S2").unwrap();
    check(
        |_| {},
        elsewhere(move |key| key.seller = seller.clone()),
        Refusal::PaymentNotFound,
        &[],
    );
}

#[test]
fn a_payment_of_another_terminal_is_not_cancelled() {
    let mut world = paid();
    let cancel = CancelPayment {
        key: PosKey {
            terminal: TerminalId::parse("T2").unwrap(),
            ..pos("2")
        },
        ..world.cancel("2", "1")
    };
    assert_eq!(world.do_cancel(&cancel), Err(Refusal::PaymentNotFound));
    assert_eq!(world.available(CASH), 70);
}

#[test]
fn a_payment_of_another_network_is_refused_and_nothing_is_remembered() {
    let mut world = paid();
    let before = world.clone();
    let cancel = CancelPayment {
        network: NetworkId::parse("n2").unwrap(),
        ..world.cancel("2", "1")
    };
    assert_eq!(world.do_cancel(&cancel), Err(Refusal::PaymentNotFound));
    assert_eq!(world.state, before.state);
}
