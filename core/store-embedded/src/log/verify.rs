//! Reading a log from end to end: is it sound, and what does it say?

use super::damage::Damage;
use super::segment::{Segment, offset};
use super::shelf;
use super::watermark::Watermark;
use super::{FOLDER, Position};
use bytes::Bytes;
use map_store::codec::log::decode_group;
use std::io;
use std::path::{Path, PathBuf};

/// What a log holds, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogReport {
    /// Segments that were read.
    pub segments: u64,
    /// Sound records.
    pub records: u64,
    /// Commits in them.
    pub commits: u64,
    /// The first sound record; 0: none.
    pub first: u64,
    /// The last sound record; 0: none.
    pub last: u64,
    /// Bytes behind the last record of the last segment that are left of one that was never
    /// acknowledged; opening the store cuts them.
    pub torn_bytes: u64,
    /// What is wrong.
    pub findings: Vec<Damage>,
}

impl LogReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The folder with segments: the log of a data folder, or an archive itself.
fn log_folder(folder: &Path) -> PathBuf {
    let inner = folder.join(FOLDER);
    if inner.is_dir() { inner } else { folder.to_owned() }
}

/// Reads every record of the log in a data folder, or of segments in an archive. Changes nothing.
///
/// # Errors
/// Where a file can't be read at all.
pub fn verify(folder: &Path) -> io::Result<LogReport> {
    let mut report = LogReport::default();
    let paths = shelf::paths(&log_folder(folder))?;
    // First of all: while a store is at work, the log grows behind it.
    let watermark = read_watermark(folder, paths.first())?;
    let is_archive = log_folder(folder) == folder;
    let mut before: Option<(Segment, Option<End>)> = None;
    for path in &paths {
        report.segments = report.segments.saturating_add(1);
        match Segment::read_header(path)? {
            Ok(segment) => {
                report.findings.extend(check_link(before.as_ref(), &segment));
                let may_be_torn = Some(path) == paths.last() && !is_archive;
                let end = report.read_records(&segment, may_be_torn)?;
                before = Some((segment, end));
            }
            Err(damage) => {
                report.findings.push(damage);
                before = None;
            }
        }
    }
    match (&before, paths.last()) {
        (_, None) => {
            let what = "there is no segment of a log here";
            report.findings.push(Damage::new(folder, 0, 1, what));
        }
        // An archive has no watermark.
        (Some((last, Some(end))), Some(_)) if !is_archive => {
            report.check_watermark(folder, watermark, last, end);
        }
        _ => {}
    }
    Ok(report)
}

/// Whether a segment begins where the one before it ended.
fn check_link(before: Option<&(Segment, Option<End>)>, segment: &Segment) -> Option<Damage> {
    let start = segment.header.start;
    let genesis = Position::genesis(&segment.header.store_id);
    let follows = match before {
        None => start.sequence != 0 || start == genesis,
        Some((earlier, end)) => {
            earlier.header.store_id == segment.header.store_id
                && end.as_ref().is_none_or(|end| end.at == start)
        }
    };
    let what = "the segment does not follow on from the one before it";
    (!follows).then(|| Damage::new(&segment.path, 0, segment.header.first(), what))
}

/// Where the records of a segment end.
struct End {
    at: Position,
    /// The place of the next one (bytes).
    offset: u64,
}

impl LogReport {
    /// Where the segment's records end; `None`: at damage.
    fn read_records(&mut self, segment: &Segment, may_be_torn: bool) -> io::Result<Option<End>> {
        let bytes = segment.read()?;
        let length = offset(bytes.len());
        let mut records = segment.records(bytes);
        loop {
            match records.next() {
                Ok(Some(record)) => {
                    if decode_group(record.body.clone()).is_err() {
                        self.findings
                            .push(segment.damage_in(&record, "the record's body can't be decoded"));
                        return Ok(None);
                    }
                    if self.first == 0 {
                        self.first = record.behind.sequence;
                    }
                    self.last = record.behind.sequence;
                    self.records = self.records.saturating_add(1);
                    let commits = record.behind.commits.saturating_sub(record.commits_before);
                    self.commits = self.commits.saturating_add(commits);
                }
                Ok(None) => break,
                // The watermark tells whether it was acknowledged.
                Err(_) if may_be_torn && records.later().is_none() => {
                    self.torn_bytes = offset(records.end_of_remains()).saturating_sub(offset(records.offset));
                    break;
                }
                Err(flaw) => {
                    self.findings.push(segment.damage(&records, flaw.text()));
                    return Ok(None);
                }
            }
        }
        if length != segment.header.size {
            let what = format!(
                "the file has {length} bytes and was made with {}",
                segment.header.size
            );
            self.findings.push(segment.damage(&records, what));
        }
        Ok(Some(End {
            at: records.at,
            offset: offset(records.offset),
        }))
    }

    fn check_watermark(&mut self, folder: &Path, watermark: Option<u64>, last: &Segment, end: &End) {
        let next = end.at.sequence.saturating_add(1);
        let at_end = |what: String| Damage::new(&last.path, end.offset, next, what);
        match watermark {
            None => {
                if self.torn_bytes > 0 {
                    let what = "the record is torn or damaged, and nothing can tell whether it counts";
                    self.findings.push(at_end(what.to_owned()));
                }
                let what = "the watermark is missing or damaged";
                let path = folder.join(super::watermark::FILE);
                self.findings.push(Damage::new(&path, 0, end.at.sequence, what));
            }
            Some(acknowledged) if acknowledged > end.at.sequence => {
                let what = format!("the log ends before record {acknowledged}, which was acknowledged");
                self.findings.push(at_end(what));
            }
            Some(_) => {}
        }
    }
}

/// What the watermark of the store says whose first segment this is.
fn read_watermark(folder: &Path, first: Option<&PathBuf>) -> io::Result<Option<u64>> {
    let Some(first) = first else { return Ok(None) };
    match Segment::read_header(first)? {
        Ok(segment) => Watermark::read(folder, &segment.header.store_id),
        Err(_) => Ok(None),
    }
}

/// Reads a closed segment from end to end, which must be here.
pub(crate) fn check_segment(segment: &Segment, bytes: Bytes, end: &Position) -> Result<(), Damage> {
    let mut records = segment.records(bytes);
    loop {
        match records.next() {
            Ok(Some(_)) => {}
            Ok(None) if records.at == *end => return Ok(()),
            Ok(None) => {
                let what = "the segment does not end where the next one begins";
                return Err(segment.damage(&records, what));
            }
            Err(flaw) => return Err(segment.damage(&records, flaw.text())),
        }
    }
}

/// Tells what records say, from this sequence on and so many at most: a line for each record and for
/// each thing in it, without bodies and with numbers of persons masked. Ends at damage.
///
/// # Errors
/// Where a file can't be read, at damage, and where there is no such record.
pub fn dump(folder: &Path, from: u64, limit: u64, tell: &mut dyn FnMut(&str)) -> io::Result<()> {
    let broken = |damage: Damage| io::Error::new(io::ErrorKind::InvalidData, damage.to_string());
    let paths = shelf::paths(&log_folder(folder))?;
    let mut told = 0_u64;
    let mut last = 0_u64;
    for (number, path) in (1_usize..).zip(&paths) {
        let next_first = paths.get(number).and_then(|path| path.file_name()?.to_str());
        if next_first
            .and_then(super::segment::parse_name)
            .is_some_and(|first| first <= from)
        {
            continue;
        }
        let segment = Segment::read_header(path)?.map_err(broken)?;
        let mut records = segment.records(segment.read()?);
        loop {
            let record = match records.next() {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(flaw) => return Err(broken(segment.damage(&records, flaw.text()))),
            };
            last = record.behind.sequence;
            if last < from {
                continue;
            }
            if told == limit {
                return Ok(());
            }
            told = told.saturating_add(1);
            let changes = decode_group(record.body.clone())
                .map_err(|error| broken(segment.damage_in(&record, error.to_string())))?;
            tell(&format!(
                "record {} at {} offset {}: {}, {}, commits from {}",
                record.behind.sequence,
                path.display(),
                record.begin,
                counted(changes.len(), "change"),
                counted(record.body.len(), "byte"),
                record.commits_before.saturating_add(1)
            ));
            for line in changes.iter().flat_map(map_store::Change::describe) {
                tell(&format!("  {line}"));
            }
        }
    }
    if told == 0 && limit > 0 {
        let text = format!("there is no record {from} or later: the log ends at record {last}");
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    Ok(())
}

/// So many of a thing: `1 change`, `2 changes`.
fn counted(count: usize, thing: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{ending}")
}
