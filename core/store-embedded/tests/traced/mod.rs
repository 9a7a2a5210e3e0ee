//! This test's own program under `strace`, as a process that can be watched call by call, and whose calls can be made to fail.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Set by the gate: a machine without `strace` is an error there.
const REQUIRED: &str = "MAP_TEST_STRACE";

/// Runs the test `victim` of this program under `strace`, with these of its options and variables, and
/// writes what it sees to a file. `None`: nothing can be traced here, which standard error is told.
pub(crate) fn trace(
    options: &[&str],
    paths: &[&Path],
    variables: &[(&str, &str)],
    output: &Path,
) -> Option<String> {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-o"]).arg(output).args(options);
    for path in paths {
        command.arg("-P").arg(path);
    }
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", "victim", "--nocapture"]);
    command.envs(variables.iter().copied());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let status = command.status();
    let is_success = status.as_ref().is_ok_and(std::process::ExitStatus::success);
    // One that is killed on purpose ends so; one that failed otherwise ends with a number.
    let is_killed = status.as_ref().is_ok_and(|status| status.code().is_none());
    if !is_success && !can_trace() {
        assert!(
            std::env::var(REQUIRED).is_err(),
            "{REQUIRED} is set, and strace is missing or may not trace"
        );
        eprintln!("nothing was tried: strace is missing here, or may not trace");
        return None;
    }
    assert!(is_success || is_killed, "the victim failed: {status:?}");
    Some(fs::read_to_string(output).unwrap())
}

fn can_trace() -> bool {
    let mut command = Command::new("strace");
    command.args(["-o", "/dev/null", "true"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
