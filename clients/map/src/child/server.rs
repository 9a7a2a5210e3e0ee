//! `map serve` as a process of its own, so that it can be killed.

use super::place::Place;
use crate::outcome::Stop;
use crate::runtime::Ready;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long a server may take to start, and to drain.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `map serve`. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    ready: Ready,
    gateway: String,
}

impl Server {
    /// Starts it and waits until it serves.
    pub(crate) async fn start(place: &Place) -> Result<Self, Stop> {
        let failed = |error: std::io::Error| Stop::failed(format!("the server can't be started: {error}"));
        let program = std::env::current_exe().map_err(failed)?;
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(place.log_file())
            .map_err(failed)?;
        let (ready_file, config) = (place.ready_file(), place.config_file());
        let mut command = Command::new(program);
        // What is set for the demo's caller is not meant for the demo's server.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("MAP_")) {
                command.env_remove(name);
            }
        }
        command
            .arg("serve")
            .arg("--config")
            .arg(config)
            .arg("--ready-file")
            .arg(&ready_file)
            .args(place.settings().iter().flat_map(|setting| ["--set", setting]));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let give_up = Instant::now().checked_add(PATIENCE);
        loop {
            if let Some(ready) = Self::ready(place, child.id()) {
                let gateway = ready
                    .gateway
                    .first()
                    .map(|listener| format!("http://{}", listener.address));
                let gateway = gateway.unwrap_or_default();
                return Ok(Self {
                    child,
                    ready,
                    gateway,
                });
            }
            if let Some(status) = child.try_wait().map_err(failed)? {
                let log = std::fs::read_to_string(place.log_file()).unwrap_or_default();
                let end: Vec<_> = log.lines().rev().take(8).collect();
                let end: Vec<_> = end.into_iter().rev().collect();
                return Err(Stop::failed(format!(
                    "the server ended with {status}:\n{}",
                    end.join("\n")
                )));
            }
            if give_up.is_none_or(|at| Instant::now() >= at) {
                return Err(Stop::failed("the server was not ready in time"));
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// What the ready file says, once it is this server's.
    fn ready(place: &Place, pid: Option<u32>) -> Option<Ready> {
        let text = std::fs::read(place.ready_file()).ok()?;
        let ready: Ready = serde_json::from_slice(&text).ok()?;
        (Some(ready.pid) == pid).then_some(ready)
    }

    /// Where gRPC is served.
    pub(crate) fn core(&self) -> String {
        self.ready
            .core
            .map_or_else(String::new, |address| format!("http://{address}"))
    }

    /// Where the documented JSON calls are served.
    pub(crate) fn gateway(&self) -> &str {
        &self.gateway
    }

    /// Metrics and probes.
    pub(crate) fn admin(&self) -> String {
        format!("http://{}", self.ready.admin)
    }

    /// The process.
    pub(crate) const fn pid(&self) -> u32 {
        self.ready.pid
    }

    /// Kills it without warning.
    pub(crate) fn kill(&mut self) -> std::io::Result<()> {
        self.child.start_kill()
    }

    /// Asks it to drain, and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<ExitStatus, Stop> {
        let failed = |error: std::io::Error| Stop::failed(format!("the server can't be stopped: {error}"));
        let pid = i32::try_from(self.ready.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM).map_err(|error| failed(error.into()))?;
        }
        match tokio::time::timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => status.map_err(failed),
            Err(_) => Err(Stop::failed("the server did not drain in time")),
        }
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus, Stop> {
        self.child
            .wait()
            .await
            .map_err(|error| Stop::failed(format!("the server: {error}")))
    }
}

/// What a GET answers: status and body.
pub(crate) async fn http_get(url: &str) -> Result<(u16, String), Stop> {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = client
        .get(url.parse().map_err(Stop::failed)?)
        .await
        .map_err(Stop::failed)?;
    let status = response.status().as_u16();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(Stop::failed)?
        .to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
