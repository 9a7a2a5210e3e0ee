//! Opening a data folder: refuse, create, or open; in that order of preference.
//!
//! The log is looked at first, and is believed or refused before anything is changed. Then its end is
//! made durable, and the tables are brought up to it, or built anew from it.

use crate::error::OpenError;
use crate::folder::{Folder, sync_folder};
use crate::inspect::{check_tables, has_unnamed_accounts};
use crate::layout;
use crate::lock::{self, FolderLock};
use crate::log::{
    Appender, Durable, Shelf, ShelfError, Tail, TailError, Watermark, begin_log, holds_records, remove_drafts,
};
use crate::manifest::Manifest;
use crate::options::Options;
use crate::replay::{ReplayError, replay};
use crate::scratch;
use crate::stats::{Opening, Rebuilt};
use crate::tables::{Tables, TablesError};
use bytes::Bytes;
use map_store::StoreError;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A folder that was found in order.
pub(crate) struct Opened {
    pub(crate) log: Appender,
    pub(crate) tables: Arc<Tables>,
    pub(crate) lock: FolderLock,
    pub(crate) manifest: Manifest,
    pub(crate) opening: Opening,
}

/// Opens the folder, or creates a store in it where that is wanted and nothing is in the way.
pub(crate) fn open(options: &Options) -> Result<Opened, OpenError> {
    let folder = options.folder();
    make_folder(&folder, options)?;
    if Manifest::read(&folder)?.is_none() {
        // Before the lock: a folder of somebody else gets no file of ours.
        folder.refuse_occupied()?;
        refuse_unless_wanted(&folder, options)?;
    }
    let lock = lock::take(&folder)?;
    // Again under the lock: another process may have created, or begun to.
    let mut manifest = match Manifest::read(&folder)? {
        Some(manifest) if manifest.complete => manifest,
        Some(_) => {
            refuse_unless_wanted(&folder, options)?;
            refuse_records(&folder)?;
            create(&folder, options)?
        }
        None => {
            folder.refuse_occupied()?;
            create(&folder, options)?
        }
    };
    scratch::clear_within(&folder.0);
    let id = manifest.id().unwrap_or_default();
    let (shelf, tail) = read_log(&folder, &id)?;
    let mut found = open_tables(&folder, &id, (&shelf, &tail), options)?;
    if manifest.is_older() {
        found = from_older(&folder, &shelf, found)?;
    }
    manifest.raise(&folder)?;
    let log = settle(&folder, &id, &shelf, &tail, options)?;
    let (tables, opening) = bring_up(&folder, found, &id, (&shelf, &tail), options)?;
    Ok(Opened {
        log,
        tables: Arc::new(tables),
        lock,
        manifest,
        opening,
    })
}

fn make_folder(folder: &Folder, options: &Options) -> Result<(), OpenError> {
    match fs::metadata(&folder.0) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFolder(folder.0.clone())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refuse_unless_wanted(folder, options)?;
            create_private(&folder.0).map_err(folder.io("creating the folder"))?;
            let parent = folder.0.parent().filter(|parent| *parent != Path::new(""));
            sync_folder(parent.unwrap_or(Path::new("."))).map_err(folder.io("creating the folder"))
        }
        Err(error) => Err(folder.io("looking at the folder")(error)),
    }
}

/// For its owner alone: the ledger holds numbers and keys that others must not read.
fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn refuse_unless_wanted(folder: &Folder, options: &Options) -> Result<(), OpenError> {
    if options.create_if_missing {
        Ok(())
    } else {
        Err(OpenError::Missing(folder.0.clone()))
    }
}

/// Refuses an incomplete store that holds records: they would be lost.
fn refuse_records(folder: &Folder) -> Result<(), OpenError> {
    let holds = match holds_records(&folder.log()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        holds => holds.map_err(folder.io("reading the log"))?,
    };
    if !holds {
        return Ok(());
    }
    Err(OpenError::BadManifest {
        path: folder.0.clone(),
        reason: "it says that the store is only being created, and there are records in the log".to_owned(),
    })
}

/// Creates the store. The manifest comes first and says "incomplete", so that a crash on the
/// way leaves something that may be begun anew, and never something that looks like data.
fn create(folder: &Folder, options: &Options) -> Result<Manifest, OpenError> {
    let creating = "creating the store";
    let mut manifest = Manifest::new(options.store_id);
    manifest.write(folder)?;
    for part in [folder.log(), folder.tables()] {
        folder
            .remove(&part)
            .map_err(folder.io("removing an incomplete store"))?;
        // Private even where the folder around it was made by somebody else.
        create_private(&part).map_err(folder.io(creating))?;
    }
    let begun = begin_log(&folder.log(), options)
        .and_then(|()| Watermark::create(&folder.0, options.store_id).map(drop))
        .and_then(|()| sync_folder(&folder.0));
    begun.map_err(folder.io(creating))?;
    manifest.complete = true;
    manifest.write(folder)?;
    Ok(manifest)
}

/// Looks at the log and finds its end. Changes nothing.
fn read_log(folder: &Folder, id: &[u8; 16]) -> Result<(Shelf, Tail), OpenError> {
    folder.check_parts()?;
    let reading = "reading the log";
    let shelf = Shelf::open(&folder.log()).map_err(|error| match error {
        ShelfError::Io(error) => folder.io(reading)(error),
        ShelfError::Empty => folder.missing("log/*.seg"),
        ShelfError::Damaged(damage) => OpenError::Log(damage),
    })?;
    if shelf.all().iter().any(|segment| segment.header.store_id != *id) {
        return Err(OpenError::Mixed(folder.0.clone()));
    }
    let Some(active) = shelf.active() else {
        return Err(folder.missing("log/*.seg"));
    };
    let watermark = Watermark::read(&folder.0, id).map_err(folder.io(reading))?;
    let tail = Tail::find(active, watermark).map_err(|error| match error {
        TailError::Io(error) => folder.io(reading)(error),
        TailError::Damaged(damage) => OpenError::Log(damage),
        TailError::Lost { acknowledged, found } => lost_end(folder, acknowledged, found),
    })?;
    if watermark.is_none() {
        tracing::warn!("the log's watermark is missing or damaged; the log is whole and it is made anew");
    }
    Ok((shelf, tail))
}

fn lost_end(folder: &Folder, acknowledged: u64, found: u64) -> OpenError {
    OpenError::LostEnd {
        path: folder.0.clone(),
        acknowledged,
        found,
    }
}

/// The tables, and what is wrong with them where they can't be used.
type Found = (Option<Tables>, Option<Rebuilt>);

/// Tables that are no use.
const fn damaged(reason: String) -> Found {
    (None, Some(Rebuilt::Damaged(reason)))
}

/// Opens the tables. They may not know more than the log.
fn open_tables(
    folder: &Folder,
    id: &[u8; 16],
    (shelf, tail): (&Shelf, &Tail),
    options: &Options,
) -> Result<Found, OpenError> {
    let looking = "looking at the tables";
    let is_marked = folder.has_damaged_tables().map_err(folder.io(looking))?;
    if is_marked && shelf.is_whole() {
        return Ok(damaged("they were found damaged when they were read".to_owned()));
    }
    if !folder.tables().try_exists().map_err(folder.io(looking))? {
        return Ok((None, Some(Rebuilt::Missing)));
    }
    let tables = match open_or_fall_back(folder, shelf, options) {
        Ok(tables) => tables,
        Err(TablesError::Damaged(reason)) => return Ok(damaged(reason)),
        Err(TablesError::Io(error)) => return Err(folder.io("opening the tables")(error)),
    };
    let found = tail.position.sequence;
    if tables.applied() > found {
        return Err(lost_end(folder, tables.applied(), found));
    }
    let owner = tables.get(&layout::store_id());
    match owner {
        Ok(Some(owner)) if owner != id[..] => Ok(damaged("they belong to another store".to_owned())),
        Ok(None) if tables.applied() > 0 => Ok(damaged("they name no store".to_owned())),
        Err(error) => unusable(folder, error),
        Ok(_) if is_marked => check_marked(folder, tables),
        Ok(_) => Ok((Some(tables), None)),
    }
}

/// Opens the tables; where they can't be used, as they were before their last change.
fn open_or_fall_back(folder: &Folder, shelf: &Shelf, options: &Options) -> Result<Tables, TablesError> {
    let path = folder.tables();
    let opened = Tables::open(&path, options.cache_bytes);
    let Err(TablesError::Damaged(reason)) = opened else {
        return opened;
    };
    tracing::warn!(%reason, "the tables can't be used as they are");
    if Tables::fall_back(&path, shelf.first().saturating_sub(1))? {
        Tables::open(&path, options.cache_bytes)
    } else {
        Err(TablesError::Damaged(reason))
    }
}

/// Tables that were found damaged and can't be built anew, since the log is not whole: a mark is not
/// believed where the tables themselves can be read to the end.
fn check_marked(folder: &Folder, tables: Tables) -> Result<Found, OpenError> {
    match check_tables(&tables) {
        Ok(()) => {
            tracing::warn!("the tables were found damaged when they were read; all of them is sound now");
            Ok((Some(tables), None))
        }
        Err(error) => unusable(folder, error),
    }
}

/// Tables that an earlier version wrote. Where it began an import with accounts before their partitions, no header
/// would name these; built anew from the log they are named.
fn from_older(folder: &Folder, shelf: &Shelf, found: Found) -> Result<Found, OpenError> {
    let (Some(tables), damage) = found else {
        return Ok(found);
    };
    match has_unnamed_accounts(&tables) {
        Ok(false) => return Ok((Some(tables), damage)),
        Ok(true) => {}
        Err(error) => return unusable(folder, error),
    }
    let reason = "an earlier version imported accounts before their partitions".to_owned();
    if !shelf.is_whole() {
        return Err(tables_lost(folder, reason, shelf));
    }
    // Before the format is raised, for nobody asks after that.
    folder
        .mark_tables_damaged()
        .map_err(folder.io("looking at the tables"))?;
    Ok(damaged(reason))
}

fn tables_lost(folder: &Folder, reason: String, shelf: &Shelf) -> OpenError {
    OpenError::TablesLost {
        path: folder.0.clone(),
        reason,
        first: shelf.first(),
    }
}

/// Tables that are damaged can be built anew; those that the disk does not read are none of ours to judge.
fn unusable(folder: &Folder, error: StoreError) -> Result<Found, OpenError> {
    match error {
        StoreError::Damaged(reason) => Ok(damaged(reason)),
        StoreError::NotApplied(reason) | StoreError::OutcomeUnknown(reason) => Err(OpenError::Tables {
            path: folder.0.clone(),
            reason,
        }),
    }
}

/// Makes the end of the log durable, and ready to be appended to.
fn settle(
    folder: &Folder,
    id: &[u8; 16],
    shelf: &Shelf,
    tail: &Tail,
    options: &Options,
) -> Result<Appender, OpenError> {
    let settling = "settling the end of the log";
    let Some(active) = shelf.active() else {
        return Err(folder.missing("log/*.seg"));
    };
    if tail.torn > 0 {
        let (file, offset, bytes) = (active.path.display().to_string(), tail.offset, tail.torn);
        tracing::warn!(%file, offset, bytes, "a torn record that was never acknowledged is cut");
    }
    remove_drafts(&folder.log()).map_err(folder.io(settling))?;
    let file = tail.settle(active).map_err(folder.io(settling))?;
    let watermark = Watermark::open(&folder.0, *id)
        .or_else(|_| Watermark::create(&folder.0, *id))
        .and_then(|watermark| watermark.raise(tail.position.sequence).map(|()| watermark));
    Ok(Appender {
        durable: Durable::new(shelf.clone(), tail.position),
        watermark: watermark.map_err(folder.io(settling))?,
        file,
        offset: tail.next(),
        unwritten: tail.next(),
        size: active.header.size,
        store_id: *id,
        segment_bytes: options.segment_bytes,
        clock: options.clock.clone(),
        points: options.points.clone(),
        failed: None,
        needs_segment: None,
        buffer: Vec::new(),
    })
}

/// Brings the tables up to the end of the log: replays what they lack, or builds them anew.
fn bring_up(
    folder: &Folder,
    (tables, mut damage): Found,
    id: &[u8; 16],
    (shelf, tail): (&Shelf, &Tail),
    options: &Options,
) -> Result<(Tables, Opening), OpenError> {
    let opening = |replayed, rebuilt| Opening {
        replayed_records: replayed,
        torn_bytes: tail.torn,
        rebuilt,
    };
    if let Some(tables) = tables {
        match run_replay(folder, &tables, id, (shelf, tail), options) {
            Ok(replayed) => {
                // What a build that was killed at its very end set aside.
                folder.forget_former_tables().map_err(folder.io("tidying up"))?;
                folder.unmark_tables().map_err(folder.io("tidying up"))?;
                return Ok((tables, opening(replayed, None)));
            }
            Err(Stop::Refuse(error)) => return Err(error),
            Err(Stop::Rebuild(reason)) => damage = Some(Rebuilt::Damaged(reason)),
        }
    }
    let reason = damage.unwrap_or(Rebuilt::Missing);
    if !shelf.is_whole() {
        return Err(tables_lost(folder, reason.to_string(), shelf));
    }
    match &reason {
        Rebuilt::Missing => tracing::info!("there are no tables: they are built from the log"),
        Rebuilt::Damaged(reason) => {
            tracing::warn!(%reason, "the tables can't be used and are built anew from the log");
        }
    }
    let building = "building the tables anew";
    folder.set_tables_aside().map_err(folder.io(building))?;
    match build(folder, id, (shelf, tail), options) {
        Ok((tables, replayed)) => {
            folder.unmark_tables().map_err(folder.io(building))?;
            folder.forget_former_tables().map_err(folder.io(building))?;
            Ok((tables, opening(replayed, Some(reason))))
        }
        Err(error) => {
            // Damaged as they are, they may hold what the log has lost.
            folder.put_tables_back().map_err(folder.io(building))?;
            Err(error)
        }
    }
}

/// Builds tables from the log alone.
fn build(
    folder: &Folder,
    id: &[u8; 16],
    (shelf, tail): (&Shelf, &Tail),
    options: &Options,
) -> Result<(Tables, u64), OpenError> {
    let building = "building the tables anew";
    create_private(&folder.tables()).map_err(folder.io(building))?;
    let refused = |reason| OpenError::Tables {
        path: folder.0.clone(),
        reason,
    };
    let tables = Tables::open(&folder.tables(), options.cache_bytes).map_err(|error| match error {
        TablesError::Io(error) => folder.io(building)(error),
        TablesError::Damaged(reason) => refused(reason),
    })?;
    match run_replay(folder, &tables, id, (shelf, tail), options) {
        Ok(replayed) => Ok((tables, replayed)),
        Err(Stop::Refuse(error)) => Err(error),
        Err(Stop::Rebuild(reason)) => Err(refused(reason)),
    }
}

/// Why a replay ended early.
enum Stop {
    Refuse(OpenError),
    Rebuild(String),
}

fn run_replay(
    folder: &Folder,
    tables: &Tables,
    id: &[u8; 16],
    (shelf, tail): (&Shelf, &Tail),
    options: &Options,
) -> Result<u64, Stop> {
    if tables.applied().saturating_add(1) < shelf.first() {
        return Err(Stop::Rebuild(format!(
            "they hold the log up to record {} only",
            tables.applied()
        )));
    }
    if tables.applied() == 0 {
        let owner = Bytes::copy_from_slice(id);
        tables.apply([(layout::store_id(), owner)], 0);
    }
    replay(tables, shelf, &tail.position, &tail.bytes, options).map_err(|error| match error {
        ReplayError::Io(error) => Stop::Refuse(folder.io("replaying the log")(error)),
        ReplayError::Log(damage) => Stop::Refuse(OpenError::Log(damage)),
        ReplayError::Tables(reason) => Stop::Rebuild(reason),
    })
}

#[cfg(test)]
#[path = "open_test.rs"]
mod tests;
