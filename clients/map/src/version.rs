//! What this binary is: its version, the commit it is built from, and the format of the ledgers that it writes.

use map_store_embedded::FORMAT;
use std::sync::LazyLock;

/// The version of the workspace.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, where the build knew it.
pub(crate) const COMMIT: &str = match option_env!("BUILD_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

const BUILD_INFO: &str = "map_build_info";

static LINE: LazyLock<String> =
    LazyLock::new(|| format!("{VERSION} (commit {COMMIT}, store format {FORMAT})"));

/// All of it, for `map --version`.
pub(crate) fn line() -> &'static str {
    &LINE
}

/// The gauge that names it: always 1.
pub(crate) fn register_metric() {
    let labels = [
        ("version", VERSION.to_owned()),
        ("commit", COMMIT.to_owned()),
        ("store_format", FORMAT.to_string()),
    ];
    metrics::describe_gauge!(BUILD_INFO, "What runs here; always 1.");
    metrics::gauge!(BUILD_INFO, &labels).set(1);
}

/// The first line of a server's log.
pub(crate) fn tell() {
    tracing::info!(
        version = VERSION,
        commit = COMMIT,
        store_format = FORMAT,
        "MAP starts"
    );
}
