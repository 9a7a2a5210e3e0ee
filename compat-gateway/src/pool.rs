//! A bounded pool for MD5withRSA, which takes a hundred times as long as the other algorithms.

use std::sync::Arc;
use tokio::sync::Semaphore;

/// Bounds how many blocking verifications run at once.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    places: Arc<Semaphore>,
}

impl Pool {
    /// At most `threads` at once; more wait.
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(threads.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    /// Runs a computation off the async threads; none: it could not run.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let work = move || {
            // Held by the work, not by its caller: a cancelled caller frees no place that is still in use.
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}
