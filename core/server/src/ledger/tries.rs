//! Attempts at one request: what is tried again, how long, and what may be said at the end.
//!
//! The rule of this file: **after an unknown outcome nobody says "no"** until the store has
//! said what became of it, or something durable stands in the way.

use super::Ledger;
use super::number::below;
use crate::failure::Failure;
use crate::telemetry;
use map_domain::Refusal;
use map_store::StoreError;
use std::time::Duration;
use tokio::time::Instant;

/// Certain failures in a row before the caller is told to come again.
const MAX_FAILURES: u32 = 3;

/// Rounds that are tried again at once; after them a pause.
const EAGER_ROUNDS: u32 = 3;

/// Why an attempt ended without an answer.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Somebody else was faster: look again.
    Raced,
    /// The store failed.
    Store(StoreError),
    /// A "no" that nothing durable backs: it may be said only where nothing may have happened.
    Refused(Failure),
    /// The answer: durable, or about something that no attempt of this request can change.
    Final(Failure),
}

impl Halt {
    /// A refusal that stands: durable, or about something that no attempt of this request can change.
    pub(crate) const fn no(refusal: Refusal) -> Self {
        Self::Final(Failure::Refused(refusal))
    }

    /// A defect. The text is for the log only.
    pub(crate) fn defect(text: impl Into<String>) -> Self {
        Self::Final(Failure::Internal(text.into()))
    }

    /// A failed read: it changed nothing, whatever the store calls it.
    pub(crate) fn read(error: StoreError) -> Self {
        Self::Store(match error {
            StoreError::OutcomeUnknown(text) => StoreError::NotApplied(text),
            StoreError::NotApplied(_) | StoreError::Damaged(_) => error,
        })
    }
}

/// One attempt at a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Whether an earlier attempt may have had an effect that was not seen yet.
    pub(super) after_unknown: bool,
}

impl Ledger {
    /// Makes attempts at a request until one has its answer, or none can be waited for.
    pub(super) async fn settled<T, A>(&self, attempt: impl Fn(Attempt) -> A) -> Result<T, Failure>
    where
        A: Future<Output = Result<T, Halt>>,
    {
        let mut tries = Tries::new(self);
        loop {
            let outcome = attempt(tries.next()).await;
            if let Some(answer) = tries.settle(outcome).await {
                return answer;
            }
        }
    }
}

/// The attempts at one request.
struct Tries<'a> {
    ledger: &'a Ledger,
    deadline: Instant,
    rounds: u32,
    failures: u32,
    unknown: bool,
}

impl<'a> Tries<'a> {
    /// None so far.
    fn new(ledger: &'a Ledger) -> Self {
        let limit = Duration::from_millis(ledger.options.settle_ms);
        let now = Instant::now();
        let deadline = now.checked_add(limit).unwrap_or(now);
        Self {
            ledger,
            deadline,
            rounds: 0,
            failures: 0,
            unknown: false,
        }
    }

    const fn next(&self) -> Attempt {
        Attempt {
            after_unknown: self.unknown,
        }
    }

    /// The answer, or, after a pause, `None`: try again.
    async fn settle<T>(&mut self, outcome: Result<T, Halt>) -> Option<Result<T, Failure>> {
        let last_word = match outcome {
            Ok(answer) => return Some(Ok(answer)),
            Err(Halt::Final(failure)) => return Some(Err(failure)),
            Err(Halt::Refused(failure)) if !self.unknown => return Some(Err(failure)),
            Err(Halt::Refused(_)) => Failure::OutcomeUnknown,
            Err(Halt::Raced) => Failure::Overloaded,
            Err(Halt::Store(StoreError::Damaged(place))) => {
                return Some(Err(StoreError::Damaged(place).into()));
            }
            Err(Halt::Store(StoreError::OutcomeUnknown(_))) => {
                metrics::counter!(telemetry::OUTCOMES_UNKNOWN).increment(1);
                self.unknown = true;
                Failure::OutcomeUnknown
            }
            Err(Halt::Store(StoreError::NotApplied(text))) => {
                if self.failures == 0 {
                    // Once a call, and no warning: that the store is unwell is told once for all.
                    tracing::info!(reason = %text, "not applied by the store");
                }
                self.failures = self.failures.saturating_add(1);
                if self.failures > MAX_FAILURES && !self.unknown {
                    return Some(Err(Failure::Unavailable));
                }
                Failure::Unavailable
            }
        };
        if Instant::now() >= self.deadline {
            return Some(Err(if self.unknown {
                Failure::OutcomeUnknown
            } else {
                last_word
            }));
        }
        self.pause().await;
        None
    }

    /// A pause that grows and differs from caller to caller, so that those who raced once do
    /// not race again.
    async fn pause(&mut self) {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds <= EAGER_ROUNDS && !self.unknown {
            return tokio::task::yield_now().await;
        }
        let most = 1_u64.checked_shl(self.rounds.min(7)).unwrap_or(128);
        let ms = below(&*self.ledger.core.random, most).saturating_add(1);
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}
