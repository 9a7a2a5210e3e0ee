//! The `map` binary, built once by the cargo that runs these tests, so that `cargo test -p map-tests`
//! alone works too.

use super::json::Json;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Path of the binary. `MAP_BINARY` names another one, such as a release build.
pub fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match std::env::var_os("MAP_BINARY") {
        Some(path) => PathBuf::from(path),
        None => build(),
    })
}

/// The binary, to be run without this process's own `MAP_…` variables: it would take them for settings.
pub fn command() -> Command {
    let mut command = Command::new(path());
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("MAP_")) {
        command.env_remove(name);
    }
    command
}

fn build() -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    if cfg!(debug_assertions) {
        // What `cargo test --workspace` has built: with other targets the dependencies would get other
        // features, and be built once more.
        cargo.args(["test", "--workspace", "--no-run"]);
    } else {
        // What a release build for use has built.
        cargo.args(["build", "--release", "--package", "map"]);
    }
    cargo.args(["--offline", "--message-format=json-render-diagnostics"]);
    cargo.args(["--manifest-path", manifest]);
    if cfg!(feature = "otel") {
        cargo.args(["--features", "map/otel"]);
        if cfg!(debug_assertions) {
            cargo.args(["--features", "map-tests/otel"]);
        }
    }
    let built = cargo.stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(built.status.success(), "the binary does not build");
    let text = String::from_utf8(built.stdout).expect("UTF-8");
    let messages = text.lines().filter_map(|line| Json::parse(line).ok());
    let mut executables = messages.filter_map(|message| match message.at("executable") {
        Some(Json::Text(path)) if is_the_binary(&message) => Some(PathBuf::from(path)),
        _ => None,
    });
    executables.next().expect("cargo names the executable")
}

/// The binary itself, not the tests in its sources.
fn is_the_binary(message: &Json) -> bool {
    message.text("target.name") == "map" && message.at("profile.test") == Some(&Json::Bool(false))
}
