//! `map gateway`: the gateway alone, in front of a core that is reached over TCP, with TLS where
//! the URL says so.

use super::core_channel;
use crate::cli::GatewayArgs;
use crate::config::MapConfig;
use crate::outcome::Stop;
use crate::runtime::{Parts, ReadyFile, run as run_parts};
use map_gateway::Secret;

pub(super) async fn run(
    config: MapConfig,
    args: &GatewayArgs,
    ready_file: Option<ReadyFile>,
) -> Result<(), Stop> {
    let key = match &args.key_file {
        Some(file) => Secret::new(core_channel::key_in(file)?),
        None => config.gateway.core_key.clone(),
    };
    if key.expose().is_empty() {
        return Err(Stop::usage(
            "the gateway needs its bearer key: --key-file FILE, or gateway.core_key",
        ));
    }
    if !key.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Stop::usage(
            "the gateway's bearer key must be one word of ASCII, as `map key` makes it",
        ));
    }
    let core = args.core.as_deref().ok_or_else(|| {
        Stop::usage("the gateway needs its core: --core URL or MAP_CORE_URL, such as http://10.0.0.5:50051")
    })?;
    let channel = core_channel::lazy(core, || Ok(config.core_client.clone()))?;
    run_parts(config, Parts::Gateway(channel, key), ready_file).await
}
