//! A folder for a while: its owner's alone from the moment it is made, for it holds what the ledger holds; gone
//! when it is dropped; and where its process died first, cleared by whoever comes next.
//!
//! A lock on the folder itself says that its process lives. The system lets go of it however that ends.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use tempfile::TempDir;

/// What a copy beside a data folder is called.
const BESIDE: &str = ".map-check-";
/// The same among other temporary folders.
const TEMPORARY: &str = "map-check-";
/// What a second state in a data folder is called.
const WITHIN: &str = "compare-";
/// Behind each of these.
const RANDOM: usize = 6;
/// Behind that, while it goes.
const GOING: &str = ".going";

/// A folder for a while, mode 0700. Dropping it removes it.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    /// `None` where the file system knows no such locks: then nobody clears it but this.
    _lock: Option<File>,
}

impl Scratch {
    /// In a data folder.
    ///
    /// # Errors
    /// Where nothing can be made there.
    pub fn within(folder: &Path) -> io::Result<Self> {
        Self::make(WITHIN, folder)
    }

    /// Beside a data folder, or where that can't be, among temporary folders.
    pub(crate) fn beside(folder: &Path) -> io::Result<Self> {
        Self::make(BESIDE, parent(folder)).or_else(|_| Self::make(TEMPORARY, &std::env::temp_dir()))
    }

    fn make(prefix: &str, place: &Path) -> io::Result<Self> {
        loop {
            let mut builder = tempfile::Builder::new();
            builder.prefix(prefix).rand_bytes(RANDOM);
            builder.permissions(fs::Permissions::from_mode(0o700));
            let folder = builder.tempdir_in(place)?;
            match lock(folder.path()) {
                Ok(lock) => return Ok(Self { folder, _lock: lock }),
                // Somebody clears, and took it for a dead one's before it was locked.
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes it while others may still be writing into it: under another name first, so that they add no file. Who
    /// just begins to open tables makes the folder again, so this is to be called again when they have ended.
    ///
    /// # Errors
    /// Where something of it stays. Whoever comes next tries again.
    pub fn remove(&self) -> io::Result<()> {
        let mut going = self.path().as_os_str().to_owned();
        going.push(GOING);
        match fs::rename(self.path(), &going) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => fs::remove_dir_all(&going),
        }
    }
}

/// Removes what dead checks left beside a data folder, and among temporary folders. What can't be removed stays.
pub(crate) fn clear_beside(folder: &Path) {
    clear(BESIDE, parent(folder));
    clear(TEMPORARY, &std::env::temp_dir());
}

/// Removes what dead comparisons left in a data folder. What can't be removed stays.
pub(crate) fn clear_within(folder: &Path) {
    clear(WITHIN, folder);
}

/// Whether something of this name in a data folder is a scratch folder and no part of the store.
pub(crate) fn is_within(name: &OsStr) -> bool {
    is_ours(WITHIN, name)
}

fn clear(prefix: &str, place: &Path) {
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    let ours = entries
        .flatten()
        .filter(|entry| is_ours(prefix, &entry.file_name()));
    for left in ours.map(|entry| entry.path()) {
        match clear_one(&left) {
            Ok(true) => {
                let folder = left.display().to_string();
                tracing::info!(%folder, "what a check that died had left is removed");
            }
            Ok(false) => {}
            Err(error) => {
                let folder = left.display().to_string();
                tracing::warn!(%folder, %error, "what a check that died has left can't be removed");
            }
        }
    }
}

/// `false`: it is in use, or not this user's.
fn clear_one(left: &Path) -> io::Result<bool> {
    let found = fs::symlink_metadata(left)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Ok(false);
    }
    match lock(left) {
        Ok(Some(_lock)) => fs::remove_dir_all(left).map(|()| true),
        // Where nothing says whether its process lives it is left alone.
        Ok(None) => Ok(false),
        Err(error) if is_taken(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Somebody else has it, or has removed it.
fn is_taken(error: &io::Error) -> bool {
    [io::ErrorKind::WouldBlock, io::ErrorKind::NotFound].contains(&error.kind())
}

/// Locks a folder that is still there under its name; `None`: the file system knows no such locks.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(_)) => return Ok(None),
    }
    let (locked, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    if (locked.dev(), locked.ino()) == (named.dev(), named.ino()) {
        Ok(Some(file))
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn is_ours(prefix: &str, name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(prefix));
    random.is_some_and(|random| {
        let random = random.strip_suffix(GOING).unwrap_or(random);
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn parent(folder: &Path) -> &Path {
    let parent = folder.parent().filter(|parent| *parent != Path::new(""));
    parent.unwrap_or(Path::new("."))
}

/// A new folder in a scratch folder.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// A new file in a scratch folder with the bytes of another, its owner's whatever the mode of that one is.
pub(crate) fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = File::options();
    let mut copy = copy.write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut copy).map(drop)
}

#[cfg(test)]
#[path = "scratch_test.rs"]
mod tests;
