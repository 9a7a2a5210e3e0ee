//! `map bench`: the benchmark.

use crate::bench;
use crate::cli::BenchArgs;
use crate::outcome::Stop;

pub(super) async fn run(args: &BenchArgs, settings: &[String]) -> Result<(), Stop> {
    bench::measure(args, settings).await
}
