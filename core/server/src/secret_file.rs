//! The file with the key of all digests (payment codes, ID numbers, SMS codes): 32 random
//! bytes that only their owner may read, made once, when the ledger is new.
//!
//! What it does not do: replace a lost file. Beside an existing ledger a fresh key would
//! make every payment code wrong, so a missing one is refused, and the core refuses to start with another
//! ledger's ([`Secrets::require_own`]).

use crate::ports::Random;
use crate::secrets::Secrets;
use map_store::{BulkTable, Store, StoreResult};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// There is a ledger, and its key is gone.
    #[error(
        "secret file {0} is missing beside an existing ledger: restore it from the backup; \
         with another key no payment code could be verified"
    )]
    Missing(PathBuf),
    /// It is not 32 bytes long.
    #[error("secret file {0} has {1} bytes, not 32: restore it from the backup")]
    Size(PathBuf, u64),
    /// Others may read or write it.
    #[error("secret file {0} has permissions {1:04o}; only its owner may read it: chmod 600 {0}")]
    Permissions(PathBuf, u32),
    /// There is none, and none can be made.
    #[error("secret file {0} is not there and can't be made: {1}; where it exists, is its folder mounted?")]
    NoPlace(PathBuf, io::Error),
    /// It can't be read or written.
    #[error("secret file {0}: {1}")]
    Io(PathBuf, io::Error),
}

/// Whether nobody has written the ledger yet: no partition, no claim.
///
/// # Errors
/// As the store's.
pub async fn ledger_is_new(store: &dyn Store) -> StoreResult<bool> {
    let snapshot = store.snapshot().await?;
    for table in [BulkTable::Partitions, BulkTable::Claims] {
        let (rows, _) = snapshot.scan(table, None, 1).await?;
        if !rows.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the key; makes it where the ledger is new and there is none.
///
/// # Errors
/// See [`SecretFileError`]; each text names the file and what to do.
pub fn load_or_create(
    path: &Path,
    ledger_is_new: bool,
    random: &dyn Random,
) -> Result<Secrets, SecretFileError> {
    match load(path)? {
        Some(secrets) => Ok(secrets),
        None if ledger_is_new => create(path, random),
        None => Err(SecretFileError::Missing(path.to_owned())),
    }
}

/// Makes sure that a key could be made here, so that nothing else is made where it could not. Leaves nothing.
///
/// # Errors
/// See [`SecretFileError`].
pub fn require_place(path: &Path) -> Result<(), SecretFileError> {
    let io_error = |error| SecretFileError::NoPlace(path.to_owned(), error);
    let beside = beside(path);
    let made = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside);
    made.map_err(io_error)?;
    std::fs::remove_file(&beside).map_err(io_error)
}

/// Reads the key; `None`: there is no such file. Changes nothing.
///
/// # Errors
/// See [`SecretFileError`].
pub fn load(path: &Path) -> Result<Option<Secrets>, SecretFileError> {
    match File::open(path) {
        Ok(file) => read(path, file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SecretFileError::Io(path.to_owned(), error)),
    }
}

fn read(path: &Path, mut file: File) -> Result<Secrets, SecretFileError> {
    let io_error = |error| SecretFileError::Io(path.to_owned(), error);
    let metadata = file.metadata().map_err(io_error)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SecretFileError::Permissions(path.to_owned(), mode));
    }
    if metadata.len() != 32 {
        return Err(SecretFileError::Size(path.to_owned(), metadata.len()));
    }
    let mut key = [0; 32];
    file.read_exact(&mut key).map_err(io_error)?;
    Ok(Secrets::new(key))
}

/// Where a key is written before it is there.
fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    PathBuf::from(beside)
}

/// Written beside, synced, then renamed: after a crash there is a whole key or none.
fn create(path: &Path, random: &dyn Random) -> Result<Secrets, SecretFileError> {
    let io_error = |error| SecretFileError::Io(path.to_owned(), error);
    let mut key = [0; 32];
    random.fill(&mut key);
    let beside = beside(path);
    // A leftover of a crash: nobody has used it.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(io_error)?;
    file.write_all(&key)
        .and_then(|()| file.sync_all())
        .map_err(io_error)?;
    std::fs::rename(&beside, path).map_err(io_error)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io_error)?;
    Ok(Secrets::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);
    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            let byte = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            buffer.fill(byte);
        }
    }

    fn random() -> Counting {
        Counting(1.into())
    }

    fn digest(secrets: &Secrets) -> [u8; 32] {
        secrets.identity("x").0
    }

    #[test]
    fn a_new_ledger_gets_a_key_of_its_own_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let random = random();
        let first = load_or_create(&path, true, &random).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        for new in [true, false] {
            assert_eq!(
                digest(&load_or_create(&path, new, &random).unwrap()),
                digest(&first)
            );
        }
    }

    #[test]
    fn a_missing_key_beside_a_ledger_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let refused = load_or_create(&path, false, &random()).unwrap_err();
        assert!(matches!(refused, SecretFileError::Missing(_)), "{refused}");
        assert!(!path.exists());
    }

    #[test]
    fn a_key_of_another_size_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for size in [0, 31, 33] {
            let path = folder.path().join(format!("secret{size}"));
            std::fs::write(&path, vec![7; size]).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            let refused = load_or_create(&path, true, &random()).unwrap_err();
            assert!(
                matches!(refused, SecretFileError::Size(_, n) if n == u64::try_from(size).unwrap()),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, [7; 32]).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let refused = load_or_create(&path, true, &random()).unwrap_err();
            assert!(
                matches!(refused, SecretFileError::Permissions(_, m) if m == mode),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_half_written_key_of_a_crash_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(folder.path().join("secret.new"), [7; 5]).unwrap();
        load_or_create(&path, true, &random()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), [1; 32]);
    }
}
