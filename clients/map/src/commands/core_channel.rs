//! The way to a core over TCP, with TLS where the URL says so.

use crate::config::CoreClientConfig;
use crate::outcome::Stop;
use crate::runtime::warn_of_key;
use std::path::Path;
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// A channel that connects on its first call, and again whenever the connection is lost. Settings are asked for
/// where the URL needs any.
pub(super) fn lazy(
    url: &str,
    settings: impl FnOnce() -> Result<CoreClientConfig, Stop>,
) -> Result<Channel, Stop> {
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
        endpoint = endpoint.tls_config(tls(&settings()?)?).map_err(Stop::usage)?;
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

/// The key in a file: a bearer key, or an app's.
pub(super) fn key_in(file: &Path) -> Result<String, Stop> {
    let text = read(file)?;
    warn_of_key(file);
    Ok(text.trim().to_owned())
}

/// The text of a file that an argument or a setting names.
fn read(file: &Path) -> Result<String, Stop> {
    std::fs::read_to_string(file)
        .map_err(|error| Stop::usage(format!("can't read {}: {error}", file.display())))
}
