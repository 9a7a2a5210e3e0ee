//! A binary without traces: nothing but log lines, nothing to flush. That a configuration asks for traces is refused
//! before.

use super::Lines;
use crate::config::TelemetryConfig;
use crate::outcome::Stop;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, registry};

/// Whoever takes spans and events: lines. The filter is one for all, which costs a call less than one of a layer.
#[allow(clippy::unnecessary_wraps, reason = "with traces it can fail")]
pub(super) fn subscriber(
    lines: Lines,
    filter: EnvFilter,
    _: &TelemetryConfig,
) -> Result<impl Subscriber + SubscriberInitExt + use<>, Stop> {
    Ok(registry().with(lines).with(filter))
}

pub(crate) async fn flush() {}
