//! The feed of durable commits, read from the log.

use super::appender::Durable;
use super::chain::Position;
use super::reader::{Place, Reader};
use super::segment::Segment;
use crate::state::not_applied;
use async_trait::async_trait;
use map_store::codec::log::decode_group;
use map_store::{Change, Feed, FeedItem, StoreError, StoreResult};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Commits in one answer, whatever was asked for: all of them are in memory.
const LONGEST_PAGE: usize = 1000;

/// Where the last reader stopped: the next question goes on there.
type Stopped = Mutex<Option<(Segment, Place)>>;

/// The commits of a log, numbered from 1 without gaps. Claims and imports are no commits.
pub(crate) struct LogFeed(Arc<Source>);

/// What is read, by a thread that may wait for the disk.
struct Source {
    durable: Arc<Durable>,
    stopped: Stopped,
}

impl LogFeed {
    pub(crate) fn new(durable: Arc<Durable>) -> Arc<Self> {
        Arc::new(Self(Arc::new(Source {
            durable,
            stopped: Mutex::new(None),
        })))
    }
}

#[async_trait]
impl Feed for LogFeed {
    async fn read(&self, after: u64, limit: usize) -> StoreResult<Vec<FeedItem>> {
        let source = Arc::clone(&self.0);
        let reading = tokio::task::spawn_blocking(move || source.read(after, limit.min(LONGEST_PAGE)));
        reading
            .await
            .unwrap_or_else(|error| Err(not_applied(&format!("reading the log: {error}"))))
    }
}

impl Source {
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
        let (segment, place) = self.stopped().take()?;
        let fits = segment.path == first.path && place.at.commits <= after;
        fits.then_some(place)
    }

    fn stopped(&self) -> MutexGuard<'_, Option<(Segment, Place)>> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, after: u64, limit: usize) -> StoreResult<Vec<FeedItem>> {
        let (segments, durable) = self.segments(after)?;
        let mut items = Vec::new();
        let mut place = segments.first().and_then(|first| self.take_place(after, first));
        // Each segment must reach to where the next one begins, the last to the end of what is durable.
        let nexts = segments.iter().skip(1).map(|next| next.header.start);
        let ends: Vec<Position> = nexts.chain(std::iter::once(durable)).collect();
        for (segment, end) in segments.into_iter().zip(ends) {
            let mut reader = Reader::open(segment, place.take()).map_err(read_failed)?;
            let stopped = read_segment(&mut reader, &end, after, limit, &mut items)?;
            if items.len() >= limit || stopped.at.sequence >= durable.sequence {
                *self.stopped() = Some((reader.segment, stopped));
                break;
            }
        }
        Ok(items)
    }
}

/// Takes up commits of a segment until its end, or until there are enough; where to go on.
fn read_segment(
    reader: &mut Reader,
    end: &Position,
    after: u64,
    limit: usize,
    items: &mut Vec<FeedItem>,
) -> StoreResult<Place> {
    while items.len() < limit && reader.at().sequence < end.sequence {
        let before = reader.place();
        let record = match reader.next().map_err(read_failed)? {
            Ok(Some(record)) => record,
            Ok(None) => return Err(damaged(reader, "the record is missing")),
            Err(flaw) => return Err(damaged(reader, flaw.text())),
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
            return Ok(before);
        }
    }
    if reader.at().sequence == end.sequence && reader.at() != *end {
        return Err(damaged(
            reader,
            "the segment does not end where the next one begins",
        ));
    }
    Ok(reader.place())
}

fn read_failed(error: std::io::Error) -> StoreError {
    not_applied(&format!("reading the log: {error}"))
}

fn damaged(reader: &Reader, what: &str) -> StoreError {
    StoreError::Damaged(reader.segment.damage(reader.records(), what).to_string())
}
