//! The store in memory, with faults: what a store may do to those who call it, and still keeps its
//! promises.
//!
//! Which fault a call meets is said by [`Choose`]: by seed ([`Seeded`]) or by a test's script. Every
//! fault is one that the [`Store`] trait allows: an answered commit stays, an error says what is known.
//! Each that was met is counted.
//!
//! A process that uses the store does so by a [`Process`], which can crash: what it had not been
//! answered is lost or kept, and it hears of nothing any more.
//!
//! What this store does not do: break a promise. A store that does is what a test of tests wraps around it.

mod counts;
mod fault;
mod process;
mod seeded;
mod store;
#[cfg(test)]
mod tests;

pub use counts::{Counts, Kind};
pub use fault::{Call, Choose, Fault};
pub use process::Process;
pub use seeded::{Odds, Seeded};

use crate::{Claim, ClaimKey, Commit, CommitOutcome, IndexKey, MemoryStore, Store, StoreError, StoreResult};
use counts::Tally;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is on its way.
#[derive(Debug)]
enum Work {
    Commit(Box<Commit>),
    Claim(Vec<Claim>),
}

#[derive(Debug, Default)]
struct State {
    /// How many commits and claims were asked for.
    calls: u64,
    /// What is applied before the call of this number.
    late: Vec<(u64, Work)>,
    /// Commits that are not synced yet, by their number and the process that waits for them.
    unsynced: Vec<(u64, u64, Commit)>,
    /// Tickets given to slow commits.
    tickets: u64,
    /// What a claim that is asked for by itself meets first.
    before_claim: Vec<Claim>,
    /// Index rows that were written and whose commits were not.
    dangling: BTreeSet<IndexKey>,
    /// The number of the last process.
    processes: u64,
}

/// The store in memory, with faults.
pub struct FaultyStore<C> {
    /// Says which.
    pub faults: C,
    inner: MemoryStore,
    state: Mutex<State>,
    counts: Tally,
}

impl<C: Choose + Default> Default for FaultyStore<C> {
    fn default() -> Self {
        Self::new(C::default())
    }
}

fn unknown() -> StoreError {
    StoreError::OutcomeUnknown("a fault".to_owned())
}

fn not_applied() -> StoreError {
    StoreError::NotApplied("a fault".to_owned())
}

async fn pause(ms: u32) {
    tokio::time::sleep(Duration::from_millis(ms.into())).await;
}

impl<C: Choose> FaultyStore<C> {
    /// An empty one.
    pub fn new(faults: C) -> Self {
        Self {
            faults,
            inner: MemoryStore::new(),
            state: Mutex::default(),
            counts: Tally::default(),
        }
    }

    /// The store as one process has it.
    pub fn process(self: &Arc<Self>) -> Arc<Process<C>> {
        let mut state = self.state();
        state.processes = state.processes.saturating_add(1);
        Arc::new(Process::new(Arc::clone(self), state.processes))
    }

    /// How often each kind of fault was met so far.
    pub fn counts(&self) -> Counts {
        self.counts.counts()
    }

    /// The places of index rows that were left by commits that were not applied. Those of a late one
    /// that was applied after all are among them.
    pub fn dangling(&self) -> BTreeSet<IndexKey> {
        self.state().dangling.clone()
    }

    /// Somebody writes these claims right before the next call of `claim`.
    pub fn overtake(&self, claims: Vec<Claim>) {
        self.state().before_claim = claims;
    }

    /// All that was on its way arrives; what became of the commits among it.
    pub async fn arrive(&self) -> Vec<CommitOutcome> {
        self.deliver(u64::MAX).await
    }

    /// What is on its way is lost for ever.
    pub fn forget(&self) {
        self.state().late.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more commit or claim: first arrives what is due.
    async fn next_call(&self) {
        let now = {
            let mut state = self.state();
            state.calls = state.calls.saturating_add(1);
            state.calls
        };
        self.deliver(now).await;
    }

    async fn deliver(&self, now: u64) -> Vec<CommitOutcome> {
        let due = {
            let mut state = self.state();
            let late = std::mem::take(&mut state.late);
            let (due, rest) = late.into_iter().partition(|(at, _)| *at <= now);
            state.late = rest;
            let due: Vec<(u64, Work)> = due;
            due
        };
        let mut outcomes = Vec::new();
        for (_, work) in due {
            match work {
                Work::Commit(commit) => {
                    if let Ok(outcome) = self.inner.commit(*commit).await {
                        self.counts.add(match outcome {
                            CommitOutcome::Applied(_) => Kind::LateEffect,
                            CommitOutcome::Stale
                            | CommitOutcome::ClaimHeld { .. }
                            | CommitOutcome::RowExists(_) => Kind::TooLate,
                        });
                        outcomes.push(outcome);
                    }
                }
                Work::Claim(claims) => {
                    if self.inner.claim(claims).await.is_ok() {
                        self.counts.add(Kind::LateEffect);
                    }
                }
            }
        }
        outcomes
    }

    /// Delays work until so many further calls have come.
    fn delay(&self, work: Work, calls: u64) {
        let mut state = self.state();
        let due = state.calls.saturating_add(calls);
        state.late.push((due, work));
    }

    /// Writes claims and index rows of a commit that is not applied, as stores do that write them first.
    async fn announce(&self, commit: Commit) -> Result<(), CommitOutcome> {
        let keys: Vec<ClaimKey> = commit.claims.iter().map(|claim| claim.key.clone()).collect();
        let held = self.inner.read_claims(&keys).await.unwrap_or_default();
        let mut told = commit.claims.iter().zip(held);
        if let Some((claim, held)) = told.find_map(|(claim, held)| {
            let other = held.filter(|held| *held != claim.value)?;
            Some((claim, other))
        }) {
            let key = claim.key.clone();
            return Err(CommitOutcome::ClaimHeld { key, held });
        }
        let places = commit.index.iter().map(|row| row.key.clone());
        self.state().dangling.extend(places);
        self.inner.announce(commit.claims, commit.index);
        self.counts.add(Kind::Dangling);
        Ok(())
    }

    async fn commit_for(&self, process: u64, commit: Commit) -> StoreResult<CommitOutcome> {
        self.next_call().await;
        let fault = self.faults.fault(Call::Commit(&commit));
        match fault {
            Fault::Fine => self.inner.commit(commit).await,
            Fault::Stale => {
                self.counts.add(Kind::Stale);
                Ok(CommitOutcome::Stale)
            }
            Fault::NotApplied => {
                self.counts.add(Kind::NotApplied);
                Err(not_applied())
            }
            Fault::UnknownApplied => {
                self.counts.add(Kind::TimeoutWithEffect);
                self.inner.commit(commit).await?;
                Err(unknown())
            }
            Fault::UnknownLost => {
                self.counts.add(Kind::TimeoutWithoutEffect);
                Err(unknown())
            }
            Fault::UnknownLate(calls) => {
                self.delay(Work::Commit(Box::new(commit)), calls.max(1).into());
                Err(unknown())
            }
            Fault::UnknownHeld => {
                self.delay(Work::Commit(Box::new(commit)), u64::MAX);
                Err(unknown())
            }
            Fault::ClaimsOnly => match self.announce(commit).await {
                Ok(()) => Err(not_applied()),
                Err(outcome) => Ok(outcome),
            },
            Fault::UnknownClaimsOnly => match self.announce(commit).await {
                Ok(()) => Err(unknown()),
                Err(outcome) => Ok(outcome),
            },
            Fault::Dropped(ms) => {
                self.counts.add(Kind::DroppedAnswer);
                self.inner.commit(commit).await?;
                pause(ms).await;
                Err(unknown())
            }
            Fault::Slow(ms) => self.commit_slowly(process, commit, ms).await,
        }
    }

    async fn commit_slowly(&self, process: u64, commit: Commit, ms: u32) -> StoreResult<CommitOutcome> {
        self.counts.add(Kind::Delay);
        let number = {
            let mut state = self.state();
            // Its own: two calls on two threads may see the same count of calls.
            state.tickets = state.tickets.saturating_add(1);
            let number = state.tickets;
            state.unsynced.push((number, process, commit));
            number
        };
        pause(ms).await;
        let synced = {
            let mut state = self.state();
            let waiting = std::mem::take(&mut state.unsynced);
            let (mine, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(at, ..)| *at == number);
            state.unsynced = rest;
            mine.into_iter().next()
        };
        match synced {
            Some((_, _, commit)) => self.inner.commit(commit).await,
            // The process that waited has crashed: nobody hears this.
            None => std::future::pending().await,
        }
    }

    /// Of the commits that this process waits for, those are kept that `keep` says; the rest is lost.
    async fn crash(&self, process: u64, mut keep: impl FnMut() -> bool) {
        let waiting = {
            let mut state = self.state();
            let waiting = std::mem::take(&mut state.unsynced);
            let (its, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, of, _)| *of == process);
            state.unsynced = rest;
            its
        };
        let keeping: Vec<_> = waiting
            .into_iter()
            .map(|(_, _, commit)| (keep(), commit))
            .collect();
        for (kept, commit) in keeping {
            self.counts
                .add(if kept { Kind::CrashKept } else { Kind::CrashLost });
            if kept {
                // Whether it was applied is known to nobody: the process is gone.
                let _ = self.inner.commit(commit).await;
            }
        }
    }

    /// A read may fail or take its time. Whoever reads to write lets the others read, too: as many
    /// race as can.
    async fn read<T>(&self, read: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        let fault = self.faults.fault(Call::Read);
        match fault {
            Fault::NotApplied => {
                self.counts.add(Kind::FailedRead);
                return Err(not_applied());
            }
            Fault::UnknownLost => {
                self.counts.add(Kind::FailedRead);
                return Err(unknown());
            }
            Fault::Slow(ms) => {
                self.counts.add(Kind::Delay);
                pause(ms).await;
            }
            Fault::Fine
            | Fault::Stale
            | Fault::UnknownApplied
            | Fault::UnknownLate(_)
            | Fault::UnknownHeld
            | Fault::ClaimsOnly
            | Fault::UnknownClaimsOnly
            | Fault::Dropped(_) => {}
        }
        let found = read.await;
        tokio::task::yield_now().await;
        found
    }
}
