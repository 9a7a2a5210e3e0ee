//! The keeper: writes sealed tables to disk, merges tables, and tidies the log, in two threads of its
//! own, so that the writer waits only where they can't keep up.

use crate::folder::Folder;
use crate::log::{Durable, Retention, tidy};
use crate::options::Options;
use crate::points::Point;
use crate::tables::{Tables, TablesError};
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
    durable: Arc<Durable>,
    folder: Folder,
    options: Options,
}

/// The two threads; [`Keeper::end`] ends them.
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
        // Two tables' worth, because what could not be written stays until the next opening.
        let space = self.options.memtable_bytes.saturating_mul(2);
        self.folder.check_space(space)?;
        self.tables.flush().map_err(|error| error.to_string())?;
        self.options.points.reach(Point::Flushed);
        Ok(())
    }

    fn flush_until_end(&self) {
        // A store that writes little between two starts would never come to it.
        self.tidy();
        let mut wait = self.options.retry_first;
        while self.wait_for(|duty| std::mem::take(&mut duty.flush)) {
            match self.flush() {
                Ok(()) => {
                    wait = self.options.retry_first;
                    self.change(|duty| {
                        duty.flush_error = None;
                        duty.compact = true;
                    });
                    self.tidy();
                }
                Err(error) => {
                    tracing::warn!(%error, "a table was not written to disk; trying again");
                    self.change(|duty| {
                        duty.flush_error = Some(error);
                        duty.flush = true;
                    });
                    let duty = self.lock();
                    if !duty.end {
                        drop(self.wait(duty, wait));
                    }
                    wait = wait.saturating_mul(2).min(self.options.retry_longest);
                }
            }
        }
    }

    fn compact_until_end(&self) {
        while self.wait_for(|duty| std::mem::take(&mut duty.compact)) {
            let error = self.merge().err();
            if let Some(error) = &error {
                tracing::warn!(%error, "tables were not merged");
            }
            self.change(|duty| duty.compact_error = error);
        }
    }

    /// A merge that fails leaves what it wrote until the next opening, so it keeps off the reserve.
    fn merge(&self) -> Result<(), String> {
        self.folder.check_space(self.options.reserve_bytes)?;
        let merged = self.tables.compact();
        if let Err(TablesError::Damaged(_)) = &merged
            && let Err(error) = self.folder.mark_tables_damaged()
        {
            tracing::error!(%error, "the damage could not be noted in the folder");
        }
        merged.map_err(|error| error.to_string())
    }

    /// Segments that stay are no harm, so this is tried again after the next table.
    fn tidy(&self) {
        if self.options.retention == Retention::Forever {
            return;
        }
        let now_ms = self.options.clock.now_ms();
        match tidy(
            &self.durable,
            &self.options.retention,
            self.tables.on_disk(),
            now_ms,
        ) {
            Ok(0) => {}
            Ok(segments) => tracing::info!(segments, "segments of the log were removed"),
            Err(error) => tracing::error!(%error, "a segment of the log was not archived or removed"),
        }
    }
}

impl Keeper {
    /// Starts the threads.
    pub(crate) fn start(
        tables: Arc<Tables>,
        durable: Arc<Durable>,
        folder: Folder,
        options: Options,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            // Every start and stop may leave a table of its own behind.
            duty: Mutex::new(Duty {
                compact: true,
                ..Duty::default()
            }),
            changed: Condvar::new(),
            tables,
            durable,
            folder,
            options,
        });
        let mut keeper = Self {
            shared,
            threads: Vec::new(),
        };
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
        self.shared.change(|duty| duty.end = true);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the keeper had ended in a panic");
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}
