//! Reversal is final in every order in which pay, undo, cancel and their retries can arrive: all
//! permutations of a multiset, each played to its end.

use crate::world::{CASH, World};
use map_domain::command::cancel_payment::CancelPayment;
use map_domain::command::pay::{Pay, Payer};
use map_domain::command::reverse_payment::ReversePayment;
use map_domain::{Order, Refusal};

/// What arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Pay,
    Undo,
    Cancel,
    /// Another cancellation of the same payment, under a key of its own.
    CancelAgain,
    /// Days pass, beyond every window.
    Wait,
}

/// The next permutation in lexical order; `false` after the last.
fn advance(steps: &mut [Step]) -> bool {
    let Some(rise) = (1..steps.len()).rev().find(|at| steps[at - 1] < steps[*at]) else {
        return false;
    };
    let higher = (rise..steps.len())
        .rev()
        .find(|at| steps[*at] > steps[rise - 1])
        .unwrap();
    steps.swap(rise - 1, higher);
    steps[rise..].reverse();
    true
}

/// The commands, the same bytes each time they are sent.
struct Commands {
    pay: Pay,
    undo: ReversePayment,
    cancel: CancelPayment,
    cancel_again: CancelPayment,
}

/// Plays one order of arrival; what was told of each step.
fn play(steps: &[Step]) {
    let mut world = World::with_cash(100);
    let commands = Commands {
        pay: world.pay("1", Payer::Mobile, 30),
        undo: world.undo("1"),
        cancel: world.cancel("1", "1"),
        cancel_again: world.cancel("2", "1"),
    };
    let mut told: Vec<(Step, Result<Order, Refusal>)> = Vec::new();
    let mut undone = false;
    for step in steps {
        let before = world.available(CASH);
        let answer = match step {
            Step::Pay => world.do_pay(&commands.pay),
            Step::Undo => world.do_undo(&commands.undo),
            Step::Cancel => world.do_cancel(&commands.cancel),
            Step::CancelAgain => world.do_cancel(&commands.cancel_again),
            Step::Wait => {
                world.pass(30 * crate::world::DAY);
                continue;
            }
        };
        let after = world.available(CASH);
        assert!((70..=100).contains(&after), "{steps:?}: {told:?}");
        if undone {
            assert_eq!(
                (before, after),
                (100, 100),
                "money moved after an undo: {steps:?}: {told:?}"
            );
        }
        undone |= match (step, &answer) {
            (Step::Undo, Ok(_) | Err(Refusal::PaymentUnknownKeyClosed | Refusal::PaymentCancelled)) => true,
            (Step::Undo, Err(refusal)) => {
                assert_eq!(*refusal, Refusal::ReversalWindowPassed, "{steps:?}");
                false
            }
            _ => false,
        };
        check_repeat(&told, *step, &answer, steps);
        told.push((*step, answer));
        world.assert_books_balance();
    }
    let back = told
        .iter()
        .filter(|(step, answer)| *step != Step::Pay && answer.is_ok());
    let ways: std::collections::BTreeSet<_> = back.map(|(step, _)| step).collect();
    assert!(ways.len() <= 1, "given back in two ways: {steps:?}: {told:?}");
    assert!(world.journal.len() <= 3, "{steps:?}");
}

/// A repeat is told what the first was told, but that a success may have been given back or have become old.
fn check_repeat(
    told: &[(Step, Result<Order, Refusal>)],
    step: Step,
    answer: &Result<Order, Refusal>,
    steps: &[Step],
) {
    let Some((_, first)) = told.iter().find(|(known, _)| *known == step) else {
        return;
    };
    let given_back = [
        Refusal::PaymentReversed,
        Refusal::PaymentCancelled,
        Refusal::ReplayWindowPassed,
        Refusal::ReversalWindowPassed,
    ];
    match (step, first, answer) {
        (_, first, answer) if first == answer => {}
        (Step::Pay | Step::Cancel | Step::CancelAgain, Ok(_), Err(refusal))
            if given_back.contains(refusal) => {}
        // An undo that came too late is told what happened since then, and moves nothing.
        (Step::Undo, Err(Refusal::ReversalWindowPassed), _) => {}
        _ => panic!("{steps:?}: {step:?} was told {first:?}, then {answer:?}"),
    }
}

fn check_all(mut steps: Vec<Step>, expect: usize) {
    steps.sort();
    let mut count = 0;
    loop {
        play(&steps);
        count += 1;
        if !advance(&mut steps) {
            break;
        }
    }
    assert_eq!(count, expect);
}

#[test]
fn an_undo_is_final_in_every_interleaving() {
    use Step::{Cancel, CancelAgain, Pay, Undo};
    check_all(
        vec![Pay, Pay, Pay, Undo, Undo, Cancel, Cancel, CancelAgain],
        8 * 7 * 6 * 5 * 4 * 3 * 2 / (6 * 2 * 2),
    );
}

#[test]
fn an_undo_is_final_also_when_days_pass_in_between() {
    use Step::{Cancel, Pay, Undo, Wait};
    check_all(
        vec![Pay, Pay, Undo, Undo, Cancel, Wait],
        6 * 5 * 4 * 3 * 2 / (2 * 2),
    );
}
