//! The folder of a server that is started for the occasion: ledger, configuration, log.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder and what lies where in it.
pub(crate) struct Place {
    folder: PathBuf,
    /// What is set over its configuration file, as `--set` takes it.
    settings: Vec<String>,
    /// Removes the folder in the end, unless it is kept.
    _temporary: Option<TempDir>,
}

impl Place {
    /// A new folder that goes when this is dropped.
    pub(crate) fn temporary(prefix: &str) -> std::io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix(prefix).tempdir()?;
        Ok(Self {
            folder: temporary.path().to_owned(),
            settings: Vec::new(),
            _temporary: Some(temporary),
        })
    }

    /// A folder that stays; made where it does not exist.
    pub(crate) fn kept(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.canonicalize()?,
            settings: Vec::new(),
            _temporary: None,
        })
    }

    /// The same with these settings over its configuration file.
    pub(crate) fn with_settings(self, settings: &[String]) -> Self {
        Self {
            settings: settings.to_vec(),
            ..self
        }
    }

    pub(crate) fn settings(&self) -> &[String] {
        &self.settings
    }

    pub(crate) fn is_empty(&self) -> std::io::Result<bool> {
        Ok(std::fs::read_dir(&self.folder)?.next().is_none())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.join("map.toml")
    }

    pub(crate) fn provisioning_file(&self) -> PathBuf {
        self.folder.join("provisioning.toml")
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    pub(crate) fn ready_file(&self) -> PathBuf {
        self.folder.join("ready.json")
    }

    /// Files with keys are for their owner only.
    pub(crate) fn write(&self, path: &Path, text: &str) -> std::io::Result<()> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?
            .write_all(text.as_bytes())
    }
}

/// A path as TOML writes it.
pub(crate) fn quoted(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}
