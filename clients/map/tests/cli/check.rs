//! `map check`.

use crate::support::{Served, check, map};
use serde_json::Value;

#[test]
fn a_fresh_folder_is_clean_a_missing_one_and_one_in_use_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let data = data.to_str().expect("UTF-8");
    check(map(&["check", data]), 1, &["no data folder"]);
    assert!(!std::path::Path::new(data).exists(), "a check creates nothing");

    let set = format!("data_dir={data}");
    let served = Served::start(
        folder.path(),
        &["core", "--set", &set, "--set", "core.bind=127.0.0.1:0"],
    );
    check(map(&["check", data]), 1, &["in use"]);
    assert!(served.stop().success());

    check(map(&["check", data]), 0, &["No problem found"]);
    let report: Value =
        serde_json::from_str(&check(map(&["check", data, "--json"]), 0, &[]).out).expect("JSON");
    assert_eq!(report["clean"], true);
    assert_eq!(report["trial_balance"]["total_fen"], "0");
}

#[test]
fn a_damaged_state_is_a_finding_and_a_damaged_log_is_named_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let name = data.to_str().expect("UTF-8");
    let set = format!("data_dir={name}");
    let served = Served::start(
        folder.path(),
        &["core", "--set", &set, "--set", "core.bind=127.0.0.1:0"],
    );
    assert!(served.stop().success());

    std::fs::remove_dir_all(data.join("state")).expect("the state");
    check(map(&["check", name]), 1, &["the state is damaged", "1 problem"]);

    let segment = data.join("log/00000000000000000001.seg");
    let mut bytes = std::fs::read(&segment).expect("a segment");
    bytes[4096 + 80] ^= 1;
    std::fs::write(&segment, bytes).expect("a segment");
    check(
        map(&["check", name]),
        1,
        &[segment.to_str().expect("UTF-8"), "offset 4096"],
    );
}
