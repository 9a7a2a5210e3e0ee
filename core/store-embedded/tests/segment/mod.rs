//! The files of a log as a test looks at them, and changes them.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const FRAME: usize = 72;
pub(crate) const PAGE: usize = 4096;

/// The files of a folder with segments, the oldest first.
pub(crate) fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<PathBuf> = entries.collect();
    segments.sort();
    segments
}

/// Where the records of a segment begin, and where the next one goes.
pub(crate) fn records(segment: &Path) -> Vec<usize> {
    let bytes = fs::read(segment).unwrap();
    let mut at = PAGE;
    let mut found = Vec::new();
    while bytes.get(at..at + 8) == Some(b"MAPGROUP") {
        found.push(at);
        at = end_of_record(&bytes, at).next_multiple_of(PAGE);
    }
    found.push(at);
    found
}

pub(crate) fn end_of_record(bytes: &[u8], at: usize) -> usize {
    let length = u32::from_be_bytes(bytes[at + 28..at + 32].try_into().unwrap());
    at + FRAME + usize::try_from(length).unwrap()
}

pub(crate) fn edit(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    edit(&mut bytes);
    fs::write(path, bytes).unwrap();
}
