//! The watermark: how far the log was known to be durable.
//!
//! It is written after a record's sync, without a sync of its own: it can lag behind after a power
//! cut, and then reveals less, but it never claims more than is durable. Syncing it would cost a second
//! sync a group and find one case more: a power cut together with a lost end of the log.
//!
//! Two slots are written in turn, so that one that is torn or damaged leaves the other. A slot: the
//! last durable sequence, the store's identifier, XXH3 of both; numbers big-endian.

use crate::folder::of_file;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// The file beside the log.
pub(crate) const FILE: &str = "watermark";

const SLOT: usize = 32;
/// Slots are a page apart, so that a torn write hits one.
const DISTANCE: u64 = 4096;
const SLOTS: u64 = 2;
/// Earlier versions had the second one here.
const FORMER_SLOT: u64 = 512;

/// The open file.
#[derive(Debug)]
pub(crate) struct Watermark {
    file: File,
    store_id: [u8; 16],
}

impl Watermark {
    /// Makes the file, or empties it.
    pub(crate) fn create(folder: &Path, store_id: [u8; 16]) -> io::Result<Self> {
        let mut open = File::options();
        open.write(true).create(true).truncate(false);
        let file = open.open(folder.join(FILE))?;
        let made = Self { file, store_id };
        for slot in 0..SLOTS {
            made.write_slot(slot, 0)?;
        }
        made.file.sync_all()?;
        Ok(made)
    }

    /// Opens the file for writing.
    pub(crate) fn open(folder: &Path, store_id: [u8; 16]) -> io::Result<Self> {
        let path = folder.join(FILE);
        let file = File::options().write(true).open(&path).map_err(of_file(&path))?;
        Ok(Self { file, store_id })
    }

    /// What the file says; `None`: it is missing, or no slot of it is sound.
    pub(crate) fn read(folder: &Path, store_id: &[u8; 16]) -> io::Result<Option<u64>> {
        let path = folder.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(of_file(&path)(error)),
        };
        let slot = |from: u64| {
            let from = usize::try_from(from).ok()?;
            read_slot(bytes.get(from..)?.first_chunk::<SLOT>()?, store_id)
        };
        let places = (0..SLOTS).map(|number| number.saturating_mul(DISTANCE));
        Ok(places.chain([FORMER_SLOT]).filter_map(slot).max())
    }

    /// Notes that all records up to this one are durable.
    pub(crate) fn raise(&self, sequence: u64) -> io::Result<()> {
        self.write_slot(sequence.checked_rem(SLOTS).unwrap_or_default(), sequence)
    }

    fn write_slot(&self, slot: u64, sequence: u64) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(SLOT);
        bytes.extend_from_slice(&sequence.to_be_bytes());
        bytes.extend_from_slice(&self.store_id);
        bytes.extend_from_slice(&xxh3_64(&bytes).to_be_bytes());
        self.file.write_all_at(&bytes, slot.saturating_mul(DISTANCE))
    }
}

fn read_slot(bytes: &[u8; SLOT], store_id: &[u8; 16]) -> Option<u64> {
    let (covered, sum) = bytes.split_at_checked(24)?;
    let (sequence, id) = covered.split_first_chunk::<8>()?;
    let sound = xxh3_64(covered).to_be_bytes() == *sum && id == store_id;
    sound.then(|| u64::from_be_bytes(*sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: [u8; 16] = [1; 16];

    /// A raise that is torn leaves what was said before it.
    #[test]
    fn a_slot_that_is_torn_leaves_the_one_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let watermark = Watermark::create(folder.path(), ID).unwrap();
        for sequence in 1..6 {
            let before = std::fs::read(&path).unwrap();
            watermark.raise(sequence).unwrap();
            let after = std::fs::read(&path).unwrap();
            assert_eq!(Watermark::read(folder.path(), &ID).unwrap(), Some(sequence));
            let differs = |at: &usize| before[*at] != after[*at];
            let page = (0..after.len()).find(differs).unwrap() / 4096 * 4096;
            let mut torn = after.clone();
            torn[page..(page + 4096).min(after.len())].fill(0xff);
            std::fs::write(&path, torn).unwrap();
            assert_eq!(Watermark::read(folder.path(), &ID).unwrap(), Some(sequence - 1));
            std::fs::write(&path, after).unwrap();
        }
    }

    #[test]
    fn the_watermark_of_another_store_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        Watermark::create(folder.path(), ID).unwrap().raise(7).unwrap();
        assert_eq!(Watermark::read(folder.path(), &[2; 16]).unwrap(), None);
    }
}
