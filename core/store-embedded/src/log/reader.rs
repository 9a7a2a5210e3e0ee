//! A closed segment, or one that is being written, read in pieces: a segment is large, and who reads it
//! may be slow, so that no more of it is held than a piece.

use super::chain::Position;
use super::record::{Flaw, PAGE, Record};
use super::segment::{Records, Segment, offset};
use crate::folder::of_file;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// What is read at once (bytes). A larger record takes larger pieces.
const PIECE: usize = 1024 * 1024;

/// A place between two records of a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) offset: usize,
    /// Where the log stands there.
    pub(crate) at: Position,
}

/// Reads records one after the other.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) segment: Segment,
    file: File,
    records: Records,
    /// The size of the pieces that are read now (bytes).
    piece: usize,
    /// What was read last reached the end of the file.
    is_at_end: bool,
}

impl Reader {
    /// From a place on, or from the first record.
    pub(crate) fn open(segment: Segment, place: Option<Place>) -> io::Result<Self> {
        let mut file = File::open(&segment.path).map_err(of_file(&segment.path))?;
        let place = place.unwrap_or_else(|| segment.first_place());
        let (records, is_at_end) = read_piece(&mut file, place, PIECE)?;
        Ok(Self {
            segment,
            file,
            records,
            piece: PIECE,
            is_at_end,
        })
    }

    /// Where it stands.
    pub(crate) fn place(&self) -> Place {
        self.records.place()
    }

    /// Where the log stands there.
    pub(crate) const fn at(&self) -> Position {
        self.records.at
    }

    /// What is read here (for saying where damage is).
    pub(crate) const fn records(&self) -> &Records {
        &self.records
    }

    /// The next record; `None`: nothing but zeros follows.
    pub(crate) fn next(&mut self) -> io::Result<Result<Option<Record>, Flaw>> {
        loop {
            let next = self.records.next();
            if matches!(next, Ok(Some(_))) || self.is_at_end {
                self.piece = PIECE;
                return Ok(next);
            }
            // It may be whole and end behind the piece.
            let place = self.records.place();
            (self.records, self.is_at_end) = read_piece(&mut self.file, place, self.piece)?;
            self.piece = self.piece.saturating_mul(2);
        }
    }
}

/// Reads from the page on in which a place is; and whether that reached the end of the file.
fn read_piece(file: &mut File, place: Place, length: usize) -> io::Result<(Records, bool)> {
    let begin = place.offset.checked_rem(PAGE).unwrap_or_default();
    let base = place.offset.saturating_sub(begin);
    let length = length.saturating_add(PAGE);
    let mut bytes = Vec::with_capacity(length);
    file.seek(SeekFrom::Start(offset(base)))?;
    file.take(offset(length)).read_to_end(&mut bytes)?;
    let is_at_end = bytes.len() < length;
    Ok((Records::piece(Bytes::from(bytes), base, place), is_at_end))
}
