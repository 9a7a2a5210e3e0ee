//! The trials: one damage at a time, and what becomes of it.

use crate::history::{self, Content};
use map_store::StoreError;
use map_store_embedded::{EmbeddedStore, verify};
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Of the zeros that fill a page or a segment, one place in so many is tried.
const FILLING: usize = 32;

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// One bit of this byte is flipped.
    Flip(usize),
    /// The file ends before this byte.
    Cut(usize),
}

/// What became of a damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// The store opens with all that was acknowledged; the damage was mended, or harms nothing and,
    /// where it is in the log, is told by its verification.
    Recovered,
    /// The store does not open, and says why.
    Refused,
    /// A read said so; the next opening mended it.
    ToldByARead,
    /// The store answers with something else than was acknowledged, or nobody tells of damage in the log.
    Silent,
    /// The process panicked.
    Panicked,
}

/// How many trials ended how, for each sort of file.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) fates: BTreeMap<(String, Fate), u64>,
    /// The first trials that must not end so.
    pub(crate) bad: Vec<String>,
}

impl Tally {
    pub(crate) fn count(&self, wanted: Option<Fate>) -> u64 {
        let counts = self.fates.iter();
        let wanted = counts.filter(|((_, fate), _)| wanted.is_none_or(|wanted| wanted == *fate));
        wanted.map(|(_, count)| count).sum()
    }
}

/// Tries a flipped bit and a cut at every `stride`-th byte of every file.
pub(crate) fn run(stride: usize, parent: &Path) -> Tally {
    let image = history::make(parent);
    let whole = TempDir::with_prefix_in("whole-", parent).unwrap();
    history::copy(image.path(), whole.path());
    let expected = history::read(&EmbeddedStore::open(history::options(whole.path())).unwrap());
    assert!(expected.rows.is_ok(), "the history is whole");
    assert_eq!(
        expected.feed.as_ref().map(Vec::len),
        Ok(32),
        "the history is whole"
    );
    let mut files = Vec::new();
    list(image.path(), image.path(), &mut files);
    let mut tally = Tally::default();
    for (number, file) in files.iter().enumerate() {
        let bytes = fs::read(image.path().join(file)).unwrap();
        // Another beginning for each file, so that a coarse stride does not meet the same fields only.
        for (turn, at) in (number * 7 % stride..bytes.len()).step_by(stride).enumerate() {
            // Most of the log is zeros between records: one place there is as good as another.
            if is_filling(&bytes, at) && !turn.is_multiple_of(FILLING) {
                continue;
            }
            for damage in [Damage::Flip(at), Damage::Cut(at)] {
                let fate = attempt(image.path(), parent, file, damage, &expected);
                if matches!(fate, Fate::Silent | Fate::Panicked) && tally.bad.len() < 20 {
                    tally.bad.push(format!("{fate:?}: {} {damage:?}", file.display()));
                }
                *tally.fates.entry((sort_of(file), fate)).or_default() += 1;
            }
        }
    }
    tally
}

/// Whether nothing but zeros is around this place.
fn is_filling(bytes: &[u8], at: usize) -> bool {
    let around = at.saturating_sub(64)..bytes.len().min(at + 64);
    bytes[around].iter().all(|byte| *byte == 0)
}

/// Files below a folder, relative to it; the lock holds nothing.
fn list(folder: &Path, root: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            list(&path, root, files);
        } else if !path.ends_with("lock") {
            files.push(path.strip_prefix(root).unwrap().to_owned());
        }
    }
}

fn sort_of(file: &Path) -> String {
    let first = file.components().next().unwrap();
    first.as_os_str().to_string_lossy().into_owned()
}

fn attempt(image: &Path, parent: &Path, file: &Path, damage: Damage, expected: &Content) -> Fate {
    let folder = TempDir::with_prefix_in("trial-", parent).unwrap();
    history::copy(image, folder.path());
    let path = folder.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    match damage {
        Damage::Flip(at) => bytes[at] ^= 1 << (at % 8),
        Damage::Cut(at) => bytes.truncate(at),
    }
    fs::write(&path, bytes).unwrap();
    catch_unwind(AssertUnwindSafe(|| judge(folder.path(), file, expected))).unwrap_or(Fate::Panicked)
}

fn judge(folder: &Path, file: &Path, expected: &Content) -> Fate {
    let verified = verify(folder).unwrap();
    let in_log = file.starts_with("log");
    let told = !in_log || !verified.is_sound() || verified.torn_bytes > 0;
    let Some(first) = open_and_read(folder) else {
        return Fate::Refused;
    };
    if first == *expected {
        return if told { Fate::Recovered } else { Fate::Silent };
    }
    if !is_same_or_told(&first, expected) {
        return Fate::Silent;
    }
    // A read told of it. The next opening mends the state; a damaged segment goes on to be told of.
    match open_and_read(folder) {
        None => Fate::Refused,
        Some(again) if again == *expected => Fate::ToldByARead,
        Some(again) if in_log && told && again.rows == expected.rows && is_same_or_told(&again, expected) => {
            Fate::ToldByARead
        }
        Some(_) => Fate::Silent,
    }
}

/// Whether each answer is right, or says that there is damage.
fn is_same_or_told(content: &Content, expected: &Content) -> bool {
    let rows = content.rows == expected.rows || matches!(content.rows, Err(StoreError::Damaged(_)));
    let feed = content.feed == expected.feed || matches!(content.feed, Err(StoreError::Damaged(_)));
    rows && feed
}

/// `None`: it does not open.
fn open_and_read(folder: &Path) -> Option<Content> {
    let store = EmbeddedStore::open(history::options(folder)).ok()?;
    Some(history::read(&store))
}
