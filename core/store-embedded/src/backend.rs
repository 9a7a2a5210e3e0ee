//! What makes a group durable: the log. What answers reads: the tables.

use crate::keeper::Keeper;
use crate::log::Appender;
use crate::options::Options;
use crate::points::Point;
use crate::recent::Recent;
use crate::seam::{AppendError, Backend, Batch, Cells};
use crate::slot::Slot;
use crate::tables::Tables;
use bytes::Bytes;
use map_store::StoreResult;
use std::sync::Arc;

/// The log and the tables behind it.
pub(crate) struct LoggedBackend {
    pub(crate) log: Appender,
    pub(crate) tables: Arc<Tables>,
    pub(crate) keeper: Keeper,
    /// Where readers find the tables.
    pub(crate) slot: Arc<Slot>,
    /// What readers need not look up there.
    pub(crate) recent: Arc<Recent>,
    pub(crate) options: Options,
}

impl Cells for LoggedBackend {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        self.slot.with(|tables| tables.get(key))
    }
}

impl Backend for LoggedBackend {
    fn append(&mut self, batch: Batch) -> Result<(), AppendError> {
        self.keeper.wait_for_room().map_err(AppendError::Refused)?;
        self.options
            .folder()
            .check_space(self.options.reserve_bytes)
            .map_err(AppendError::Refused)?;
        let behind = self.log.append(&batch.changes)?;
        let size = self.tables.apply(batch.cells, behind.sequence);
        self.recent.follow(&batch.changes);
        self.options.points.reach(Point::Applied);
        self.log.raise_watermark(&behind);
        if size >= self.options.memtable_bytes {
            self.tables.seal();
            self.options.points.reach(Point::Sealed);
            self.keeper.flush_soon();
        }
        Ok(())
    }

    /// The tables hold nothing of a group that failed, so reads go on all the while.
    fn recover(&mut self) -> Result<(), String> {
        // First, for it needs no space: what failed must not come back.
        self.log.recover().map_err(|error| format!("the log: {error}"))?;
        self.options.folder().check_space(self.options.reserve_bytes)?;
        self.keeper.recover()
    }

    /// What is in memory is written, so that the next opening has nothing to replay.
    fn close(&mut self) {
        if let Err(error) = self.log.recover() {
            tracing::warn!(%error, "a record whose outcome is unknown could not be taken back");
        }
        self.keeper.end();
        self.slot.close();
        self.tables.seal();
        if let Err(error) = self.tables.flush() {
            tracing::warn!(%error, "the last table was not written; the next opening replays the log");
        }
    }
}
