//! How long full segments are kept.
//!
//! A segment goes only when all of it is in the tables on disk, and the oldest first. Without the
//! first segment the state can't be built anew from the log.

use super::appender::Durable;
use super::chain::Position;
use super::segment::Segment;
use super::verify::check_segment;
use crate::folder::sync_folder;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// How long full segments of the log are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Retention {
    /// For ever: the state can always be built anew, and compared with the log.
    #[default]
    Forever,
    /// So many days after they were full, by [`crate::Options::clock`].
    Days(u32),
    /// Until each is in this folder: copied, synced, read back and found sound.
    Archive(PathBuf),
}

/// Removes something, or says why that is not to be any more.
pub(crate) type Remove<'a> = dyn FnMut(&mut dyn FnMut() -> io::Result<()>) -> io::Result<()> + 'a;

/// Removes the segments that need not be kept, each by `remove`; `applied`: the last record that is in tables
/// on disk. Returns how many went.
pub(crate) fn tidy(
    durable: &Durable,
    retention: &Retention,
    applied: u64,
    now_ms: u64,
    remove: &mut Remove<'_>,
) -> io::Result<u64> {
    let mut gone = 0_u64;
    while let Some((oldest, end)) = removable(durable, retention, applied, now_ms) {
        if let Retention::Archive(folder) = retention {
            archive(&oldest, &end, folder)?;
        }
        remove(&mut || {
            // Out of the shelf first: who reads the feed looks there. Never a later one before it.
            durable.lock().0.remove_first();
            if let Err(error) = fs::remove_file(&oldest.path) {
                durable.lock().0.put_first(oldest.clone());
                return Err(error);
            }
            sync_folder(oldest.path.parent().unwrap_or(Path::new(".")))
        })?;
        gone = gone.saturating_add(1);
    }
    Ok(gone)
}

/// The oldest segment where it may go, and where its records end.
fn removable(
    durable: &Durable,
    retention: &Retention,
    applied: u64,
    now_ms: u64,
) -> Option<(Segment, Position)> {
    let durable = durable.lock();
    let [oldest, next, ..] = durable.0.all() else {
        return None;
    };
    let age_ms = now_ms.saturating_sub(next.header.begun_ms);
    let old_enough = match retention {
        Retention::Forever => false,
        Retention::Days(days) => age_ms >= u64::from(*days).saturating_mul(DAY_MS),
        Retention::Archive(_) => true,
    };
    (old_enough && next.header.start.sequence <= applied).then(|| (oldest.clone(), next.header.start))
}

/// Copies a segment into the archive, unless it is there; what is there must be the same.
fn archive(segment: &Segment, end: &Position, folder: &Path) -> io::Result<()> {
    let damaged = |path: &Path, what: String| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()))
    };
    let name = segment.path.file_name().unwrap_or_default();
    let target = folder.join(name);
    let bytes = segment.read()?;
    check_segment(segment, bytes.clone(), end)
        .map_err(|damage| damaged(&segment.path, damage.to_string()))?;
    if !target.exists() {
        let mut draft = tempfile::NamedTempFile::new_in(folder)?;
        draft.write_all(&bytes)?;
        draft.persist(&target)?;
    }
    // Also where it was there: a copy that was made before may never have reached the disk.
    File::open(&target)?.sync_all()?;
    sync_folder(folder)?;
    if fs::read(&target)? == bytes {
        Ok(())
    } else {
        Err(damaged(
            &target,
            "the archive holds another segment of this name".to_owned(),
        ))
    }
}

#[cfg(test)]
#[path = "retention_test.rs"]
mod tests;
