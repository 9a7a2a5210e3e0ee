//! The second lock: a decision that breaks an invariant is not written.

use crate::world::{CASH, DISCOUNT, World, caller, discount, number, pos};
use map_domain::command::pay::Payer;
use map_domain::command::{pay, reverse_payment};
use map_domain::{Account, Decision, Fen, OrderState, Posting, Refusal, Slot};

/// A payment's decision, spoilt in one way, must be told.
fn check(spoil: impl Fn(&mut Decision), expect: &str) {
    let mut world = World::with_cash(100);
    let command = world.pay("1", Payer::Mobile, 30);
    let mut decision = pay::decide(&world.state, &command, &world.context()).unwrap();
    assert_eq!(decision.check(&world.state), Ok(()));
    spoil(&mut decision);
    assert_eq!(
        decision.check(&world.state).map_err(|defect| defect.to_string()),
        Err(expect.to_owned())
    );
}

fn postings(decision: &mut Decision) -> &mut Vec<Posting> {
    &mut decision.entry.as_mut().unwrap().postings
}

#[test]
fn a_decision_that_breaks_an_invariant_is_told() {
    check(
        |d| d.accounts[0].balance = Fen::new(71),
        "a balance is not the sum of its postings",
    );
    check(
        |d| d.accounts.clear(),
        "a posting to an account that is not written",
    );
    check(
        |d| d.accounts.push(d.accounts[0].clone()),
        "an account is written twice",
    );
    check(
        |d| d.accounts[0].face_value = Fen::new(1),
        "an account becomes another",
    );
    check(
        |d| postings(d)[0].amount = Fen::new(-29),
        "the entry does not balance",
    );
    check(
        |d| d.entry.as_mut().unwrap().sequence = 3,
        "the entry is out of sequence",
    );
    check(
        |d| d.customer.as_mut().unwrap().entries = 3,
        "the entry is out of sequence",
    );
    check(|d| d.customer = None, "the entry is out of sequence");
    check(
        |d| d.customer.as_mut().unwrap().id = map_domain::CustomerId::new([8; 16]),
        "the header is another customer's",
    );
    check(|d| d.entry = None, "an entry is counted and not written");
    check(
        |d| d.orders.push(d.orders[0].clone()),
        "an order is written twice",
    );
    check(
        |d| d.orders[0].state = OrderState::Declined(Refusal::RuleMismatch),
        "money moves without an order, or an order without money",
    );
    check(
        |d| d.orders.clear(),
        "money moves without an order, or an order without money",
    );
    check(
        |d| d.answer = Err(Refusal::RuleMismatch),
        "money moves and the answer is no",
    );
    check(
        |d| d.answer.as_mut().unwrap().at = map_domain::Timestamp::from_millis(1),
        "the answer is not what is written",
    );
    check(
        |d| d.entry.as_mut().unwrap().order = map_domain::OrderId::parse("x").unwrap(),
        "the entry is another order's",
    );
    let other = |d: &mut Decision| {
        d.accounts.push(Account::cash(
            number("9501888000000009"),
            caller("app/opener"),
            d.orders[0].at,
        ));
    };
    check(other, "a second cash account");
    let doubled = |d: &mut Decision| {
        d.accounts[0].balance = Fen::new(40);
        postings(d)[0].amount = Fen::new(-60);
        postings(d)[1].amount = Fen::new(60);
    };
    check(doubled, "the entry is not what its order says");
    let overdrawn = |d: &mut Decision| {
        d.accounts[0].balance = Fen::new(-1);
        postings(d)[0].amount = Fen::new(-101);
        postings(d)[1].amount = Fen::new(101);
    };
    check(overdrawn, "a balance becomes negative");
}

/// A reversal's decision, spoilt in one way.
fn check_reversal(spoil: impl Fn(&mut Decision), expect: &str) {
    let mut world = World::with_cash(100);
    world.put(discount(DISCOUNT, world.now), 100);
    let command = world.pay("1", Payer::Account(number(CASH)), 30);
    world.do_pay(&command).unwrap();
    let undo = world.undo("1");
    let mut decision = reverse_payment::decide(&world.state, &undo, &world.context()).unwrap();
    assert_eq!(decision.check(&world.state), Ok(()));
    spoil(&mut decision);
    assert_eq!(
        decision.check(&world.state).map_err(|defect| defect.to_string()),
        Err(expect.to_owned())
    );
}

#[test]
fn a_decided_order_changes_only_by_being_given_back_in_full() {
    let changed = "an order that was decided changes";
    check_reversal(|d| d.orders[0].state = OrderState::Done, changed);
    check_reversal(|d| d.orders[0].state = OrderState::Closed, changed);
    check_reversal(|d| d.orders[0].remark_at_random(), changed);
    check_reversal(
        |d| d.orders[0].key = pos("2").slot(Slot::Pay),
        "an order begins its life reversed or cancelled",
    );
    let partly = |d: &mut Decision| {
        d.accounts[0].balance = Fen::new(71);
        postings(d)[0].amount = Fen::new(1);
        postings(d)[1].amount = Fen::new(-1);
    };
    check_reversal(
        partly,
        "a payment is not given back in full to the account that paid",
    );
}

/// Changes what must not change.
trait RemarkAtRandom {
    fn remark_at_random(&mut self);
}

impl RemarkAtRandom for map_domain::Order {
    fn remark_at_random(&mut self) {
        let map_domain::OrderDetail::Payment(payment) = &mut self.detail else {
            panic!("{self:?}")
        };
        payment.remark.push('x');
    }
}
