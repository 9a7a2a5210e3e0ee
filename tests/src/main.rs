//! Kills `map serve` again and again under load, and proves after each restart that nothing that was
//! acknowledged is lost and nothing happened twice. See `tests/README.md`.
#![allow(clippy::print_stdout, reason = "it talks to a person")]

use clap::Parser;
use map_tests::crash::Series;
use map_tests::harness::keys;
use std::process::ExitCode;

/// Kills `map serve` with SIGKILL under load, starts it again, asks for everything.
#[derive(Debug, Parser)]
#[command(name = "crash-series")]
struct Arguments {
    /// Rounds, each with one kill under load and some while opening; fewer than three don't meet every moment.
    #[arg(long, default_value_t = 50)]
    rounds: usize,
    /// Repeats the plan of the run that printed it.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..1_000_000))]
    seed: Option<u64>,
    /// Callers at once. Default: 8 to 16, drawn for each round.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    callers: Option<u16>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        keys::plant_seed(seed);
    }
    let seed = keys::seed();
    let rounds = arguments.rounds;
    println!("repeat with --rounds {rounds} --seed {seed}");
    let series = Series {
        seed,
        rounds,
        callers: arguments.callers.map(usize::from),
    };
    let report = series.run(|line| println!("{line}"));
    println!("\n{report}");
    if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
