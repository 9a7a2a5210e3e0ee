//! Replaying: records of the log that the tables don't hold yet are decided again, on the tables.
//!
//! A record says what was applied, so nothing but versions is looked up: a row to be created does not
//! exist, a claim to be taken is free. A commit that does not find its version shows that tables and log
//! don't belong together.

use crate::group::{Answer, Group};
use crate::layout;
use crate::log::{Damage, Position, Segment, Shelf, offset};
use crate::options::{Clock, Options};
use crate::points::Point;
use crate::seam::Cells;
use crate::tables::{Tables, TablesError};
use bytes::Bytes;
use map_store::codec::log::decode_group;
use map_store::{Change, CommitOutcome, StoreError, StoreResult};
use std::cell::RefCell;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};

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

/// Segments that are more than a crash leaves to be replayed.
const LONG: usize = 4;

/// So many times as much is kept in memory in a long replay before it is written: of what is written at once each cell
/// is written once, and fewer tables are merged less often.
const LARGER: u64 = 4;

/// How often progress is told.
const TELL_MS: u64 = 5_000;

/// Brings the tables up to the end of the log, and writes and merges them beside that. Returns how many records it took.
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
    let (to_write, sealed) = sync_channel(1);
    std::thread::scope(|scope| {
        let write = move || {
            // Ends once nothing more comes, or with the first failure; then nobody takes what is sealed any more.
            sealed.into_iter().try_for_each(|()| {
                tables.flush()?;
                tables.compact_when_crowded()
            })
        };
        let thread = std::thread::Builder::new().name("map-store-replay".to_owned());
        let written = thread.spawn_scoped(scope, write).map_err(ReplayError::Io)?;
        let replayed = replay_records(tables, shelf, end, active, options, &to_write);
        drop(to_write);
        let written = written.join().unwrap_or_else(|_| {
            let text = "writing them ended in a panic";
            Err(TablesError::Damaged(text.to_owned()))
        });
        written.map_err(|error| match error {
            TablesError::Io(error) => ReplayError::Io(error),
            TablesError::Damaged(reason) => ReplayError::Tables(reason),
        })?;
        replayed
    })
}

/// Tells now and then how far a replay is: in bytes of the log, for records differ much in size.
struct Progress<'a> {
    clock: &'a Clock,
    told_ms: u64,
    /// In segments that are done.
    done: u64,
    all: u64,
}

impl<'a> Progress<'a> {
    fn new<'s>(clock: &'a Clock, segments: impl Iterator<Item = &'s Segment>) -> Self {
        Self {
            clock,
            told_ms: clock.now_ms(),
            done: 0,
            all: segments.map(|segment| segment.header.size).sum(),
        }
    }

    /// A record is done that ends here in its segment. The per cent that are done, where it is time to tell them.
    fn reach(&mut self, end: usize) -> Option<u64> {
        let now_ms = self.clock.now_ms();
        if now_ms.saturating_sub(self.told_ms) < TELL_MS {
            return None;
        }
        self.told_ms = now_ms;
        let done = self.done.saturating_add(offset(end)).saturating_mul(100);
        done.checked_div(self.all)
    }
}

fn replay_records(
    tables: &Tables,
    shelf: &Shelf,
    end: &Position,
    active: &Bytes,
    options: &Options,
    to_write: &SyncSender<()>,
) -> Result<u64, ReplayError> {
    let applied = tables.applied();
    let is_long = shelf.from(applied).count() > LONG;
    let memory_bytes = options
        .memtable_bytes
        .saturating_mul(if is_long { LARGER } else { 1 });
    let mut progress = Progress::new(&options.clock, shelf.from(applied).map(|(segment, _)| segment));
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
            if let Some(percent) = progress.reach(record.end) {
                tracing::info!(percent, "the log is being replayed into the tables");
            }
            if tables.memory_bytes() >= memory_bytes {
                tables.seal();
                if to_write.send(()).is_err() {
                    // What failed is told by who wrote.
                    return Ok(replayed);
                }
            }
        }
        if records.at != until {
            let what = "the segment does not end where the next one begins";
            return Err(damaged(segment.damage(&records, what)));
        }
        progress.done = progress.done.saturating_add(segment.header.size);
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

#[cfg(test)]
#[path = "replay_test.rs"]
mod tests;
