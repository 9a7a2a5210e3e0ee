//! The faults, and who chooses among them.

use crate::{Claim, Commit};

/// What becomes of one call. A fault that makes no sense for a call (a stale read) is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing goes wrong.
    Fine,
    /// Commits only: said to be stale, though it is not.
    Stale,
    /// Certainly not applied.
    NotApplied,
    /// Applied, and nobody knows: a timeout with effect.
    UnknownApplied,
    /// Not applied, and nobody knows: a timeout without effect.
    UnknownLost,
    /// Applied after so many further commits and claims, not now, and nobody knows.
    UnknownLate(u32),
    /// Applied when [`super::FaultyStore::arrive`] says so, and nobody knows.
    UnknownHeld,
    /// Commits only: claims and index rows are written, the rest is not, and that is known.
    ClaimsOnly,
    /// As [`Fault::ClaimsOnly`], and nobody knows.
    UnknownClaimsOnly,
    /// Applied, and the answer never comes: after this time, in ms, the caller gives up.
    Dropped(u32),
    /// Nothing goes wrong, but it takes this long, in ms. A commit is not synced until then.
    Slow(u32),
}

/// What a fault is chosen for.
#[derive(Debug, Clone, Copy)]
pub enum Call<'a> {
    /// A commit.
    Commit(&'a Commit),
    /// Claims by themselves.
    Claim(&'a [Claim]),
    /// Any read.
    Read,
}

/// Says which fault a call meets.
pub trait Choose: Send + Sync + 'static {
    /// The fault of this call.
    fn fault(&self, call: Call<'_>) -> Fault;

    /// Whether the store says that it would take a commit now.
    fn is_well(&self) -> bool {
        true
    }
}
