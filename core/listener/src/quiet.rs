//! How long a connection has been without a request.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// The requests of one connection. Clones are of the same connection.
#[derive(Clone)]
pub(super) struct Requests(Arc<Mutex<State>>);

struct State {
    open: usize,
    /// When the connection began, or its last request ended.
    since: Instant,
    /// Whether there was a request.
    begun: bool,
}

/// A request that is answered.
pub(super) struct Open(Requests);

/// The body of an answer, whose request is open as long as this is; see [`Open::hold`].
pub(super) struct Held<B> {
    body: B,
    _open: Option<Open>,
}

impl Requests {
    pub(super) fn none(since: Instant) -> Self {
        Self(Arc::new(Mutex::new(State {
            open: 0,
            since,
            begun: false,
        })))
    }

    /// One begins; it ends with what is returned.
    pub(super) fn begin(&self) -> Open {
        let mut state = self.lock();
        state.open = state.open.saturating_add(1);
        state.begun = true;
        Open(self.clone())
    }

    /// The other side is told that nothing should come any more: from now on quiet counts anew.
    pub(super) fn told(&self) {
        self.lock().since = Instant::now();
    }

    /// Waits until there was no request for this long: before the first, and then between two. A timer that
    /// looks again, and not one that every request sets anew: requests are many, quiet is rare.
    pub(super) async fn quiet_for(&self, first: Duration, between: Duration) {
        loop {
            let now = Instant::now();
            let (end, look) = {
                let state = self.lock();
                let limit = if state.begun { between } else { first };
                let since = if state.open > 0 { now } else { state.since };
                (since.checked_add(limit), now.checked_add(between))
            };
            match end {
                Some(end) if end <= now => return,
                // When a first request has come the other limit holds, and may be over before.
                Some(end) => tokio::time::sleep_until(look.map_or(end, |look| look.min(end))).await,
                // Out of the clock's range is never.
                None => std::future::pending().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// A stream is open until its end. An answer of known length has the time between two requests to be
    /// taken: who never takes it would hold it, and the connection, for ever.
    pub(super) fn hold<B: Body>(self, body: B) -> Held<B> {
        let is_stream = body.size_hint().exact().is_none();
        Held {
            body,
            _open: is_stream.then_some(self),
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Held<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.open = state.open.saturating_sub(1);
        state.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(10);
    const BETWEEN: Duration = Duration::from_secs(75);

    async fn quiet_after(requests: &Requests, since: Instant) -> u64 {
        requests.quiet_for(FIRST, BETWEEN).await;
        since.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_request_has_a_limit_of_its_own_and_what_is_open_is_not_quiet() {
        let begun = Instant::now();
        let requests = Requests::none(begun);
        assert_eq!(quiet_after(&requests, begun).await, 10);
        let (slow, quick) = (requests.begin(), requests.begin());
        drop(quick);
        let open = quiet_after(&requests, begun);
        assert!(
            tokio::time::timeout(Duration::from_secs(1_000), open)
                .await
                .is_err()
        );
        let ended = Instant::now();
        drop(slow);
        assert_eq!(quiet_after(&requests, ended).await, 75);
    }
}
