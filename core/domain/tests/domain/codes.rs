//! The payment code: five wrong ones in a row lock it, whoever presents them (decision 32).

use crate::world::{CASH, RIGHT, WRONG, World, caller, caller_key, content, right, wrong};
use map_domain::command::change_payment_code::{self, Change, ChangePaymentCode};
use map_domain::command::pay::{Pay, Payer};
use map_domain::{CodeProof, EventKind, IdentityDigest, Operation, OrderId, PaymentCodeState, Refusal};

fn pay_with(world: &mut World, serial: u32, code: CodeProof) -> Result<(), Refusal> {
    let command = Pay {
        code,
        ..world.pay(&serial.to_string(), Payer::Mobile, 1)
    };
    world.do_pay(&command).map(drop)
}

fn change(key: &str, change: Change) -> ChangePaymentCode {
    ChangePaymentCode {
        key: caller_key(Operation::SetPaymentCode, key),
        id: OrderId::parse(&format!("pc{key}")).unwrap(),
        content: content("change", 0),
        caller: caller("app/a1"),
        change,
    }
}

fn run(world: &mut World, command: &ChangePaymentCode) -> Result<(), Refusal> {
    world.run(change_payment_code::decide, command)?.answer.map(drop)
}

#[test]
fn five_wrong_codes_in_a_row_lock_it_and_the_right_one_is_refused_then() {
    let mut world = World::with_cash(100);
    for serial in 1..=5 {
        assert_eq!(
            pay_with(&mut world, serial, wrong()),
            Err(Refusal::PaymentCodeWrong)
        );
        assert_eq!(world.state.customer.payment_code.failures, serial);
    }
    assert!(world.state.customer.payment_code.locked);
    assert_eq!(world.events, [EventKind::PaymentCodeLocked]);
    assert_eq!(pay_with(&mut world, 6, right()), Err(Refusal::PaymentCodeLocked));
    assert_eq!(pay_with(&mut world, 7, wrong()), Err(Refusal::PaymentCodeLocked));
    assert_eq!(world.state.customer.payment_code.failures, 5);
    assert_eq!(world.available(CASH), 100);
}

#[test]
fn a_right_code_ends_the_run_also_where_the_payment_is_declined() {
    let mut world = World::with_cash(100);
    for serial in 1..=4 {
        pay_with(&mut world, serial, wrong()).unwrap_err();
    }
    let too_much = world.pay("5", Payer::Mobile, 101);
    assert_eq!(world.do_pay(&too_much), Err(Refusal::InsufficientBalance));
    assert_eq!(world.state.customer.payment_code.failures, 0);
    for serial in 6..=9 {
        pay_with(&mut world, serial, wrong()).unwrap_err();
    }
    assert_eq!(pay_with(&mut world, 10, right()), Ok(()));
}

#[test]
fn a_repeated_payment_counts_its_wrong_code_once() {
    let mut world = World::with_cash(100);
    for _ in 0..10 {
        assert_eq!(pay_with(&mut world, 1, wrong()), Err(Refusal::PaymentCodeWrong));
    }
    assert_eq!(world.state.customer.payment_code.failures, 1);
    assert_eq!(
        pay_with(&mut world, 1, right()),
        Err(Refusal::PaymentCodeWrong),
        "the key is worth one attempt"
    );
}

/// What a change makes of a locked or unlocked code.
fn check(
    before: PaymentCodeState,
    identity: Option<[u8; 32]>,
    what: Change,
    expect: Result<PaymentCodeState, Refusal>,
) {
    let mut world = World::new();
    world.state.customer.payment_code = before.clone();
    world.state.customer.identity = identity.map(IdentityDigest);
    let command = change("1", what);
    let answer = run(&mut world, &command);
    assert_eq!(answer, expect.as_ref().map(|_| ()).map_err(|refusal| *refusal));
    assert_eq!(world.state.customer.payment_code, expect.unwrap_or(before));
    let after = world.clone();
    assert_eq!(run(&mut world, &command), answer, "a repeat");
    assert_eq!(world.state, after.state);
}

#[test]
fn setting_unlocks_nothing_and_a_reset_asks_who_it_is() {
    let unset = PaymentCodeState::default;
    let locked = || PaymentCodeState {
        digest: Some(RIGHT),
        failures: 5,
        locked: true,
    };
    let reset = |identity: Option<[u8; 32]>| Change::Reset {
        digest: WRONG,
        identity: identity.map(IdentityDigest),
    };
    let new = || Ok(PaymentCodeState::set(WRONG));
    check(unset(), None, Change::Set(WRONG), new());
    check(PaymentCodeState::set(RIGHT), None, Change::Set(WRONG), new());
    check(unset(), Some([3; 32]), Change::Set(WRONG), new());
    check(
        PaymentCodeState::set(RIGHT),
        Some([3; 32]),
        Change::Set(WRONG),
        Err(Refusal::IdentityMismatch),
    );
    check(
        locked(),
        None,
        Change::Set(WRONG),
        Err(Refusal::PaymentCodeLocked),
    );
    check(locked(), None, reset(None), new());
    check(locked(), Some([3; 32]), reset(Some([3; 32])), new());
    check(
        locked(),
        Some([3; 32]),
        reset(Some([4; 32])),
        Err(Refusal::IdentityMismatch),
    );
    check(
        locked(),
        Some([3; 32]),
        reset(None),
        Err(Refusal::IdentityMismatch),
    );
    check(locked(), None, Change::Unlock, Ok(PaymentCodeState::set(RIGHT)));
    check(unset(), None, Change::Unlock, Ok(unset()));
}

#[test]
fn a_repeat_after_an_unlock_does_not_count_and_does_not_lock_again() {
    let mut world = World::with_cash(100);
    for serial in 1..=5 {
        pay_with(&mut world, serial, wrong()).unwrap_err();
    }
    run(&mut world, &change("1", Change::Unlock)).unwrap();
    pay_with(&mut world, 5, wrong()).unwrap_err();
    assert_eq!(world.state.customer.payment_code.failures, 0);
    assert_eq!(pay_with(&mut world, 6, right()), Ok(()));
}
