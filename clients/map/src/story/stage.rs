//! What the story is played on: a folder with keys, configuration, provisioning and ledger.

use crate::outcome::Stop;
use crate::runtime::{bearer_key, random_hex, sha256_hex};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The customer of the story. The ID number is the one that textbooks use.
pub(super) const MOBILE: &str = "13912345678";
pub(super) const NAME: &str = "李四";
pub(super) const ID_NUMBER: &str = "11010519491231002X";
pub(super) const PAYMENT_CODE: &str = "246810";

pub(super) const APP: &str = "zjhtwallet";
pub(super) const NETWORK: &str = "posp1";
pub(super) const PRODUCT: &str = "1010";
pub(super) const SELLER: &str = "SH12345";
pub(super) const STORE: &str = "ST12345";
pub(super) const TERMINAL: &str = "ZJ000001";

/// Keys that exist for this story only.
pub(super) struct Keys {
    pub(super) app_bearer: String,
    pub(super) operator_bearer: String,
    pub(super) app_key: String,
    pub(super) posp_key: String,
    /// PKCS#8 PEM.
    pub(super) rsa_private: String,
    /// SPKI PEM.
    rsa_public: String,
}

/// The folder and the keys.
pub(super) struct Stage {
    folder: PathBuf,
    pub(super) keys: Keys,
    /// Removes the folder in the end, unless it is kept.
    _temporary: Option<TempDir>,
}

impl Stage {
    /// Sets the stage in a temporary folder, or in one that is kept.
    pub(super) fn set(keep: Option<&Path>) -> Result<Self, Stop> {
        let failed = |error: std::io::Error| Stop::failed(format!("the demo's folder: {error}"));
        let (folder, temporary) = match keep {
            Some(folder) => (kept(folder)?, None),
            None => {
                let temporary = tempfile::Builder::new()
                    .prefix("map-demo-")
                    .tempdir()
                    .map_err(failed)?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let keys = Keys::make().map_err(|error| Stop::failed(format!("the demo's keys: {error}")))?;
        let stage = Self {
            folder,
            keys,
            _temporary: temporary,
        };
        stage
            .write(&stage.rsa_key_file(), &stage.keys.rsa_private)
            .map_err(failed)?;
        stage
            .write(&stage.provisioning_file(), &stage.provisioning())
            .map_err(failed)?;
        stage
            .write(&stage.config_file(), &stage.config())
            .map_err(failed)?;
        Ok(stage)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn config_file(&self) -> PathBuf {
        self.folder.join("map.toml")
    }

    pub(super) fn provisioning_file(&self) -> PathBuf {
        self.folder.join("provisioning.toml")
    }

    pub(super) fn rsa_key_file(&self) -> PathBuf {
        self.folder.join("app.pem")
    }

    pub(super) fn log_file(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    pub(super) fn ready_file(&self) -> PathBuf {
        self.folder.join("ready.json")
    }

    /// Files with keys are for their owner only.
    fn write(&self, path: &Path, text: &str) -> std::io::Result<()> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?
            .write_all(text.as_bytes())
    }

    fn config(&self) -> String {
        format!(
            "# The demo's configuration: free ports on loopback, and no wait between two SMS codes.\n\
             data_dir = {data}\nprovisioning_file = {provisioning}\n\n\
             [admin]\nbind = \"127.0.0.1:0\"\n\n\
             [core]\nbind = \"127.0.0.1:0\"\n\n[core.rules]\nsms_interval_ms = 0\n\n\
             [[gateway.listeners]]\nbind = \"127.0.0.1:0\"\nnetwork = \"{NETWORK}\"\n",
            data = quoted(&self.ledger()),
            provisioning = quoted(&self.provisioning_file()),
        )
    }

    fn provisioning(&self) -> String {
        let Keys {
            app_bearer,
            operator_bearer,
            app_key,
            posp_key,
            rsa_public,
            ..
        } = &self.keys;
        format!(
            "default_product = \"{PRODUCT}\"\n\n\
             [[network]]\nid = \"{NETWORK}\"\nname = \"POS network one\"\n\
             [network.edge]\nposp_key = \"{posp_key}\"\naddresses = [\"127.0.0.0/8\"]\n\n\
             [[app]]\nid = \"{APP}\"\nname = \"Wallet\"\nnetworks = [\"{NETWORK}\"]\n\
             bearer_key_sha256 = [\"{app}\"]\n[app.edge]\napp_key = \"{app_key}\"\n\
             rsa_public_key = \"\"\"\n{rsa_public}\"\"\"\n\n\
             [[operator]]\nid = \"demo\"\nname = \"The one who watches\"\nbearer_key_sha256 = [\"{operator}\"]\n\n\
             [[product]]\nid = \"{PRODUCT}\"\nname = \"乐驾包4000\"\ntype = \"instalment\"\nnumber_prefix = \"2001\"\n\
             price_fen = 350000\nface_value_fen = 400000\nstages = 4\nvalidity_months = 12\n\n\
             [[fuel_product]]\ncode = \"DIESEL0\"\nname = \"0号柴油\"\n\n\
             [[seller]]\nid = \"{SELLER}\"\nname = \"南沙加油站\"\n[[seller.store]]\nid = \"{STORE}\"\nname = \"一号店\"\n\
             [[seller.store.terminal]]\nid = \"{TERMINAL}\"\nnetwork = \"{NETWORK}\"\n",
            app = sha256_hex(app_bearer),
            operator = sha256_hex(operator_bearer),
        )
    }
}

impl Keys {
    fn make() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let rsa = KeyPair::generate(KeySize::Rsa2048)?;
        let private: Pkcs8V1Der<'_> = rsa.as_der()?;
        let public: PublicKeyX509Der<'_> = rsa.public_key().as_der()?;
        Ok(Self {
            app_bearer: bearer_key(),
            operator_bearer: bearer_key(),
            app_key: random_hex(12),
            posp_key: random_hex(16).to_uppercase(),
            rsa_private: pem("PRIVATE KEY", private.as_ref()),
            rsa_public: pem("PUBLIC KEY", public.as_ref()),
        })
    }
}

/// A folder that the caller names: it must be empty, or not there yet.
fn kept(folder: &Path) -> Result<PathBuf, Stop> {
    let failed = |error| Stop::usage(format!("--keep {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Stop::usage(format!(
            "--keep {}: the folder is not empty",
            folder.display()
        )));
    }
    folder.canonicalize().map_err(failed)
}

fn quoted(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        lines.push(line.to_owned());
        rest = after;
    }
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}
