//! A bound on the memory of all messages at once.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a message may take without being counted, in bytes: the headers of its stream may be larger. Calls
/// about payments stay below, so that no crowd of large messages keeps them out.
pub const FREE_BYTES: usize = 4 * 1024;

/// What is counted, in bytes.
const UNIT: usize = 1024;

/// The memory that messages share.
#[derive(Debug)]
pub struct Intake {
    memory: Arc<Semaphore>,
}

/// What one message takes of it; given back when this is dropped.
#[derive(Debug)]
pub struct Share {
    memory: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

/// Too much is held already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many bytes of messages at once")]
pub struct Full;

impl Intake {
    /// With so many bytes, beside the first [`FREE_BYTES`] of each message.
    pub fn new(total_bytes: usize) -> Self {
        let units = total_bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            memory: Arc::new(Semaphore::new(units)),
        }
    }

    /// For a message of which nothing is there yet.
    pub fn share(&self) -> Share {
        Share {
            memory: Arc::clone(&self.memory),
            held: None,
        }
    }
}

impl Share {
    /// Lets it grow to a message of this length, in bytes. Never waits: those who have a part of theirs would
    /// wait for each other.
    ///
    /// # Errors
    /// See [`Full`]; what it has it keeps.
    pub fn grow(&mut self, length: usize) -> Result<(), Full> {
        let has = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let wants = length.saturating_sub(FREE_BYTES).div_ceil(UNIT);
        let more = u32::try_from(wants.saturating_sub(has)).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        let more = Arc::clone(&self.memory).try_acquire_many_owned(more);
        let more = more.map_err(|_| Full)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_grow_to_the_bound_and_what_is_small_is_free() {
        let intake = Intake::new(10 * UNIT);
        let (mut one, mut other) = (intake.share(), intake.share());
        assert_eq!(one.grow(FREE_BYTES + 6 * UNIT), Ok(()));
        assert_eq!(other.grow(FREE_BYTES + 4 * UNIT), Ok(()));
        assert_eq!(other.grow(FREE_BYTES + 4 * UNIT + 1), Err(Full));
        assert_eq!(one.grow(10), Ok(()), "nothing is given back before the end");
        assert_eq!(intake.share().grow(FREE_BYTES), Ok(()));
        assert_eq!(intake.share().grow(FREE_BYTES + 1), Err(Full));
        drop(one);
        assert_eq!(other.grow(FREE_BYTES + 10 * UNIT), Ok(()));
    }
}
