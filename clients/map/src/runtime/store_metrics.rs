//! What the store counts about itself, as metrics. The store knows no exporter; its counters are read when
//! somebody asks for metrics.

use map_store_embedded::Stats;
use metrics::{counter, describe_counter};

/// A counter: its name, what it counts, where it stands.
type Counted = (&'static str, &'static str, fn(&Stats) -> u64);

const COUNTERS: [Counted; 6] = [
    (
        "map_store_groups_total",
        "Groups made durable; as many syncs",
        |stats| stats.groups,
    ),
    (
        "map_store_changes_total",
        "Changes decided in all groups",
        |stats| stats.changes,
    ),
    (
        "map_store_commits_applied_total",
        "Commits that were applied",
        |stats| stats.commits_applied,
    ),
    (
        "map_store_overloads_total",
        "Changes refused because the queue was full",
        |stats| stats.overloads,
    ),
    (
        "map_store_unknown_groups_total",
        "Groups whose outcome is unknown because a write or a sync failed",
        |stats| stats.unknown_groups,
    ),
    (
        "map_store_recoveries_total",
        "How often the store reopened itself after a failed write",
        |stats| stats.recoveries,
    ),
];

/// Exports the counters as they stand.
pub(super) fn count(stats: &Stats) {
    for (name, meaning, of) in COUNTERS {
        describe_counter!(name, meaning);
        counter!(name).absolute(of(stats));
    }
}
