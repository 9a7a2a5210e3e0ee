//! `map check`.

use crate::support::{Served, check, map};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A ledger that was served and stopped.
fn stopped_ledger(folder: &Path) -> PathBuf {
    let data = folder.join("data");
    let set = format!("data_dir={}", data.display());
    let served = Served::start(folder, &["core", "--set", &set, "--set", "core.bind=127.0.0.1:0"]);
    assert!(served.stop().success());
    data
}

/// The copies that checks have beside a ledger.
fn copies(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".map-check-"));
    names.map(|entry| entry.path()).collect()
}

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

/// A check that comes to a pipe in the folder waits for what is in it; it ends by the signal.
fn end_a_check(folder: &Path, data: &Path, end: Signal) {
    let pipe = data.join("log/pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let mut command = map(&["check", data.to_str().expect("UTF-8")]);
    let mut running = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // Opens when the check has opened it, too.
    let _held = fs::File::options()
        .write(true)
        .open(&pipe)
        .expect("the check copies");
    fs::remove_file(&pipe).expect("the pipe");
    let copies = copies(folder);
    assert_eq!(copies.len(), 1, "{copies:?}");
    let mode = fs::metadata(&copies[0]).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let pid = Pid::from_raw(i32::try_from(running.id()).expect("fits")).expect("a process");
    kill_process(pid, end).expect("it runs");
    assert!(!running.wait().expect("it ends").success());
}

#[test]
fn a_copy_is_its_owners_alone_and_goes_when_its_check_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = stopped_ledger(folder.path());
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        end_a_check(folder.path(), &data, signal);
        assert_eq!(copies(folder.path()), [PathBuf::new(); 0], "{signal:?}");
    }
    end_a_check(folder.path(), &data, Signal::KILL);
    assert_eq!(
        copies(folder.path()).len(),
        1,
        "nobody can do anything about SIGKILL"
    );
    check(
        map(&["check", data.to_str().expect("UTF-8")]),
        0,
        &["No problem found"],
    );
    assert_eq!(
        copies(folder.path()),
        [PathBuf::new(); 0],
        "the next check clears"
    );
}
