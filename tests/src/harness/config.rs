//! The configuration of a server under test.

use super::json::quoted;
use std::path::{Path, PathBuf};

/// How core and gateway run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `map serve`.
    Together,
    /// `map core` and `map gateway`.
    Apart,
}

/// A listener of the gateway, in the order of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Belongs to the network posp1.
    Posp1,
    /// Belongs to the network posp2.
    Posp2,
    /// Belongs to no network: where apps call.
    Apps,
    /// Belongs to posp1, and is for addresses that no test has.
    Forbidden,
    /// Belongs to posp1, and wants a client certificate; only where the set-up has certificates.
    Certified,
}

/// What differs from test to test.
#[derive(Clone, Debug)]
pub struct Setup {
    pub mode: Mode,
    /// Lines of `[core.rules]`.
    pub rules: &'static str,
    /// Lines of `[gateway]`.
    pub gateway: &'static str,
    /// Lines of each listener.
    pub listener: &'static str,
    /// Other tables, such as `[core.limits]`.
    pub tables: &'static str,
    pub log: &'static str,
    /// Elsewhere than in the server's own folder.
    pub data_dir: Option<PathBuf>,
    /// Folder with `ca.pem`, `server.pem`, `server.key`.
    pub certificates: Option<PathBuf>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            mode: Mode::Together,
            rules: "",
            gateway: "",
            listener: "",
            tables: "",
            log: "info",
            data_dir: None,
            certificates: None,
        }
    }
}

impl Setup {
    /// The configuration file, for a server whose files are in `folder`.
    pub fn file(&self, folder: &Path) -> String {
        let path = |path: &Path| quoted(&path.to_string_lossy());
        let mut file = format!(
            "data_dir = {}\nprovisioning_file = {}\n\
             [admin]\nbind = \"127.0.0.1:0\"\n\
             [core]\nbind = \"127.0.0.1:0\"\npoll_ms = 20\nsecret_file = {}\n\
             [core.rules]\nsms_interval_ms = 0\n{}\n{}\n\
             [gateway]\ndirectory_refresh_ms = 20\n{}\n",
            path(&self.data_dir(folder)),
            path(&folder.join("provisioning.toml")),
            path(&folder.join("map.secret")),
            self.rules,
            self.tables,
            self.gateway,
        );
        let mut door = |lines: &str| {
            file.push_str("[[gateway.listeners]]\nbind = \"127.0.0.1:0\"\n");
            file.push_str(self.listener);
            file.push_str(lines);
        };
        door("\nnetwork = \"posp1\"\n");
        door("\nnetwork = \"posp2\"\n");
        door("\n");
        door("\nnetwork = \"posp1\"\naddresses = [\"192.0.2.0/24\"]\n");
        if let Some(certificates) = &self.certificates {
            let file = |name: &str| path(&certificates.join(name));
            door(&format!(
                "\nnetwork = \"posp1\"\ntls = {{ cert_file = {}, key_file = {}, client_ca_file = {} }}\n",
                file("server.pem"),
                file("server.key"),
                file("ca.pem")
            ));
        }
        file
    }

    /// Where the ledger is.
    pub fn data_dir(&self, folder: &Path) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| folder.join("data"))
    }
}
