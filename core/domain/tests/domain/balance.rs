//! Balance queries: they move nothing and occupy no key, but a wrong code is an attempt.

use crate::world::{CASH, INSTALMENT, RIGHT, World, caller, number, pos, product, right, wrong};
use map_domain::command::get_balance::{self, GetBalance};
use map_domain::command::pay::Payer;
use map_domain::{CodeProof, Fen, OrderId, Refusal};

fn query(serial: &str, payer: Payer, code: CodeProof) -> GetBalance {
    GetBalance {
        key: pos(serial),
        id: OrderId::parse("gb1").unwrap(),
        caller: caller("network/n1"),
        payer,
        code,
        code_required: true,
    }
}

/// The balance that may be shown.
fn run(world: &mut World, command: &GetBalance) -> Result<Fen, Refusal> {
    world.run(get_balance::decide, command)?.answer?;
    Ok(get_balance::account(&world.state, &command.payer)
        .unwrap()
        .available(world.now))
}

#[test]
fn a_mobile_number_shows_the_cash_account_and_a_card_itself() {
    let mut world = World::with_cash(100);
    let open = world.open("1", product());
    world.do_open(&open).unwrap();
    let before = world.state.clone();
    assert_eq!(
        run(&mut world, &query("1", Payer::Mobile, right())),
        Ok(Fen::new(100))
    );
    let card = query("2", Payer::Account(number(INSTALMENT)), right());
    assert_eq!(run(&mut world, &card), Ok(Fen::new(33_333)));
    assert_eq!(world.state, before, "nothing is written");
    let frozen = query("3", Payer::Mobile, right());
    world.account_mut(CASH).frozen = true;
    assert_eq!(
        run(&mut world, &frozen),
        Ok(Fen::new(100)),
        "a frozen account shows its balance"
    );
}

#[test]
fn what_can_t_be_shown_is_refused_without_an_attempt() {
    let check = |prepare: fn(&mut World), command: &GetBalance, expect| {
        let mut world = World::with_cash(100);
        prepare(&mut world);
        let before = world.state.clone();
        assert_eq!(run(&mut world, command), Err(expect));
        assert_eq!(world.state, before);
    };
    let unknown = query("1", Payer::Account(number(INSTALMENT)), wrong());
    check(|_| {}, &unknown, Refusal::AccountNotFound);
    check(
        |world| world.state.accounts.clear(),
        &query("1", Payer::Mobile, right()),
        Refusal::AccountNotFound,
    );
    check(
        |_| {},
        &query("1", Payer::Mobile, CodeProof::Absent),
        Refusal::PaymentCodeRequired,
    );
    check(
        |_| {},
        &query("1", Payer::Mobile, CodeProof::Unreadable),
        Refusal::PinBlockUnreadable,
    );
    let unset = |world: &mut World| world.state.customer.payment_code.digest = None;
    check(
        unset,
        &query("1", Payer::Mobile, right()),
        Refusal::PaymentCodeNotSet,
    );
    let locked = |world: &mut World| world.state.customer.payment_code.locked = true;
    check(
        locked,
        &query("1", Payer::Mobile, right()),
        Refusal::PaymentCodeLocked,
    );
}

#[test]
fn an_app_needs_no_code() {
    let mut world = World::with_cash(100);
    world.state.customer.payment_code.locked = true;
    let command = GetBalance {
        code_required: false,
        ..query("1", Payer::Mobile, CodeProof::Absent)
    };
    assert_eq!(run(&mut world, &command), Ok(Fen::new(100)));
}

#[test]
fn a_wrong_code_counts_once_for_each_key_and_the_key_guesses_no_more() {
    let mut world = World::with_cash(100);
    for code in [wrong(), wrong(), right()] {
        assert_eq!(
            run(&mut world, &query("1", Payer::Mobile, code)),
            Err(Refusal::PaymentCodeWrong)
        );
    }
    assert_eq!(world.state.customer.payment_code.failures, 1);
    for serial in ["2", "3", "4", "5"] {
        run(&mut world, &query(serial, Payer::Mobile, wrong())).unwrap_err();
    }
    assert!(
        world.state.customer.payment_code.locked,
        "queries and payments share one run"
    );
}

#[test]
fn a_right_code_ends_the_run_and_the_key_stays_free_for_a_payment() {
    let mut world = World::with_cash(100);
    run(&mut world, &query("1", Payer::Mobile, wrong())).unwrap_err();
    assert_eq!(
        run(&mut world, &query("2", Payer::Mobile, right())),
        Ok(Fen::new(100))
    );
    assert_eq!(world.state.customer.payment_code.failures, 0);
    assert_eq!(world.state.customer.payment_code.digest, Some(RIGHT));
    let pay = world.pay("1", Payer::Mobile, 30);
    assert!(
        world.do_pay(&pay).is_ok(),
        "the key of the wrong query is not occupied"
    );
}
