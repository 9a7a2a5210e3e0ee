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

    let tables = fs::read_dir(data.join("state")).expect("the state").flatten();
    for file in tables.map(|entry| entry.path()).filter(|path| path.is_file()) {
        fs::write(file, "no table").expect("a file of the state");
    }
    check(map(&["check", name]), 1, &["the state is damaged: ", "1 problem"]);

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
        assert!(copies(folder.path()).is_empty(), "{signal:?}");
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
    assert!(copies(folder.path()).is_empty(), "the next check clears");
}

/// What the documentation calls enough of a backup.
fn minimal_backup(data: &Path, backup: &Path) {
    fs::create_dir_all(backup.join("log")).expect("a folder");
    for entry in fs::read_dir(data.join("log")).expect("the log").flatten() {
        fs::copy(entry.path(), backup.join("log").join(entry.file_name())).expect("a segment");
    }
    for name in ["manifest.toml", "watermark"] {
        fs::copy(data.join(name), backup.join(name)).expect(name);
    }
}

#[test]
fn a_backup_without_its_state_is_clean() {
    let folder = tempfile::tempdir().expect("a folder");
    let backup = folder.path().join("backup");
    minimal_backup(&stopped_ledger(folder.path()), &backup);
    let name = backup.to_str().expect("UTF-8");
    check(
        map(&["check", name]),
        0,
        &["there was no state beside it", "No problem found"],
    );
    let told = check(map(&["check", name, "--json"]), 0, &[]).out;
    let report: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(report["state"]["missing"], true);
    assert_eq!(report["state"]["rebuilt"], Value::Null);
    assert!(!backup.join("state").exists(), "a check changes nothing");
}

/// The binary run by somebody who may not write to this folder. Root may always: then it is run by nobody.
fn map_that_may_not_write(folder: &Path, arguments: &[&str]) -> Command {
    if fs::File::create(folder.join("probe")).is_err() {
        return map(arguments);
    }
    fs::remove_file(folder.join("probe")).expect("the probe");
    let binary = folder.join("../map");
    fs::copy(env!("CARGO_BIN_EXE_map"), &binary).expect("a copy that everybody may run");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(binary)
        .args(arguments);
    command.env_clear();
    command
}

#[test]
fn a_folder_that_can_not_be_written_to_is_checked_and_told_to_be_without_a_lock() {
    let folder = tempfile::tempdir().expect("a folder");
    let backup = folder.path().join("backup");
    minimal_backup(&stopped_ledger(folder.path()), &backup);
    let set = |mode: u32, of_files: u32| {
        let files = fs::read_dir(backup.join("log"))
            .expect("the log")
            .flatten()
            .map(|entry| entry.path());
        for file in files.chain(["manifest.toml", "watermark"].map(|name| backup.join(name))) {
            fs::set_permissions(file, PermissionsExt::from_mode(of_files)).expect("a mode");
        }
        for folder in [&backup, &backup.join("log")] {
            fs::set_permissions(folder, PermissionsExt::from_mode(mode)).expect("a mode");
        }
    };
    set(0o555, 0o444);
    let command = map_that_may_not_write(&backup, &["check", backup.to_str().expect("UTF-8")]);
    check(command, 0, &["could not be locked", "No problem found"]);
    assert!(!backup.join("lock").exists());
    set(0o700, 0o600);
}
