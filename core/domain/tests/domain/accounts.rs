//! What is released and available, and what an account shows, over the edges of the calendar.

use crate::world::{CASH, INSTALMENT, World, at, caller, number, product};
use map_domain::command::pay::Payer;
use map_domain::{Account, AccountStatus, Fen, Refusal, Timestamp};

/// A card of 1000 yuan in `stages`, activated then, and what it shows now.
fn check(activated: Timestamp, stages: u32, now: Timestamp, released: i64, remaining: u32) {
    let mut world = World::new();
    world.now = activated;
    let mut product = product();
    product.stages = stages;
    let open = world.open("1", product);
    world.do_open(&open).unwrap();
    world.now = now;
    let card = world.account(INSTALMENT);
    let shown = (
        card.released(now),
        card.available(now),
        card.unreleased(now),
        card.remaining_stages(now),
    );
    let fen = Fen::new(released);
    assert_eq!(
        shown,
        (fen, fen, Fen::new(100_000 - released), remaining),
        "{:?}",
        now.civil()
    );
}

#[test]
fn a_stage_is_released_each_month_on_the_day_clamped_to_the_month_s_end_at_midnight() {
    let activated = at(2015, 1, 31, 23);
    let last = |time: Timestamp| time.saturating_add_millis(-1);
    check(activated, 12, activated, 8_333, 11);
    check(activated, 12, last(at(2015, 2, 28, 0)), 8_333, 11);
    check(activated, 12, at(2015, 2, 28, 0), 16_666, 10);
    check(activated, 12, last(at(2015, 3, 31, 0)), 16_666, 10);
    check(activated, 12, at(2015, 3, 31, 0), 24_999, 9);
    check(activated, 12, last(at(2015, 12, 31, 0)), 91_663, 1);
    check(activated, 12, at(2015, 12, 31, 0), 100_000, 0);
    // A leap year, and an activation on its day.
    check(at(2016, 1, 30, 1), 3, last(at(2016, 2, 29, 0)), 33_333, 2);
    check(at(2016, 1, 30, 1), 3, at(2016, 2, 29, 0), 66_666, 1);
    check(at(2016, 2, 29, 1), 12, last(at(2017, 1, 29, 0)), 91_663, 1);
    check(at(2016, 2, 29, 1), 12, at(2017, 1, 29, 0), 100_000, 0);
    // At once.
    check(activated, 0, activated, 100_000, 0);
    check(activated, 1, activated, 100_000, 0);
}

#[test]
fn the_clock_set_back_takes_no_first_stage_away_and_shows_no_debt() {
    let mut world = World::new();
    let open = world.open("1", product());
    world.do_open(&open).unwrap();
    world.pass(-60_000);
    assert_eq!(world.available(INSTALMENT), 33_333);
    world.now = at(2015, 2, 28, 0);
    let pay = world.pay("1", Payer::Account(number(INSTALMENT)), 66_666);
    world.do_pay(&pay).unwrap();
    world.now = at(2015, 2, 27, 0);
    assert_eq!(world.available(INSTALMENT), 0);
    let pay = world.pay("2", Payer::Account(number(INSTALMENT)), 1);
    assert_eq!(world.do_pay(&pay), Err(Refusal::InsufficientBalance));
}

#[test]
fn money_that_comes_back_before_a_release_is_available_beside_it() {
    let mut world = World::new();
    let open = world.open("1", product());
    world.do_open(&open).unwrap();
    let pay = world.pay("1", Payer::Account(number(INSTALMENT)), 30_000);
    world.do_pay(&pay).unwrap();
    assert_eq!(world.available(INSTALMENT), 3_333);
    let undo = world.undo("1");
    world.do_undo(&undo).unwrap();
    assert_eq!(world.available(INSTALMENT), 33_333);
    world.assert_books_balance();
}

#[test]
fn the_most_serious_status_is_shown() {
    let now = at(2015, 6, 1, 12);
    let check = |spoil: &dyn Fn(&mut Account), locked, expect| {
        let mut account = Account::card(number(INSTALMENT), &product(), caller("app/opener"), now);
        spoil(&mut account);
        assert_eq!(account.status(now, locked), expect);
    };
    let expired = |a: &mut Account| a.validity.until = Some(now);
    let frozen = |a: &mut Account| {
        expired(a);
        a.frozen = true;
    };
    let pending = |a: &mut Account| {
        frozen(a);
        a.pending = true;
    };
    check(&|_| {}, false, AccountStatus::Normal);
    check(&expired, false, AccountStatus::Expired);
    check(&expired, true, AccountStatus::Locked);
    check(&frozen, true, AccountStatus::Frozen);
    check(&pending, true, AccountStatus::Pending);
}

#[test]
fn a_card_is_valid_for_its_months_from_the_day_of_its_activation() {
    // 002 线上开卡接口: five months from 2015-01-01 end at 2015-05-31 24:00:00.
    let mut product = product();
    product.validity_months = 5;
    let card = Account::card(
        number(INSTALMENT),
        &product,
        caller("app/opener"),
        at(2015, 1, 1, 15),
    );
    assert_eq!(card.validity.from, at(2015, 1, 1, 0));
    assert_eq!(card.validity.until, Some(at(2015, 5, 31, 15).end_of_day()));
}

#[test]
fn a_cash_account_has_no_plan_and_no_end() {
    let cash = Account::cash(number(CASH), caller("app/opener"), at(2015, 1, 1, 15));
    let far = at(9999, 1, 1, 0);
    assert_eq!(
        (
            cash.available(far),
            cash.unreleased(far),
            cash.remaining_stages(far)
        ),
        (Fen::ZERO, Fen::ZERO, 0)
    );
    assert_eq!((cash.stage_fen(), cash.may_spend(far)), (Fen::ZERO, Ok(())));
}
