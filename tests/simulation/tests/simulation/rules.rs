//! Every rule bites: a good run, in which one thing is then made wrong.

use map_domain::{Fen, Order, OrderState};
use map_simulation::history::{Answer, Call, History};
use map_simulation::plan::plan;
use map_simulation::request::{Proof, Request};
use map_simulation::rules::{judge, names};
use map_simulation::run::{Beginning, play};
use map_simulation::truth::{Holder, Truth};
use map_store::IndexTable;
use map_store::check::{Problem, ProblemKind};
use std::collections::BTreeSet;

/// Makes one thing wrong; `None`: the run has no such thing.
type Wrong = fn(&mut History, &mut Truth) -> Option<()>;

/// What is made wrong, and the rule that has to see it.
const WRONGS: [(&str, Wrong); 17] = [
    ("the trial balance is zero", |_, truth| {
        let entry = holders(truth).find_map(|holder| holder.entries.last_mut())?;
        add(&mut entry.postings.last_mut()?.amount, 1);
        Some(())
    }),
    ("a balance is the sum of its postings", |_, truth| {
        let account = holders(truth).find_map(|holder| holder.accounts.last_mut())?;
        add(&mut account.balance, 1);
        Some(())
    }),
    ("one effect for each key, for ever", |_, truth| {
        let holder = holders(truth).find(|holder| !holder.entries.is_empty())?;
        let twice = holder.entries.last()?.clone();
        holder.entries.push(twice);
        Some(())
    }),
    ("one effect for each key, for ever", |history, _| {
        let again = paid(history)?.clone();
        tell(history, again, |yes| yes.number.push('1'))
    }),
    ("the same key with other content moves nothing", |history, _| {
        let mut again = paid(history)?.clone();
        again.request = again.request.with_other_content()?;
        tell(history, again, |_| {})
    }),
    ("what was acknowledged is there", |history, truth| {
        let key = paid(history)?.key();
        holders(truth).for_each(|holder| holder.orders.retain(|order| order.key != key));
        Some(())
    }),
    ("nothing is there that nobody asked for", |history, _| {
        let key = paid(history)?.key();
        history.calls.retain(|call| call.key() != key);
        Some(())
    }),
    (
        "what was undone is not charged, and restored once",
        |history, truth| {
            let undone = |call: &&Call| matches!(call.request, Request::Undo(_)) && call.yes().is_some();
            let key = history.calls.iter().find(undone)?.key();
            let mut orders = holders(truth).flat_map(|holder| &mut holder.orders);
            orders.find(|order| order.key == key)?.state = OrderState::Done;
            Some(())
        },
    ),
    ("cancelled and undone exclude each other", |history, _| {
        let undone = |call: &&Call| matches!(call.request, Request::Undo(_)) && call.yes().is_some();
        let mut other = history.calls.iter().find(undone)?.clone();
        let cancels = |call: &&Call| matches!(call.request, Request::Cancel(_));
        other.request = history.calls.iter().find(cancels)?.request.clone();
        tell(history, other, |yes| yes.number.push('1'))
    }),
    ("no no for something that happened", |history, _| {
        let mut again = paid(history)?.clone();
        again.told = Some((again.asked, Answer::No("INSUFFICIENT_BALANCE".to_owned())));
        let key = again.key();
        history.calls.retain(|call| call.key() != key);
        history.calls.push(again);
        Some(())
    }),
    ("index rows are explained and none is missing", |_, truth| {
        let orders = truth.customers.values().flat_map(|holder| &holder.orders);
        let number = orders.map(|order| &order.id).next()?.as_str().as_bytes().to_vec();
        let names = |key: &[u8]| key.windows(number.len()).any(|part| part == number);
        let before = truth.index.len();
        truth.index.retain(|row| !names(&row.key.key));
        (truth.index.len() < before).then_some(())
    }),
    ("index rows are explained and none is missing", |_, truth| {
        let table = IndexTable::OrderNumber;
        let numbers = truth.index.iter().filter(|row| row.key.table == table);
        let named: BTreeSet<_> = numbers.map(|row| row.row.clone()).collect();
        let is_named = |order: &Order| named.contains(&map_store::keys::order_row(&order.key));
        let holder = holders(truth).find(|holder| holder.orders.iter().any(is_named))?;
        let at = holder.orders.iter().position(is_named)?;
        holder.orders.remove(at);
        Some(())
    }),
    ("attempts are counted and the lock holds", |_, truth| {
        holders(truth).next()?.customer.payment_code.failures += 1;
        Some(())
    }),
    ("what was shown stays", |history, _| {
        let mut shown = paid(history)?.clone();
        let Request::Pay(pay) = &shown.request else {
            return None;
        };
        shown.request =
            Request::FindPayment(map_proto::payment::v1::FindPaymentRequest { key: pay.key.clone() });
        tell(history, shown, |yes| {
            yes.said = "PAYMENT_STATE_DECLINED".to_owned()
        })
    }),
    ("a signature moves money for one request", |history, _| {
        let first = paid(history)?.clone();
        let others = history.calls.iter_mut().filter(|call| call.key() != first.key());
        let mut others =
            others.filter(|call| matches!(call.request, Request::Pay(_)) && call.yes().is_some());
        others.next()?.proof = Some(Proof(0));
        let at = history.calls.iter().position(|call| call.asked == first.asked)?;
        history.calls[at].proof = Some(Proof(0));
        Some(())
    }),
    ("who asks a last time is told", |history, _| {
        let last = history.calls.iter_mut().find(|call| call.last)?;
        last.told = Some((last.asked, Answer::Unsure("OVERLOADED".to_owned())));
        Some(())
    }),
    ("the ledger checks clean", |_, truth| {
        truth.report.problems.push(Problem {
            kind: ProblemKind::Damaged,
            place: "somewhere".to_owned(),
            detail: String::new(),
        });
        Some(())
    }),
];

fn holders(truth: &mut Truth) -> impl Iterator<Item = &mut Holder> {
    truth.customers.values_mut()
}

fn add(fen: &mut Fen, more: i64) {
    *fen = Fen::new(fen.get() + more);
}

/// A payment that was told to be made.
fn paid(history: &History) -> Option<&Call> {
    let mut calls = history.calls.iter();
    calls.find(|call| matches!(call.request, Request::Pay(_)) && call.yes().is_some())
}

/// One call more, which was told something else.
fn tell(
    history: &mut History,
    mut call: Call,
    change: impl Fn(&mut map_simulation::history::Yes),
) -> Option<()> {
    match &mut call.told {
        Some((_, Answer::Yes(yes))) => change(yes),
        _ => return None,
    }
    history.calls.push(call);
    Some(())
}

#[test]
fn each_rule_sees_what_is_made_wrong() {
    let beginning = Beginning::default();
    for (rule, make_wrong) in WRONGS {
        let seen = (0..20).find_map(|seed| {
            let (mut history, mut truth, _) = play(seed, &plan(seed, 60), None, &beginning);
            assert_eq!(judge(&history, &truth), [], "seed {seed}");
            make_wrong(&mut history, &mut truth)?;
            let broken = judge(&history, &truth);
            Some(broken.iter().any(|violation| violation.rule == rule))
        });
        assert_eq!(seen, Some(true), "{rule}");
    }
    let tried: BTreeSet<_> = WRONGS.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(tried, names().collect(), "every rule is tried");
}
