//! Why a data folder was not opened: for the person who has to do something about it.

use crate::log::Damage;
use std::path::PathBuf;

/// What to do where something that is not ours is in a folder.
fn remedy(found: &str) -> &'static str {
    if found == "lost+found" {
        "That is the root of a file system: give a folder in it."
    } else {
        "Give an empty folder, or the right one."
    }
}

/// A folder that was refused. Each text names the folder and the remedy; nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such folder, and none is to be created.
    #[error("{}: there is no data folder. Check the path.", .0.display())]
    Missing(PathBuf),
    /// The path is something else.
    #[error("{}: is not a folder. Give the path of a data folder.", .0.display())]
    NotAFolder(PathBuf),
    /// The folder holds files that are not ours.
    #[error(
        "{}: holds `{found}`, which is no part of a MAP store. {}",
        .path.display(),
        remedy(found)
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Something that was found in it.
        found: String,
    },
    /// Another process (or this one) has it open.
    #[error(
        "{}: is in use by another process. Stop that one first; two writers would destroy the ledger.",
        .0.display()
    )]
    InUse(PathBuf),
    /// Written by a newer version of MAP.
    #[error(
        "{}: has format {found}, this version of MAP reads up to {known}. Use the version that wrote it, or newer.",
        .path.display()
    )]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// The format in the manifest.
        found: u64,
        /// The newest format that is understood.
        known: u64,
    },
    /// Written before there was a commit log.
    #[error(
        "{}: has format {found}, from before the commit log; this version of MAP reads {known} and newer. \
         Open it with the version that wrote it, or give an empty folder.",
        .path.display()
    )]
    OlderFormat {
        /// The folder.
        path: PathBuf,
        /// The format in the manifest.
        found: u64,
        /// The oldest format that is understood.
        known: u64,
    },
    /// The manifest can't be understood.
    #[error("{}: manifest.toml is damaged ({reason}). Restore it, or the folder, from a backup.", .path.display())]
    BadManifest {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is data, but nothing that says what it is.
    #[error(
        "{}: holds data (`{found}`) but no manifest.toml. Restore the manifest, or the folder, from a backup.",
        .path.display()
    )]
    NoManifest {
        /// The folder.
        path: PathBuf,
        /// The data that was found.
        found: String,
    },
    /// The manifest is there, a part of the data is not.
    #[error("{}: `{part}` is missing. Restore the folder from a backup; don't create it anew.", .path.display())]
    MissingPart {
        /// The folder.
        path: PathBuf,
        /// What is missing, relative to the folder.
        part: String,
    },
    /// Manifest and log come from different stores.
    #[error(
        "{}: manifest.toml and log belong to different stores. Restore both from the same backup.",
        .0.display()
    )]
    Mixed(PathBuf),
    /// The system refused.
    #[error("{}: {doing}: {source}. Check the permissions and the disk.", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The log is damaged where its records count.
    #[error(
        "the log is damaged: {0}. Nothing was changed. Restore the folder, or this segment from an archive or \
         backup; `map log verify` tells all that is wrong."
    )]
    Log(Damage),
    /// The end of the log is gone.
    #[error(
        "{}: the log ends at record {found}, and record {acknowledged} was acknowledged: its end is lost. \
         Restore the folder from a backup; what was acknowledged since then is not in it.",
        .path.display()
    )]
    LostEnd {
        /// The folder.
        path: PathBuf,
        /// A record that is known to have been durable.
        acknowledged: u64,
        /// The last record that is there.
        found: u64,
    },
    /// The tables are lost and the log no longer holds all that was in them.
    #[error(
        "{}: the tables can't be used ({reason}), and the log begins at record {first}, so they can't be built \
         anew. Bring the earlier segments back into `log` from the archive, or restore the folder from a backup.",
        .path.display()
    )]
    TablesLost {
        /// The folder.
        path: PathBuf,
        /// What is wrong with the tables.
        reason: String,
        /// The first record that is still in the log.
        first: u64,
    },
    /// The tables could not be opened or brought up to the log, for another reason than damage.
    #[error("{}: the tables can't be opened: {reason}. Check the disk and its space.", .path.display())]
    Tables {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}
