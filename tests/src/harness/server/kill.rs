//! The ends of a server that are no clean stop: SIGKILL at moments that a test chooses.

use super::{Mode, Server, eventually, lock};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks at what a short moment is waited for.
const LOOK: Duration = Duration::from_micros(200);

impl Server {
    /// Kills all its processes with SIGKILL.
    pub fn kill(&self) {
        *lock(&self.running) = None;
    }

    /// Kills its processes with SIGKILL; who is still asking finds nobody there.
    pub fn kill_running(&self) {
        if let Some(running) = lock(&self.running).as_mut() {
            running.children.iter_mut().for_each(end);
        }
    }

    /// Kills the core and leaves the gateway; only where they run apart.
    pub fn kill_core(&self) {
        let mut running = lock(&self.running);
        let children = &mut running.as_mut().expect("the server runs").children;
        assert_eq!(children.len(), 2, "core and gateway run apart");
        end(&mut children[1]);
    }

    /// Kills it as soon as a file of the ledger came or went: a flush, a checkpoint, a new segment. Gives the
    /// first such file, without its number.
    pub fn kill_at_its_files(&self, pause: Duration) -> String {
        let folder = self.data_dir();
        let before = files(&folder);
        let change = eventually("a file of the ledger comes or goes", || {
            // Looked at more often than `eventually` would: a small file is soon written.
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(1) {
                if let Some(path) = files(&folder).symmetric_difference(&before).next() {
                    return Some(path.clone());
                }
                std::thread::sleep(LOOK);
            }
            None
        });
        std::thread::sleep(pause);
        self.kill_running();
        let name = change.strip_prefix(&folder).expect("a file of the folder");
        name.to_string_lossy()
            .chars()
            .filter(|letter| !letter.is_ascii_digit())
            .collect()
    }

    /// Sends SIGTERM and, after a pause, SIGKILL. Whether that came before it had drained.
    pub fn kill_while_draining(&self, pause: Duration) -> bool {
        // Not held while it drains: who calls it asks here where it is.
        let lock = || lock(&self.running);
        lock()
            .iter()
            .flat_map(|running| &running.children)
            .for_each(terminate);
        std::thread::sleep(pause);
        let mut running = lock();
        let children = &mut running.as_mut().expect("the server runs").children;
        let drained = |child: &mut Child| child.try_wait().expect("a child").is_some();
        let met = !children.iter_mut().all(drained);
        children.iter_mut().for_each(end);
        met
    }

    /// Starts it and kills it after a pause. Whether that came before it served. Only where core and
    /// gateway are one process.
    pub fn kill_while_opening(&self, pause: Duration) -> bool {
        assert_eq!(self.setup.mode, Mode::Together, "one process");
        self.kill();
        let (mut child, ready) = self.spawn("serve", &[]);
        let start = Instant::now();
        while start.elapsed() < pause && !ready.exists() {
            std::thread::sleep(LOOK);
        }
        let early = child.try_wait().expect("a child");
        end(&mut child);
        assert!(
            early.is_none(),
            "map serve ended by itself: {early:?}\n{}",
            self.log()
        );
        !ready.exists()
    }
}

/// Sends SIGTERM.
pub(super) fn terminate(child: &Child) {
    let mut kill = Command::new("kill");
    let status = kill.args(["-TERM", &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
}

/// Sends SIGKILL, which an ended process does not mind, and reaps.
fn end(child: &mut Child) {
    child.kill().expect("killed");
    child.wait().expect("reaped");
}

/// The paths of all files of a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // A folder may go while it is looked at.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            } else {
                found.insert(entry.path());
            }
        }
    }
    found
}
