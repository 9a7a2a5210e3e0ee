//! What a store error knows about the outcome.

/// The result of talking to a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why a store could not answer. What matters to a caller is what is *known*.
///
/// The texts are for operators; they never reach a caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Certainly nothing was written: overload, closed, not reachable, a failed read.
    #[error("not applied: {0}")]
    NotApplied(String),
    /// It may have been written, now or later. Read, submit the same again, or fence.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// What was read can't be what was written. Names the place; never answered as "not found".
    #[error("damaged: {0}")]
    Damaged(String),
}
