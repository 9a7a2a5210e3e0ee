//! A record: a frame of fixed length, the body, and zeros up to the end of the page.
//!
//! Part of the stored format. Numbers are big-endian. Pages are of 4 KiB: what a disk writes as one piece, or
//! tears in a power cut. A record begins a page, so that the one behind it never writes to a page that holds
//! something acknowledged. Folders from before that have records that begin at the next multiple of eight
//! bytes; those are read as well.
//!
//! | at | length | what |
//! |---|---|---|
//! | 0 | 8 | `MAPGROUP` |
//! | 8 | 8 | sequence, from 1 |
//! | 16 | 8 | commits in all records before |
//! | 24 | 4 | commits in this record |
//! | 28 | 4 | length of the body |
//! | 32 | 32 | chain: SHA-256 of the chain before, the fields at 8, 16 and 24, and the body |
//! | 64 | 8 | XXH3 of all that precedes and of the body |
//! | 72 | | body: an encoded `map.storage.v1.LogGroup` |

use super::chain::Position;
use bytes::Bytes;
use map_store::Change;
use map_store::codec::log::{commits_in, encode_group};
use xxhash_rust::xxh3::Xxh3;

/// Begins every record.
const MAGIC: [u8; 8] = *b"MAPGROUP";

/// The length of a frame (bytes).
const FRAME: usize = 72;

/// The frame without its checksum.
const COVERED: usize = 64;

/// Where records of earlier folders begin: multiples of this.
const ALIGNMENT: usize = 8;

/// A multiple of the largest piece that a power cut tears.
pub(super) const PAGE: usize = 4096;

/// Why bytes are not the record that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// No frame, a length that leads beyond the end, or a checksum that does not fit.
    Torn,
    /// The checksum fits, the chain does not: the bytes were written so, but not by this log.
    Edited,
}

impl Flaw {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Torn => "the record is torn or damaged: its checksum does not fit",
            Self::Edited => "the record was edited: its checksum fits, the chain of hashes does not",
        }
    }
}

/// A record that was read.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Where the log stands behind it.
    pub(crate) behind: Position,
    /// The commits before it.
    pub(crate) commits_before: u64,
    pub(crate) body: Bytes,
    /// Where it begins.
    pub(crate) begin: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

/// Encodes the changes of a group as the next record, and says where the log then stands.
/// `None`: larger than a record can be.
pub(crate) fn encode(at: &Position, changes: &[Change], out: &mut Vec<u8>) -> Option<Position> {
    out.clear();
    out.resize(FRAME, 0);
    encode_group(changes, out);
    let commits = u32::try_from(commits_in(changes)).ok()?;
    let (frame, body) = out.split_first_chunk_mut::<FRAME>()?;
    let behind = at.behind(commits, body);
    let covered = covered(&behind, at.commits, commits, u32::try_from(body.len()).ok()?);
    let checksum = checksum(&covered, body);
    let (head, tail) = frame.split_first_chunk_mut::<COVERED>()?;
    *head = covered;
    *tail.first_chunk_mut::<8>()? = checksum.to_be_bytes();
    out.resize(out.len().next_multiple_of(PAGE), 0);
    Some(behind)
}

/// All of the frame but its checksum.
fn covered(behind: &Position, commits_before: u64, commits: u32, length: u32) -> [u8; COVERED] {
    let mut out = [0; COVERED];
    let fields: [&[u8]; 6] = [
        &MAGIC,
        &behind.sequence.to_be_bytes(),
        &commits_before.to_be_bytes(),
        &commits.to_be_bytes(),
        &length.to_be_bytes(),
        &behind.chain,
    ];
    for (to, from) in out.iter_mut().zip(fields.into_iter().flatten()) {
        *to = *from;
    }
    out
}

fn checksum(covered: &[u8; COVERED], body: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(covered);
    hasher.update(body);
    hasher.digest()
}

/// A frame whose checksum fits, read without knowing what precedes it.
struct Framed {
    sequence: u64,
    commits_before: u64,
    commits: u32,
    chain: [u8; 32],
    body: Bytes,
    end: usize,
}

/// `None`: no frame, or one that is torn.
fn read_frame(bytes: &Bytes, offset: usize) -> Option<Framed> {
    let rest = bytes.get(offset..)?;
    let (frame, behind_frame) = rest.split_first_chunk::<FRAME>()?;
    let (covered, sum) = frame.split_first_chunk::<COVERED>()?;
    let (magic, fields) = covered.split_first_chunk::<8>()?;
    if *magic != MAGIC {
        return None;
    }
    let (sequence, fields) = fields.split_first_chunk::<8>()?;
    let (commits_before, fields) = fields.split_first_chunk::<8>()?;
    let (commits, fields) = fields.split_first_chunk::<4>()?;
    let (length, chain) = fields.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let body = behind_frame.get(..length)?;
    if checksum(covered, body).to_be_bytes() != *sum {
        return None;
    }
    let end_of_body = offset.checked_add(FRAME)?.checked_add(length)?;
    let end = end_of_body.checked_next_multiple_of(ALIGNMENT)?;
    let filling = bytes.get(end_of_body..end)?;
    filling.iter().all(|byte| *byte == 0).then(|| Framed {
        sequence: u64::from_be_bytes(*sequence),
        commits_before: u64::from_be_bytes(*commits_before),
        commits: u32::from_be_bytes(*commits),
        chain: *chain.first_chunk::<32>().unwrap_or(&[0; 32]),
        body: bytes.slice_ref(body),
        end,
    })
}

/// Reads the record at an offset, which must follow on from `at`.
pub(crate) fn read(bytes: &Bytes, offset: usize, at: &Position) -> Result<Record, Flaw> {
    let framed = read_frame(bytes, offset).ok_or(Flaw::Torn)?;
    let behind = at.behind(framed.commits, &framed.body);
    let follows = framed.sequence == behind.sequence
        && framed.commits_before == at.commits
        && framed.chain == behind.chain;
    if !follows {
        return Err(Flaw::Edited);
    }
    Ok(Record {
        behind,
        commits_before: framed.commits_before,
        body: framed.body,
        begin: offset,
        end: framed.end,
    })
}

/// The first whole record after an offset that comes later than this sequence: what was written after
/// a record proves that the record was synced.
pub(crate) fn find_later(bytes: &Bytes, offset: usize, sequence: u64) -> Option<(usize, u64)> {
    let mut at = offset;
    while at < bytes.len() {
        if let Some(framed) = read_frame(bytes, at)
            && framed.sequence > sequence
        {
            return Some((at, framed.sequence));
        }
        at = at.saturating_add(ALIGNMENT);
    }
    None
}
