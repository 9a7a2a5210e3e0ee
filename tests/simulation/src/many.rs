//! Many seeds, on as many threads as there are processors; and what is told of them.

use crate::outcome::Outcome;
use crate::plan::{Step, plan};
use crate::planted::Planted;
use crate::run::{Beginning, run};
use crate::shorten::shorten;
use map_store::faulty::{Counts, Kind};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many seeds may fail before the rest is left alone.
const ENOUGH: usize = 10;

/// What came of many runs.
#[derive(Debug, Default)]
pub struct Totals {
    /// How many runs there were.
    pub runs: u64,
    /// The faults that were met.
    pub counts: Counts,
    /// What clients were told, and how often.
    pub told: BTreeMap<String, u64>,
    /// The seeds that broke a rule.
    pub failed: Vec<u64>,
}

impl Totals {
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.runs += 1;
        self.counts.add(&outcome.counts);
        for call in &outcome.history.calls {
            *self.told.entry(call.in_a_word()).or_default() += 1;
        }
        if !outcome.violations.is_empty() {
            self.failed.push(seed);
        }
    }

    /// The kinds of faults that no run met.
    pub fn never_met(&self) -> Vec<&'static str> {
        let never = self.counts.each().filter(|(_, count)| *count == 0);
        never.map(|(kind, _)| kind.name()).collect()
    }

    /// What clients were told and what faults were met, as tables.
    pub fn tables(&self) -> String {
        let mut text = format!("{:<34} {:>10}\n", "told", "times");
        for (told, times) in &self.told {
            let _ = writeln!(text, "{told:<34} {times:>10}");
        }
        let _ = writeln!(text, "\n{:<34} {:>10}", "fault", "met");
        for kind in Kind::ALL {
            let _ = writeln!(text, "{:<34} {:>10}", kind.name(), self.counts.of(kind));
        }
        text
    }
}

/// Runs every seed with so many steps.
pub fn many(seeds: Range<u64>, steps: usize, beginning: &Beginning) -> Totals {
    let next = AtomicU64::new(seeds.start);
    let totals = Mutex::new(Totals::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || totals.lock().unwrap().failed.len() >= ENOUGH {
                        return;
                    }
                    let outcome = run(seed, &plan(seed, steps), None, beginning);
                    totals.lock().unwrap().add(seed, &outcome);
                }
            });
        }
    });
    let mut totals = totals.into_inner().unwrap();
    totals.failed.sort_unstable();
    totals
}

/// The first of these seeds that finds a planted bug, and the rule that does.
pub fn find(
    bug: Planted,
    mut seeds: Range<u64>,
    steps: usize,
    beginning: &Beginning,
) -> Option<(u64, &'static str)> {
    seeds.find_map(|seed| {
        let outcome = run(seed, &plan(seed, steps), Some(bug), beginning);
        outcome.violations.first().map(|violation| (seed, violation.rule))
    })
}

/// A run that breaks a rule, shortened, and how to run it again.
pub fn explain(seed: u64, steps: usize, beginning: &Beginning) -> String {
    let all = plan(seed, steps);
    let broken = run(seed, &all, None, beginning).violations;
    let Some(first) = broken.first() else {
        return format!("seed {seed} breaks no rule");
    };
    let fails = |steps: &[Step]| {
        let found = run(seed, steps, None, beginning).violations;
        found.iter().any(|violation| violation.rule == first.rule)
    };
    let shortened = shorten(all, fails);
    let outcome = run(seed, &shortened, None, beginning);
    let mut text = format!("seed {seed} breaks a rule: {}\n", first.rule);
    let _ = writeln!(
        text,
        "again: cargo run --release -p map-simulation -- --seed {seed} --ops {steps}"
    );
    let _ = writeln!(text, "{} steps are enough:", shortened.len());
    for step in &shortened {
        let _ = writeln!(text, "{step:?}");
    }
    for call in &outcome.history.calls {
        let _ = writeln!(text, "{call}");
    }
    for violation in &outcome.violations {
        let _ = writeln!(text, "broken: {}: {}", violation.rule, violation.what);
    }
    text
}
