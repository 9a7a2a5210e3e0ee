//! The tasks that serve: when one ends that should not, the others drain and the process fails.

use super::signals::Signals;
use crate::outcome::Stop;
use std::future::Future;
use tokio::task::{JoinError, JoinSet};

type Ended = (&'static str, Result<(), String>);

/// The tasks that serve.
#[derive(Default)]
pub(super) struct Serving {
    /// Drained on a signal; the process waits for them.
    main: JoinSet<Ended>,
    /// Needed to the end, and then cut.
    side: JoinSet<Ended>,
}

impl Serving {
    /// A task that ends by itself once draining began.
    pub(super) fn spawn<E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.main
            .spawn(async move { (name, work.await.map_err(|error| error.to_string())) });
    }

    /// A task that is cut when the others have ended.
    pub(super) fn spawn_aside<E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.side
            .spawn(async move { (name, work.await.map_err(|error| error.to_string())) });
    }

    /// Waits until all main tasks have ended after draining began, which one that dies begins.
    pub(super) async fn run(&mut self, signals: &Signals) -> Result<(), Stop> {
        let mut failure = None;
        while !self.main.is_empty() {
            let died = tokio::select! {
                () = signals.clone().ended() => return Err(Stop::failed("ended at once by a second signal")),
                Some(ended) = self.main.join_next() => died(ended, signals.draining()),
                Some(ended) = self.side.join_next() => died(ended, false),
            };
            if let Some(reason) = died {
                tracing::error!(reason, "a task died; draining");
                failure.get_or_insert(reason);
                signals.drain();
            }
        }
        failure.map_or(Ok(()), |reason| Err(Stop::failed(reason)))
    }
}

/// Why the end of this task is a failure, if it is one.
fn died(ended: Result<Ended, JoinError>, draining: bool) -> Option<String> {
    match ended {
        Ok((_, Ok(()))) if draining => None,
        Ok((name, Ok(()))) => Some(format!("{name} ended by itself")),
        Ok((name, Err(reason))) => Some(format!("{name}: {reason}")),
        Err(error) => Some(format!("a task died: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use tokio::sync::watch;

    async fn outcome(build: impl FnOnce(&mut Serving, &Signals)) -> Result<(), String> {
        let signals = Signals::install().expect("signals");
        let mut serving = Serving::default();
        build(&mut serving, &signals);
        serving.run(&signals).await.map_err(|stop| format!("{stop:?}"))
    }

    #[tokio::test]
    async fn a_task_that_dies_drains_the_others_and_fails_the_process() {
        for (name, ends) in [("error", Err("broken")), ("end", Ok(()))] {
            let (told, mut hears) = watch::channel(false);
            let result = outcome(|serving, signals| {
                let drained = signals.clone().drained();
                serving.spawn("lasting", async move {
                    drained.await;
                    told.send_replace(true);
                    Ok::<_, Infallible>(())
                });
                serving.spawn("dying", async move { ends });
            })
            .await;
            assert!(result.expect_err("fails").contains("dying"), "{name}");
            assert!(*hears.borrow_and_update(), "{name}: the other task was drained");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        async fn planted() -> Result<(), String> {
            panic!("planted")
        }
        let result = outcome(|serving, _| serving.spawn("x", planted())).await;
        assert!(result.expect_err("fails").contains("died"));
    }

    #[tokio::test]
    async fn a_drained_end_is_none() {
        let result = outcome(|serving, signals| {
            let drained = signals.clone().drained();
            serving.spawn("x", async move {
                drained.await;
                Ok::<_, Infallible>(())
            });
            signals.drain();
        })
        .await;
        assert_eq!(result, Ok(()));
    }
}
