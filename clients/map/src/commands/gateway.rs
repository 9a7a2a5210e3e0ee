//! `map gateway`: the gateway alone, in front of a core that is reached over TCP, with TLS where
//! the URL says so.

use crate::cli::GatewayArgs;
use crate::config::{CoreClientConfig, MapConfig};
use crate::outcome::Stop;
use crate::runtime::{Parts, ReadyFile, run as run_parts};
use map_gateway::Secret;
use std::path::Path;
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

pub(super) async fn run(
    config: MapConfig,
    args: &GatewayArgs,
    ready_file: Option<ReadyFile>,
) -> Result<(), Stop> {
    let key = match &args.key_file {
        Some(file) => Secret::new(read(file)?.trim()),
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
    let channel = connect(&args.core, &config.core_client)?;
    run_parts(config, Parts::Gateway(channel, key), ready_file).await
}

/// A channel that connects on its first call, and again whenever the connection is lost.
fn connect(url: &str, settings: &CoreClientConfig) -> Result<Channel, Stop> {
    let wrong = || {
        Stop::usage(format!(
            "--core {url}: expected a URL such as http://127.0.0.1:50051"
        ))
    };
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| wrong())?;
    let secure = match endpoint.uri().scheme_str() {
        Some("http") => false,
        Some("https") => true,
        Some(_) | None => return Err(wrong()),
    };
    let mut endpoint = endpoint
        .connect_timeout(Duration::from_secs(3))
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .tcp_nodelay(true);
    if secure {
        endpoint = endpoint.tls_config(tls(settings)?).map_err(Stop::usage)?;
    }
    Ok(endpoint.connect_lazy())
}

fn tls(settings: &CoreClientConfig) -> Result<ClientTlsConfig, Stop> {
    let Some(authorities) = &settings.ca_file else {
        return Err(Stop::usage(
            "https:// needs core_client.ca_file: the authorities that may vouch for the core",
        ));
    };
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(authorities)?));
    if let (Some(certificate), Some(key)) = (&settings.cert_file, &settings.key_file) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    if let Some(name) = &settings.server_name {
        tls = tls.domain_name(name);
    }
    Ok(tls)
}

fn read(file: &Path) -> Result<String, Stop> {
    std::fs::read_to_string(file)
        .map_err(|error| Stop::usage(format!("can't read {}: {error}", file.display())))
}
