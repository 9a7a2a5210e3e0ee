//! `map core`: the core alone.

use crate::cli::ServeArgs;
use crate::config::MapConfig;
use crate::outcome::Stop;
use crate::runtime::{Parts, run as run_parts};

pub(super) async fn run(config: MapConfig, args: &ServeArgs) -> Result<(), Stop> {
    run_parts(config, Parts::Core, args.ready_file.as_deref()).await
}
