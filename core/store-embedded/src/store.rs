//! The store itself: hands changes to the writer, reads from the tables, opens and closes.

use crate::backend::LoggedBackend;
use crate::bulk::View;
use crate::error::OpenError;
use crate::group::Answer;
use crate::inspect::{Comparison, compare, io_error};
use crate::keeper::Keeper;
use crate::lock::FolderLock;
use crate::log::{Durable, LogFeed};
use crate::open::{self, Opened};
use crate::options::Options;
use crate::read;
use crate::recent::Recent;
use crate::scratch::Scratch;
use crate::slot::Slot;
use crate::state::{State, not_applied};
use crate::stats::Stats;
use crate::weight::{self, Weight};
use crate::writer::{Job, Limits, Message, Writer};
use async_trait::async_trait;
use map_store::{
    BulkRow, BulkSnapshot, Change, Claim, ClaimKey, ClaimValue, Commit, CommitOutcome, Feed, IndexKey,
    IndexRow, IndexTable, Load, Loaded, Page, PartitionId, Row, Store, StoreError, StoreResult,
};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// What rows that were lately used may take, as a share of the memory for blocks.
const RECENT_SHARE: u64 = 4;

/// What is held while the store is open.
struct Running {
    writer: JoinHandle<()>,
    /// Let go of last, when nothing touches the folder any more.
    _lock: FolderLock,
}

/// A durable store in a folder of this machine. Dropping it closes it.
pub struct EmbeddedStore {
    state: Arc<State>,
    slot: Arc<Slot>,
    recent: Arc<Recent>,
    queue: SyncSender<Message>,
    running: Mutex<Option<Running>>,
    feed: Arc<LogFeed>,
    durable: Arc<Durable>,
    options: Options,
    store_id: String,
}

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("store_id", &self.store_id)
            .finish_non_exhaustive()
    }
}

impl EmbeddedStore {
    /// Opens the folder and starts the writer. Blocks: after a crash the end of the log is replayed;
    /// damaged tables are built anew from all of it.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let options = options.within_range();
        let Opened {
            log,
            tables,
            lock,
            manifest,
            opening,
        } = open::open(&options)?;
        let state = Arc::new(State::new());
        state.count(|stats| stats.opening = opening);
        let folder = options.folder();
        let slot = Arc::new(Slot::new(Arc::clone(&tables), options.folder()));
        let recent = Arc::new(Recent::new(options.cache_bytes / RECENT_SHARE));
        let durable = Arc::clone(&log.durable);
        let feed = LogFeed::new(Arc::clone(&durable));
        let (queue, receiver) = sync_channel(options.queue_limit);
        let limits = Limits {
            group: options.group_limit,
            group_bytes: options.group_bytes,
            retry_first: options.retry_first,
            retry_longest: options.retry_longest,
        };
        let keeper = Keeper::start(
            Arc::clone(&tables),
            Arc::clone(&log.durable),
            Arc::clone(&slot),
            options.clone(),
        );
        let backend = LoggedBackend {
            log,
            tables,
            keeper: keeper.map_err(folder.io("starting the keeper"))?,
            slot: Arc::clone(&slot),
            recent: Arc::clone(&recent),
            options: options.clone(),
        };
        let writer = Writer {
            queue: receiver,
            backend,
            state: Arc::clone(&state),
            limits,
            live: false,
        };
        let thread = std::thread::Builder::new().name("map-store-writer".to_owned());
        let writer = thread
            .spawn(move || writer.run())
            .map_err(folder.io("starting the writer"))?;
        let running = Mutex::new(Some(Running { writer, _lock: lock }));
        Ok(Self {
            state,
            slot,
            recent,
            queue,
            running,
            feed,
            durable,
            options,
            store_id: manifest.store_id,
        })
    }

    /// Finishes what waits, syncs, ends the writer and lets go of the folder. Blocks until then;
    /// later calls are refused as not applied. Closing twice does nothing.
    pub fn close(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(running) = running else { return };
        // Fails only where the writer has ended already.
        let _ended = self.queue.send(Message::Close);
        if running.writer.join().is_err() {
            tracing::error!("the writer had ended in a panic");
        }
        self.slot.close();
    }

    /// What the store counts about itself.
    pub fn stats(&self) -> Stats {
        self.state.stats()
    }

    /// The identifier the store was created with: 32 hex digits.
    pub fn store_id(&self) -> &str {
        &self.store_id
    }

    /// Compares the state with what the log says, row by row. Blocks, and needs space for a second state
    /// beside the data folder's.
    ///
    /// # Errors
    /// Where something can't be read. What is different is in the answer.
    pub fn compare_with_log(&self) -> StoreResult<Comparison> {
        let scratch = Scratch::within(&self.options.path).map_err(|error| io_error(&error))?;
        self.compare_with_log_in(&scratch)
    }

    /// The same, with the second state in this folder, which must be empty.
    ///
    /// # Errors
    /// As [`EmbeddedStore::compare_with_log`].
    pub fn compare_with_log_in(&self, scratch: &Scratch) -> StoreResult<Comparison> {
        compare(&self.slot, &self.durable, &self.options, scratch)
    }

    async fn submit(&self, change: Change) -> StoreResult<Answer> {
        self.state.accepting()?;
        let Weight { bytes: weight } = weight::check(&change, self.options.commit_bytes)?;
        let (reply, answer) = oneshot::channel();
        match self.queue.try_send(Message::Job(Job {
            change,
            weight,
            reply,
        })) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.state
                    .count(|stats| stats.overloads = stats.overloads.saturating_add(1));
                return Err(not_applied("overload: too many commits wait"));
            }
            Err(TrySendError::Disconnected(_)) => return Err(not_applied("the store is closed")),
        }
        let ended = "the writer ended before it answered";
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::OutcomeUnknown(ended.to_owned())))
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// The writer answers a change with the answer of its kind.
fn mismatched<T>() -> StoreResult<T> {
    Err(StoreError::OutcomeUnknown(
        "the writer gave the answer of another request".to_owned(),
    ))
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn load(&self, partition: &PartitionId, what: Load) -> StoreResult<Loaded> {
        self.slot
            .with(|tables| read::load(tables, &self.recent, partition, &what))
    }

    async fn commit(&self, commit: Commit) -> StoreResult<CommitOutcome> {
        match self.submit(Change::Commit(commit)).await? {
            Answer::Commit(outcome) => Ok(outcome),
            Answer::Claims(_) | Answer::Imported => mismatched(),
        }
    }

    async fn claim(&self, claims: Vec<Claim>) -> StoreResult<Vec<ClaimValue>> {
        match self.submit(Change::Claims(claims)).await? {
            Answer::Claims(values) => Ok(values),
            Answer::Commit(_) | Answer::Imported => mismatched(),
        }
    }

    async fn read_claims(&self, keys: &[ClaimKey]) -> StoreResult<Vec<Option<ClaimValue>>> {
        self.slot.with(|tables| read::claims(tables, keys))
    }

    async fn scan_index(
        &self,
        table: IndexTable,
        prefix: &[u8],
        after: Option<&IndexKey>,
        limit: usize,
    ) -> StoreResult<Vec<IndexRow>> {
        self.slot
            .with(|tables| read::index(tables, table, prefix, after, limit))
    }

    async fn page(&self, partition: &PartitionId, page: Page) -> StoreResult<Vec<Row>> {
        self.slot.with(|tables| read::page(tables, partition, &page))
    }

    async fn health(&self) -> StoreResult<()> {
        self.state.accepting()?;
        if self.slot.is_damaged() {
            let text = "the tables were found damaged; the next start builds them anew from the log";
            return Err(StoreError::Damaged(text.to_owned()));
        }
        // As the next commit would find it, before one has met it.
        let space = self.options.folder().check_space(self.options.reserve_bytes);
        space.map_err(StoreError::NotApplied)
    }

    async fn snapshot(&self) -> StoreResult<Arc<dyn BulkSnapshot>> {
        Ok(Arc::new(View::new(&self.slot)?))
    }

    async fn import(&self, rows: Vec<BulkRow>) -> StoreResult<()> {
        match self.submit(Change::Import(rows)).await? {
            Answer::Imported => Ok(()),
            Answer::Commit(_) | Answer::Claims(_) => mismatched(),
        }
    }

    fn feed(&self) -> Option<Arc<dyn Feed>> {
        Some(Arc::<LogFeed>::clone(&self.feed))
    }
}
