//! The world as it is: the system's clock and randomness, SMS by outbox or webhook. These
//! files are the only ones that read a clock or draw a random number.

mod os_random;
mod sms_outbox;
mod sms_webhook;
mod system_clock;
mod trust;

pub use os_random::OsRandom;
pub use sms_outbox::SmsOutbox;
pub use sms_webhook::{SmsWebhook, WebhookConfig, WebhookError, signature};
pub use system_clock::SystemClock;
pub use trust::TrustError;
