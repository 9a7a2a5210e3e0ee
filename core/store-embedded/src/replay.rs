//! Replaying: records of the log that the tables don't hold yet are decided again, on the tables.
//!
//! A record says what was applied, so nothing but versions is looked up: a row to be created does not
//! exist, a claim to be taken is free. A commit that does not find its version shows that tables and log
//! don't belong together.

use crate::group::{Answer, Group};
use crate::layout;
use crate::log::{Damage, Position, Shelf};
use crate::options::Options;
use crate::points::Point;
use crate::seam::Cells;
use crate::tables::{Tables, TablesError};
use bytes::Bytes;
use map_store::codec::log::decode_group;
use map_store::{Change, CommitOutcome, StoreError, StoreResult};
use std::cell::RefCell;
use std::io;

/// Why the log could not be replayed. What the disk does not read says nothing about what is on it.
#[derive(Debug)]
pub(crate) enum ReplayError {
    Io(io::Error),
    /// The log is damaged.
    Log(Damage),
    /// The tables don't fit the log: they have to be built anew.
    Tables(String),
}

/// The committed state as far as a replay needs it.
struct Replayed<'a, T> {
    tables: &'a T,
    /// What the disk said where it did not read.
    unread: RefCell<Option<String>>,
}

impl<'a, T: Cells> Replayed<'a, T> {
    const fn new(tables: &'a T) -> Self {
        let unread = RefCell::new(None);
        Self { tables, unread }
    }

    /// A change that is refused does not follow on from the tables, unless they could not be asked.
    fn refused(&self, error: &StoreError) -> ReplayError {
        match self.unread.take() {
            Some(reason) => ReplayError::Io(io::Error::other(reason)),
            None => ReplayError::Tables(error.to_string()),
        }
    }
}

impl<T: Cells> Cells for Replayed<'_, T> {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        if !layout::is_header(key) && key != layout::origin() {
            return Ok(None);
        }
        self.tables.get(key).inspect_err(|error| match error {
            StoreError::NotApplied(reason) | StoreError::OutcomeUnknown(reason) => {
                self.unread.replace(Some(reason.clone()));
            }
            StoreError::Damaged(_) => {}
        })
    }
}

impl Cells for Tables {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        Self::get(self, key)
    }
}

/// Brings the tables up to the end of the log. Returns how many records that took.
pub(crate) fn replay(
    tables: &Tables,
    shelf: &Shelf,
    end: &Position,
    active: &Bytes,
    options: &Options,
) -> Result<u64, ReplayError> {
    let applied = tables.applied();
    if applied > end.sequence {
        let text = format!("they hold record {applied}, the log ends at {}", end.sequence);
        return Err(ReplayError::Tables(text));
    }
    let damaged = ReplayError::Log;
    let mut replayed = 0_u64;
    for (segment, next) in shelf.from(applied) {
        if applied == end.sequence {
            break;
        }
        let bytes = match next {
            None => active.clone(),
            Some(_) => segment.read().map_err(ReplayError::Io)?,
        };
        let mut records = segment.records(bytes);
        let until = next.map_or(*end, |next| next.header.start);
        while records.at.sequence < until.sequence {
            let record = match records.next() {
                Ok(Some(record)) => record,
                Ok(None) => return Err(damaged(segment.damage(&records, "the record is missing"))),
                Err(flaw) => return Err(damaged(segment.damage(&records, flaw.text()))),
            };
            if record.behind.sequence <= applied {
                continue;
            }
            let changes = decode_group(record.body.clone())
                .map_err(|error| damaged(segment.damage_in(&record, error.to_string())))?;
            apply(tables, changes, record.behind.sequence)?;
            replayed = replayed.saturating_add(1);
            options.points.reach(Point::Replayed);
            make_room(tables, options)?;
        }
        if records.at != until {
            let what = "the segment does not end where the next one begins";
            return Err(damaged(segment.damage(&records, what)));
        }
    }
    Ok(replayed)
}

fn apply(tables: &Tables, changes: Vec<Change>, sequence: u64) -> Result<(), ReplayError> {
    let state = Replayed::new(tables);
    let mut group = Group::new(&state, false);
    for change in changes {
        let is_commit = matches!(change, Change::Commit(_));
        let answer = group.admit(change).map_err(|error| state.refused(&error))?;
        let applied = matches!(answer, Answer::Commit(CommitOutcome::Applied(_)));
        if is_commit && !applied {
            let text = format!("record {sequence} does not follow on from them");
            return Err(ReplayError::Tables(text));
        }
    }
    // Copied: what was read is part of a whole segment, which would stay in memory with it.
    let cells = group.finish().0.cells.into_iter();
    let own = cells.map(|(key, value)| (key, Bytes::copy_from_slice(&value)));
    tables.apply(own, sequence);
    Ok(())
}

/// A long replay writes its tables as it goes.
fn make_room(tables: &Tables, options: &Options) -> Result<(), ReplayError> {
    if tables.memory_bytes() < options.memtable_bytes {
        return Ok(());
    }
    tables.seal();
    let written = tables.flush().and_then(|()| tables.compact_when_crowded());
    written.map_err(|error| match error {
        TablesError::Io(error) => ReplayError::Io(error),
        TablesError::Damaged(reason) => ReplayError::Tables(reason),
    })
}

#[cfg(test)]
#[path = "replay_test.rs"]
mod tests;
