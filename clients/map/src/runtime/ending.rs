//! A command that is told to end early, and what it must not leave behind.

use crate::outcome::Stop;
use map_store_embedded::Scratch;
use std::pin::pin;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long work whose folder is gone may take to notice.
const LEFT: Duration = Duration::from_secs(1);

/// SIGINT, SIGTERM and SIGHUP, listened for.
pub(crate) struct Ending([Signal; 3]);

impl Ending {
    /// Listens from now on: before there is something to leave behind.
    pub(crate) fn listen() -> Result<Self, Stop> {
        let listen =
            |kind| signal(kind).map_err(|error| Stop::failed(format!("signals can't be received: {error}")));
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    /// Does this work unless a signal comes first: then removes the folder, whoever still writes into it.
    pub(crate) async fn unless<T>(
        &mut self,
        scratch: &Scratch,
        work: impl Future<Output = Result<T, Stop>>,
    ) -> Result<T, Stop> {
        let Self([interrupt, terminate, hangup]) = self;
        let mut work = pin!(work);
        let name = tokio::select! {
            done = &mut work => return done,
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
            _ = hangup.recv() => "SIGHUP",
        };
        let path = scratch.path().display();
        let first = scratch.remove();
        // Without its folder it soon fails; what it still made is removed behind it.
        let _ended = tokio::time::timeout(LEFT, work).await;
        Err(Stop::failed(match first.and_then(|()| scratch.remove()) {
            Ok(()) => format!("ended by {name} before it was done; {path} is removed"),
            Err(error) => format!("ended by {name} before it was done; {path} can't be removed: {error}"),
        }))
    }
}
