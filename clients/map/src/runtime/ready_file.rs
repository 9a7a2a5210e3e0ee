//! The file of `--ready-file`: it is there while its process serves, and only then.
//!
//! The process holds a lock on it for as long as it lives, so that a file that was left behind by a process
//! that was killed is known as such, whoever has its number now.

use super::ready::Ready;
use crate::outcome::Stop;
use serde_json::Value;
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A place for a ready file. Dropped: the file, where it was written, is gone.
#[derive(Debug)]
pub(crate) struct ReadyFile {
    path: PathBuf,
    /// The file with its lock, once it is written.
    written: Option<File>,
}

impl ReadyFile {
    /// Makes sure that a ready file can be written here, and removes one that was left behind. To be called
    /// before anything else can fail: whoever waits for the file must not find the last one.
    pub(crate) fn claim(path: &Path) -> Result<Self, Stop> {
        let unusable = |reason: &dyn std::fmt::Display| {
            Stop::usage(format!("--ready-file {}: {reason}", path.display()))
        };
        NamedTempFile::new_in(folder(path)).map_err(|error| unusable(&error))?;
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(&error)),
            Ok(found) if !found.is_file() => return Err(unusable(&"it is there, and is no file")),
            Ok(_) => {
                let left = File::open(path).map_err(|error| unusable(&error))?;
                // Where files can't be locked, nobody holds a lock.
                if matches!(left.try_lock(), Err(TryLockError::WouldBlock)) {
                    return Err(unusable(&"it belongs to a process that serves"));
                }
                let text = std::fs::read(path).map_err(|error| unusable(&error))?;
                if !is_ready_file(&text) {
                    return Err(unusable(&"it is there, and is no ready file"));
                }
                std::fs::remove_file(path).map_err(|error| unusable(&error))?;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            written: None,
        })
    }

    /// Writes it in one step: whoever sees it sees all of it.
    pub(crate) fn write(&mut self, ready: &Ready) -> Result<(), Stop> {
        let write = || {
            let mut file = NamedTempFile::new_in(folder(&self.path))?;
            // Nobody else knows the file yet; where files can't be locked, it goes without.
            let _ = file.as_file().try_lock();
            serde_json::to_writer_pretty(&mut file, ready)?;
            file.write_all(b"\n")?;
            Ok(file.persist(&self.path)?)
        };
        let written = write().map_err(|error: std::io::Error| {
            Stop::failed(format!("can't write {}: {error}", self.path.display()))
        })?;
        self.written = Some(written);
        Ok(())
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if self.written.is_some()
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, file = %self.path.display(), "the ready file stays");
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Empty, as `mktemp` makes it, or the JSON of a [`Ready`] of any version.
fn is_ready_file(text: &[u8]) -> bool {
    text.is_empty() || serde_json::from_slice::<Value>(text).is_ok_and(|value| value.get("pid").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::ready::GatewayAddress;
    use std::net::SocketAddr;

    fn ready() -> Ready {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Ready {
            pid: 7,
            core: Some(address(1)),
            gateway: vec![GatewayAddress {
                address: address(2),
                network: Some("posp1".to_owned()),
                tls: false,
            }],
            admin: address(3),
        }
    }

    #[test]
    fn it_holds_all_addresses_and_is_there_as_long_as_its_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ready.json");
        let mut file = ReadyFile::claim(&path).expect("claimed");
        assert!(!path.exists());
        file.write(&ready()).expect("written");
        let read: Ready = serde_json::from_slice(&std::fs::read(&path).expect("read")).expect("JSON");
        assert_eq!(read, ready());
        assert!(ReadyFile::claim(&path).is_err(), "another has it");
        assert!(path.exists());
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn what_was_left_behind_is_removed_and_what_is_no_ready_file_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ready.json");
        for (text, removed) in [
            ("", true),
            ("{\"pid\": 7}", true),
            ("precious", false),
            ("{}", false),
        ] {
            std::fs::write(&path, text).expect("written");
            assert_eq!(ReadyFile::claim(&path).is_ok(), removed, "{text}");
            assert_eq!(path.exists(), !removed, "{text}");
        }
        assert!(ReadyFile::claim(folder.path()).is_err());
        assert!(ReadyFile::claim(&folder.path().join("nowhere/ready.json")).is_err());
    }
}
