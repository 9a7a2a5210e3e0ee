//! A server under test: started, asked, stopped, started again.

mod kill;

use super::binary;
use super::config::{Door, Mode, Setup};
use super::http::{self, Post, Reply};
use super::json::Json;
use super::poll::eventually;
use super::{toml, world};
use map_client::proto::provisioning::v1::Document;
use map_client::{ClientConfig, MapClient, RetryPolicy};
use std::collections::HashMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// A server under test. Dropping it kills its processes.
pub struct Server {
    pub setup: Setup,
    folder: TempDir,
    world: Mutex<Document>,
    running: Mutex<Option<Running>>,
}

/// Processes and where they listen.
struct Running {
    children: Vec<Child>,
    core: SocketAddr,
    doors: Vec<SocketAddr>,
    admins: Vec<SocketAddr>,
    clients: HashMap<String, MapClient>,
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.children {
            // Killed already, or by us now; both are fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A poisoned lock only says that another test failed.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// Starts one and waits until it serves.
    pub fn start(setup: Setup) -> Self {
        super::keys::seed();
        let folder = tempfile::tempdir().expect("a folder");
        let world = world::document();
        fs::write(
            folder.path().join("provisioning.toml"),
            toml::provisioning(&world),
        )
        .expect("written");
        fs::write(folder.path().join("map.toml"), setup.file(folder.path())).expect("written");
        fs::write(folder.path().join("gateway.key"), &world::secrets().gateway).expect("written");
        let server = Self {
            setup,
            folder,
            world: Mutex::new(world),
            running: Mutex::new(None),
        };
        server.launch();
        server
    }

    /// Starts it again after [`Self::kill`] or [`Self::stop`], at other ports.
    pub fn launch(&self) {
        self.launch_until(200);
    }

    /// The same where its probes soon answer this status: 503 where its disk is full, so that it only reads.
    pub fn launch_until(&self, status: u16) {
        let running = match self.setup.mode {
            Mode::Together => {
                let (child, ready) = self.process("serve", &[]);
                Running::of(vec![child], &ready, &ready)
            }
            Mode::Apart => {
                let (core, core_ready) = self.process("core", &[]);
                let url = format!("http://{}", core_ready.text("core"));
                let key = self.path("gateway.key");
                let arguments = ["--core", &url, "--key-file", &key.to_string_lossy()];
                let (gateway, gateway_ready) = self.process("gateway", &arguments);
                Running::of(vec![gateway, core], &core_ready, &gateway_ready)
            }
        };
        for admin in &running.admins {
            eventually("every process is as ready as it can be", || {
                (http::get(*admin, "/readyz").0 == status).then_some(())
            });
        }
        *lock(&self.running) = Some(running);
    }

    /// Starts one process and waits for its ready file.
    fn process(&self, command: &str, arguments: &[&str]) -> (Child, Json) {
        let (mut child, ready) = self.spawn(command, arguments);
        let ready = eventually(&format!("`map {command}` serves"), || {
            if let Some(status) = child.try_wait().expect("a child") {
                let log = tail(&self.path(&format!("{command}.log")));
                panic!("map {command} ended ({status}) before it served:\n{log}");
            }
            fs::read_to_string(&ready)
                .ok()
                .map(|text| Json::parse(&text).expect("the ready file"))
        });
        (child, ready)
    }

    /// Starts one process; where its ready file will be.
    fn spawn(&self, command: &str, arguments: &[&str]) -> (Child, PathBuf) {
        let ready = self.path(&format!("{command}.ready"));
        let _ = fs::remove_file(&ready);
        let output = File::options()
            .create(true)
            .append(true)
            .open(self.path(&format!("{command}.log")))
            .expect("a log file");
        let child = binary::command()
            .arg(command)
            .args(arguments)
            .arg("--config")
            .arg(self.path("map.toml"))
            .args(["--log", self.setup.log, "--ready-file"])
            .arg(&ready)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a handle"))
            .stderr(output)
            .spawn()
            .expect("the binary starts");
        (child, ready)
    }

    /// A file of this server.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The ledger's folder.
    pub fn data_dir(&self) -> PathBuf {
        self.setup.data_dir(self.folder.path())
    }

    /// Ends it with SIGTERM and gives the exit statuses.
    pub fn stop(&self) -> Vec<ExitStatus> {
        let Some(mut running) = lock(&self.running).take() else {
            return Vec::new();
        };
        let mut statuses = Vec::new();
        for child in &mut running.children {
            kill::terminate(child);
            statuses.push(eventually("the server ends after SIGTERM", || {
                child.try_wait().expect("a child")
            }));
        }
        statuses
    }

    /// Where a door is.
    pub fn door(&self, door: Door) -> SocketAddr {
        let running = lock(&self.running);
        running.as_ref().expect("the server runs").doors[door as usize]
    }

    /// Where metrics and probes are, of each process.
    pub fn admins(&self) -> Vec<SocketAddr> {
        lock(&self.running)
            .as_ref()
            .expect("the server runs")
            .admins
            .clone()
    }

    /// The URL of the core.
    pub fn core_url(&self) -> String {
        format!(
            "http://{}",
            lock(&self.running).as_ref().expect("the server runs").core
        )
    }

    /// Sends a request to a door.
    pub fn post(&self, door: Door, post: &Post<'_>) -> Reply {
        http::send(self.door(door), post)
    }

    /// A gRPC client that tries once, for the caller with this bearer key.
    pub fn client(&self, bearer: &str) -> MapClient {
        let url = self.core_url();
        let mut running = lock(&self.running);
        let clients = &mut running.as_mut().expect("the server runs").clients;
        let connect = || {
            let config = ClientConfig::new(url, bearer)
                .retry(RetryPolicy::NEVER)
                .attempt_timeout(super::grpc::PATIENCE);
            MapClient::new(config.deadline(super::grpc::PATIENCE)).expect("a client")
        };
        let _in_runtime = super::grpc::runtime().enter();
        clients.entry(bearer.to_owned()).or_insert_with(connect).clone()
    }

    /// The operator's client.
    pub fn operator(&self) -> MapClient {
        self.client(&world::secrets().operator)
    }

    /// Changes the world: the whole document is applied by the operator. Tests change only what is theirs.
    pub fn provision(&self, change: impl FnOnce(&mut Document)) {
        let mut world = lock(&self.world);
        change(&mut world);
        let request = map_client::proto::provisioning::v1::ApplyRequest {
            document: Some(world.clone()),
            reason: "a test changes the world".to_owned(),
            idempotency_key: format!("world {}", super::keys::unique()),
            ..map_client::proto::provisioning::v1::ApplyRequest::default()
        };
        super::grpc::wait(self.operator().apply(request)).expect("the document is applied");
    }

    /// Everything its processes wrote.
    pub fn log(&self) -> String {
        let files = ["serve.log", "core.log", "gateway.log"].map(|name| self.path(name));
        files
            .iter()
            .filter_map(|file| fs::read(file).ok())
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .collect()
    }

    /// `map serve` where it should fail: killed by its own end only.
    pub fn try_serve(&self) -> Output {
        let mut command = binary::command();
        command
            .args(["serve", "--config"])
            .arg(self.path("map.toml"))
            .current_dir(self.folder.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut poll = || child.try_wait().expect("a child").map(drop);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually("map serve gives up", &mut poll)
        }));
        if ended.is_err() {
            child.kill().expect("killed");
        }
        child.wait_with_output().expect("its output")
    }

    /// `map check` on its folder, which no process may have open.
    pub fn check(&self) -> Output {
        run(&["check", &self.data_dir().to_string_lossy(), "--json"])
    }

    /// Whether `map check` finds nothing wrong; otherwise what it says.
    pub fn clean(&self) -> Result<(), String> {
        let output = self.check();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let report = Json::parse(said.trim());
        let problems = report.as_ref().ok().and_then(|report| report.at("problems"));
        if output.status.success() && problems.map(Json::elements) == Some(&[][..]) {
            return Ok(());
        }
        Err(said + &String::from_utf8_lossy(&output.stderr))
    }

    /// Leaves its folder behind, for a person to look at.
    pub fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }
}

impl Running {
    fn of(children: Vec<Child>, core: &Json, gateway: &Json) -> Self {
        let address = |text: &str| text.parse().expect("an address");
        let doors = gateway.at("gateway").expect("gateway").elements();
        Self {
            children,
            core: address(core.text("core")),
            doors: doors.iter().map(|door| address(door.text("address"))).collect(),
            admins: [core, gateway].map(|ready| address(ready.text("admin"))).to_vec(),
            clients: HashMap::new(),
        }
    }
}

/// Runs a command of the binary to its end.
pub fn run(arguments: &[&str]) -> Output {
    let mut command = binary::command();
    command.args(arguments).stdin(Stdio::null());
    command.output().expect("the binary runs")
}

/// The end of a log, for a person who wants to know why.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
