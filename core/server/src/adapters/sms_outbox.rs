//! SMS codes for development: kept in memory, where an operator can read the last ones.

use crate::ports::{SentCode, SmsNotSent, SmsSender};
use async_trait::async_trait;
use map_domain::{MobileNumber, Timestamp};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many codes are kept.
const CAPACITY: usize = 100;

/// The last 100 codes, in memory. Sends nothing.
#[derive(Default)]
pub struct SmsOutbox {
    /// Newest first.
    codes: Mutex<VecDeque<SentCode>>,
}

#[async_trait]
impl SmsSender for SmsOutbox {
    async fn send(&self, mobile: &MobileNumber, code: &str, at: Timestamp) -> Result<(), SmsNotSent> {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.truncate(CAPACITY.saturating_sub(1));
        let before = codes.front().map_or(0, |code| code.number);
        codes.push_front(SentCode {
            number: before.saturating_add(1),
            mobile: mobile.clone(),
            code: code.to_owned(),
            at,
        });
        Ok(())
    }

    fn outbox(&self) -> Option<Vec<SentCode>> {
        Some(
            self.codes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .cloned()
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_outbox_keeps_the_last_hundred_newest_first() {
        let outbox = SmsOutbox::default();
        let mobile = MobileNumber::parse("13800138000").unwrap();
        for n in 0..150 {
            outbox
                .send(&mobile, &format!("{n:04}"), Timestamp::from_millis(n))
                .await
                .unwrap();
        }
        let codes = outbox.outbox().unwrap();
        assert_eq!(codes.len(), 100);
        assert_eq!(codes.first().unwrap().code, "0149");
        assert_eq!(codes.last().unwrap().code, "0050");
    }
}
