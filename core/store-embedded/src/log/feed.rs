//! The feed of durable commits, read from the log.

use super::appender::Durable;
use super::chain::Position;
use super::damage::Damage;
use super::segment::{Records, Segment};
use crate::state::not_applied;
use async_trait::async_trait;
use map_store::codec::log::decode_group;
use map_store::{Change, Feed, FeedItem, StoreError, StoreResult};
use std::sync::{Arc, Mutex, PoisonError};

/// Commits in one answer, whatever was asked for: they are read in the caller's task.
const LONGEST_PAGE: usize = 1000;

/// Where the last reader stopped: the next question goes on there.
struct Place {
    segment: Segment,
    records: Records,
}

/// The commits of a log, numbered from 1 without gaps. Claims and imports are no commits.
pub(crate) struct LogFeed {
    durable: Arc<Durable>,
    place: Mutex<Option<Place>>,
}

impl LogFeed {
    pub(crate) fn new(durable: Arc<Durable>) -> Arc<Self> {
        Arc::new(Self {
            durable,
            place: Mutex::new(None),
        })
    }

    /// Segments from the one on that holds the commit after this one.
    fn segments(&self, after: u64) -> StoreResult<(Vec<Segment>, Position)> {
        let durable = self.durable.lock();
        let all = durable.0.all();
        let start = all
            .partition_point(|segment| segment.header.start.commits <= after)
            .checked_sub(1);
        let Some(start) = start else {
            let text = format!("the log no longer holds the commit after {after}");
            return Err(not_applied(&text));
        };
        Ok((all.iter().skip(start).cloned().collect(), durable.1))
    }

    /// The last reader's place, where it is at or before this commit.
    fn take_place(&self, after: u64, first: &Segment) -> Option<Place> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let fits = place.segment.path == first.path && place.records.at.commits <= after;
        fits.then_some(place)
    }
}

fn read_failed(error: std::io::Error) -> StoreError {
    not_applied(&format!("reading the log: {error}"))
}

fn damaged(damage: &Damage) -> StoreError {
    StoreError::Damaged(damage.to_string())
}

#[async_trait]
impl Feed for LogFeed {
    async fn read(&self, after: u64, limit: usize) -> StoreResult<Vec<FeedItem>> {
        let limit = limit.min(LONGEST_PAGE);
        let (segments, durable) = self.segments(after)?;
        let mut items = Vec::new();
        let mut place = segments.first().and_then(|first| self.take_place(after, first));
        // Each segment must reach to where the next one begins, the last to the end of what is durable.
        let nexts = segments.iter().skip(1).map(|next| next.header.start);
        let ends: Vec<Position> = nexts.chain(std::iter::once(durable)).collect();
        for (segment, end) in segments.into_iter().zip(ends) {
            let mut records = match place.take() {
                // The segment has grown since.
                Some(place) => place.records.in_bytes(segment.read().map_err(read_failed)?),
                None => segment.records(segment.read().map_err(read_failed)?),
            };
            while items.len() < limit && records.at.sequence < end.sequence {
                let begin = records.clone();
                let record = match records.next() {
                    Ok(Some(record)) => record,
                    Ok(None) => return Err(damaged(&segment.damage(&records, "the record is missing"))),
                    Err(flaw) => return Err(damaged(&segment.damage(&records, flaw.text()))),
                };
                if record.behind.commits <= after {
                    continue;
                }
                let commits = decode_group(record.body)?
                    .into_iter()
                    .filter_map(|change| match change {
                        Change::Commit(commit) => Some(commit),
                        Change::Claims(_) | Change::Import(_) => None,
                    });
                let numbered = (record.commits_before.saturating_add(1)..).zip(commits);
                let room = limit.saturating_sub(items.len());
                let wanted = numbered.filter(|(sequence, _)| *sequence > after);
                items.extend(
                    wanted
                        .take(room)
                        .map(|(sequence, commit)| FeedItem { sequence, commit }),
                );
                if items
                    .last()
                    .is_some_and(|last| last.sequence < record.behind.commits)
                {
                    // Cut within the record: the next question reads it again.
                    records = begin;
                    break;
                }
            }
            if records.at.sequence == end.sequence && records.at != end {
                let what = "the segment does not end where the next one begins";
                return Err(damaged(&segment.damage(&records, what)));
            }
            if items.len() >= limit || records.at.sequence >= durable.sequence {
                let stopped = Place { segment, records };
                *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(stopped);
                break;
            }
        }
        Ok(items)
    }
}
