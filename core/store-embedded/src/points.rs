//! Places in the writing of a group, for tests that kill the process there.

use std::fmt;
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
    /// A table in memory was sealed, not written out.
    Sealed,
    /// A table was written out.
    Flushed,
    /// Opening: a record was replayed into the state.
    Replayed,
}

impl Point {
    /// Every place, in the order of a group's way.
    pub const ALL: [Self; 10] = [
        Self::BeforeAppend,
        Self::Appended,
        Self::Synced,
        Self::Applied,
        Self::WatermarkRaised,
        Self::BeforeSegment,
        Self::SegmentBegun,
        Self::Sealed,
        Self::Flushed,
        Self::Replayed,
    ];
}

/// What happens at each place: nothing, unless a test says otherwise.
#[derive(Clone, Default)]
pub struct Points(Option<Arc<dyn Fn(Point) + Send + Sync>>);

impl Points {
    /// Calls this at each place.
    pub fn new(at: impl Fn(Point) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(at)))
    }

    pub(crate) fn reach(&self, point: Point) {
        if let Some(at) = &self.0 {
            at(point);
        }
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Points(set)" } else { "Points" })
    }
}
