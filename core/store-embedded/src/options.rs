//! What an operator may set of the embedded store. Each value has a default that fits a
//! machine of two cores and some gigabytes.

use crate::folder::Folder;
use crate::log::Retention;
use crate::points::Points;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Tells the time: milliseconds since 1970. It dates segments and says when they are old enough to go;
/// nothing about money depends on it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// A clock that is read by this.
    pub fn new(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// A clock that stands at 1970: nothing grows old.
    pub fn stopped() -> Self {
        Self::new(|| 0)
    }

    pub(crate) fn now_ms(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

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
    /// The clock. Default: one that stands.
    pub clock: Clock,
    /// Size of a segment of the log (bytes). It is taken at once, so that a commit does not fail for
    /// want of space in the middle.
    pub segment_bytes: u64,
    /// How long full segments are kept.
    pub retention: Retention,
    /// Memory for blocks read from disk (bytes); a quarter as much again keeps rows lately read.
    pub cache_bytes: u64,
    /// Size at which the table in memory is written to disk (bytes). Up to three of them are replayed from
    /// the log by a restart after a crash.
    pub memtable_bytes: u64,
    /// Space that stays free on the disk (bytes): below it commits are refused as not applied, while
    /// what was taken still finds its place.
    pub reserve_bytes: u64,
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
    /// What happens at places of the writing: for tests.
    pub points: Points,
}

impl Options {
    /// The defaults for this folder; does not create it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            create_if_missing: false,
            store_id: [0; 16],
            clock: Clock::stopped(),
            segment_bytes: 64 * 1024 * 1024,
            retention: Retention::Forever,
            cache_bytes: 128 * 1024 * 1024,
            memtable_bytes: 16 * 1024 * 1024,
            reserve_bytes: 32 * 1024 * 1024,
            queue_limit: 4096,
            group_limit: 512,
            group_bytes: 4 * 1024 * 1024,
            commit_bytes: 16 * 1024 * 1024,
            retry_first: Duration::from_millis(50),
            retry_longest: Duration::from_secs(5),
            points: Points::default(),
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

    /// The data folder, and what is in it.
    pub(crate) fn folder(&self) -> Folder {
        Folder(self.path.clone())
    }

    /// The same with every value brought into the range that works.
    pub(crate) fn within_range(self) -> Self {
        Self {
            segment_bytes: self.segment_bytes.clamp(4 * 1024, 1024 * 1024 * 1024),
            memtable_bytes: self.memtable_bytes.max(64 * 1024),
            queue_limit: self.queue_limit.max(1),
            group_limit: self.group_limit.max(1),
            retry_longest: self.retry_longest.max(self.retry_first),
            ..self
        }
    }
}
