//! Paying: what is refused and in which order, which account pays, what a repeat is told.

use crate::world::{CASH, DAY, DISCOUNT, INSTALMENT, World, at, discount, number, pos, product, wrong};
use map_domain::command::pay::{self, Pay, Payer};
use map_domain::{
    AccountStatus, AccountType, CodeProof, EventKind, Fen, OrderState, PaymentCodeState, Refusal, Slot,
    Timestamp,
};

/// A cash account with 100 fen and a discount card with 100.
fn wallet() -> World {
    let mut world = World::with_cash(100);
    world.put(discount(DISCOUNT, world.now), 100);
    world
}

#[test]
fn a_payment_moves_money_to_the_seller_once() {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 30);
    let order = world.do_pay(&command).unwrap();
    let payment = order.payment().unwrap();
    assert_eq!(payment.account, Some(number(CASH)));
    assert_eq!(payment.available_after, Fen::new(70));
    assert_eq!(payment.status_after, AccountStatus::Normal);
    assert_eq!(world.do_pay(&command), Ok(order));
    assert_eq!((world.available(CASH), world.journal.len()), (70, 2));
    world.assert_books_balance();
}

/// Spoils a payment in one way.
type Spoil = fn(&mut World, &mut Pay);

/// Every refusal of a payment by account number, most serious first, and what causes it.
const SPOILS: [(Refusal, Spoil); 13] = [
    (Refusal::SellerInactive, |_, command| {
        command.seller_active = false
    }),
    (Refusal::TerminalInactive, |_, command| {
        command.terminal_active = false
    }),
    (Refusal::ConsumerUnknown, |_, command| {
        command.payer = Payer::Account(number("2601888000000009"))
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
    (Refusal::PaymentCodeRequired, |_, command| {
        command.code = CodeProof::Absent
    }),
    (Refusal::PaymentCodeWrong, |_, command| command.code = wrong()),
    (Refusal::AccountFrozen, |world, _| {
        world.account_mut(DISCOUNT).frozen = true
    }),
    (Refusal::AccountPending, |world, _| {
        world.account_mut(DISCOUNT).pending = true
    }),
    (Refusal::AccountExpired, |world, _| {
        world.account_mut(DISCOUNT).validity.until = Some(at(2015, 1, 31, 12))
    }),
    (Refusal::RuleMismatch, |world, _| {
        world.account_mut(DISCOUNT).restrictions.hours = vec![(0, 12)]
    }),
    (Refusal::InsufficientBalance, |_, command| {
        command.amount = Fen::new(101)
    }),
];

/// The refusal of a payment that is spoilt in these ways; nothing may move.
fn check(spoils: &[usize], expect: Refusal) {
    let mut world = wallet();
    let mut command = world.pay("1", Payer::Account(number(DISCOUNT)), 30);
    // The more serious last, so that it has its way where two change one field.
    for spoil in spoils.iter().rev() {
        SPOILS[*spoil].1(&mut world, &mut command);
    }
    let before = world.clone();
    assert_eq!(world.do_pay(&command), Err(expect), "{spoils:?}");
    assert_eq!(world.journal.len(), before.journal.len());
    assert_eq!(world.state.accounts, before.state.accounts);
    if expect == Refusal::PinBlockUnreadable {
        assert_eq!(
            world.state, before.state,
            "no attempt is counted and no key is used up"
        );
        return;
    }
    // The decline is committed: what was in its way may go, and a delayed duplicate charges nothing.
    let mut later = wallet();
    later.state.orders = world.state.orders;
    let command = Pay {
        content: command.content,
        ..later.pay("1", Payer::Mobile, 30)
    };
    assert_eq!(later.do_pay(&command), Err(expect), "{spoils:?}");
    assert_eq!(later.available(CASH), 100);
}

#[test]
fn each_refusal_is_told_and_committed() {
    for (place, (refusal, _)) in SPOILS.iter().enumerate() {
        check(&[place], *refusal);
    }
    let mut world = wallet();
    let command = world.pay("1", Payer::Account(number(DISCOUNT)), 30);
    assert!(world.do_pay(&command).is_ok(), "unspoilt");
}

#[test]
fn of_two_refusals_the_more_serious_is_told() {
    for (first, (refusal, _)) in SPOILS.iter().enumerate() {
        for second in first + 1..SPOILS.len() {
            check(&[first, second], *refusal);
        }
    }
    assert!(SPOILS.is_sorted_by_key(|(refusal, _)| refusal.code()));
}

#[test]
fn a_card_that_is_not_valid_yet_does_not_pay() {
    let mut world = wallet();
    world.account_mut(DISCOUNT).validity.from = world.now.saturating_add_millis(1);
    let command = world.pay("1", Payer::Account(number(DISCOUNT)), 30);
    assert_eq!(world.do_pay(&command), Err(Refusal::AccountNotYetValid));
}

#[test]
fn a_card_pays_until_its_end_and_not_at_it() {
    let mut world = wallet();
    world.account_mut(DISCOUNT).validity.until = Some(world.now.saturating_add_millis(1));
    let command = world.pay("1", Payer::Account(number(DISCOUNT)), 30);
    assert!(world.do_pay(&command).is_ok());
    world.pass(1);
    let command = world.pay("2", Payer::Account(number(DISCOUNT)), 30);
    assert_eq!(world.do_pay(&command), Err(Refusal::AccountExpired));
    assert_eq!(
        world.account(DISCOUNT).balance,
        Fen::new(70),
        "an expired card keeps its balance"
    );
}

#[test]
fn an_amount_that_is_not_positive_uses_no_key_up() {
    for fen in [0, -1, i64::MIN] {
        let mut world = World::with_cash(100);
        let command = world.pay("1", Payer::Mobile, fen);
        assert_eq!(world.do_pay(&command), Err(Refusal::AmountOutOfRange));
        assert_eq!(world.state.order(&pos("1").slot(Slot::Pay)), None);
    }
}

/// Which account pays `fen` for a mobile number, the wallet being prepared so.
fn check_choice(prepare: impl Fn(&mut World), fen: i64, expect: Result<&str, Refusal>) {
    let mut world = wallet();
    let second = discount("2601888000000002", world.now);
    world.put(second, 100);
    prepare(&mut world);
    let command = world.pay("1", Payer::Mobile, fen);
    let paid = world
        .do_pay(&command)
        .map(|order| order.payment().unwrap().account.clone().unwrap());
    assert_eq!(paid, expect.map(number));
}

fn until(world: &mut World, card: &str, until: Option<Timestamp>) {
    world.account_mut(card).validity.until = until;
}

#[test]
fn a_mobile_number_pays_with_the_usable_discount_card_that_expires_first() {
    const SECOND: &str = "2601888000000002";
    check_choice(|_| {}, 30, Ok(DISCOUNT));
    check_choice(|w| until(w, SECOND, Some(at(2015, 2, 2, 0))), 30, Ok(SECOND));
    check_choice(|w| until(w, DISCOUNT, None), 30, Ok(SECOND));
    check_choice(|w| until(w, DISCOUNT, Some(at(2015, 1, 31, 0))), 30, Ok(SECOND));
    check_choice(|w| w.account_mut(DISCOUNT).frozen = true, 30, Ok(SECOND));
    check_choice(|w| w.account_mut(DISCOUNT).pending = true, 30, Ok(SECOND));
    check_choice(
        |w| w.account_mut(DISCOUNT).restrictions.hours = vec![(0, 12)],
        30,
        Ok(SECOND),
    );
}

#[test]
fn without_a_usable_card_the_cash_account_pays_and_no_payment_is_split() {
    let both_frozen = |w: &mut World| {
        w.account_mut(DISCOUNT).frozen = true;
        w.account_mut("2601888000000002").frozen = true;
    };
    check_choice(both_frozen, 30, Ok(CASH));
    check_choice(|_| {}, 101, Err(Refusal::InsufficientBalance));
    check_choice(
        |w| {
            both_frozen(w);
            w.account_mut(CASH).frozen = true;
        },
        30,
        Err(Refusal::AccountFrozen),
    );
}

#[test]
fn who_has_no_account_at_all_has_not_enough() {
    let mut world = World::new();
    let command = world.pay("1", Payer::Mobile, 30);
    assert_eq!(world.do_pay(&command), Err(Refusal::InsufficientBalance));
}

#[test]
fn an_instalment_card_pays_only_when_its_own_number_is_presented_and_what_is_released() {
    let mut world = World::new();
    let open = world.open("1", product());
    world.do_open(&open).unwrap();
    let by_mobile = world.pay("1", Payer::Mobile, 100);
    assert_eq!(world.do_pay(&by_mobile), Err(Refusal::InsufficientBalance));
    let too_much = world.pay("2", Payer::Account(number(INSTALMENT)), 33_334);
    assert_eq!(world.do_pay(&too_much), Err(Refusal::InsufficientBalance));
    let released = world.pay("3", Payer::Account(number(INSTALMENT)), 33_333);
    assert_eq!(
        world
            .do_pay(&released)
            .unwrap()
            .payment()
            .unwrap()
            .available_after,
        Fen::ZERO
    );
    world.assert_books_balance();
}

#[test]
fn an_investment_account_pays_nothing() {
    let mut world = wallet();
    world.account_mut(DISCOUNT).kind = AccountType::Investment;
    let command = world.pay("1", Payer::Account(number(DISCOUNT)), 30);
    assert_eq!(world.do_pay(&command), Err(Refusal::RuleMismatch));
}

#[test]
fn the_same_key_with_other_content_moves_nothing() {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 30);
    world.do_pay(&command).unwrap();
    let other = world.pay("1", Payer::Mobile, 31);
    assert_eq!(world.do_pay(&other), Err(Refusal::IdempotencyKeyReused));
    assert_eq!(world.available(CASH), 70);
}

#[test]
fn a_success_is_repeated_within_the_replay_window_and_refused_with_an_event_after_it() {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 30);
    let first = world.do_pay(&command).unwrap();
    world.pass(7 * DAY);
    assert_eq!(world.do_pay(&command), Ok(first));
    assert_eq!(world.events, []);
    world.pass(1);
    assert_eq!(world.do_pay(&command), Err(Refusal::ReplayWindowPassed));
    assert_eq!(world.events, [EventKind::ReplayAfterWindow]);
    assert_eq!(world.available(CASH), 70);
}

#[test]
fn a_decline_is_repeated_for_ever() {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 130);
    assert_eq!(world.do_pay(&command), Err(Refusal::InsufficientBalance));
    world.pass(1000 * DAY);
    assert_eq!(world.do_pay(&command), Err(Refusal::InsufficientBalance));
    assert_eq!(world.events, []);
}

#[test]
fn a_decline_without_a_customer_can_be_kept_in_a_claim_and_replayed_from_it() {
    let mut world = World::new();
    let command = world.pay("1", Payer::Mobile, 30);
    let order = pay::declined(&command, Refusal::ConsumerUnknown, &world.context());
    assert_eq!(order.state, OrderState::Declined(Refusal::ConsumerUnknown));
    let replayed = map_domain::order::replay(&order, &command.content, &world.context());
    assert_eq!(replayed, Err(Refusal::ConsumerUnknown));
    assert_ne!(world.state.customer.payment_code, PaymentCodeState::default());
}
