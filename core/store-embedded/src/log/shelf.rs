//! The segments of a log, in order.

use super::chain::Position;
use super::damage::Damage;
use super::segment::{Segment, has_content, is_draft, parse_name};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The segments that are there, the oldest first; at least one.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    pub(crate) folder: PathBuf,
    segments: Vec<Segment>,
}

/// Why the segments can't be a log.
#[derive(Debug)]
pub(crate) enum ShelfError {
    Io(io::Error),
    /// There is no segment at all.
    Empty,
    Damaged(Damage),
}

impl From<io::Error> for ShelfError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Shelf {
    /// Looks at the headers of all segments. Changes nothing.
    pub(crate) fn open(folder: &Path) -> Result<Self, ShelfError> {
        let mut segments = Vec::new();
        for path in paths(folder)? {
            segments.push(Segment::read_header(&path)?.map_err(ShelfError::Damaged)?);
        }
        let shelf = Self {
            folder: folder.to_owned(),
            segments,
        };
        match shelf.check_order() {
            _ if shelf.segments.is_empty() => Err(ShelfError::Empty),
            Some(damage) => Err(ShelfError::Damaged(damage)),
            None => Ok(shelf),
        }
    }

    pub(crate) fn all(&self) -> &[Segment] {
        &self.segments
    }

    /// The segment that is written to.
    pub(crate) fn active(&self) -> Option<&Segment> {
        self.segments.last()
    }

    /// The segment that is written to from now on. One that holds no record gives way: it was too small for
    /// the next one, and the new one has taken its name.
    pub(crate) fn begin(&mut self, segment: Segment) {
        if self.active().is_some_and(|active| active.path == segment.path) {
            self.segments.pop();
        }
        self.segments.push(segment);
    }

    /// Forgets the oldest segment.
    pub(crate) fn remove_first(&mut self) {
        if self.segments.len() > 1 {
            self.segments.remove(0);
        }
    }

    /// Takes back what [`Shelf::remove_first`] forgot.
    pub(crate) fn put_first(&mut self, segment: Segment) {
        self.segments.insert(0, segment);
    }

    /// The first record that is still there.
    pub(crate) fn first(&self) -> u64 {
        self.segments.first().map_or(1, |segment| segment.header.first())
    }

    /// Whether every record is still there, the first included: the state can be built from them.
    pub(crate) fn is_whole(&self) -> bool {
        self.first() == 1
    }

    /// The segments from the one on that holds the record after this one, each with the one behind it.
    pub(crate) fn from(&self, sequence: u64) -> impl Iterator<Item = (&Segment, Option<&Segment>)> {
        let start = self
            .segments
            .partition_point(|segment| segment.header.start.sequence <= sequence)
            .saturating_sub(1);
        let behind = self.segments.iter().skip(start.saturating_add(1)).map(Some);
        self.segments
            .iter()
            .skip(start)
            .zip(behind.chain(std::iter::once(None)))
    }

    fn check_order(&self) -> Option<Damage> {
        if let Some(first) = self.segments.first()
            && first.header.start.sequence == 0
            && first.header.start != Position::genesis(&first.header.store_id)
        {
            let what = "the first segment does not begin as a log of this store";
            return Some(Damage::new(&first.path, 0, 1, what));
        }
        self.segments.windows(2).find_map(|pair| {
            let [before, after] = pair else { return None };
            let sound = before.header.store_id == after.header.store_id
                && before.header.start.sequence < after.header.start.sequence
                && before.header.start.commits <= after.header.start.commits;
            let what = "the segment's header does not follow on from the one before it";
            (!sound).then(|| Damage::new(&after.path, 0, after.header.first(), what))
        })
    }
}

/// The files of segments, the oldest first.
pub(crate) fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().and_then(parse_name).is_some() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Whether anything was ever written behind the header of a segment.
pub(crate) fn holds_records(folder: &Path) -> io::Result<bool> {
    for path in paths(folder)? {
        if has_content(&fs::read(path)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes segments that never were finished.
pub(crate) fn remove_drafts(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_draft) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
