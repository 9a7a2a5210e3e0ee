//! Logs, to standard error; with the feature `otel` also traces, to a collector.
//!
//! What is never told (bodies, keys, personal data) is not handed to `tracing` in the first place. One thing
//! is filtered here: the tables' library traces the keys it stores, and mobile numbers are among them.

mod filter;
#[cfg(feature = "otel")]
mod traces;
#[cfg(not(feature = "otel"))]
mod untraced;
#[cfg(not(feature = "otel"))]
use untraced as traces;

pub(crate) use traces::flush;

use crate::config::TelemetryConfig;
use crate::outcome::Stop;
use std::io::IsTerminal;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Starts logging and tracing. Without a level: `default`.
pub(crate) fn start(
    level: Option<&str>,
    default: &str,
    format: LogFormat,
    traces: &TelemetryConfig,
) -> Result<(), Stop> {
    let wanted = level.filter(|level| !level.trim().is_empty()).unwrap_or(default);
    let filter = filter::filter(wanted)?;
    let lines = tracing_subscriber::fmt::layer()
        // A log that can't be written must not stop a payment: the report of it would panic.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => {
            let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            lines.with_ansi(colour && std::io::stderr().is_terminal()).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let started = match traces::layer(traces)? {
        // One filter for all: it costs a call less than one of a layer.
        None => registry().with(lines).with(filter).try_init(),
        Some(traces) => registry().with(lines.with_filter(filter)).with(traces).try_init(),
    };
    started.map_err(|error| Stop::failed(format!("logging can't start: {error}")))
}
