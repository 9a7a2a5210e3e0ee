//! Transfers and top-ups: from instalment cards only, what is released and not spent (decision 27).

use crate::world::{CASH, DISCOUNT, INSTALMENT, World, discount, number, product, wrong};
use map_domain::command::top_up;
use map_domain::command::transfer::TransferToCash;
use map_domain::{CodeProof, Fen, OrderDetail, OrderState, Refusal};

fn world() -> World {
    let mut world = World::new();
    let open = world.open("1", product());
    world.do_open(&open).unwrap();
    world
}

#[test]
fn what_is_released_moves_to_the_cash_account_once() {
    let mut world = world();
    let command = world.transfer("1", INSTALMENT, 30_000);
    let order = world.do_transfer(&command).unwrap();
    let OrderDetail::Transfer(detail) = &order.detail else {
        panic!("{order:?}")
    };
    assert_eq!(
        (detail.from_available_after, detail.to_available_after),
        (Fen::new(3_333), Fen::new(30_000))
    );
    assert_eq!(world.do_transfer(&command), Ok(order));
    assert_eq!(
        (world.available(INSTALMENT), world.available(CASH)),
        (3_333, 30_000)
    );
    world.assert_books_balance();
}

#[test]
fn all_that_is_released_may_be_moved_and_nothing_is_left() {
    let mut world = world();
    let command = world.transfer("1", INSTALMENT, 33_333);
    world.do_transfer(&command).unwrap();
    assert_eq!((world.available(INSTALMENT), world.available(CASH)), (0, 33_333));
    world.assert_books_balance();
}

/// Spoils a transfer in one way.
type Spoil = fn(&mut World, &mut TransferToCash);

const SPOILS: [(Refusal, Spoil); 10] = [
    (Refusal::AccountNotOwned, |_, command| {
        command.from = number("2001888000000009")
    }),
    (Refusal::PinBlockUnreadable, |_, command| {
        command.code = CodeProof::Unreadable
    }),
    (Refusal::PaymentCodeLocked, |world, _| {
        world.state.customer.payment_code.locked = true
    }),
    (Refusal::PaymentCodeNotSet, |world, _| {
        world.state.customer.payment_code.digest = None
    }),
    (Refusal::PaymentCodeWrong, |_, command| command.code = wrong()),
    (Refusal::AccountFrozen, |world, _| {
        world.account_mut(INSTALMENT).frozen = true
    }),
    (Refusal::AccountPending, |world, _| {
        world.account_mut(INSTALMENT).pending = true
    }),
    (Refusal::AccountExpired, |world, _| {
        world.account_mut(INSTALMENT).validity.until = Some(world.now)
    }),
    (Refusal::NotTransferable, |world, _| {
        world.account_mut(INSTALMENT).kind = map_domain::AccountType::Discount
    }),
    (Refusal::InsufficientBalance, |_, command| {
        command.amount = Fen::new(33_334)
    }),
];

#[test]
fn each_refusal_is_told_in_order_of_precedence_and_committed() {
    for (place, (expect, first)) in SPOILS.iter().enumerate() {
        for (also, second) in SPOILS.iter().skip(place) {
            let mut world = world();
            let mut command = world.transfer("1", INSTALMENT, 30_000);
            second(&mut world, &mut command);
            first(&mut world, &mut command);
            let expect = *expect;
            let entries = world.journal.len();
            assert_eq!(world.do_transfer(&command), Err(expect), "with {also}");
            assert_eq!(world.journal.len(), entries);
            let kept = world.state.order(&command.key).map(|order| &order.state);
            let declined = OrderState::Declined(expect);
            assert_eq!(kept, (expect != Refusal::PinBlockUnreadable).then_some(&declined));
        }
    }
    assert!(SPOILS.is_sorted_by_key(|(refusal, _)| refusal.code()));
}

#[test]
fn only_an_instalment_card_s_money_can_be_transferred() {
    let mut world = World::with_cash(100);
    world.put(discount(DISCOUNT, world.now), 100);
    for (key, from) in [("1", DISCOUNT), ("2", CASH)] {
        let command = world.transfer(key, from, 10);
        assert_eq!(world.do_transfer(&command), Err(Refusal::NotTransferable));
    }
}

/// Whether a transfer without a code is done.
fn check_absent(prepare: fn(&mut World), may_omit_code: bool, expect: Result<(), Refusal>) {
    let mut world = world();
    prepare(&mut world);
    let command = TransferToCash {
        code: CodeProof::Absent,
        may_omit_code,
        ..world.transfer("1", INSTALMENT, 10)
    };
    assert_eq!(world.do_transfer(&command).map(drop), expect);
}

#[test]
fn the_code_may_be_absent_only_while_none_is_set_or_where_the_caller_may_omit_it() {
    let unset = |world: &mut World| world.state.customer.payment_code.digest = None;
    let locked = |world: &mut World| world.state.customer.payment_code.locked = true;
    check_absent(|_| {}, false, Err(Refusal::PaymentCodeRequired));
    check_absent(|_| {}, true, Ok(()));
    check_absent(unset, false, Ok(()));
    check_absent(unset, true, Ok(()));
    check_absent(locked, true, Err(Refusal::PaymentCodeLocked));
}

#[test]
fn omitting_the_code_does_not_end_a_run_of_wrong_ones() {
    let mut world = world();
    let guess = TransferToCash {
        code: wrong(),
        ..world.transfer("1", INSTALMENT, 10)
    };
    world.do_transfer(&guess).unwrap_err();
    let omit = TransferToCash {
        code: CodeProof::Absent,
        may_omit_code: true,
        ..world.transfer("2", INSTALMENT, 10)
    };
    world.do_transfer(&omit).unwrap();
    assert_eq!(world.state.customer.payment_code.failures, 1);
}

#[test]
fn a_frozen_cash_account_takes_money() {
    let mut world = world();
    world.account_mut(CASH).frozen = true;
    let command = world.transfer("1", INSTALMENT, 10);
    assert!(world.do_transfer(&command).is_ok());
}

#[test]
fn a_top_up_opens_the_cash_account_and_repeats_its_answer() {
    let mut world = World::new();
    let command = world.top_up("1", 100);
    let first = world.run(top_up::decide, &command).unwrap().answer;
    assert_eq!(world.run(top_up::decide, &command).unwrap().answer, first);
    assert_eq!((world.available(CASH), world.journal.len()), (100, 1));
    world.assert_books_balance();
}

#[test]
fn a_top_up_beyond_the_range_of_money_is_declined_and_changes_nothing() {
    let mut world = World::with_cash(i64::MAX);
    let command = world.top_up("1", 1);
    assert_eq!(
        world.run(top_up::decide, &command).unwrap().answer,
        Err(Refusal::AmountOutOfRange)
    );
    assert_eq!(
        world.run(top_up::decide, &command),
        Err(Refusal::AmountOutOfRange),
        "from the stored order"
    );
    assert_eq!((world.available(CASH), world.journal.len()), (i64::MAX, 1));
    for fen in [0, -1, i64::MIN] {
        let command = world.top_up("2", fen);
        assert_eq!(
            world.run(top_up::decide, &command),
            Err(Refusal::AmountOutOfRange)
        );
        assert_eq!(world.state.order(&command.key), None);
    }
}
