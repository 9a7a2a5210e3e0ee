//! The manifest: what the folder is, checked before the engine looks at the data.

use crate::error::OpenError;
use crate::folder::{Folder, MANIFEST, MANIFEST_DRAFT, sync_folder};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};

/// The format of a data folder that is written. 3: headers name the accounts of their partition.
pub const FORMAT: u64 = 3;

/// The oldest format that is read.
const OLDEST: u64 = 2;

/// What is in `manifest.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The format of everything in the folder.
    pub(crate) format: u64,
    /// The store's identifier: 32 hex digits.
    pub(crate) store_id: String,
    /// The version of MAP that created the store.
    pub(crate) created_by: String,
    /// `false` while the store is being created: nothing in it was ever acknowledged.
    pub(crate) complete: bool,
}

/// The one field that every format has.
#[derive(Deserialize)]
struct AnyFormat {
    format: u64,
}

impl Manifest {
    /// The manifest of a store that is being created.
    pub(crate) fn new(store_id: [u8; 16]) -> Self {
        Self {
            format: FORMAT,
            store_id: store_id.iter().map(|byte| format!("{byte:02x}")).collect(),
            created_by: env!("CARGO_PKG_VERSION").to_owned(),
            complete: false,
        }
    }

    /// Reads the manifest; `None`: there is none.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, OpenError> {
        match fs::read(folder.file(MANIFEST)) {
            Ok(bytes) => Self::parse(folder, &bytes).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(folder.io("reading manifest.toml")(error)),
        }
    }

    fn parse(folder: &Folder, bytes: &[u8]) -> Result<Self, OpenError> {
        let bad = |reason: String| OpenError::BadManifest {
            path: folder.0.clone(),
            reason,
        };
        let text = str::from_utf8(bytes).map_err(|error| bad(error.to_string()))?;
        let AnyFormat { format } = toml::from_str(text).map_err(|error| bad(error.message().to_owned()))?;
        if format > FORMAT {
            return Err(OpenError::NewerFormat {
                path: folder.0.clone(),
                found: format,
                known: FORMAT,
            });
        }
        if format == 0 {
            return Err(bad("format 0 was never written".to_owned()));
        }
        if format < OLDEST {
            return Err(OpenError::OlderFormat {
                path: folder.0.clone(),
                found: format,
                known: OLDEST,
            });
        }
        let manifest: Self = toml::from_str(text).map_err(|error| bad(error.message().to_owned()))?;
        if manifest.id().is_none() {
            return Err(bad("store_id is not 32 hex digits".to_owned()));
        }
        Ok(manifest)
    }

    /// Whether the folder is as an earlier version left it.
    pub(crate) const fn is_older(&self) -> bool {
        self.format < FORMAT
    }

    /// Has a folder of an older format be one of this format, which older versions refuse. What is in it
    /// stays as it is.
    pub(crate) fn raise(&mut self, folder: &Folder) -> Result<(), OpenError> {
        if !self.is_older() {
            return Ok(());
        }
        self.format = FORMAT;
        self.write(folder)
    }

    /// The store's identifier.
    pub(crate) fn id(&self) -> Option<[u8; 16]> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let sound = self.store_id.len() == 32 && self.store_id.bytes().all(is_digit);
        let number = u128::from_str_radix(&self.store_id, 16).ok()?;
        sound.then(|| number.to_be_bytes())
    }

    /// Replaces the manifest, whole or not at all.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), OpenError> {
        let text = toml::to_string(self).map_err(|error| OpenError::BadManifest {
            path: folder.0.clone(),
            reason: error.to_string(),
        })?;
        let write = || {
            let mut file = File::create(folder.file(MANIFEST_DRAFT))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(folder.file(MANIFEST_DRAFT), folder.file(MANIFEST))?;
            sync_folder(&folder.0)
        };
        write().map_err(folder.io("writing manifest.toml"))
    }
}
