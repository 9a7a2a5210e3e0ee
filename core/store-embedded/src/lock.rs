//! One process at a time: a lock on a file, held as long as the store is open.
//!
//! The system lets go of it when the process dies, however it dies.

use crate::error::OpenError;
use crate::folder::{Folder, LOCK};
use std::fs::{File, TryLockError};
use std::io;

/// The held lock; dropping it lets go.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

/// Takes the lock of a folder, or says who not to fight with.
pub(crate) fn take(folder: &Folder) -> Result<FolderLock, OpenError> {
    let mut open = File::options();
    open.read(true).write(true).create(true).truncate(false);
    let file = open
        .open(folder.file(LOCK))
        .map_err(folder.io("opening the lock"))?;
    try_lock(folder, file)
}

/// The same for who only reads; `None`: there is no lock in a folder that nothing can be written to.
pub(crate) fn take_to_read(folder: &Folder) -> Result<Option<FolderLock>, OpenError> {
    let taken = take(folder);
    match &taken {
        Err(OpenError::Io { source, .. }) if is_unwritable(source) => {}
        Ok(_) | Err(_) => return taken.map(Some),
    }
    match File::open(folder.file(LOCK)) {
        Ok(file) => try_lock(folder, file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) => taken.map(Some),
    }
}

fn is_unwritable(error: &io::Error) -> bool {
    [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem].contains(&error.kind())
}

fn try_lock(folder: &Folder, file: File) -> Result<FolderLock, OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(FolderLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.0.clone())),
        Err(TryLockError::Error(error)) => Err(folder.io("taking the lock")(error)),
    }
}
