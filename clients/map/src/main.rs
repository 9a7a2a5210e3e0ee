//! `map`: the one binary of MAP.
//!
//! What it does: reads the command line and the configuration, starts the parts, drains them. What
//! it deliberately does not do: anything about money, or about the wire; the parts do.

mod bench;
mod child;
mod cli;
mod commands;
mod config;
mod outcome;
mod provisioning;
mod runtime;
mod story;
mod telemetry;
mod ui;
mod version;

use clap::Parser;
use std::process::ExitCode;

/// A payment is hundreds of small allocations on one thread that are freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return outcome::exit_code(Err(outcome::Stop::failed(error))),
    };
    let ended = runtime.block_on(commands::run(cli));
    // What still runs after the drain has had its time; it must not keep the process.
    runtime.shutdown_background();
    outcome::exit_code(ended)
}
