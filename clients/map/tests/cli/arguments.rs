//! Arguments, help, and commands that need nothing else.

use crate::support::{check, map, run};
use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn wrong_arguments_end_with_2_and_help_with_0() {
    check(map(&[]), 2, &["no command", "map demo"]);
    check(map(&["srve"]), 2, &["unrecognized subcommand"]);
    check(map(&["check"]), 2, &["<DIR>"]);
    check(map(&["--log", "=nonsense=", "key"]), 2, &["--log"]);
    check(map(&["--help"]), 0, &["Exit codes", "map demo --serve"]);
    for command in [
        "demo",
        "serve",
        "core",
        "gateway",
        "provision",
        "check",
        "call",
        "key",
        "log",
        "bench",
    ] {
        check(map(&[command, "--help"]), 0, &["Example", "Usage: map"]);
    }
    for part in ["verify", "dump"] {
        check(map(&["log", part, "--help"]), 0, &["Example", "Usage: map log"]);
    }
}

#[test]
fn a_made_key_and_its_hash_belong_together() {
    let made = check(map(&["key"]), 0, &["sha256"]).out;
    let mut words = made.split_whitespace();
    let (key, hash) = (words.nth(1).expect("a key"), words.nth(1).expect("a hash"));
    let mut again = map(&["key", "--of-stdin"]);
    let mut child = again
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(format!("{key}\n").as_bytes())
        .expect("written");
    let output = child.wait_with_output().expect("ends");
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8").trim(), hash);
    assert_ne!(made, run(map(&["key"])).out);
}

#[test]
fn the_documented_calls_are_listed_with_their_fields() {
    check(
        map(&["call", "--list"]),
        0,
        &[
            "/front/offline/pay",
            "/gw/oilcard/open_online",
            "* paymentCodeDES",
            "smsCode",
        ],
    );
}

#[test]
fn a_call_that_can_not_be_made_says_why() {
    check(
        map(&["call", "/gw/offline/pya", "a=1"]),
        2,
        &["/gw/offline/pya", "did you mean `/gw/offline/pay`?", "--list"],
    );
    check(map(&["call", "/gw/offline/pay", "sum=1"]), 2, &["--app"]);
    check(
        map(&["call", "/gw/offline/pay", "--app", "a", "--app-key", "k", "sum=1"]),
        2,
        &["--rsa-key"],
    );
    check(
        map(&["call", "/front/offline/pay", "colour=red"]),
        2,
        &["colour", "consumerId"],
    );
    check(
        map(&["call", "/front/offline/pay", "consumerID=1"]),
        2,
        &["did you mean `consumerId`?"],
    );
    check(
        map(&["call", "/gw/offline/pay", "--tsig", "sha25"]),
        2,
        &["--tsig", "sha256"],
    );
    check(
        map(&["call", "/front/offline/pay", "sum=1.0"]),
        2,
        &["sum=1.0", "integer"],
    );
    check(
        map(&[
            "call",
            "/front/offline/pay_undo",
            "--url",
            "http://127.0.0.1:1",
            "batchNo=1",
        ]),
        1,
        &["reached"],
    );
}

#[test]
fn a_url_that_is_none_is_named_and_nothing_is_sent() {
    for url in ["127.0.0.1:7001", "https://127.0.0.1:7001", "/gw", "localhost"] {
        let command = map(&["call", "/front/offline/pay_undo", "--url", url, "batchNo=1"]);
        check(command, 2, &[&format!("--url {url}: expected http://host:port")]);
    }
}

#[test]
fn a_payment_code_for_a_network_needs_its_key_and_one_that_needs_none_does_not() {
    for code in ["paymentCodeDES=123456", "paymentCodeDES=654321"] {
        // Nobody listens there: it is refused before anything is sent.
        let call = [
            "call",
            "/front/offline/pay",
            "--url",
            "http://127.0.0.1:1",
            "consumerId=13912345678",
            code,
        ];
        check(map(&call), 2, &["paymentCodeDES", "--posp-key HEX"]);
        let mut printed = map(&call);
        printed.arg("--print-curl");
        let told = check(printed, 2, &["--posp-key HEX"]);
        assert_eq!(told.out, "");
    }
    // A mistyped code is no encrypted one: it is not sent in clear.
    for code in [
        "12345",
        "1234567",
        "123 456",
        "12 456",
        "12345a",
        "12345O",
        "123-456",
        "１２３４５６",
    ] {
        let field = format!("paymentCodeDES={code}");
        let call = [
            "call",
            "/front/offline/pay",
            "--posp-key",
            "0123456789ABCDEF",
            "--print-curl",
            &field,
        ];
        let told = check(map(&call), 2, &["paymentCodeDES", "six digits"]);
        assert!(told.out.is_empty() && !told.err.contains(code), "{}", told.err);
    }
    let sealed = "paymentCodeDES=A2IBY6EMZIU=";
    check(
        map(&["call", "/front/offline/pay", "--print-curl", sealed]),
        0,
        &["A2IBY6EMZIU="],
    );
    check(
        map(&["call", "/front/offline/pay", "--print-curl", "sum=1"]),
        0,
        &["curl"],
    );
}

#[test]
fn every_name_that_a_call_is_known_by_is_listed() {
    let list = check(map(&["call", "--list"]), 0, &[]).out;
    let words: std::collections::BTreeSet<&str> = list.split_whitespace().collect();
    for name in [
        "gw.offline.pay",
        "front.offline.pay_undo",
        "gw_pay",
        "/gw/offline/pay",
        "front.oilcard.get",
    ] {
        assert!(words.contains(name), "{name} is not in\n{list}");
    }
    // Where two calls share a path, it matters who calls, however it is written.
    for name in [
        "/front/offline/download_product",
        "front.offline.download_product",
    ] {
        let call = ["call", name, "--print-curl", "batchNo=1"];
        check(map(&call), 0, &["{\"batchNo\":\"1\"}"]);
        let mut by_app = map(&call);
        by_app.args(["--app", "a", "--app-key", "0123456789abcdef"]);
        check(by_app, 0, &["\"app\":{", "\"download\":{\"batchNo\":\"1\"}"]);
    }
    // Whatever looks like a name in the list is accepted.
    let names = words
        .iter()
        .filter(|word| word.starts_with("gw") || word.starts_with("front") || word.starts_with('/'));
    let mut count = 0;
    for name in names {
        let mut call = map(&[
            "call",
            name,
            "--app",
            "a",
            "--app-key",
            "0123456789abcdef",
            "no_such_field=1",
        ]);
        call.arg("--print-curl");
        check(call, 2, &["has no field"]);
        count += 1;
    }
    assert!(count >= 30, "{count}");
}

#[test]
fn a_curl_command_is_complete() {
    let ended = check(
        map(&[
            "call",
            "/front/offline/pay_undo",
            "--print-curl",
            "batchNo=it's 1",
        ]),
        0,
        &[],
    );
    assert_eq!(
        ended.out.trim(),
        "curl -sS http://127.0.0.1:8080/front/offline/pay_undo -H 'Content-Type: application/json' \
         -d '{\"order\":{\"batchNo\":\"it'\\''s 1\"}}'"
    );
}

#[test]
fn a_version_names_its_commit_and_the_format_of_its_ledgers() {
    let told = check(map(&["-V"]), 0, &["map 0.1.0 (commit ", ", store format 3)"]).out;
    let commit = told
        .split("commit ")
        .nth(1)
        .and_then(|rest| rest.split(',').next());
    let git = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output();
    let head = git
        .ok()
        .filter(|output| output.status.success())
        .map(|output| output.stdout);
    let head = head.map(|head| String::from_utf8(head).expect("UTF-8").trim().to_owned());
    let built = std::env::var("BUILD_COMMIT").ok().or(head);
    assert_eq!(commit, Some(built.as_deref().unwrap_or("unknown")));
}

#[test]
fn an_app_s_key_is_read_from_the_environment_or_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.key");
    std::fs::write(&file, "0123456789abcdef\n").expect("written");
    let call = [
        "call",
        "/front/offline/download_product",
        "--app",
        "a",
        "--print-curl",
        "batchNo=1",
    ];
    let mut by_file = map(&call);
    by_file.arg("--app-key-file").arg(&file);
    let mut by_environment = map(&call);
    by_environment.env("MAP_APP_KEY", "0123456789abcdef");
    for command in [by_file, by_environment] {
        check(command, 0, &["\"app\":{"]);
    }
    check(map(&call), 2, &["--app-key-file", "MAP_APP_KEY"]);
    // A variable that is a flag of one command is no mistake for another.
    let mut other = map(&["key"]);
    other.env("MAP_APP_KEY", "k");
    check(other, 0, &[]);
}

#[test]
fn the_settings_of_a_gateway_are_dumped_without_a_core_and_served_with_one_only() {
    for arguments in [["gateway", "--dump-config"], ["--dump-config", "gateway"]] {
        check(map(&arguments), 0, &["[gateway]"]);
    }
    check(
        map(&["gateway", "--set", "gateway.core_key=k"]),
        2,
        &["--core URL"],
    );
}
