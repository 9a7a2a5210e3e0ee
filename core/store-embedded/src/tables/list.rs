//! The list of tables on disk: which there are, and in which order they count.
//!
//! lsm-tree writes each list to a file of its own, `v1`, `v2` and so on, syncs it, and then replaces `current`, which
//! holds the number of the list in force, its XXH3 and the kind of that (0). Neither is verified when it is read.
//!
//! A change that fails once `current` is replaced counts as not done, and the next one writes a list of the same
//! number over the one that is in force. Dead in the middle of that, `current` names a list that is not whole, or one
//! whose tables were given up. The list before it is whole then, and so are its tables: nothing was removed since.

use super::TablesError;
use super::disk::{NEWEST, guarded};
use crate::folder::sync_folder;
use crate::layout;
use bytes::Bytes;
use lsm_tree::table::filter::standard_bloom::Builder as Filter;
use lsm_tree::{Cache, Checksum, Table};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::path::Path;
use std::sync::Arc;
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The file that names the list in force.
const CURRENT: &str = "current";

/// The folder with the tables.
pub(super) const TABLES: &str = "tables";

/// What a replacement of `current` is called before it is one.
const DRAFT: &str = ".tmp";

/// How checksums are made, as `current` and lists say it.
const XXH3: u8 = 0;

/// The one format of lists that is read.
const FORMAT: u8 = 3;

/// The one kind of trees that is read: values are beside their keys.
const PLAIN: u8 = 0;

/// What `current` says.
struct Current {
    number: u64,
    sum: u128,
}

impl Current {
    /// `None`: there is none.
    fn read(folder: &Path) -> Result<Option<Self>, TablesError> {
        let bytes = match fs::read(folder.join(CURRENT)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let damaged = || TablesError::Damaged(format!("`{CURRENT}` is damaged"));
        let mut rest = &bytes[..];
        let number = u64::from_le_bytes(take(&mut rest).ok_or_else(damaged)?);
        let sum = u128::from_le_bytes(take(&mut rest).ok_or_else(damaged)?);
        if *rest == [XXH3] {
            Ok(Some(Self { number, sum }))
        } else {
            Err(damaged())
        }
    }

    /// Puts this list in force; durable on return.
    fn write(&self, folder: &Path) -> io::Result<()> {
        let mut draft = NamedTempFile::with_prefix_in(DRAFT, folder)?;
        draft.write_all(&self.number.to_le_bytes())?;
        draft.write_all(&self.sum.to_le_bytes())?;
        draft.write_all(&[XXH3])?;
        draft.as_file().sync_all()?;
        draft.persist(folder.join(CURRENT))?;
        sync_folder(folder)
    }
}

fn file_name(number: u64) -> String {
    format!("v{number}")
}

/// Verifies the list in force, and makes durable that it is: what is older goes once the tables are open.
pub(super) fn check(folder: &Path) -> Result<(), TablesError> {
    let Some(current) = Current::read(folder)? else {
        return if is_empty(folder)? {
            Ok(())
        } else {
            Err(TablesError::Damaged(format!("`{CURRENT}` is missing")))
        };
    };
    let name = file_name(current.number);
    if xxh3_128(&fs::read(folder.join(&name))?) != current.sum {
        return Err(TablesError::Damaged(format!(
            "the list of tables `{name}` is damaged"
        )));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(DRAFT.as_bytes()) {
            fs::remove_file(entry.path())?;
        }
    }
    File::open(folder.join(CURRENT))?.sync_all()?;
    Ok(sync_folder(folder)?)
}

/// Whether nothing is in a folder, or there is none.
fn is_empty(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().transpose().map(|entry| entry.is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Where the list in force, or a table that it names, can't be used: puts the one before it in force, if all of that
/// is sound and holds the log up to this record at least. Returns its number; `None`: it can't be used either, and
/// nothing was changed.
pub(super) fn fall_back(folder: &Path, least: u64) -> Result<Option<u64>, TablesError> {
    let number = match Current::read(folder) {
        Ok(current) => current.and_then(|current| current.number.checked_sub(1)),
        Err(TablesError::Damaged(_)) => None,
        Err(error @ TablesError::Io(_)) => return Err(error),
    };
    let Some(number) = number else { return Ok(None) };
    let read = || {
        let bytes = fs::read(folder.join(file_name(number)))?;
        let applied = applied(folder, &bytes)?;
        Ok((applied, xxh3_128(&bytes)))
    };
    match read() {
        Ok((applied, sum)) if applied >= least => {
            Current { number, sum }.write(folder)?;
            Ok(Some(number))
        }
        Ok(_) | Err(TablesError::Damaged(_)) => Ok(None),
        Err(error @ TablesError::Io(_)) => Err(error),
    }
}

/// The last record that is in the tables of a list. An error unless every byte that counts, of it and of them, is as
/// it was written: nothing holds this list's checksum any more, but it holds those of its tables.
fn applied(folder: &Path, list: &[u8]) -> Result<u64, TablesError> {
    let damaged = |what: &str| TablesError::Damaged(what.to_owned());
    let entries = entries(list).ok_or_else(|| damaged("the list of tables is damaged"))?;
    let cache = Arc::new(Cache::with_capacity_bytes(0));
    let key = layout::applied();
    let hash = Filter::get_hash(&key);
    let mut applied = None;
    for Entry { id, sum } in entries {
        let path = folder.join(TABLES).join(id.to_string());
        if sum_of(&path)? != sum {
            return Err(damaged("a table is damaged"));
        }
        if applied.is_none() {
            let sum = Checksum::from_raw(sum);
            let cell = guarded(|| {
                let table = Table::recover(path, sum, 0, 0, Arc::clone(&cache), None, false, false)?;
                table.get(&key, NEWEST, hash)
            })?;
            applied = cell.map(|cell| Bytes::copy_from_slice(&cell.value));
        }
    }
    super::record_in(applied)
}

fn sum_of(path: &Path) -> io::Result<u128> {
    let mut hasher = Xxh3::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.digest128())
}

/// A table as a list names it.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    id: u64,
    sum: u128,
}

/// The tables of a list, those first whose cells count before others'; `None`: it is not as lists are written.
fn entries(list: &[u8]) -> Option<Vec<Entry>> {
    let sections = sfa::Reader::from_reader(&mut Cursor::new(list)).ok()?;
    let section = |name: &[u8]| {
        let section = sections.toc().section(name)?;
        let begin = usize::try_from(section.pos()).ok()?;
        let length = usize::try_from(section.len()).ok()?;
        list.get(begin..begin.checked_add(length)?)
    };
    let mut rest = section(b"tables")?;
    let [levels] = take(&mut rest)?;
    let is_known = section(b"format_version")? == [FORMAT]
        && section(b"tree_type")? == [PLAIN]
        && section(b"level_count")? == [levels]
        && section(b"filter_hash_type")? == [XXH3]
        && section(b"blob_files")? == [0; 4]
        && section(b"blob_gc_stats")? == [0; 4];
    let mut entries = Vec::new();
    for _level in 0..levels {
        let [runs] = take(&mut rest)?;
        for _run in 0..runs {
            let tables = u32::from_le_bytes(take(&mut rest)?);
            if tables == 0 {
                return None;
            }
            for _table in 0..tables {
                let id = u64::from_le_bytes(take(&mut rest)?);
                let kind: [u8; 1] = take(&mut rest)?;
                let sum = u128::from_le_bytes(take(&mut rest)?);
                let numbers_from: [u8; 8] = take(&mut rest)?;
                if kind != [XXH3] || numbers_from != [0; 8] {
                    return None;
                }
                entries.push(Entry { id, sum });
            }
        }
    }
    let ids: BTreeSet<u64> = entries.iter().map(|entry| entry.id).collect();
    (is_known && rest.is_empty() && ids.len() == entries.len()).then_some(entries)
}

/// The next bytes.
fn take<const LENGTH: usize>(rest: &mut &[u8]) -> Option<[u8; LENGTH]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*taken)
}

#[cfg(test)]
#[path = "list_test.rs"]
mod tests;
