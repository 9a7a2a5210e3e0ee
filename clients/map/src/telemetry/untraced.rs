//! A binary without traces: nothing but log lines, nothing to flush. That a configuration asks for traces is refused
//! before.

use crate::config::TelemetryConfig;
use crate::outcome::Stop;
use tracing_subscriber::layer::Identity;

/// The layer that would turn spans into traces: none.
#[allow(clippy::unnecessary_wraps, reason = "with traces it can fail, and be there")]
pub(super) fn layer(_: &TelemetryConfig) -> Result<Option<Identity>, Stop> {
    Ok(None)
}

pub(crate) async fn flush() {}
