//! One file for each command.

mod bench;
mod call;
pub(crate) mod check;
mod core;
mod core_channel;
mod demo;
mod gateway;
mod key;
mod log;
mod provision;
mod serve;

use crate::cli::{Cli, Command, Global, ServeArgs};
use crate::config::{Layers, MapConfig, TelemetryConfig, check_environment, dump, load};
use crate::outcome::Stop;
use crate::runtime::ReadyFile;
use crate::telemetry;
use crate::ui::Ui;

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Result<(), Stop> {
    let Cli { global, command } = cli;
    let level = default_level(command.as_ref());
    let begin =
        |traces: &TelemetryConfig| telemetry::start(global.log.as_deref(), level, global.log_format, traces);
    // A server begins when its configuration has said where its traces go.
    if global.dump_config || !serves(command.as_ref()) {
        begin(&TelemetryConfig::default())?;
    }
    check_environment::<MapConfig>(&environment()).map_err(Stop::usage)?;
    if global.dump_config {
        Ui::new().line(dump(&config(&global)?).map_err(Stop::failed)?.trim_end());
        return Ok(());
    }
    match command {
        None => Err(Stop::usage(
            "no command; map demo shows what there is, map --help lists it",
        )),
        Some(Command::Demo(args)) => demo::run(&args).await,
        Some(Command::Serve(args)) => {
            let ready_file = claimed(&args)?;
            let config = config(&global)?;
            begin(&config.telemetry)?;
            serve::run(config, ready_file).await
        }
        Some(Command::Core(args)) => {
            let ready_file = claimed(&args)?;
            let config = config(&global)?;
            begin(&config.telemetry)?;
            core::run(config, ready_file).await
        }
        Some(Command::Gateway(args)) => {
            let ready_file = claimed(&args.serve)?;
            let config = config(&global)?;
            begin(&config.telemetry)?;
            gateway::run(config, &args, ready_file).await
        }
        Some(Command::Provision(args)) => provision::run(&args, &global).await,
        Some(Command::Check(args)) => check::run(&args).await,
        Some(Command::Log(args)) => log::run(args).await,
        Some(Command::Call(args)) => call::run(&args).await,
        Some(Command::Key(args)) => key::run(&args),
        Some(Command::Bench(args)) => bench::run(&args, &global.set).await,
    }
}

/// The place of the ready file, cleared before anything else can fail.
fn claimed(args: &ServeArgs) -> Result<Option<ReadyFile>, Stop> {
    args.ready_file.as_deref().map(ReadyFile::claim).transpose()
}

/// The configuration in force, checked.
fn config(global: &Global) -> Result<MapConfig, Stop> {
    let layers = Layers {
        file: global.config.as_deref(),
        environment: environment(),
        flags: &global.set,
    };
    let config: MapConfig = load(&layers).map_err(Stop::usage)?;
    config.validate().map_err(Stop::usage)?;
    Ok(config)
}

/// The variables that are text.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Servers tell what they do; commands speak only of trouble.
const fn default_level(command: Option<&Command>) -> &'static str {
    if serves(command) { "info" } else { "warn" }
}

const fn serves(command: Option<&Command>) -> bool {
    match command {
        Some(Command::Serve(_) | Command::Core(_) | Command::Gateway(_)) => true,
        Some(
            Command::Demo(_)
            | Command::Provision(_)
            | Command::Check(_)
            | Command::Log(_)
            | Command::Call(_)
            | Command::Key(_)
            | Command::Bench(_),
        )
        | None => false,
    }
}
