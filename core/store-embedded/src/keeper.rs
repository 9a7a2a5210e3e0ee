//! The keeper: writes sealed tables to disk, merges tables, and has the log tidied, in threads of its own,
//! so that the writer waits only where they can't keep up.

use crate::log::Durable;
use crate::options::Options;
use crate::points::Point;
use crate::slot::Slot;
use crate::tables::{Tables, TablesError};
use crate::tidier::Tidier;
use map_store::StoreError;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Sealed tables in memory from which on the writer waits.
const SEALED_LIMIT: usize = 3;

/// Overlapping tables on disk from which on the writer waits.
const OVERLAP_LIMIT: usize = 24;

/// How often somebody who waits looks again.
const PATIENCE: Duration = Duration::from_millis(20);

/// How many times, until the store is called unwell: five seconds.
const LOOKS: u32 = 250;

/// What is to be done, and what went wrong.
#[derive(Debug, Default)]
struct Duty {
    flush: bool,
    compact: bool,
    end: bool,
    flush_error: Option<String>,
    compact_error: Option<String>,
}

struct Shared {
    duty: Mutex<Duty>,
    changed: Condvar,
    tables: Arc<Tables>,
    slot: Arc<Slot>,
    options: Options,
    tidier: Mutex<Tidier>,
}

/// The threads; [`Keeper::end`] ends them.
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Shared {
    /// Nothing in here is left half changed by a panic, so a poisoned lock is as good.
    fn lock(&self) -> MutexGuard<'_, Duty> {
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, duty: MutexGuard<'a, Duty>, at_most: Duration) -> MutexGuard<'a, Duty> {
        let waited = self.changed.wait_timeout(duty, at_most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn change(&self, change: impl FnOnce(&mut Duty)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits for work of one sort; `false`: there is an end to it.
    fn wait_for(&self, take: impl Fn(&mut Duty) -> bool) -> bool {
        let mut duty = self.lock();
        loop {
            if duty.end {
                return false;
            }
            if take(&mut duty) {
                return true;
            }
            duty = self.changed.wait(duty).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn flush(&self) -> Result<(), String> {
        // Two tables' worth, so that it is not on the way that the space ends.
        let space = self.options.memtable_bytes.saturating_mul(2);
        self.options.folder().check_space(space)?;
        self.told(self.tables.flush())?;
        self.options.points.reach(Point::Flushed);
        Ok(())
    }

    fn flush_until_end(&self) {
        // A store that writes little between two starts would never come to it.
        self.tidy_soon();
        let mut wait = self.options.retry_first;
        while self.wait_for(|duty| std::mem::take(&mut duty.flush)) {
            match self.flush() {
                Ok(()) => {
                    wait = self.options.retry_first;
                    self.change(|duty| {
                        duty.flush_error = None;
                        duty.compact = true;
                    });
                    self.tidy_soon();
                }
                Err(error) => {
                    tracing::warn!(%error, "a table was not written to disk; trying again");
                    self.change(|duty| {
                        duty.flush_error = Some(error);
                        duty.flush = true;
                    });
                    self.pause(wait);
                    wait = wait.saturating_mul(2).min(self.options.retry_longest);
                }
            }
        }
    }

    fn compact_until_end(&self) {
        let mut wait = self.options.retry_first;
        while self.wait_for(|duty| std::mem::take(&mut duty.compact)) {
            let error = self.merge().err();
            let is_again = error.is_some() && !self.slot.is_damaged();
            if let Some(error) = &error {
                tracing::warn!(%error, is_again, "tables were not merged");
            }
            self.change(|duty| {
                duty.compact_error = error;
                duty.compact |= is_again;
            });
            if is_again {
                self.pause(wait);
                wait = wait.saturating_mul(2).min(self.options.retry_longest);
            } else {
                wait = self.options.retry_first;
            }
        }
    }

    /// Waits until it is time to try again, or there is an end.
    fn pause(&self, wait: Duration) {
        let duty = self.lock();
        let waited = self.changed.wait_timeout_while(duty, wait, |duty| !duty.end);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// A merge writes much before what it merged goes, so it keeps off the reserve.
    fn merge(&self) -> Result<(), String> {
        self.options.folder().check_space(self.options.reserve_bytes)?;
        self.told(self.tables.compact_while(|| !self.lock().end))
    }

    /// Damage is noted for the next start, and makes the store unwell until then.
    fn told(&self, done: Result<(), TablesError>) -> Result<(), String> {
        done.map_err(|error| {
            let error = StoreError::from(error);
            self.slot.note(&error);
            error.to_string()
        })
    }

    fn tidy_soon(&self) {
        self.tidier().tidy_soon(self.tables.on_disk());
    }

    fn tidier(&self) -> MutexGuard<'_, Tidier> {
        self.tidier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// Starts the threads.
    pub(crate) fn start(
        tables: Arc<Tables>,
        durable: Arc<Durable>,
        slot: Arc<Slot>,
        options: Options,
    ) -> io::Result<Self> {
        let tidier = Tidier::start(durable, Arc::clone(&slot), options.clone())?;
        let shared = Arc::new(Shared {
            // Every start and stop may leave a table of its own behind.
            duty: Mutex::new(Duty {
                compact: true,
                ..Duty::default()
            }),
            changed: Condvar::new(),
            tables,
            slot,
            options,
            tidier: Mutex::new(tidier),
        });
        let mut keeper = Self {
            shared,
            threads: Vec::new(),
        };
        keeper.shared.tables.share(true);
        keeper.spawn("map-store-flush", Shared::flush_until_end)?;
        keeper.spawn("map-store-merge", Shared::compact_until_end)?;
        Ok(keeper)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce(&Shared) + Send + 'static) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.to_owned());
        self.threads.push(thread.spawn(move || work(&shared))?);
        Ok(())
    }

    /// A table was sealed and is to be written.
    pub(crate) fn flush_soon(&self) {
        self.shared.change(|duty| duty.flush = true);
    }

    /// Waits until there is room for another group, for a while. The text says why there is none.
    pub(crate) fn wait_for_room(&self) -> Result<(), String> {
        for _ in 0..LOOKS {
            let (to_flush, to_merge) = self.crowded();
            if !to_flush && !to_merge {
                return Ok(());
            }
            let duty = self.shared.lock();
            let error = if to_flush {
                &duty.flush_error
            } else {
                &duty.compact_error
            };
            if let Some(error) = error {
                return Err(format!("the tables can't take more: {error}"));
            }
            drop(self.shared.wait(duty, PATIENCE));
        }
        // Whoever failed to ask for it before: now it is asked for.
        self.shared.change(|duty| {
            duty.flush = true;
            duty.compact = true;
        });
        Err("the tables can't take more: writing and merging them does not keep up".to_owned())
    }

    /// Whether there is too much to write, and too much to merge.
    fn crowded(&self) -> (bool, bool) {
        let tables = &self.shared.tables;
        (
            tables.sealed_count() >= SEALED_LIMIT,
            tables.overlapping() >= OVERLAP_LIMIT,
        )
    }

    /// Tries again what failed, now.
    pub(crate) fn recover(&self) -> Result<(), String> {
        let (flush_failed, compact_failed) = {
            let duty = self.shared.lock();
            (duty.flush_error.is_some(), duty.compact_error.is_some())
        };
        if flush_failed {
            self.shared.flush()?;
            self.shared.change(|duty| duty.flush_error = None);
        }
        // Tables that are not merged yet slow reading down; only too many are in the way.
        if compact_failed && self.crowded().1 {
            self.shared.merge()?;
        }
        self.shared.change(|duty| duty.compact_error = None);
        match self.crowded() {
            (false, false) => Ok(()),
            _ => Err("the tables are still being written and merged".to_owned()),
        }
    }

    /// Ends the threads and waits for them.
    pub(crate) fn end(&mut self) {
        self.shared.tables.share(false);
        self.shared.change(|duty| duty.end = true);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the keeper had ended in a panic");
            }
        }
        self.shared.tidier().end();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
#[path = "keeper_test.rs"]
mod tests;
