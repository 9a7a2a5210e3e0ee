//! The seam between the writer, who decides, and what makes a decided group durable.

use bytes::Bytes;
use map_store::{Change, StoreResult};
use std::collections::BTreeMap;

/// A group that was decided: written together, synced once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The logical changes that have an effect, in the order in which they were decided.
    pub(crate) changes: Vec<Change>,
    /// Their effect: each cell once, with its last value.
    pub(crate) cells: BTreeMap<Vec<u8>, Bytes>,
}

/// Why a batch was not acknowledged.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// Refused before the first byte: certainly nothing was written.
    Refused(String),
    /// Failed on the way: some, all or nothing may be there after the next opening.
    Unknown(String),
}

/// The committed state, as a group sees it before its own changes.
pub(crate) trait Cells {
    /// The value of a cell.
    fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>>;
}

/// What makes batches durable and keeps the committed state.
pub(crate) trait Backend: Cells + Send + 'static {
    /// Makes a batch durable, then visible; both or none is known when it returns `Ok`.
    fn append(&mut self, batch: Batch) -> Result<(), AppendError>;

    /// After a failed append: brings the backend back to work, if the disk is well again. The
    /// text, for operators, says why not. Reads are served meanwhile, as far as possible.
    fn recover(&mut self) -> Result<(), String>;

    /// Ends the work; nothing is read or appended after it.
    fn close(&mut self);
}
