//! Appending: one write and one sync a group, in the segment that is active.

use super::chain::Position;
use super::record;
use super::segment::{FIRST, Header, Segment, offset};
use super::shelf::Shelf;
use super::tail::erase;
use super::watermark::Watermark;
use crate::options::Clock;
use crate::points::{Point, Points};
use crate::seam::AppendError;
use map_store::Change;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How far ahead of a record zeros are written (bytes).
///
/// The first write to space that was only taken changes the file's map of blocks, too, and the sync has to
/// make both durable. Written now and then by one group for many, zeros spare the others that: on ext4 their
/// syncs take two thirds of the time.
const AHEAD: u64 = 256 * 1024;

/// What is durable, for those who read the log while it is being written.
#[derive(Debug)]
pub(crate) struct Durable(Mutex<(Shelf, Position)>);

impl Durable {
    pub(crate) fn new(shelf: Shelf, position: Position) -> Arc<Self> {
        Arc::new(Self(Mutex::new((shelf, position))))
    }

    /// Nothing in here is left half changed by a panic, so a poisoned lock is as good.
    pub(crate) fn lock(&self) -> MutexGuard<'_, (Shelf, Position)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn position(&self) -> Position {
        self.lock().1
    }
}

/// The end of the log, to which the one writer appends.
pub(crate) struct Appender {
    pub(crate) durable: Arc<Durable>,
    pub(crate) watermark: Watermark,
    /// The active segment.
    pub(crate) file: File,
    /// Where the next record goes.
    pub(crate) offset: u64,
    /// Where space begins that was taken and, as far as is known, never written.
    pub(crate) unwritten: u64,
    /// Where the active segment ends.
    pub(crate) size: u64,
    pub(crate) store_id: [u8; 16],
    /// The size of the next segments (bytes).
    pub(crate) segment_bytes: u64,
    pub(crate) clock: Clock,
    pub(crate) points: Points,
    /// Bytes of a record that failed on the way; they may or may not be on the disk.
    pub(crate) failed: Option<u64>,
    /// The last attempt to begin a segment failed.
    pub(crate) needs_segment: Option<u64>,
    pub(crate) buffer: Vec<u8>,
}

impl Appender {
    /// Makes the changes of a group durable as the next record.
    pub(crate) fn append(&mut self, changes: &[Change]) -> Result<Position, AppendError> {
        let refused = |error: io::Error| AppendError::Refused(format!("the log: {error}"));
        if self.failed.is_some() {
            let text = "the log's last record failed and was not taken back yet";
            return Err(AppendError::Refused(text.to_owned()));
        }
        let at = self.durable.position();
        let behind = record::encode(&at, changes, &mut self.buffer)
            .ok_or_else(|| AppendError::Refused("the group is too large for a record".to_owned()))?;
        let length = offset(self.buffer.len());
        if self.offset.saturating_add(length) > self.size {
            self.begin_segment(length).map_err(refused)?;
        }
        self.write(length)
            .map_err(|error| AppendError::Unknown(format!("the log: {error}")))?;
        self.offset = self.offset.saturating_add(length);
        self.durable.lock().1 = behind;
        Ok(behind)
    }

    fn write(&mut self, length: u64) -> io::Result<()> {
        self.failed = Some(length);
        self.points.ask(Point::BeforeAppend)?;
        self.file.write_all_at(&self.buffer, self.offset)?;
        self.write_ahead(self.offset.saturating_add(length))?;
        self.points.ask(Point::Appended)?;
        self.file.sync_data()?;
        self.points.ask(Point::Synced)?;
        self.failed = None;
        Ok(())
    }

    /// Writes zeros behind a record that ends in space that was never written.
    fn write_ahead(&mut self, end: u64) -> io::Result<()> {
        if end > self.unwritten {
            let until = end.saturating_add(AHEAD).min(self.size);
            erase(&self.file, end, until.saturating_sub(end))?;
            self.unwritten = until;
        }
        Ok(())
    }

    /// Notes that the log is durable up to its end. A failure costs nothing that was acknowledged.
    pub(crate) fn raise_watermark(&self, position: &Position) {
        if let Err(error) = self.watermark.raise(position.sequence) {
            tracing::warn!(%error, "the log's watermark was not written");
        }
        self.points.reach(Point::WatermarkRaised);
    }

    /// Begins a segment that has room for a record of this length.
    fn begin_segment(&mut self, length: u64) -> io::Result<()> {
        self.needs_segment = Some(length);
        let (folder, start) = {
            let durable = self.durable.lock();
            (durable.0.folder.clone(), durable.1)
        };
        let header = Header {
            store_id: self.store_id,
            start,
            begun_ms: self.clock.now_ms(),
            size: self.segment_bytes.max(length.saturating_add(offset(FIRST))),
        };
        self.points.ask(Point::BeforeSegment)?;
        let (segment, file) = Segment::create(&folder, header)?;
        self.points.ask(Point::SegmentBegun)?;
        self.file = file;
        self.offset = offset(FIRST);
        self.unwritten = self.offset;
        self.size = segment.header.size;
        self.durable.lock().0.begin(segment);
        self.needs_segment = None;
        Ok(())
    }

    /// After a failure: takes back the record that failed, so that the next one can take its place, or
    /// begins the segment for which there was no room.
    pub(crate) fn recover(&mut self) -> io::Result<()> {
        if let Some(length) = self.failed {
            self.points.ask(Point::BeforeErase)?;
            erase(&self.file, self.offset, length)?;
            self.file.sync_data()?;
            self.failed = None;
        }
        if let Some(length) = self.needs_segment {
            self.begin_segment(length)?;
        }
        Ok(())
    }
}
