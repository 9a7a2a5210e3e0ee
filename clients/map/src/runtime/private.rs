//! What only its owner should read, and everybody on the machine may: told at the start, and served all the same,
//! for what is readable has been read. A group is somebody's choice and is not told.

use super::Parts;
use crate::config::MapConfig;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What others may do with a file, in its mode.
const EVERYBODY: u32 = 0o007;

/// Warns of the ledger and of TLS keys, once each.
pub(super) fn warn(config: &MapConfig, parts: &Parts) {
    let core = || config.core.tls.iter();
    let listeners = || config.gateway.listeners.iter().filter_map(|one| one.tls.as_ref());
    let tls: Vec<_> = match parts {
        Parts::Core => core().collect(),
        Parts::Both => core().chain(listeners()).collect(),
        Parts::Gateway(..) => listeners().collect(),
    };
    let keys = tls.into_iter().map(|tls| &tls.key_file);
    let keys: BTreeSet<&Path> = match parts {
        Parts::Core | Parts::Both => keys.map(AsRef::as_ref).collect(),
        Parts::Gateway(..) => keys
            .chain(&config.core_client.key_file)
            .map(AsRef::as_ref)
            .collect(),
    };
    for key in keys.into_iter().filter(|key| is_open(key)) {
        let file = key.display();
        tracing::warn!("everybody may use the TLS key {file}: chmod 600 {file}");
    }
    if !matches!(parts, Parts::Gateway(..)) && is_open(&config.data_dir) {
        let folder = config.data_dir.display();
        tracing::warn!("everybody may look into the ledger {folder}: chmod 700 {folder}");
    }
}

/// Whether everybody may do anything with it. What is not there, or can't be looked at, is told by whoever needs it.
fn is_open(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & EVERYBODY != 0)
}
