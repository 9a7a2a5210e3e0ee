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
use crate::runtime::{ReadyFile, warn_of_configuration};
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
            let (config, ready_file) = begun(&args, &global, begin)?;
            serve::run(config, ready_file).await
        }
        Some(Command::Core(args)) => {
            let (config, ready_file) = begun(&args, &global, begin)?;
            core::run(config, ready_file).await
        }
        Some(Command::Gateway(args)) => {
            let (config, ready_file) = begun(&args.serve, &global, begin)?;
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

/// What a server begins with: its configuration, and the place of its ready file, cleared before anything else can
/// fail. From here on there is a log.
fn begun(
    args: &ServeArgs,
    global: &Global,
    log: impl FnOnce(&TelemetryConfig) -> Result<(), Stop>,
) -> Result<(MapConfig, Option<ReadyFile>), Stop> {
    let ready_file = args.ready_file.as_deref().map(ReadyFile::claim).transpose()?;
    let config = config(global)?;
    log(&config.telemetry)?;
    if let Some(file) = &global.config {
        warn_of_configuration(file);
    }
    Ok((config, ready_file))
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
