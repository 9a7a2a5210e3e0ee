//! Opening a data folder: refuse, create, or open; in that order of preference.

use crate::engine::Engine;
use crate::error::OpenError;
use crate::folder::{Folder, sync_folder};
use crate::layout;
use crate::lock::{self, FolderLock};
use crate::manifest::Manifest;
use crate::options::Options;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// A folder that was found in order.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    pub(crate) folder: Folder,
    pub(crate) lock: FolderLock,
    pub(crate) manifest: Manifest,
}

/// Opens the folder, or creates a store in it where that is wanted and nothing is in the way.
pub(crate) fn open(options: &Options) -> Result<Opened, OpenError> {
    let folder = Folder(options.path.clone());
    make_folder(&folder, options)?;
    if Manifest::read(&folder)?.is_none() {
        // Before the lock: a folder of somebody else gets no file of ours.
        folder.refuse_occupied()?;
        refuse_unless_wanted(&folder, options)?;
    }
    let lock = lock::take(&folder)?;
    // Again under the lock: another process may have created, or begun to.
    let manifest = match Manifest::read(&folder)? {
        Some(manifest) if manifest.complete => manifest,
        Some(_) => {
            refuse_unless_wanted(&folder, options)?;
            create(&folder, options)?
        }
        None => {
            folder.refuse_occupied()?;
            create(&folder, options)?
        }
    };
    folder.check_parts()?;
    let engine = Engine::open(&folder.data(), options).map_err(engine_error(&folder))?;
    check_id(&folder, &engine, &manifest)?;
    // What a killed process wrote and never synced is read back from memory that a power cut would
    // empty. It is made durable before anybody is answered from it.
    engine.write_anew().map_err(|reason| OpenError::Engine {
        path: folder.0.clone(),
        reason,
    })?;
    Ok(Opened {
        engine,
        folder,
        lock,
        manifest,
    })
}

fn make_folder(folder: &Folder, options: &Options) -> Result<(), OpenError> {
    match fs::metadata(&folder.0) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFolder(folder.0.clone())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refuse_unless_wanted(folder, options)?;
            create_private(&folder.0).map_err(folder.io("creating the folder"))?;
            let parent = folder.0.parent().filter(|parent| *parent != Path::new(""));
            sync_folder(parent.unwrap_or(Path::new("."))).map_err(folder.io("creating the folder"))
        }
        Err(error) => Err(folder.io("looking at the folder")(error)),
    }
}

/// For its owner alone: the ledger holds numbers and keys that others must not read.
fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn refuse_unless_wanted(folder: &Folder, options: &Options) -> Result<(), OpenError> {
    if options.create_if_missing {
        Ok(())
    } else {
        Err(OpenError::Missing(folder.0.clone()))
    }
}

/// Creates the store. The manifest comes first and says "incomplete", so that a crash on the
/// way leaves something that may be begun anew, and never something that looks like data.
fn create(folder: &Folder, options: &Options) -> Result<Manifest, OpenError> {
    let mut manifest = Manifest::new(options.store_id);
    manifest.write(folder)?;
    match fs::remove_dir_all(folder.data()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(folder.io("removing an incomplete store")(error));
        }
        Ok(()) | Err(_) => {}
    }
    // Private even where the folder around it was made by somebody else.
    create_private(&folder.data()).map_err(folder.io("creating the store"))?;
    Engine::create(&folder.data(), options).map_err(engine_error(folder))?;
    let engine = Engine::open(&folder.data(), options).map_err(engine_error(folder))?;
    let id = Bytes::copy_from_slice(manifest.store_id.as_bytes());
    engine
        .append(&BTreeMap::from([(layout::store_id(), id)]))
        .map_err(|error| OpenError::Engine {
            path: folder.0.clone(),
            reason: format!("{error:?}"),
        })?;
    drop(engine);
    sync_folder(&folder.0).map_err(folder.io("creating the store"))?;
    manifest.complete = true;
    manifest.write(folder)?;
    Ok(manifest)
}

fn check_id(folder: &Folder, engine: &Engine, manifest: &Manifest) -> Result<(), OpenError> {
    let reason = |error: map_store::StoreError| OpenError::Engine {
        path: folder.0.clone(),
        reason: error.to_string(),
    };
    let id = engine.get(&layout::store_id()).map_err(reason)?;
    if id.is_some_and(|id| id == manifest.store_id.as_bytes()) {
        Ok(())
    } else {
        Err(OpenError::Mixed(folder.0.clone()))
    }
}

fn engine_error(folder: &Folder) -> impl FnOnce(fjall::Error) -> OpenError + use<> {
    let path = folder.0.clone();
    move |error| {
        if matches!(error, fjall::Error::Locked) {
            OpenError::InUse(path)
        } else {
            OpenError::Engine {
                path,
                reason: error.to_string(),
            }
        }
    }
}
