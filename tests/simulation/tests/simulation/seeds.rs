//! What holds of every seed: no rule is broken; and every planted bug breaks one.

use map_simulation::many::{explain, find, many};
use map_simulation::plan::plan;
use map_simulation::planted::Planted;
use map_simulation::run::{Beginning, run};

/// Fewer than the command plays by default: the debug build takes its time.
const STEPS: usize = 120;

#[test]
fn five_hundred_seeds_break_no_rule_and_meet_every_fault() {
    let beginning = Beginning::default();
    let totals = many(0..500, STEPS, &beginning);
    println!("{}", totals.tables());
    if let Some(seed) = totals.failed.first() {
        panic!("{:?}\n{}", totals.failed, explain(*seed, STEPS, &beginning));
    }
    assert_eq!(totals.runs, 500);
    assert!(totals.never_met().is_empty(), "{:?}", totals.never_met());
}

#[test]
fn every_planted_bug_is_found_within_300_seeds() {
    let beginning = Beginning::default();
    for bug in Planted::ALL {
        let found = find(bug, 0..300, STEPS, &beginning);
        println!("{}: {found:?}", bug.name());
        assert!(found.is_some(), "{} was not found", bug.name());
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let beginning = Beginning::default();
    for seed in 0..5 {
        let digest = |steps| run(seed, &plan(seed, steps), None, &beginning).digest();
        assert_eq!(digest(STEPS), digest(STEPS), "seed {seed}");
        assert_ne!(digest(STEPS), digest(STEPS / 2), "seed {seed}");
    }
}
