//! How often each kind of fault was met.

use std::sync::atomic::{AtomicU64, Ordering};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A commit was said to be stale and was not.
    Stale,
    /// A commit or claim was certainly not applied.
    NotApplied,
    /// A commit or claim was applied, and its outcome told as unknown.
    TimeoutWithEffect,
    /// A commit or claim was not applied, and its outcome told as unknown.
    TimeoutWithoutEffect,
    /// A commit or claim whose outcome was told as unknown took effect after others.
    LateEffect,
    /// A commit whose outcome was told as unknown came so late that it was refused.
    TooLate,
    /// A commit or claim was applied, and no answer came for a long time.
    DroppedAnswer,
    /// A call took its time.
    Delay,
    /// A read failed.
    FailedRead,
    /// Claims and index rows were written, and their commit was not.
    Dangling,
    /// A crash lost a commit that was not synced.
    CrashLost,
    /// A crash kept a commit that was not answered.
    CrashKept,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Stale,
        Self::NotApplied,
        Self::TimeoutWithEffect,
        Self::TimeoutWithoutEffect,
        Self::LateEffect,
        Self::TooLate,
        Self::DroppedAnswer,
        Self::Delay,
        Self::FailedRead,
        Self::Dangling,
        Self::CrashLost,
        Self::CrashKept,
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stale => "stale version",
            Self::NotApplied => "not applied",
            Self::TimeoutWithEffect => "timeout with effect",
            Self::TimeoutWithoutEffect => "timeout without effect",
            Self::LateEffect => "late effect",
            Self::TooLate => "came too late",
            Self::DroppedAnswer => "dropped answer",
            Self::Delay => "delay",
            Self::FailedRead => "failed read",
            Self::Dangling => "dangling claims and index rows",
            Self::CrashLost => "crash that loses a commit",
            Self::CrashKept => "crash that keeps a commit",
        }
    }
}

/// How often each kind was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; Kind::ALL.len()]);

impl Counts {
    /// How often this kind was met.
    pub fn of(&self, kind: Kind) -> u64 {
        self.each()
            .find_map(|(each, count)| (each == kind).then_some(count))
            .unwrap_or_default()
    }

    /// Every kind with its count.
    pub fn each(&self) -> impl Iterator<Item = (Kind, u64)> {
        Kind::ALL.into_iter().zip(self.0)
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        for (mine, others) in self.0.iter_mut().zip(other.0) {
            *mine = mine.saturating_add(others);
        }
    }
}

/// Counts while others read.
#[derive(Debug, Default)]
pub(super) struct Tally([AtomicU64; Kind::ALL.len()]);

impl Tally {
    pub(super) fn add(&self, kind: Kind) {
        for (each, count) in Kind::ALL.into_iter().zip(&self.0) {
            if each == kind {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts(self.0.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }
}
