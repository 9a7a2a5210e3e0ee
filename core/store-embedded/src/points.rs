//! Places in the writing of a group, for tests that kill the process there, or have the disk fail.

use std::fmt;
use std::io;
use std::sync::Arc;

/// A place in the way of a group to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The record is encoded, not written.
    BeforeAppend,
    /// The record is written, not synced.
    Appended,
    /// The record is synced, not in the state.
    Synced,
    /// The group is in the state, the watermark not raised.
    Applied,
    /// The watermark is raised, nobody answered.
    WatermarkRaised,
    /// A segment is full, the next one not made.
    BeforeSegment,
    /// The next segment is made, nothing in it.
    SegmentBegun,
    /// Recovering: the record that failed is not taken back yet.
    BeforeErase,
    /// A table in memory was sealed, not written out.
    Sealed,
    /// A table was written out.
    Flushed,
    /// Opening: a record was replayed into the state.
    Replayed,
}

impl Point {
    /// Every place, in the order of a group's way.
    pub const ALL: [Self; 11] = [
        Self::BeforeAppend,
        Self::Appended,
        Self::Synced,
        Self::Applied,
        Self::WatermarkRaised,
        Self::BeforeSegment,
        Self::SegmentBegun,
        Self::BeforeErase,
        Self::Sealed,
        Self::Flushed,
        Self::Replayed,
    ];
}

/// What happens at a place; the disk's answer, where it is asked there.
type At = dyn Fn(Point) -> io::Result<()> + Send + Sync;

/// What happens at each place: nothing, unless a test says otherwise.
#[derive(Clone, Default)]
pub struct Points(Option<Arc<At>>);

impl Points {
    /// Calls this at each place.
    pub fn new(at: impl Fn(Point) + Send + Sync + 'static) -> Self {
        Self::failing(move |point| {
            at(point);
            Ok(())
        })
    }

    /// Calls this at each place. What it answers before and after a write of the log
    /// ([`Point::BeforeAppend`] to [`Point::Synced`], [`Point::BeforeSegment`] to [`Point::BeforeErase`]) is
    /// taken for the disk's answer; elsewhere the disk is not asked, and an error means nothing.
    pub fn failing(at: impl Fn(Point) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(at)))
    }

    /// A place where the disk is not asked.
    pub(crate) fn reach(&self, point: Point) {
        let _nobody_asked = self.ask(point);
    }

    /// A place where the disk may fail.
    pub(crate) fn ask(&self, point: Point) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |at| at(point))
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Points(set)" } else { "Points" })
    }
}
