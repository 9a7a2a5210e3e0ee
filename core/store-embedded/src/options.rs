//! What an operator may set of the embedded store. Each value has a default that fits a
//! machine of two cores and some gigabytes.

use std::path::PathBuf;
use std::time::Duration;

/// The journal of the engine can't be smaller (bytes).
const SMALLEST_JOURNAL: u64 = 64 * 1024 * 1024;

/// Where and how to open an embedded store.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder.
    pub path: PathBuf,
    /// Whether a folder that is missing or empty becomes a new store. A folder that holds
    /// anything else never does.
    pub create_if_missing: bool,
    /// The identifier of a store that is created now: 16 random bytes. An existing store keeps its own.
    pub store_id: [u8; 16],
    /// Memory for blocks read from disk (bytes).
    pub cache_bytes: u64,
    /// Size at which the table in memory is written out (bytes). Fixed when the store is
    /// created. Small: it bounds what a restart replays and how long a flush takes.
    pub memtable_bytes: u64,
    /// Size of all journals at which memory is written out to free the oldest (bytes, at least
    /// 64 MiB). A restart reads them all, at about 70 MB a second.
    pub journal_bytes: u64,
    /// Threads that flush and compact in the background (at least 1).
    pub background_threads: usize,
    /// Commits and claims that may wait for the writer; more are refused as not applied.
    pub queue_limit: usize,
    /// Commits and claims in one group, that is for one sync.
    pub group_limit: usize,
    /// Size of the keys and bodies in one group (bytes): a group is closed once it is reached.
    pub group_bytes: usize,
    /// Size of the keys and bodies of one commit, or of one call of `claim` or `import` (bytes); a
    /// larger one is refused as not applied.
    pub commit_bytes: usize,
    /// Wait before the first attempt to recover from a failed write; doubled after each failure.
    pub retry_first: Duration,
    /// The longest wait between two such attempts.
    pub retry_longest: Duration,
    /// Space that must be free, tried by writing a file, before the store reopens itself after a
    /// failed write (bytes). Until then reads are served from what is open.
    pub recovery_bytes: u64,
}

impl Options {
    /// The defaults for this folder; does not create it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            create_if_missing: false,
            store_id: [0; 16],
            cache_bytes: 128 * 1024 * 1024,
            memtable_bytes: 16 * 1024 * 1024,
            journal_bytes: SMALLEST_JOURNAL,
            background_threads: 2,
            queue_limit: 4096,
            group_limit: 512,
            group_bytes: 4 * 1024 * 1024,
            commit_bytes: 16 * 1024 * 1024,
            retry_first: Duration::from_millis(50),
            retry_longest: Duration::from_secs(5),
            recovery_bytes: 32 * 1024 * 1024,
        }
    }

    /// Creates the store with this identifier where the folder is missing or empty.
    #[must_use]
    pub fn create(self, store_id: [u8; 16]) -> Self {
        Self {
            create_if_missing: true,
            store_id,
            ..self
        }
    }

    /// The same with every value brought into the range the engine allows.
    pub(crate) fn within_range(self) -> Self {
        Self {
            journal_bytes: self.journal_bytes.max(SMALLEST_JOURNAL),
            memtable_bytes: self.memtable_bytes.max(1024 * 1024),
            background_threads: self.background_threads.max(1),
            queue_limit: self.queue_limit.max(1),
            group_limit: self.group_limit.max(1),
            retry_longest: self.retry_longest.max(self.retry_first),
            ..self
        }
    }
}
