//! What only its owner should read, and everybody on the machine may: told at the start, and served all the same,
//! for what is readable has been read. A group is somebody's choice and is not told.

use super::Parts;
use crate::config::MapConfig;
use crate::provisioning::Provisioning;
use map_server::config::SmsConfig;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What others may do with a file, in its mode.
const EVERYBODY: u32 = 0o007;

/// Warns of the files with keys that the configuration names, once each.
pub(super) fn warn(config: &MapConfig, parts: &Parts) {
    let core = || {
        let sms = match &config.core.sms {
            SmsConfig::Outbox => None,
            SmsConfig::Webhook(webhook) => Some(&webhook.key_file),
        };
        config.core.tls.iter().map(|tls| &tls.key_file).chain(sms)
    };
    let listeners = || {
        let listeners = config.gateway.listeners.iter();
        listeners
            .filter_map(|one| one.tls.as_ref())
            .map(|tls| &tls.key_file)
    };
    let keys: BTreeSet<_> = match parts {
        Parts::Core => core().collect(),
        Parts::Both => core().chain(listeners()).collect(),
        Parts::Gateway(..) => listeners().chain(&config.core_client.key_file).collect(),
    };
    keys.into_iter().for_each(|key| warn_of_key(key));
}

/// Warns of the folder of a ledger that was opened: of another it is not for us to say who may look into it.
pub(super) fn warn_of_ledger(folder: &Path) {
    if is_open(folder) {
        let folder = folder.display();
        tracing::warn!("everybody may look into the ledger {folder}: chmod 700 {folder}");
    }
}

/// Warns of a file with a key.
pub(crate) fn warn_of_key(file: &Path) {
    if is_open(file) {
        let file = file.display();
        tracing::warn!("everybody may use the key in {file}: chmod 600 {file}");
    }
}

/// Warns of a configuration file where the gateway's bearer key is in it.
pub(crate) fn warn_of_configuration(file: &Path) {
    let has_key = |table: toml::Table| {
        let key = table.get("gateway").and_then(|gateway| gateway.get("core_key"));
        key.and_then(toml::Value::as_str)
            .is_some_and(|key| !key.is_empty())
    };
    let text = std::fs::read_to_string(file).unwrap_or_default();
    if text.parse().is_ok_and(has_key) {
        warn_of_key(file);
    }
}

/// Warns of a provisioning file where keys of apps or POS networks are in it.
pub(crate) fn warn_of_provisioning(read: &Provisioning) {
    if read.holds_secrets() && is_open(&read.path) {
        let file = read.path.display();
        tracing::warn!("everybody may read the keys of apps and POS networks in {file}: chmod 600 {file}");
    }
}

/// Whether everybody may do anything with it. What is not there, or can't be looked at, is told by whoever needs it.
fn is_open(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & EVERYBODY != 0)
}
