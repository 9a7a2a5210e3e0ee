//! The data folder: what is in it, and what must be there before the engine may look.
//!
//! fjall takes a missing part for a store that was never finished, and creates or deletes
//! accordingly. So its parts are checked here first.

use crate::error::OpenError;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(crate) const MANIFEST: &str = "manifest.toml";
pub(crate) const MANIFEST_DRAFT: &str = "manifest.toml.tmp";
pub(crate) const LOCK: &str = "lock";
const DATA: &str = "fjall";
const SPACE_TRIAL: &str = "space.tmp";

/// What the engine's folder must hold, or acknowledged commits are gone.
const PARTS: [&str; 4] = ["version", "keyspaces/0/current", "keyspaces/1/current", "lock"];

/// The path of a data folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// The engine's part.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join(DATA)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// An error of the system about this folder.
    pub(crate) fn io(&self, doing: &'static str) -> impl FnOnce(io::Error) -> OpenError + use<> {
        let path = self.0.clone();
        move |source| OpenError::Io { path, doing, source }
    }

    /// The first thing in the folder that a new store does not explain; `None`: it may be created here.
    pub(crate) fn occupant(&self) -> Result<Option<String>, OpenError> {
        let reading = "reading the folder";
        for entry in fs::read_dir(&self.0).map_err(self.io(reading))? {
            let name = entry
                .map_err(self.io(reading))?
                .file_name()
                .to_string_lossy()
                .into_owned();
            if ![LOCK, MANIFEST_DRAFT].contains(&name.as_str()) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Refuses a folder without manifest that holds data, ours or not.
    pub(crate) fn refuse_occupied(&self) -> Result<(), OpenError> {
        match self.occupant()? {
            None => Ok(()),
            Some(found) if found == DATA => Err(OpenError::NoManifest {
                path: self.0.clone(),
                found,
            }),
            Some(found) => Err(OpenError::Foreign {
                path: self.0.clone(),
                found,
            }),
        }
    }

    /// Refuses a folder whose manifest promises data that is not there.
    pub(crate) fn check_parts(&self) -> Result<(), OpenError> {
        let missing = |part: &str| OpenError::MissingPart {
            path: self.0.clone(),
            part: part.to_owned(),
        };
        if !self.data().is_dir() {
            return Err(missing(DATA));
        }
        for part in PARTS {
            if !self.data().join(part).is_file() {
                return Err(missing(&format!("{DATA}/{part}")));
            }
        }
        let journals = fs::read_dir(self.data()).map_err(self.io("reading the data"))?;
        let is_journal = |entry: io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "jnl"))
        };
        if journals.into_iter().any(is_journal) {
            Ok(())
        } else {
            Err(missing(&format!("{DATA}/*.jnl")))
        }
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Writes and removes a file of this size (bytes): the one honest answer to "is there space?".
pub(crate) fn try_space(folder: &Folder, bytes: u64) -> io::Result<()> {
    let path = folder.file(SPACE_TRIAL);
    let tried = write_zeros(&path, bytes);
    let removed = fs::remove_file(&path);
    if let Err(error) = removed
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    tried
}

fn write_zeros(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    io::copy(&mut io::Read::take(io::repeat(0), bytes), &mut file)?;
    file.flush()?;
    file.sync_all()
}
