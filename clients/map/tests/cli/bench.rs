//! `map bench`: it measures what it says, and finds out where the ledger is not what it should be.

use crate::support::{check, map};
use serde_json::Value;

const ALL: &str = "spread,half,hot,restart";

#[test]
fn every_mode_pays_through_both_doors_and_the_ledger_holds_what_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("bench");
    let data = data.to_str().expect("UTF-8");
    let bench = |more: &[&str]| {
        let few = [
            "--in-flight",
            "4",
            "--count",
            "20",
            "--seconds",
            "60",
            "--data",
            data,
        ];
        map(&[&["bench"], &few[..], more].concat())
    };
    let told = check(bench(&["--customers", "30", "--mode", ALL, "--json"]), 0, &[]).out;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let runs = told["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 6, "{told:#}");
    for run in runs {
        assert_eq!(run["payments"], 20, "{run:#}");
        assert!(run["per_second"].as_u64() > Some(0), "{run:#}");
        let latency = |name: &str| run["latency_us"][name].as_u64().expect("a number");
        assert!(
            0 < latency("p50") && latency("p50") <= latency("p99") && latency("p99") <= latency("max"),
            "{run:#}"
        );
        let syncs = run["syncs"].as_u64().expect("a number");
        assert!((1..=20).contains(&syncs), "{run:#}");
    }
    // Each run is warmed up by payments that are acknowledged, too; the restart pays ten times.
    let acknowledged = told["acknowledged"]["payments"].as_u64().expect("a number");
    assert!(acknowledged >= 6 * 21 + 10, "{told:#}");
    assert_eq!(told["checked"]["entries"], 2 * 30 + acknowledged);
    assert!(told["ready_after_kill_ms"].as_u64().is_some(), "{told:#}");

    let again = check(
        bench(&["--door", "grpc"]),
        0,
        &["30 customers", "no fen is missing"],
    );
    assert!(again.err.contains("gRPC Spread"), "{}", again.err);
    check(bench(&["--customers", "31"]), 2, &["it has 30 customers"]);
    // What is set reaches the server.
    check(
        bench(&["--set", "core.limits.connections=0"]),
        1,
        &["limits.connections"],
    );
}

#[test]
fn a_ledger_that_lacks_an_acknowledged_payment_is_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("bench");
    let arguments = [
        "bench",
        "--door",
        "grpc",
        "--in-flight",
        "1",
        "--count",
        "5",
        "--customers",
        "3",
        "--data",
    ];
    let bench = || map(&[&arguments[..], &[data.to_str().expect("UTF-8")]].concat());
    check(bench(), 0, &["no other"]);
    let file = data.join("bench.json");
    let text = std::fs::read_to_string(&file).expect("the file");
    let mut facts: Value = serde_json::from_str(&text).expect("JSON");
    let payments = facts["paid"]["payments"].as_u64().expect("a number");
    facts["paid"]["payments"] = Value::from(payments + 1);
    std::fs::write(&file, facts.to_string()).expect("written");
    check(bench(), 1, &["acknowledged were"]);
    // What was left open is counted before the next benchmark.
    check(bench(), 0, &["ended unchecked", "no fen is missing"]);
}

#[test]
fn a_folder_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("letter.txt"), "dear").expect("written");
    let data = folder.path().to_str().expect("UTF-8");
    check(map(&["bench", "--data", data]), 2, &["neither empty nor"]);
    assert_eq!(std::fs::read_dir(data).expect("a folder").count(), 1);
    check(
        map(&["bench", "--mode", "half", "--customers", "2"]),
        2,
        &["needs spread"],
    );
}
