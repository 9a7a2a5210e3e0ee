//! Logs, to standard error.
//!
//! What is never logged (bodies, keys, personal data) is not handed to `tracing` in the first place;
//! nothing is filtered here. Exporting to OpenTelemetry is not built in: collect the JSON lines.

use crate::outcome::Stop;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Starts logging. Without a level: `default`.
pub(crate) fn start(level: Option<&str>, default: &str, format: LogFormat) -> Result<(), Stop> {
    let wanted = level.filter(|level| !level.trim().is_empty()).unwrap_or(default);
    let filter = EnvFilter::try_new(wanted).map_err(|error| {
        Stop::usage(format!(
            "--log {wanted}: {error}; try info or warn,map_server=debug"
        ))
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A log that can't be written must not stop a payment: the report of it would panic.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let result = match format {
        LogFormat::Text => {
            let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            builder
                .with_ansi(colour && std::io::stderr().is_terminal())
                .try_init()
        }
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    result.map_err(|error| Stop::failed(format!("logging can't start: {error}")))
}
