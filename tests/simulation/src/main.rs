//! Runs the simulation: `map-simulation --seeds 10000 --ops 200`, or one seed of it: `--seed 4711`.
//! Ends with an error where a rule was broken, or a kind of fault was never met.

#![allow(
    clippy::print_stdout,
    reason = "a command of the tests: what it finds goes to its caller"
)]

use clap::Parser;
use map_simulation::many::{explain, find, many};
use map_simulation::planted::Planted;
use map_simulation::run::Beginning;
use std::process::ExitCode;

/// Clients, servers and a store with faults, by seed.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only this seed; where it breaks a rule, its shortened history.
    #[arg(long)]
    seed: Option<u64>,
    /// Steps of each run.
    #[arg(long, default_value_t = 200)]
    ops: usize,
    /// Plants each bug in turn and looks for it among the seeds.
    #[arg(long)]
    planted: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let beginning = Beginning::default();
    let good = match arguments.seed {
        _ if arguments.planted => find_planted(&arguments, &beginning),
        Some(seed) => one(seed, arguments.ops, &beginning),
        None => all(&arguments, &beginning),
    };
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn one(seed: u64, ops: usize, beginning: &Beginning) -> bool {
    let totals = many(seed..seed.saturating_add(1), ops, beginning);
    println!("{}\n{}", totals.tables(), explain(seed, ops, beginning));
    totals.failed.is_empty()
}

fn all(arguments: &Arguments, beginning: &Beginning) -> bool {
    let Arguments { seeds, from, ops, .. } = *arguments;
    let totals = many(from..from.saturating_add(seeds), ops, beginning);
    println!("{}", totals.tables());
    for seed in totals.failed.iter().take(3) {
        println!("{}", explain(*seed, ops, beginning));
    }
    let never = totals.never_met();
    if !never.is_empty() {
        println!("faults that were never met: {never:?}");
    }
    let (failed, runs) = (totals.failed.len(), totals.runs);
    println!(
        "{runs} seeds of {ops} steps: {failed} broke a rule {:?}",
        totals.failed
    );
    totals.failed.is_empty() && never.is_empty()
}

/// Looks for each planted bug; prints which seed found it, and by which rule.
fn find_planted(arguments: &Arguments, beginning: &Beginning) -> bool {
    let Arguments { seeds, from, ops, .. } = *arguments;
    println!("{:<26} {:>6}  found by", "bug", "seed");
    let mut all = true;
    for bug in Planted::ALL {
        match find(bug, from..from.saturating_add(seeds), ops, beginning) {
            Some((seed, rule)) => println!("{:<26} {seed:>6}  {rule}", bug.name()),
            None => {
                println!("{:<26} {:>6}  no rule", bug.name(), "-");
                all = false;
            }
        }
    }
    all
}
