//! What the store counts about itself, for a metrics exporter.

/// Counters since the store was opened, as one consistent reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Groups made durable; as many syncs.
    pub groups: u64,
    /// Changes decided in all groups: commits, calls of `claim`, imports.
    pub changes: u64,
    /// Commits that were applied.
    pub commits_applied: u64,
    /// Changes in the largest group.
    pub largest_group: u64,
    /// Changes refused because the queue was full.
    pub overloads: u64,
    /// Groups whose outcome is unknown because a write or a sync failed.
    pub unknown_groups: u64,
    /// How often the store reopened itself after a failed write.
    pub recoveries: u64,
    /// What opening the store took.
    pub opening: Opening,
    /// The last failure of a write, a sync or a recovery, for operators.
    pub last_error: Option<String>,
}

/// What opening a store took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opening {
    /// Records of the log that were replayed into the tables.
    pub replayed_records: u64,
    /// What was cut from the end of the log: part of a record that was never acknowledged (bytes).
    pub torn_bytes: u64,
    /// Why the tables were built anew from the log; `None`: they were not.
    pub rebuilt: Option<Rebuilt>,
}

/// Why tables were built anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rebuilt {
    /// There were none, as in a backup of the log alone.
    Missing,
    /// They could not be used, for this reason.
    Damaged(String),
}

impl std::fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("they are missing"),
            Self::Damaged(reason) => f.write_str(reason),
        }
    }
}
