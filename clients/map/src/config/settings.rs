//! All settings of the binary: its own, and those of the parts it runs.

use map_gateway::GatewayConfig;
use map_server::CoreConfig;
use map_store_embedded::Retention;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// All settings. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MapConfig {
    /// The folder of the ledger. Made where it does not exist. Default `./map-data`.
    pub(crate) data_dir: PathBuf,
    /// A provisioning file that is applied at every start. Default: none.
    pub(crate) provisioning_file: Option<PathBuf>,
    /// How the ledger uses memory and disk.
    pub(crate) store: StoreConfig,
    /// Metrics and probes.
    pub(crate) admin: AdminConfig,
    /// Traces.
    pub(crate) telemetry: TelemetryConfig,
    /// The core.
    pub(crate) core: CoreConfig,
    /// The gateway.
    pub(crate) gateway: GatewayConfig,
    /// How a gateway that runs apart reaches the core.
    pub(crate) core_client: CoreClientConfig,
}

/// How the ledger uses memory and disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreConfig {
    /// Memory for blocks read from disk, in bytes; a quarter as much again keeps rows lately read. Default 128 MiB.
    pub(crate) cache_bytes: u64,
    /// Size at which the table in memory is written to disk, in bytes. A restart after a crash replays up
    /// to three of them. Default 16 MiB.
    pub(crate) memtable_bytes: u64,
    /// Size of a segment of the commit log, in bytes; it is taken at once. Default 64 MiB.
    pub(crate) segment_bytes: u64,
    /// Full segments older than so many days are removed. Default: none is; only then can the state always
    /// be built anew from the log.
    pub(crate) log_keep_days: Option<u32>,
    /// Full segments are moved to this folder, and are removed once they are there and sound. Default: none.
    pub(crate) log_archive: Option<PathBuf>,
    /// Space that stays free on the disk, in bytes: below it commits are refused with nothing done.
    /// Default 32 MiB.
    pub(crate) reserve_bytes: u64,
    /// Commits that may wait for the writer; more are refused with nothing done. Default 4096.
    pub(crate) queue_limit: usize,
    /// Commits that share one sync, at most. Default 512.
    pub(crate) group_limit: usize,
}

/// Metrics and probes, over plain HTTP: keep it away from the outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AdminConfig {
    /// Where `/metrics`, `/healthz` and `/readyz` are served. Default `127.0.0.1:9090`.
    #[schemars(extend("format" = "address"))]
    pub(crate) bind: SocketAddr,
}

/// Traces, over OTLP: only in a binary that is built with the feature `otel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TelemetryConfig {
    /// Where a collector takes OTLP over gRPC, such as `http://127.0.0.1:4317`. Default: none, nothing is traced.
    pub(crate) otlp_endpoint: Option<String>,
    /// The name of this service in traces. Default `map`.
    pub(crate) service_name: String,
    /// How many of a thousand requests are traced, callers' `traceparent`s notwithstanding. Default 1000.
    pub(crate) sample_per_mille: u16,
}

impl TelemetryConfig {
    /// What is wrong with it.
    fn errors(&self) -> Vec<String> {
        let mut errors = Vec::new();
        let plain = |endpoint: &String| {
            endpoint
                .parse::<http::Uri>()
                .is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
        };
        match &self.otlp_endpoint {
            Some(_) if !cfg!(feature = "otel") => errors.push(
                "telemetry.otlp_endpoint: this binary has no traces built in; build it with \
                 `cargo build --release --features otel`, or leave the setting out"
                    .to_owned(),
            ),
            // Not shown: a URL may hold a secret.
            Some(endpoint) if !plain(endpoint) => errors.push(
                "telemetry.otlp_endpoint: expected http://host:port (a collector beside this process carries on \
                 over https)"
                    .to_owned(),
            ),
            Some(_) | None => {}
        }
        if self.sample_per_mille > 1000 {
            errors.push("telemetry.sample_per_mille must be 0 to 1000".to_owned());
        }
        errors
    }
}

/// TLS towards the core, for `map gateway --core https://…`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CoreClientConfig {
    /// PEM file with the authorities that may vouch for the core.
    pub(crate) ca_file: Option<PathBuf>,
    /// PEM file with the gateway's own certificate, where the core asks for one.
    pub(crate) cert_file: Option<PathBuf>,
    /// PEM file with its private key.
    pub(crate) key_file: Option<PathBuf>,
    /// The name in the core's certificate. Default: the host in the URL.
    pub(crate) server_name: Option<String>,
}

impl Default for MapConfig {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./map-data"),
            provisioning_file: None,
            store: StoreConfig::default(),
            admin: AdminConfig::default(),
            telemetry: TelemetryConfig::default(),
            core: CoreConfig::default(),
            gateway: GatewayConfig::default(),
            core_client: CoreClientConfig::default(),
        }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        let options = map_store_embedded::Options::new("");
        Self {
            cache_bytes: options.cache_bytes,
            memtable_bytes: options.memtable_bytes,
            segment_bytes: options.segment_bytes,
            log_keep_days: None,
            log_archive: None,
            reserve_bytes: options.reserve_bytes,
            queue_limit: options.queue_limit,
            group_limit: options.group_limit,
        }
    }
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            service_name: "map".to_owned(),
            sample_per_mille: 1000,
        }
    }
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
        }
    }
}

impl StoreConfig {
    /// What the store would bring into its range by itself: nobody is to believe another value.
    fn errors(&self) -> Vec<String> {
        let least = |key: &str, value: u64, least: u64| {
            (value < least).then(|| format!("store.{key} = {value}: at least {least}"))
        };
        let most = |key: &str, value: u64, most: u64| {
            (value > most).then(|| format!("store.{key} = {value}: at most {most}"))
        };
        let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let above = [
            most("segment_bytes", self.segment_bytes, 1024 * 1024 * 1024),
            // Its places are taken at the start.
            most("queue_limit", count(self.queue_limit), 256 * 1024),
        ];
        let below = [
            least("segment_bytes", self.segment_bytes, 4 * 1024),
            least("memtable_bytes", self.memtable_bytes, 64 * 1024),
            least("queue_limit", count(self.queue_limit), 1),
            least("group_limit", count(self.group_limit), 1),
        ];
        below.into_iter().chain(above).flatten().collect()
    }

    /// How long full segments of the log are kept.
    pub(crate) fn retention(&self) -> Retention {
        match (&self.log_archive, self.log_keep_days) {
            (Some(folder), _) => Retention::Archive(folder.clone()),
            (None, Some(days)) => Retention::Days(days),
            (None, None) => Retention::Forever,
        }
    }
}

impl MapConfig {
    /// Checks what the types can't: every error, one a line.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let mut errors: Vec<String> = self.core.validate().iter().map(ToString::to_string).collect();
        errors.extend(self.gateway.validate());
        errors.extend(self.telemetry.errors());
        if self.core_client.cert_file.is_some() != self.core_client.key_file.is_some() {
            errors.push("core_client.cert_file and core_client.key_file belong together".to_owned());
        }
        if self.store.log_keep_days.is_some() && self.store.log_archive.is_some() {
            errors.push("store.log_keep_days and store.log_archive exclude each other".to_owned());
        }
        errors.extend(self.store.errors());
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors.join("\n     "))
        }
    }

    /// The key of all digests: where it is configured, otherwise beside the data folder, so
    /// that a copy of the folder alone tells nothing about payment codes.
    pub(crate) fn secret_file(&self) -> PathBuf {
        if self.core.secret_file != CoreConfig::default().secret_file {
            return self.core.secret_file.clone();
        }
        beside(&self.data_dir)
    }
}

/// `map-data` → `map-data.secret`.
fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.components().as_path().as_os_str().to_owned();
    name.push(".secret");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_lies_beside_the_data_folder_unless_it_is_configured() {
        let check = |data_dir: &str, secret_file: &str, expect: &str| {
            let mut config = MapConfig {
                data_dir: PathBuf::from(data_dir),
                ..MapConfig::default()
            };
            if !secret_file.is_empty() {
                config.core.secret_file = PathBuf::from(secret_file);
            }
            assert_eq!(config.secret_file(), PathBuf::from(expect));
        };
        check("./map-data", "", "./map-data.secret");
        check("/var/lib/map/", "", "/var/lib/map.secret");
        check("./map-data", "/etc/map/secret", "/etc/map/secret");
    }

    #[test]
    fn every_error_of_the_configuration_is_told_at_once() {
        let mut config = MapConfig::default();
        config.core.poll_ms = 0;
        config.core.limits.reserved_calls = 0;
        config.gateway.max_json_depth = 0;
        config.gateway.core_timeout_ms = 0;
        config.gateway.idle_timeout_ms = u64::MAX;
        config.store.queue_limit = usize::MAX;
        config.gateway.listeners.iter_mut().for_each(|listener| {
            listener.concurrency = 0;
            listener.reserved = 0;
        });
        let error = config.validate().expect_err("refused");
        for part in [
            "core.poll_ms",
            "core.limits.reserved_calls",
            "gateway.max_json_depth",
            "gateway.core_timeout_ms",
            "gateway.idle_timeout_ms must be 1 to 86400000",
            "store.queue_limit",
            "gateway.listeners[0].concurrency",
            "gateway.listeners[0].reserved",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }
}
