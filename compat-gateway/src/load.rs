//! How many calls a listener works on at once. Calls that give money back have a share of their own and
//! wait for it instead of being refused.

use crate::contract::Effect;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The limits of one listener.
#[derive(Debug)]
pub(crate) struct Load {
    shared: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
}

impl Load {
    /// `concurrency` calls of any kind, and `reserved` more that give money back.
    pub(crate) fn new(concurrency: usize, reserved: usize) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self {
            shared: semaphore(concurrency),
            reserved: semaphore(reserved),
        }
    }

    /// A place for a call, held until it is answered; none: too much work.
    pub(crate) async fn admit(&self, effect: Effect) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.shared).try_acquire_owned() {
            return Some(permit);
        }
        match effect {
            Effect::Read | Effect::Change | Effect::Inquiry => None,
            Effect::GiveBack => Arc::clone(&self.reserved).acquire_owned().await.ok(),
        }
    }
}
