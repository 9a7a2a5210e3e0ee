//! The end of a log: found at opening, told apart from damage, and made durable.

use super::chain::Position;
use super::damage::Damage;
use super::record;
use super::segment::{Records, Segment, offset, take_space};
use crate::folder::of_file;
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Where a log ends.
#[derive(Debug)]
pub(crate) struct Tail {
    /// The last whole record.
    pub(crate) position: Position,
    /// Where the log ends; what is left of a torn record begins here.
    pub(crate) offset: u64,
    /// What is left of a record that was never acknowledged (bytes); 0: nothing.
    pub(crate) torn: u64,
    /// The content of the active segment.
    pub(crate) bytes: Bytes,
    /// The last record, where nothing says that it is durable.
    unsure: Option<(u64, Bytes)>,
}

/// Why an end can't be believed.
#[derive(Debug)]
pub(crate) enum TailError {
    Io(io::Error),
    Damaged(Damage),
    /// Records up to this one were acknowledged, and the log ends before it.
    Lost {
        acknowledged: u64,
        found: u64,
    },
}

impl From<io::Error> for TailError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Tail {
    /// Finds the end of the active segment. Changes nothing.
    ///
    /// What follows the last whole record is a torn one, never acknowledged, unless something says
    /// otherwise: a whole record behind it (records are written one after the other, each synced
    /// before the next), or the watermark. Where the watermark is unreadable, too, nothing can tell.
    pub(crate) fn find(active: &Segment, watermark: Option<u64>) -> Result<Self, TailError> {
        let bytes = active.read()?;
        let mut records = active.records(bytes.clone());
        let mut last = None;
        let flaw = loop {
            match records.next() {
                Ok(Some(record)) => last = Some(record.begin..record.end),
                Ok(None) => break None,
                Err(flaw) => break Some(flaw),
            }
        };
        let found = records.at.sequence;
        if let Some(flaw) = flaw {
            let damaged = |why: &str| {
                let what = format!("{}; {why}", flaw.text());
                TailError::Damaged(active.damage(&records, what))
            };
            if let Some((at, sequence)) = records.later() {
                return Err(damaged(&format!("record {sequence} follows at offset {at}")));
            }
            match watermark {
                None => {
                    return Err(damaged(
                        "the watermark that could tell whether it counts is missing or damaged",
                    ));
                }
                Some(acknowledged) if acknowledged > found => {
                    let why = format!("the watermark says that record {acknowledged} was durable");
                    return Err(damaged(&why));
                }
                Some(_) => {}
            }
        }
        let acknowledged = watermark.unwrap_or_default();
        if acknowledged > found {
            return Err(TailError::Lost { acknowledged, found });
        }
        let unsure = last.filter(|_| acknowledged < found);
        Ok(Self {
            position: records.at,
            offset: offset(records.offset),
            torn: torn(&records),
            unsure: unsure.and_then(|last| Some((offset(last.start), bytes.get(last)?.to_vec().into()))),
            bytes,
        })
    }

    /// Where the next record goes: never into a page in which there is one.
    pub(crate) fn next(&self) -> u64 {
        let page = offset(record::PAGE);
        self.offset.checked_next_multiple_of(page).unwrap_or(u64::MAX)
    }

    /// Cuts what is torn, and makes the end durable. Opens the segment for writing.
    ///
    /// What is read back after a sync that failed may be in memory only, so the last record is written
    /// again; but not where the watermark tells that it was synced: a power cut in between could tear it.
    pub(crate) fn settle(&self, active: &Segment) -> io::Result<File> {
        let file = File::options().read(true).write(true).open(&active.path);
        let file = file.map_err(of_file(&active.path))?;
        let length = file.metadata()?.len();
        if length < active.header.size {
            take_space(&file, length, active.header.size)?;
        }
        if let Some((at, record)) = &self.unsure {
            file.write_all_at(record, *at)?;
        }
        erase(&file, self.offset, self.torn)?;
        file.sync_all()?;
        Ok(file)
    }
}

fn torn(records: &Records) -> u64 {
    offset(records.end_of_remains()).saturating_sub(offset(records.offset))
}

/// Writes zeros; not durable yet.
pub(crate) fn erase(file: &File, from: u64, length: u64) -> io::Result<()> {
    const PIECE: usize = 64 * 1024;
    let zeros = [0; PIECE];
    let mut done = 0;
    while done < length {
        let piece = usize::try_from(length.saturating_sub(done)).map_or(PIECE, |rest| rest.min(PIECE));
        let zeros = zeros.get(..piece).unwrap_or(&zeros);
        file.write_all_at(zeros, from.saturating_add(done))?;
        done = done.saturating_add(offset(piece));
    }
    Ok(())
}
