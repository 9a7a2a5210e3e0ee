//! One process at a time: a lock on a file, held as long as the store is open.
//!
//! The system lets go of it when the process dies, however it dies.

use crate::error::OpenError;
use crate::folder::{Folder, LOCK};
use std::fs::{File, TryLockError};

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
    match file.try_lock() {
        Ok(()) => Ok(FolderLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.0.clone())),
        Err(TryLockError::Error(error)) => Err(folder.io("taking the lock")(error)),
    }
}
