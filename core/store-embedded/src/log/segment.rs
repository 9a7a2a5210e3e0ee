//! A segment: a file of fixed size, a header in a page of its own, then records, then zeros.
//!
//! Part of the stored format. The header, numbers big-endian:
//!
//! | at | length | what |
//! |---|---|---|
//! | 0 | 8 | `MAPSEGM2` |
//! | 8 | 16 | the store's identifier |
//! | 24 | 8 | sequence of the record before the first one here |
//! | 32 | 8 | commits in all records before |
//! | 40 | 32 | chain before the first record |
//! | 72 | 8 | when the segment was begun, in ms since 1970 by the clock that was passed in |
//! | 80 | 8 | size of the file |
//! | 88 | 32 | zeros |
//! | 120 | 8 | XXH3 of all that precedes |

use super::chain::Position;
use super::damage::Damage;
use super::reader::Place;
use super::record::{self, Flaw, Record};
use super::tail::erase;
use crate::folder::of_file;
use crate::folder::sync_folder;
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: [u8; 8] = *b"MAPSEGM2";

/// The length of the header.
const HEADER: usize = 128;

/// Where the first record is written.
pub(crate) const FIRST: usize = record::PAGE;

const COVERED: usize = 120;

/// A segment's file name ends so.
const ENDING: &str = ".seg";

/// What a segment that is being made ends with.
const DRAFT: &str = ".tmp";

/// What a segment's header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) store_id: [u8; 16],
    /// Where the log stands before the first record.
    pub(crate) start: Position,
    /// When it was begun (ms since 1970).
    pub(crate) begun_ms: u64,
    /// The size it was made with (bytes).
    pub(crate) size: u64,
}

impl Header {
    fn encode(&self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        let fields: [&[u8]; 7] = [
            &MAGIC,
            &self.store_id,
            &self.start.sequence.to_be_bytes(),
            &self.start.commits.to_be_bytes(),
            &self.start.chain,
            &self.begun_ms.to_be_bytes(),
            &self.size.to_be_bytes(),
        ];
        let (covered, sum) = out.split_at_mut(COVERED);
        for (to, from) in covered.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        for (to, from) in sum.iter_mut().zip(xxh3_64(covered).to_be_bytes()) {
            *to = from;
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (covered, sum) = bytes.get(..HEADER)?.split_at_checked(COVERED)?;
        if xxh3_64(covered).to_be_bytes() != *sum {
            return None;
        }
        let (magic, rest) = covered.split_first_chunk::<8>()?;
        let (store_id, rest) = rest.split_first_chunk::<16>()?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (commits, rest) = rest.split_first_chunk::<8>()?;
        let (chain, rest) = rest.split_first_chunk::<32>()?;
        let (begun_ms, rest) = rest.split_first_chunk::<8>()?;
        let (size, _zeros) = rest.split_first_chunk::<8>()?;
        (*magic == MAGIC).then(|| Self {
            store_id: *store_id,
            start: Position {
                sequence: u64::from_be_bytes(*sequence),
                commits: u64::from_be_bytes(*commits),
                chain: *chain,
            },
            begun_ms: u64::from_be_bytes(*begun_ms),
            size: u64::from_be_bytes(*size),
        })
    }

    /// The sequence of the first record in the segment.
    pub(crate) const fn first(&self) -> u64 {
        self.start.sequence.saturating_add(1)
    }
}

/// A segment on disk, known by its header.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) header: Header,
}

/// The file name of the segment whose first record has this sequence.
pub(crate) fn file_name(first: u64) -> String {
    format!("{first:020}{ENDING}")
}

/// The first sequence in a segment of this file name.
pub(crate) fn parse_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}

/// Whether a file of this name is a segment that never was finished.
pub(crate) fn is_draft(name: &str) -> bool {
    name.ends_with(DRAFT)
}

impl Segment {
    /// Makes a segment: its space is taken and its name durable when it returns.
    pub(crate) fn create(folder: &Path, header: Header) -> io::Result<(Self, File)> {
        let path = folder.join(file_name(header.first()));
        let draft = path.with_extension(DRAFT.trim_start_matches('.'));
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&draft)?;
        let made = take_space(&file, 0, header.size)
            .and_then(|()| file.write_all(&header.encode()))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&draft, &path))
            .and_then(|()| sync_folder(folder));
        if let Err(error) = made {
            // Its space is needed; where even this fails, the next opening removes it.
            let _left = fs::remove_file(&draft);
            return Err(error);
        }
        Ok((Self { path, header }, file))
    }

    /// Reads a segment's header.
    pub(crate) fn read_header(path: &Path) -> io::Result<Result<Self, Damage>> {
        let mut bytes = Vec::with_capacity(HEADER);
        let length = u64::try_from(HEADER).unwrap_or(u64::MAX);
        let read = File::open(path).and_then(|file| file.take(length).read_to_end(&mut bytes));
        read.map_err(of_file(path))?;
        let first = path.file_name().and_then(|name| parse_name(name.to_str()?));
        let bad = |what: &str| Damage::new(path, 0, first.unwrap_or_default(), what);
        Ok(match Header::decode(&bytes) {
            None => Err(bad("the segment's header is damaged")),
            Some(header) if first != Some(header.first()) => {
                Err(bad("the segment's name and header name different records"))
            }
            Some(header) => Ok(Self {
                path: path.to_owned(),
                header,
            }),
        })
    }

    /// Its whole content.
    pub(crate) fn read(&self) -> io::Result<Bytes> {
        Ok(fs::read(&self.path).map_err(of_file(&self.path))?.into())
    }

    /// Its records, from the first one on.
    pub(crate) fn records(&self, bytes: Bytes) -> Records {
        Records {
            bytes,
            base: 0,
            offset: HEADER,
            at: self.header.start,
        }
    }

    /// Before its first record.
    pub(crate) const fn first_place(&self) -> Place {
        Place {
            offset: HEADER,
            at: self.header.start,
        }
    }

    /// Damage here, at this place of its records.
    pub(crate) fn damage(&self, records: &Records, what: impl Into<String>) -> Damage {
        let next = records.at.sequence.saturating_add(1);
        Damage::new(&self.path, offset(records.place().offset), next, what)
    }

    /// Damage in a record of it that could be read.
    pub(crate) fn damage_in(&self, record: &Record, what: impl Into<String>) -> Damage {
        Damage::new(&self.path, offset(record.begin), record.behind.sequence, what)
    }
}

/// A place in memory as one in a file.
pub(crate) fn offset(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

/// Reads records one after the other, and says where it stopped.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    bytes: Bytes,
    /// Where in the segment the bytes begin: a page.
    base: usize,
    /// Behind the last record; once there is none any more: where the next one goes.
    pub(crate) offset: usize,
    /// Where the log stands before it.
    pub(crate) at: Position,
}

impl Records {
    /// The next record; `None`: nothing but zeros follows. After a flaw `offset` is its place.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, Flaw> {
        self.skip_filling();
        match record::read(&self.bytes, self.offset, &self.at) {
            Ok(record) => {
                self.offset = record.end;
                self.at = record.behind;
                Ok(Some(record))
            }
            Err(_) if self.rest_is_empty() => Ok(None),
            Err(flaw) => Err(flaw),
        }
    }

    /// To the next page, where zeros lead there.
    fn skip_filling(&mut self) {
        let page = self.offset.next_multiple_of(record::PAGE);
        if self.bytes.get(self.offset..page).is_some_and(is_zero) {
            self.offset = page;
        }
    }

    /// Those in a piece of a segment that begins at a page, from a place in it on.
    pub(crate) const fn piece(bytes: Bytes, base: usize, place: Place) -> Self {
        Self {
            bytes,
            base,
            offset: place.offset.saturating_sub(base),
            at: place.at,
        }
    }

    /// Where in the segment it stands.
    pub(crate) const fn place(&self) -> Place {
        Place {
            offset: self.base.saturating_add(self.offset),
            at: self.at,
        }
    }

    /// Whether only zeros follow.
    pub(crate) fn rest_is_empty(&self) -> bool {
        self.bytes.get(self.offset..).is_none_or(is_zero)
    }

    /// Where the last byte that is not zero ends.
    pub(crate) fn end_of_remains(&self) -> usize {
        if self.rest_is_empty() {
            return self.offset;
        }
        let last = self.bytes.iter().rposition(|byte| *byte != 0);
        last.map_or(self.offset, |last| last.saturating_add(1))
            .max(self.offset)
    }

    /// A whole record that lies behind the place where reading stopped, and is later.
    pub(crate) fn later(&self) -> Option<(usize, u64)> {
        record::find_later(&self.bytes, self.offset, self.at.sequence)
    }
}

/// Whether there is anything in a segment's file behind its header.
pub(crate) fn has_content(bytes: &[u8]) -> bool {
    bytes.get(HEADER..).is_some_and(|records| !is_zero(records))
}

/// Whether all bytes are zero, told page by page: a segment has many of them.
fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    bytes
        .chunks(ZEROS.len())
        .all(|page| ZEROS.get(..page.len()) == Some(page))
}

/// Lengthens a file and takes the space, so that a record in it does not fail for want of it.
pub(super) fn take_space(file: &File, from: u64, size: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    let length = size.saturating_sub(from);
    match fallocate(file, FallocateFlags::empty(), from, length) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => erase(file, from, length),
        Err(error) => Err(error.into()),
    }
}
