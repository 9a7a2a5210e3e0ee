//! Turns: callers of the same customer queue up in the process instead of racing for the
//! partition's version. First come, first served; a name nobody waits for takes no memory.
//!
//! This is about speed, not about safety: other processes may write the same partition, and
//! the commit's expected version is what keeps the money right.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

/// One queue for each name that somebody holds or waits for.
pub(crate) struct Turns<K> {
    queues: Arc<Mutex<HashMap<K, Arc<Queue<()>>>>>,
}

/// Somebody's turn; it ends when this is dropped.
pub(crate) struct Turn<K: Hash + Eq + Clone> {
    name: K,
    queues: Arc<Mutex<HashMap<K, Arc<Queue<()>>>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K: Hash + Eq + Clone> Turns<K> {
    /// Nobody waits.
    pub(crate) fn new() -> Self {
        Self {
            queues: Arc::default(),
        }
    }

    /// Waits for one's turn. Dropping the future leaves the queue.
    pub(crate) async fn take(&self, name: &K) -> Turn<K> {
        let queue = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(queues.entry(name.clone()).or_default())
        };
        // The turn exists before the wait: a waiter that gives up cleans up, too.
        let mut turn = Turn {
            name: name.clone(),
            queues: Arc::clone(&self.queues),
            guard: None,
        };
        turn.guard = Some(queue.lock_owned().await);
        turn
    }

    /// How many names are held or waited for.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl<K: Hash + Eq + Clone> Drop for Turn<K> {
    fn drop(&mut self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        // Others count themselves in under the same lock, so that one reference means: nobody.
        let unused = queues
            .get(&self.name)
            .is_some_and(|queue| Arc::strong_count(queue) == 1);
        if unused {
            queues.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex as StdMutex;

    #[tokio::test]
    async fn turns_are_taken_in_order_of_arrival_and_leave_nothing_behind() {
        let turns = Arc::new(Turns::new());
        let order = Arc::new(StdMutex::new(Vec::new()));
        let first = turns.take(&7).await;
        let mut waiting = Vec::new();
        for n in 0..16 {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let _turn = turns.take(&7).await;
                order.lock().unwrap().push(n);
                tokio::task::yield_now().await;
            }));
            tokio::task::yield_now().await;
        }
        drop(first);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), (0..16).collect::<Vec<_>>());
        assert_eq!(turns.len(), 0);
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
        let turns = Turns::new();
        let first = turns.take(&"a").await;
        {
            let wait = turns.take(&"a");
            tokio::pin!(wait);
            assert!(futures_poll_once(wait.as_mut()).await.is_none());
        }
        assert_eq!(turns.len(), 1);
        drop(first);
        assert_eq!(turns.len(), 0);
        let _other = turns.take(&"b").await;
        assert_eq!(turns.len(), 1);
    }

    /// Polls a future once.
    async fn futures_poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let mut future = Some(future);
        std::future::poll_fn(move |context| {
            let polled = future.take().map(|future| future.poll(context));
            std::task::Poll::Ready(match polled {
                Some(std::task::Poll::Ready(value)) => Some(value),
                Some(std::task::Poll::Pending) | None => None,
            })
        })
        .await
    }
}
