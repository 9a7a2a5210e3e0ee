//! Runs the binary, without the settings of whoever runs the tests.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

/// The commented example of the documentation.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/provisioning.example.toml")
}

/// The binary with these arguments.
pub(crate) fn map(arguments: &[&str]) -> Command {
    let mut command = without_settings(env!("CARGO_BIN_EXE_map"));
    command.args(arguments);
    command
}

fn without_settings(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("MAP_")) {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs it to its end.
pub(crate) fn run(mut command: Command) -> Ended {
    let output = command.output().expect("the binary runs");
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Ends with this code, and says these parts on standard output or error.
pub(crate) fn check(command: Command, code: i32, parts: &[&str]) -> Ended {
    let told = format!("{command:?}");
    let ended = run(command);
    assert_eq!(
        ended.code,
        Some(code),
        "{told}\nstdout: {}\nstderr: {}",
        ended.out,
        ended.err
    );
    for part in parts {
        assert!(
            ended.out.contains(part) || ended.err.contains(part),
            "{told} lacks {part:?}: {}{}",
            ended.out,
            ended.err
        );
    }
    ended
}

/// A server process. Killed when dropped.
pub(crate) struct Served {
    child: Child,
    /// What the ready file says.
    pub(crate) ready: Value,
}

impl Served {
    /// Starts it and waits until it says that it serves.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let (served, mut log) = Self::start_with_log(folder, arguments);
        // Nobody reads the log: it must not block the server.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        served
    }

    /// The same, with the reading end of its log.
    pub(crate) fn start_with_log(folder: &Path, arguments: &[&str]) -> (Self, ChildStderr) {
        Self::spawn(folder, arguments, map(arguments))
    }

    /// The same with at most so many file descriptors, unless it takes more.
    pub(crate) fn start_with_descriptors(folder: &Path, arguments: &[&str], most: u32) -> Self {
        let limited = format!("ulimit -Sn {most}; exec \"$0\" \"$@\"");
        let mut command = without_settings("sh");
        command
            .args(["-c", &limited, env!("CARGO_BIN_EXE_map")])
            .args(arguments);
        let (served, mut log) = Self::spawn(folder, arguments, command);
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        served
    }

    fn spawn(folder: &Path, arguments: &[&str], mut command: Command) -> (Self, ChildStderr) {
        let ready_file = folder.join(format!("{}.ready", arguments[0]));
        command
            .arg("--ready-file")
            .arg(&ready_file)
            .args(["--set", "admin.bind=127.0.0.1:0"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("readable");
        if !line.contains("MAP serves") {
            let mut log = String::new();
            child
                .stderr
                .take()
                .expect("piped")
                .read_to_string(&mut log)
                .expect("UTF-8");
            panic!("{arguments:?} does not serve: {line}{log}");
        }
        let log = child.stderr.take().expect("piped");
        let ready =
            serde_json::from_slice(&std::fs::read(&ready_file).expect("the ready file")).expect("JSON");
        (Self { child, ready }, log)
    }

    /// An address of the ready file, by JSON pointer.
    pub(crate) fn address(&self, pointer: &str) -> &str {
        self.ready
            .pointer(pointer)
            .and_then(Value::as_str)
            .expect("an address")
    }

    /// What the system says of it under this name of `/proc`.
    pub(crate) fn told_by_the_system(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).expect("it runs")
    }

    /// Asks it to drain.
    pub(crate) fn terminate(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("fits")).expect("a process");
        kill_process(pid, Signal::TERM).expect("it runs");
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }

    /// Asks it to drain and waits for its end.
    pub(crate) fn stop(self) -> ExitStatus {
        self.terminate();
        self.ended()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body of a GET.
pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    (status, body.to_owned())
}
