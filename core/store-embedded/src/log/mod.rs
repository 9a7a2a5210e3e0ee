//! The commit log: the truth of the store.
//!
//! Groups of changes are appended to segments of fixed size, one record and one sync a group. Each
//! record carries a checksum, which tells what is torn, and a hash over its body and the hash before
//! it, which tells what was edited. A watermark beside the segments says how far the log was known to
//! be durable, so that a lost end is seen. What is found wrong is named by file, offset and record.
//!
//! What this module does not do: know what a change means, or keep the current state.

mod appender;
mod chain;
mod damage;
mod feed;
mod reader;
mod record;
mod retention;
mod segment;
mod shelf;
mod tail;
#[cfg(test)]
mod unsynced_test;
mod verify;
mod watermark;

pub(crate) use appender::{Appender, Durable};
pub(crate) use chain::Position;
pub use damage::Damage;
pub(crate) use feed::LogFeed;
pub use retention::Retention;
pub(crate) use retention::tidy;
pub(crate) use segment::{Segment, offset};
pub(crate) use shelf::{Shelf, ShelfError, holds_records, remove_drafts};
pub(crate) use tail::{Tail, TailError};
pub use verify::{LogReport, dump, verify};
pub(crate) use watermark::Watermark;

use crate::options::Options;
use segment::Header;
use std::io;
use std::path::Path;

/// The folder of the log within the data folder.
pub(crate) const FOLDER: &str = "log";

/// Makes the first segment of a new store.
pub(crate) fn begin_log(folder: &Path, options: &Options) -> io::Result<()> {
    let header = Header {
        store_id: options.store_id,
        start: Position::genesis(&options.store_id),
        begun_ms: options.clock.now_ms(),
        size: options.segment_bytes,
    };
    Segment::create(folder, header).map(drop)
}
