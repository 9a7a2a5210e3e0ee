//! What the core needs of the world: time, randomness, somebody who sends SMS codes. All
//! are passed in, so that a simulation can pass its own.

use async_trait::async_trait;
use map_domain::{MobileNumber, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes that nobody can guess.
pub trait Random: Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Why a code was not handed over. The text is for operators.
#[derive(Debug, thiserror::Error)]
#[error("SMS not sent: {0}")]
pub struct SmsNotSent(pub String);

/// A code that was put into the development outbox.
#[derive(Clone, PartialEq, Eq)]
pub struct SentCode {
    /// Its place in the outbox: each has a higher one than those before it.
    pub number: u64,
    /// To whom.
    pub mobile: MobileNumber,
    /// The code.
    pub code: String,
    /// When.
    pub at: Timestamp,
}

/// Sends SMS codes.
#[async_trait]
pub trait SmsSender: Send + Sync + 'static {
    /// Hands the code over. An error means it was certainly or possibly not sent.
    async fn send(&self, mobile: &MobileNumber, code: &str, at: Timestamp) -> Result<(), SmsNotSent>;

    /// The last codes, newest first; `None` where codes are really sent.
    fn outbox(&self) -> Option<Vec<SentCode>>;
}
