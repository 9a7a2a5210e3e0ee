//! The one writer: takes what waits, decides it as a group, makes the group durable, answers.
//!
//! After a failed write it is unwell: it refuses what comes and tries to recover, with back-off,
//! until it is closed. What it does not do: know how a group is made durable.

use crate::group::{Answer, Group};
use crate::seam::{AppendError, Backend, Batch};
use crate::state::{Condition, State, not_applied};
use map_store::{Change, CommitOutcome, StoreError, StoreResult};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::oneshot;

/// A change and who waits for its answer.
pub(crate) struct Job {
    pub(crate) change: Change,
    /// Size of keys and bodies (bytes).
    pub(crate) weight: usize,
    pub(crate) reply: oneshot::Sender<StoreResult<Answer>>,
}

/// What is sent to the writer.
pub(crate) enum Message {
    Job(Job),
    /// Finish what waits, then end.
    Close,
}

/// How far the writer goes.
pub(crate) struct Limits {
    pub(crate) group: usize,
    pub(crate) group_bytes: usize,
    pub(crate) retry_first: Duration,
    pub(crate) retry_longest: Duration,
}

/// What to do next.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

/// The writer; [`Writer::run`] is its thread.
pub(crate) struct Writer<B> {
    pub(crate) queue: Receiver<Message>,
    pub(crate) backend: B,
    pub(crate) state: Arc<State>,
    pub(crate) limits: Limits,
    /// The store is known to hold something that was committed.
    pub(crate) live: bool,
}

impl<B: Backend> Writer<B> {
    /// Works until it is told to close, or nobody is left to send.
    pub(crate) fn run(mut self) {
        let _closed = ClosedAtEnd(Arc::clone(&self.state));
        while let Ok(Message::Job(first)) = self.queue.recv() {
            let (jobs, mut next) = self.drain(first);
            if self.write(jobs).is_err() && next == Next::GoOn {
                next = self.recover();
            }
            if next == Next::End {
                break;
            }
        }
        self.state.set(Condition::Closed);
        while let Ok(message) = self.queue.try_recv() {
            refuse(message, "the store is closed");
        }
        self.backend.close();
    }

    /// All that waits, up to the limits of a group.
    fn drain(&self, first: Job) -> (Vec<Job>, Next) {
        let mut weight = first.weight;
        let mut jobs = vec![first];
        while jobs.len() < self.limits.group && weight < self.limits.group_bytes {
            match self.queue.try_recv() {
                Ok(Message::Job(job)) => {
                    weight = weight.saturating_add(job.weight);
                    jobs.push(job);
                }
                Ok(Message::Close) => return (jobs, Next::End),
                Err(_) => break,
            }
        }
        (jobs, Next::GoOn)
    }

    /// Decides and writes a group and answers it. `Err`: the backend failed.
    fn write(&mut self, jobs: Vec<Job>) -> Result<(), ()> {
        let mut group = Group::new(&self.backend, self.live);
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            answers.push((job.reply, group.admit(job.change)));
        }
        let (batch, live) = group.finish();
        let has_effect = !batch.cells.is_empty();
        match self.append(batch) {
            Ok(()) => {
                self.live = live;
                self.count(has_effect, &answers);
                for (reply, answer) in answers {
                    // Who has gone away will read what became of it.
                    let _gone = reply.send(answer);
                }
                Ok(())
            }
            Err(error) => {
                self.fail(&error);
                for (reply, _) in answers {
                    let _gone = reply.send(Err(error.clone()));
                }
                Err(())
            }
        }
    }

    /// A group without effect needs no sync: what it was decided on is durable.
    fn append(&mut self, batch: Batch) -> Result<(), StoreError> {
        if batch.cells.is_empty() {
            return Ok(());
        }
        self.backend.append(batch).map_err(|error| match error {
            AppendError::Refused(reason) => StoreError::NotApplied(reason),
            AppendError::Unknown(reason) => StoreError::OutcomeUnknown(reason),
        })
    }

    /// Before the callers are answered, so that whoever is answered finds the store unwell.
    fn fail(&self, error: &StoreError) {
        tracing::error!(%error, "a group was not written; commits are refused until the disk is well");
        self.state.set(Condition::Unwell(error.to_string()));
        self.state.count(|stats| {
            stats.last_error = Some(error.to_string());
            if matches!(error, StoreError::OutcomeUnknown(_)) {
                stats.unknown_groups = stats.unknown_groups.saturating_add(1);
            }
        });
    }

    fn count(
        &self,
        has_effect: bool,
        answers: &[(oneshot::Sender<StoreResult<Answer>>, StoreResult<Answer>)],
    ) {
        let applied =
            |answer: &StoreResult<Answer>| matches!(answer, Ok(Answer::Commit(CommitOutcome::Applied(_))));
        let applied = answers.iter().filter(|(_, answer)| applied(answer)).count();
        let size = u64::try_from(answers.len()).unwrap_or(u64::MAX);
        self.state.count(|stats| {
            stats.groups = stats.groups.saturating_add(u64::from(has_effect));
            stats.changes = stats.changes.saturating_add(size);
            stats.largest_group = stats.largest_group.max(size);
            let applied = u64::try_from(applied).unwrap_or(u64::MAX);
            stats.commits_applied = stats.commits_applied.saturating_add(applied);
        });
    }

    /// Tries until it succeeds or the store is closed. Callers are refused before they queue, so
    /// few messages can disturb the wait.
    fn recover(&mut self) -> Next {
        let mut wait = self.limits.retry_first;
        loop {
            match self.queue.recv_timeout(wait) {
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => return Next::End,
                Ok(job @ Message::Job(_)) => {
                    refuse(job, "recovering from a failed write");
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            match self.backend.recover() {
                Ok(()) => {
                    tracing::info!("the disk is well again; commits are accepted");
                    // What became of the unknown group is read anew.
                    self.live = false;
                    self.state
                        .count(|stats| stats.recoveries = stats.recoveries.saturating_add(1));
                    self.state.set(Condition::Well);
                    return Next::GoOn;
                }
                Err(reason) => {
                    tracing::warn!(%reason, ?wait, "the store could not be reopened yet");
                    self.state.count(|stats| stats.last_error = Some(reason.clone()));
                    self.state.set(Condition::Unwell(reason));
                    wait = wait.saturating_mul(2).min(self.limits.retry_longest);
                }
            }
        }
    }
}

fn refuse(message: Message, reason: &str) {
    match message {
        Message::Job(job) => {
            let _gone = job.reply.send(Err(not_applied(reason)));
        }
        Message::Close => {}
    }
}

/// However the thread ends, nobody waits for it any more.
struct ClosedAtEnd(Arc<State>);

impl Drop for ClosedAtEnd {
    fn drop(&mut self) {
        self.0.set(Condition::Closed);
    }
}

#[cfg(test)]
#[path = "writer_test.rs"]
mod tests;
