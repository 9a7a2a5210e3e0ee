//! What is wrong with a log, and where.

use std::path::{Path, PathBuf};

/// Damage in a log. One line says what, in which file, where, and at which record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: offset {offset}, record {sequence}: {what}", .file.display())]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where in it (bytes).
    pub offset: u64,
    /// The record that is damaged or missing there.
    pub sequence: u64,
    /// What is wrong.
    pub what: String,
}

impl Damage {
    pub(crate) fn new(file: &Path, offset: u64, sequence: u64, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            offset,
            sequence,
            what: what.into(),
        }
    }
}
