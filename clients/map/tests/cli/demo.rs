//! `map demo`: the whole story as a test.

use crate::support::{check, map};
use serde_json::Value;

#[test]
fn the_story_is_as_told_and_leaves_a_clean_ledger_and_a_discreet_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("demo");
    let kept = kept.to_str().expect("UTF-8");
    let told = check(map(&["demo", "--keep", kept]), 0, &["All 16 steps were as told"]).out;
    assert!(!told.contains('\u{1b}'), "no colour outside a terminal");
    assert!(!told.contains('✗') && told.matches('✓').count() >= 25, "{told}");

    let data = format!("{kept}/data");
    let report: Value =
        serde_json::from_str(&check(map(&["check", &data, "--json"]), 0, &[]).out).expect("JSON");
    assert_eq!(
        (&report["clean"], &report["counts"]["customers"]),
        (&Value::from(true), &Value::from(1))
    );

    let log = std::fs::read_to_string(format!("{kept}/server.log")).expect("the log");
    assert!(log.contains("drained"), "{log}");
    let provisioning = std::fs::read_to_string(format!("{kept}/provisioning.toml")).expect("the file");
    let secrets = provisioning
        .lines()
        .filter_map(|line| line.split_once("_key = \""))
        .map(|(_, key)| key.trim_matches('"'));
    // The RSA key is public, and begins on the next line.
    let secrets: Vec<_> = secrets
        .filter(|key| !key.is_empty())
        .chain(["13912345678", "11010519491231002X", "李四"])
        .collect();
    assert_eq!(secrets.len(), 5, "{secrets:?}");
    for secret in secrets {
        assert!(!log.contains(secret), "the log shows {secret}");
    }
    // Digits that short also occur inside of request ids and times: here they would stand alone.
    let mut words = log.split(|c: char| !c.is_alphanumeric());
    assert!(
        words.all(|word| word != "246810"),
        "the log shows the payment code"
    );
    let key = |rest: &str| rest.len() >= 64 && rest.bytes().take(64).all(|c| c.is_ascii_hexdigit());
    assert!(!log.split("map_").skip(1).any(key), "the log shows a bearer key");
    check(map(&["demo", "--keep", kept]), 2, &["not empty"]);
}
