//! The contract suite: what every store promises, one rule a function.
//!
//! A store runs it in its own tests by [`store_contract_suite!`](crate::store_contract_suite),
//! which makes one test per rule, so that a failure names the promise that was broken. Each
//! rule gets an empty store of its own.
//!
//! What the suite does not do: break disks, lose messages or kill processes. It asks for no
//! more than the trait promises: a store that writes claims before a commit that is then not
//! applied passes, and so does one that writes both in one transaction.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test suite is blunt: a broken promise stops it"
)]
#![allow(missing_docs, reason = "the name of a rule is its documentation")]

mod bulk;
mod claims;
mod commits;
mod durable;
mod fixture;
mod index;
mod racing;
mod reads;

pub use bulk::*;
pub use claims::*;
pub use commits::*;
pub use durable::*;
pub use index::*;
pub use racing::*;
pub use reads::*;

use crate::Store;
use std::future::Future;
use std::sync::Arc;

/// A store under test, with all that must live as long as it (a temporary folder, a server).
pub trait Subject: Send + Sized {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;
}

/// A store that can be closed and opened again on what it left.
pub trait Reopen: Subject {
    /// Closes the store and opens it again. Nobody else holds the store at that time.
    fn reopen(self) -> impl Future<Output = Self> + Send;
}

/// Makes one `#[tokio::test]` per rule of the contract.
///
/// `$make` is an `async fn() -> impl Subject` that makes an empty store. With `, reopen` its
/// result is also a [`suite::Reopen`](crate::suite::Reopen) and the rules of durability are tried.
#[macro_export]
macro_rules! store_contract_suite {
    ($make:path, reopen) => {
        $crate::store_contract_suite!($make);
        $crate::store_contract_suite!(@reopen $make:
            an_answered_commit_is_there_after_a_reopen
            an_answered_claim_is_there_after_a_reopen
            a_refused_commit_is_not_there_after_a_reopen
            imported_rows_are_there_after_a_reopen
            an_import_goes_on_after_a_reopen
            versions_go_on_after_a_reopen
        );
    };
    ($make:path) => {
        $crate::store_contract_suite!(@rules $make:
            a_first_commit_makes_version_one
            a_commit_on_another_version_is_stale_and_changes_nothing
            a_commit_without_rows_raises_the_version
            put_creates_and_replaces
            insert_of_an_existing_row_is_refused_and_changes_nothing
            insert_of_an_existing_header_is_refused
            a_header_that_is_not_written_stays
            all_rows_of_a_commit_appear_together
            partitions_are_independent
            keys_that_resemble_each_other_do_not_mix
            keys_and_bodies_may_be_any_bytes
            big_and_empty_bodies_come_back
            a_free_claim_is_taken_with_the_commit
            an_own_claim_lets_the_commit_through
            a_claim_of_another_partition_stops_the_commit
            a_claim_with_other_content_stops_the_commit
            a_closed_claim_stops_the_commit
            a_held_claim_is_told_before_a_stale_version
            a_stale_version_is_told_before_an_existing_row
            claims_of_a_commit_that_was_not_applied_are_free_or_its_own
            claims_without_a_partition_are_each_on_their_own
            a_claim_never_changes
            claims_of_different_tables_do_not_mix
            unknown_claims_are_absent
            an_unknown_partition_is_empty_at_version_none
            load_gives_kinds_and_keys_once_and_in_order
            load_skips_what_does_not_exist
            a_page_ascends_from_the_start_and_after_a_key
            a_page_descends_from_the_end_and_after_a_key
            a_page_shows_one_kind_only
            pages_join_without_gap_or_repeat
            an_index_scan_keeps_prefix_order_after_and_limit
            an_index_prefix_may_end_in_the_largest_byte
            index_tables_do_not_mix
            an_index_row_written_twice_is_there_once
            an_index_row_replaces_the_one_under_its_key
            two_pointers_under_one_prefix_are_both_there
            an_applied_commit_has_all_its_index_rows
            two_commits_on_one_version_are_applied_once
            a_hot_partition_loses_no_update
            many_partitions_commit_side_by_side
            racing_claims_have_one_winner
            racing_commits_for_one_claim_have_one_winner
            a_load_never_sees_half_a_commit
            a_bulk_scan_sees_everything_once_at_any_page_size
            a_bulk_scan_has_the_partition_before_its_rows
            a_bulk_snapshot_does_not_see_later_commits
            an_import_gives_the_same_store
            an_import_in_parts_gives_the_same_store
            an_import_into_a_used_store_is_refused
            an_import_after_a_claim_is_refused
            an_imported_store_takes_commits_and_no_more_imports
            a_working_store_is_healthy
        );
    };
    (@rules $make:path: $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let subject = $make().await;
                $crate::suite::$rule($crate::suite::Subject::store(&subject)).await;
            }
        )*
    };
    (@reopen $make:path: $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                $crate::suite::$rule($make().await).await;
            }
        )*
    };
}
