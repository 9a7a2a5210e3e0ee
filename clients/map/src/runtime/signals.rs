//! SIGTERM and SIGINT: the first drains, the second ends at once.

use crate::outcome::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    Draining,
    Ended,
}

/// Tells when to drain and when to end. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    phase: watch::Sender<Phase>,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn install() -> Result<Self, Stop> {
        let listen =
            |kind| signal(kind).map_err(|error| Stop::failed(format!("signals can't be received: {error}")));
        let (mut terminate, mut interrupt) =
            (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
        let phase = watch::Sender::new(Phase::Running);
        let signals = Self { phase };
        let mine = signals.clone();
        tokio::spawn(async move {
            either(&mut terminate, &mut interrupt).await;
            tracing::info!("draining; a second signal ends at once");
            mine.drain();
            either(&mut terminate, &mut interrupt).await;
            mine.phase.send_replace(Phase::Ended);
        });
        Ok(signals)
    }

    /// Begins to drain, as the first signal does.
    pub(crate) fn drain(&self) {
        self.phase.send_if_modified(|phase| {
            let running = *phase == Phase::Running;
            if running {
                *phase = Phase::Draining;
            }
            running
        });
    }

    /// Whether draining has begun.
    pub(crate) fn draining(&self) -> bool {
        *self.phase.borrow() >= Phase::Draining
    }

    /// Waits until draining begins.
    pub(crate) async fn drained(self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits for the second signal.
    pub(crate) async fn ended(self) {
        self.reached(Phase::Ended).await;
    }

    async fn reached(&self, wanted: Phase) {
        // The sender is `self`: it can't be gone.
        let _ = self.phase.subscribe().wait_for(|phase| *phase >= wanted).await;
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
