//! `map serve`: core and gateway in one process.

use crate::config::MapConfig;
use crate::outcome::Stop;
use crate::runtime::{Parts, ReadyFile, run as run_parts};

pub(super) async fn run(config: MapConfig, ready_file: Option<ReadyFile>) -> Result<(), Stop> {
    run_parts(config, Parts::Both, ready_file).await
}
