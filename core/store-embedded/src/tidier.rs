//! Archives and removes full segments of the log, in a thread of its own: an archive may hang, as a folder
//! on a network does, and nothing else may wait for it.

use crate::log::{Durable, Retention, tidy};
use crate::options::Options;
use crate::slot::Slot;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long an end waits for a segment that is being archived.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is to be done.
#[derive(Debug, Default)]
struct Duty {
    /// Segments may go whose records are in tables on disk: up to this one.
    applied: Option<u64>,
    is_busy: bool,
    end: bool,
}

struct Shared {
    duty: Mutex<Duty>,
    changed: Condvar,
    durable: Arc<Durable>,
    slot: Arc<Slot>,
    options: Options,
}

/// The thread; [`Tidier::end`] ends it.
pub(crate) struct Tidier {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Shared {
    /// Nothing in here is left half changed by a panic, so a poisoned lock is as good.
    fn lock(&self) -> MutexGuard<'_, Duty> {
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut duty = self.lock();
        loop {
            let waited = self
                .changed
                .wait_while(duty, |duty| !duty.end && duty.applied.is_none());
            duty = waited.unwrap_or_else(PoisonError::into_inner);
            let Some(applied) = duty.applied.take().filter(|_| !duty.end) else {
                return;
            };
            duty.is_busy = true;
            drop(duty);
            self.tidy(applied);
            duty = self.lock();
            duty.is_busy = false;
            self.changed.notify_all();
        }
    }

    /// Segments that stay are no harm, so this is tried again after the next table.
    fn tidy(&self, applied: u64) {
        let now_ms = self.options.clock.now_ms();
        // The folder may be another's once there was an end, so a removal holds it back.
        let mut unless_ended = |remove: &mut dyn FnMut() -> io::Result<()>| {
            let duty = self.lock();
            if duty.end {
                return Err(io::Error::other("the store is closed"));
            }
            // Asked now and not before: an archive may have taken its time.
            if self.slot.is_damaged() {
                return Err(io::Error::other(
                    "the tables are damaged, and built anew from the segments",
                ));
            }
            remove()
        };
        match tidy(
            &self.durable,
            &self.options.retention,
            applied,
            now_ms,
            &mut unless_ended,
        ) {
            Ok(0) => {}
            Ok(segments) => tracing::info!(segments, "segments of the log were removed"),
            Err(error) => tracing::error!(%error, "a segment of the log was not archived or removed"),
        }
    }
}

impl Tidier {
    /// Starts the thread, where segments are not kept for ever.
    pub(crate) fn start(durable: Arc<Durable>, slot: Arc<Slot>, options: Options) -> io::Result<Self> {
        let is_needed = options.retention != Retention::Forever;
        let shared = Arc::new(Shared {
            duty: Mutex::default(),
            changed: Condvar::new(),
            durable,
            slot,
            options,
        });
        let mut thread = None;
        if is_needed {
            let shared = Arc::clone(&shared);
            let named = std::thread::Builder::new().name("map-store-tidy".to_owned());
            thread = Some(named.spawn(move || shared.run())?);
        }
        Ok(Self { shared, thread })
    }

    /// Records up to this one are in tables on disk.
    pub(crate) fn tidy_soon(&self, applied: u64) {
        self.shared.lock().applied = Some(applied);
        self.shared.changed.notify_all();
    }

    /// Ends the thread. One that hangs is left behind: it removes nothing any more.
    pub(crate) fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let mut duty = self.shared.lock();
        duty.end = true;
        self.shared.changed.notify_all();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(duty, PATIENCE, |duty| duty.is_busy);
        let is_busy = waited.unwrap_or_else(PoisonError::into_inner).0.is_busy;
        if is_busy {
            tracing::warn!("the archive of the log does not answer; the store is closed without it");
        } else if thread.join().is_err() {
            tracing::error!("the thread that tidies the log had ended in a panic");
        }
    }
}
