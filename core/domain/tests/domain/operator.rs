//! What operators do: reverse, freeze, unlock.

use crate::world::{CASH, DAY, RIGHT, World, caller, caller_key, content, network, number, pos};
use map_domain::command::freeze::{self, Freeze};
use map_domain::command::operator_reverse::{self, OperatorReverse};
use map_domain::command::pay::Payer;
use map_domain::{AccountStatus, Operation, Order, OrderDetail, OrderId, OrderState, Refusal, Slot};

fn reverse(key: &str, payment: &str) -> OperatorReverse {
    OperatorReverse {
        key: caller_key(Operation::OperatorReverse, key),
        id: OrderId::parse(&format!("op{key}")).unwrap(),
        content: content(payment, 0),
        caller: caller("operator/o1"),
        payment: pos(payment).slot(Slot::Pay),
    }
}

fn run(world: &mut World, command: &OperatorReverse) -> Result<Order, Refusal> {
    world.run(operator_reverse::decide, command)?.answer
}

#[test]
fn an_operator_gives_a_payment_back_once_however_old_it_is() {
    let mut world = World::with_cash(100);
    let pay = world.pay("1", Payer::Mobile, 30);
    world.do_pay(&pay).unwrap();
    world.pass(1000 * DAY);
    let order = run(&mut world, &reverse("1", "1")).unwrap();
    let OrderDetail::Cancellation(detail) = &order.detail else {
        panic!("{order:?}")
    };
    assert_eq!(
        (detail.original.clone(), &detail.network),
        (Some(pos("1").slot(Slot::Pay)), &network())
    );
    assert_eq!(
        run(&mut world, &reverse("1", "1")),
        Ok(order),
        "the same key, the same answer"
    );
    assert_eq!(run(&mut world, &reverse("2", "1")), Err(Refusal::AlreadyReversed));
    assert_eq!((world.available(CASH), world.journal.len()), (100, 3));
    let payment = world.state.order(&pos("1").slot(Slot::Pay)).unwrap();
    assert!(matches!(payment.state, OrderState::Reversed(_)));
    world.assert_books_balance();
}

#[test]
fn what_was_not_paid_is_not_given_back() {
    let mut world = World::with_cash(100);
    let declined = world.pay("1", Payer::Mobile, 1000);
    world.do_pay(&declined).unwrap_err();
    let pay = world.pay("2", Payer::Mobile, 30);
    world.do_pay(&pay).unwrap();
    let cancel = world.cancel("3", "2");
    world.do_cancel(&cancel).unwrap();
    let undo = world.undo("4");
    world.do_undo(&undo).unwrap_err();
    assert_eq!(run(&mut world, &reverse("1", "1")), Err(Refusal::PaymentNotPaid));
    assert_eq!(run(&mut world, &reverse("2", "2")), Err(Refusal::AlreadyReversed));
    assert_eq!(run(&mut world, &reverse("3", "9")), Err(Refusal::PaymentNotFound));
    assert_eq!(
        run(&mut world, &reverse("4", "4")),
        Err(Refusal::PaymentNotPaid),
        "a closed key"
    );
    assert_eq!(world.available(CASH), 100);
}

fn freeze(key: &str, frozen: bool) -> Freeze {
    let operation = if frozen {
        Operation::FreezeAccount
    } else {
        Operation::UnfreezeAccount
    };
    Freeze {
        key: caller_key(operation, key),
        id: OrderId::parse(&format!("fr{key}")).unwrap(),
        content: content("freeze", i64::from(frozen)),
        caller: caller("operator/o1"),
        account: number(CASH),
        frozen,
    }
}

#[test]
fn a_frozen_account_pays_nothing_and_a_repeated_freeze_does_not_freeze_again() {
    let mut world = World::with_cash(100);
    let frozen = world.run(freeze::decide, &freeze("1", true)).unwrap().answer;
    let pay = world.pay("1", Payer::Mobile, 30);
    assert_eq!(world.do_pay(&pay), Err(Refusal::AccountFrozen));
    assert_eq!(
        world.account(CASH).status(world.now, false),
        AccountStatus::Frozen
    );
    world
        .run(freeze::decide, &freeze("1", false))
        .unwrap()
        .answer
        .unwrap();
    assert_eq!(
        world.run(freeze::decide, &freeze("1", true)).unwrap().answer,
        frozen
    );
    assert!(!world.account(CASH).frozen);
    let pay = world.pay("2", Payer::Mobile, 30);
    assert!(world.do_pay(&pay).is_ok());
}

#[test]
fn an_account_that_is_frozen_already_stays_so_and_one_that_is_unknown_is_refused() {
    let mut world = World::with_cash(100);
    world.run(freeze::decide, &freeze("1", true)).unwrap();
    assert!(
        world
            .run(freeze::decide, &freeze("2", true))
            .unwrap()
            .answer
            .is_ok()
    );
    assert!(world.account(CASH).frozen);
    let unknown = Freeze {
        account: number("9501888000000009"),
        ..freeze("3", true)
    };
    assert_eq!(world.run(freeze::decide, &unknown), Err(Refusal::AccountNotFound));
    assert_eq!(world.state.customer.payment_code.digest, Some(RIGHT));
}
