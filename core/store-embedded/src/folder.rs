//! The data folder: what is in it.

use crate::error::OpenError;
use crate::log;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub(crate) const MANIFEST: &str = "manifest.toml";
pub(crate) const MANIFEST_DRAFT: &str = "manifest.toml.tmp";
pub(crate) const LOCK: &str = "lock";
const TABLES: &str = "state";
/// Where the data was before there was a log.
const FORMER_DATA: &str = "fjall";
const DAMAGED_TABLES: &str = "state-damaged";
/// The tables as they were, while new ones are built.
const FORMER_TABLES: &str = "state-former";

/// The path of a data folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// The current state.
    pub(crate) fn tables(&self) -> PathBuf {
        self.0.join(TABLES)
    }

    /// The truth.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join(log::FOLDER)
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
            Some(found) if [TABLES, FORMER_DATA, log::FOLDER].contains(&found.as_str()) => {
                Err(OpenError::NoManifest {
                    path: self.0.clone(),
                    found,
                })
            }
            Some(found) => Err(OpenError::Foreign {
                path: self.0.clone(),
                found,
            }),
        }
    }

    /// Refuses a folder whose manifest promises a log that is not there. Tables may be missing: the log
    /// knows what was in them.
    pub(crate) fn check_parts(&self) -> Result<(), OpenError> {
        match fs::metadata(self.log()) {
            Ok(found) if found.is_dir() => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.io("looking for the log")(error))
            }
            Ok(_) | Err(_) => Err(self.missing(log::FOLDER)),
        }
    }

    pub(crate) fn missing(&self, part: &str) -> OpenError {
        OpenError::MissingPart {
            path: self.0.clone(),
            part: part.to_owned(),
        }
    }

    /// Refuses where less than this is free on the disk (bytes).
    pub(crate) fn check_space(&self, bytes: u64) -> Result<(), String> {
        let found = rustix::fs::statvfs(&self.0).map_err(|error| format!("looking for space: {error}"))?;
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        if free >= bytes {
            Ok(())
        } else {
            Err(format!(
                "the disk is full: {free} bytes are free, {bytes} are kept in reserve"
            ))
        }
    }

    /// Has the tables built anew by the next opening.
    pub(crate) fn mark_tables_damaged(&self) -> io::Result<()> {
        File::create(self.file(DAMAGED_TABLES))?.sync_all()?;
        sync_folder(&self.0)
    }

    /// Whether the tables were found damaged while the store was open.
    pub(crate) fn has_damaged_tables(&self) -> io::Result<bool> {
        self.file(DAMAGED_TABLES).try_exists()
    }

    /// The tables have been built anew.
    pub(crate) fn unmark_tables(&self) -> io::Result<()> {
        remove_if_there(fs::remove_file(self.file(DAMAGED_TABLES)))
    }

    /// Makes place for tables that are built anew. Those that a build before this one set aside stay.
    pub(crate) fn set_tables_aside(&self) -> io::Result<()> {
        if !self.file(FORMER_TABLES).try_exists()? && self.tables().try_exists()? {
            fs::rename(self.tables(), self.file(FORMER_TABLES))?;
        }
        self.remove(&self.tables())
    }

    /// Undoes [`Folder::set_tables_aside`].
    pub(crate) fn put_tables_back(&self) -> io::Result<()> {
        self.remove(&self.tables())?;
        remove_if_there(fs::rename(self.file(FORMER_TABLES), self.tables()))?;
        sync_folder(&self.0)
    }

    /// Removes the tables that were set aside, where there are any.
    pub(crate) fn forget_former_tables(&self) -> io::Result<()> {
        remove_if_there(fs::remove_dir_all(self.file(FORMER_TABLES)))
    }

    /// Removes a part with all that is in it, where it exists.
    pub(crate) fn remove(&self, part: &Path) -> io::Result<()> {
        remove_if_there(fs::remove_dir_all(part))?;
        sync_folder(&self.0)
    }
}

/// An error of the system that names its file.
pub(crate) fn of_file(path: &Path) -> impl FnOnce(io::Error) -> io::Error + use<'_> {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn remove_if_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
