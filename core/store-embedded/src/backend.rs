//! The backend of the writer: fjall alone, its journal synced once a group.

use crate::engine::Engine;
use crate::folder::{self, Folder};
use crate::options::Options;
use crate::seam::{AppendError, Backend, Batch, Cells};
use crate::slot::Slot;
use bytes::Bytes;
use map_store::StoreResult;
use std::sync::Arc;

/// fjall in its slot, with all that is needed to open it again.
pub(crate) struct FjallBackend {
    pub(crate) slot: Arc<Slot>,
    pub(crate) folder: Folder,
    pub(crate) options: Options,
}

impl Cells for FjallBackend {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        self.slot.with(|engine| engine.get(key))
    }
}

impl Backend for FjallBackend {
    fn append(&mut self, batch: &Batch) -> Result<(), AppendError> {
        let appended = self.slot.with(|engine| Ok(engine.append(&batch.cells)));
        appended.unwrap_or_else(|error| Err(AppendError::Refused(error.to_string())))
    }

    /// Space is tried first: until there is some, the engine that failed stays open for readers.
    /// What the reopened engine replays is written to new files before it is believed.
    fn recover(&mut self) -> Result<(), String> {
        folder::try_space(&self.folder, self.options.recovery_bytes).map_err(|error| error.to_string())?;
        self.slot.close();
        self.folder.check_parts().map_err(|error| error.to_string())?;
        let engine = Engine::open(&self.folder.data(), &self.options).map_err(|error| error.to_string())?;
        // Not before: readers would be answered from what may never reach the disk.
        engine.write_anew()?;
        self.slot.put(engine);
        Ok(())
    }

    fn close(&mut self) {
        self.slot.close();
    }
}
