//! Configuration: layers, typing errors, and the dump.

use crate::support::{check, map};

fn with_file(text: &str, arguments: &[&str]) -> (tempfile::TempDir, std::process::Command) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("map.toml");
    std::fs::write(&path, text).expect("written");
    let mut command = map(arguments);
    command.arg("--config").arg(&path);
    (folder, command)
}

#[test]
fn traces_that_could_not_be_sent_are_refused() {
    let refused = |setting: &str, parts: &[&str]| {
        check(map(&["serve", "--set", setting]), 2, parts);
    };
    let why = if cfg!(feature = "otel") {
        "expected http://host:port"
    } else {
        "cargo build --release --features otel"
    };
    refused(
        "telemetry.otlp_endpoint=\"https://collector\"",
        &["telemetry.otlp_endpoint", why],
    );
    refused(
        "telemetry.sample_per_mille=1001",
        &["telemetry.sample_per_mille must be 0 to 1000"],
    );
}

#[test]
fn a_typing_error_ends_with_2_and_a_suggestion() {
    let refused = |text: &str, parts: &[&str]| {
        let (_folder, command) = with_file(text, &["serve"]);
        check(command, 2, parts);
    };
    refused("data_dri = \"x\"", &["line 1", "did you mean `data_dir`?"]);
    refused(
        "[core.limits]\nconcurent_calls = 5",
        &["line 2", "did you mean `concurrent_calls`?"],
    );
    refused(
        "[[gateway.listeners]]\nbnd = \"127.0.0.1:0\"",
        &["line 2", "did you mean `bind`?"],
    );
    refused("[core]\npoll_ms = 1", &["core.poll_ms"]);
    refused(
        "[admin]\nbind = \"here\"",
        &[
            "line 2: admin.bind: expected an address",
            ", such as \"127.0.0.1:9090\"",
        ],
    );
    refused(
        "[core.sms]\nadapter = \"webhok\"",
        &["line 2: core.sms.adapter: unknown", "did you mean `webhook`?"],
    );
    refused(
        "[core.sms]\nadapter = \"webhook\"",
        &["line 1: core.sms: missing field `url`"],
    );
    refused(
        "data_dir = \"\"\n[store]\nlog_archive = \"\"\n[[gateway.listeners]]\nnetwork = \"\"",
        &[
            "data_dir: is empty",
            "store.log_archive: is empty",
            "gateway.listeners[0].network: is empty",
        ],
    );
    refused(
        "[telemetry]\nsample_per_mille = 70000",
        &["line 2: telemetry.sample_per_mille: the number is out of range, which is 0 to 65535"],
    );
    refused("[gateway]\nmax_json_depth = 100", &["gateway.max_json_depth"]);
    check(
        map(&["serve", "--set", "core.bidn=127.0.0.1:0"]),
        2,
        &["--set core.bidn", "did you mean `core.bind`?"],
    );
    check(
        map(&["serve", "--set", "core.poll_ms=often"]),
        2,
        &["--set core.poll_ms: invalid type", "often"],
    );
    check(
        map(&["serve", "--config", "/nowhere/map.toml"]),
        2,
        &["/nowhere/map.toml"],
    );
    let mut command = map(&["serve"]);
    command.env("MAP_COER__BIND", "127.0.0.1:0");
    check(command, 2, &["MAP_COER__BIND", "did you mean `MAP_CORE__BIND`?"]);
    let mut command = map(&["serve"]);
    command.env("MAP_ADMIN__BIND", "here");
    check(
        command,
        2,
        &[
            "environment variable MAP_ADMIN__BIND: invalid",
            "such as \"127.0.0.1:9090\"",
        ],
    );
    // Errors of the file, the environment and the flags are told together.
    let (_folder, mut command) = with_file(
        "data_dri = 1\n[core]\npoll_ms = \"x\"\n",
        &["serve", "--set", "a=1"],
    );
    command.env("MAP_LGO", "debug");
    check(command, 2, &["MAP_LGO"]);
    let (_folder, command) = with_file(
        "data_dri = 1\n[core]\npoll_ms = \"x\"\n",
        &["serve", "--set", "a=1"],
    );
    let parts = [
        "line 1: data_dri",
        "line 3: core.poll_ms: expected a whole number",
        "--set a",
    ];
    check(command, 2, &parts);
    let mut command = map(&["key"]);
    command.env("MAP_LOG", "nonsense");
    check(
        command,
        2,
        &[
            "MAP_LOG",
            "no level is called \"nonsense\"",
            "warn,map_server=debug",
        ],
    );
    // A command that reads no configuration says so too.
    let mut command = map(&["key"]);
    command
        .env("MAP_LGO", "debug")
        .env("MAP_CORE__BIND", "127.0.0.1:0");
    check(command, 2, &["MAP_LGO", "did you mean `MAP_LOG`?"]);
}

#[test]
fn a_masked_secret_is_refused_when_it_is_loaded() {
    let (_folder, command) = with_file("[gateway]\ncore_key = \"topsecret\"\n", &["--dump-config"]);
    let dumped = check(command, 0, &["core_key = \"…\"", "put it back"]).out;
    assert!(!dumped.contains("topsecret"), "{dumped}");
    let (_folder, command) = with_file(&dumped, &["serve"]);
    check(command, 2, &["gateway.core_key", "in the place of a secret"]);
}

#[test]
fn the_secrets_of_urls_are_not_dumped() {
    let text = "[core.sms]\nadapter = \"webhook\"\nurl = \"https://u:topsecret@h/topsecret?t=topsecret\"\nkey_file = \"k\"\n";
    let (_folder, command) = with_file(text, &["--dump-config"]);
    let dumped = check(command, 0, &["url = \"https://…@h/…\"", "put it back"]).out;
    assert!(!dumped.contains("topsecret"), "{dumped}");
    let (_folder, command) = with_file(&dumped, &["serve"]);
    check(command, 2, &["core.sms.url", "in the place of a secret"]);
}

#[test]
fn the_dumped_configuration_loads_again_as_the_same() {
    let text = "data_dir = \"elsewhere\"\n[core.rules]\nsms_interval_ms = 5\n\
                [[gateway.listeners]]\nbind = \"127.0.0.1:0\"\nnetwork = \"posp1\"\naddresses = [\"10.0.0.0/8\"]\n";
    let (_folder, mut command) = with_file(text, &["--dump-config"]);
    command
        .env("MAP_CORE__POLL_MS", "77")
        .args(["--set", "admin.bind=127.0.0.1:1234"]);
    let first = check(
        command,
        0,
        &[
            "poll_ms = 77",
            "127.0.0.1:1234",
            "sms_interval_ms = 5",
            "elsewhere.secret",
            "# provisioning_file = ",
            "# Bytes of one request message.",
        ],
    )
    .out;
    let (_folder, command) = with_file(&first, &["--dump-config"]);
    assert_eq!(check(command, 0, &[]).out, first);
}

#[test]
fn a_size_that_the_store_would_change_is_refused() {
    for (setting, told) in [
        (
            "store.segment_bytes=64",
            "store.segment_bytes = 64: at least 4096",
        ),
        ("store.segment_bytes=2000000000", "at most 1073741824"),
        (
            "store.memtable_bytes=16",
            "store.memtable_bytes = 16: at least 65536",
        ),
        ("store.queue_limit=0", "store.queue_limit = 0: at least 1"),
    ] {
        check(map(&["serve", "--set", setting, "--dump-config"]), 2, &[told]);
    }
}
