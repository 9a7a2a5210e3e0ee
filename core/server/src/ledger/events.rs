//! What an operator should see although no customer's partition holds it.
//!
//! Such an event tells of something; it is not what anything depends on. One that can't be
//! written is logged and the request goes on; of a closed key, each repeat tells again. Told
//! again, an event is there once.

use super::Ledger;
use map_domain::{Event, EventKind, PosKey, Timestamp};
use map_store::records;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A terminal with a wrong key sends nothing readable at all: one event in this time is enough.
const ALARM_PAUSE_MS: i64 = 60_000;

/// Terminals remembered before those whose pause is over are forgotten.
const MAX_ALARMS: usize = 10_000;

/// When each terminal was last reported.
#[derive(Default)]
pub(super) struct Alarms(Mutex<HashMap<String, Timestamp>>);

impl Alarms {
    /// Whether to report now.
    fn due(&self, terminal: &str, now: Timestamp) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let resting = |at: &Timestamp| (0..ALARM_PAUSE_MS).contains(&now.millis_since(*at));
        if last.get(terminal).is_some_and(resting) {
            return false;
        }
        if last.len() >= MAX_ALARMS {
            last.retain(|_, at| resting(at));
        }
        last.insert(terminal.to_owned(), now);
        true
    }
}

impl Ledger {
    /// Reports a terminal whose PIN blocks hold no payment code (decision 14).
    pub(super) async fn alarm_unreadable(&self, key: &PosKey) {
        let now = self.core.clock.now();
        let terminal = format!("{}/{}", key.seller, key.terminal);
        if self.alarms.due(&terminal, now) {
            self.report(EventKind::PinBlockUnreadable, terminal, now).await;
        }
    }

    /// Reports an event without a customer.
    pub(super) async fn report(&self, kind: EventKind, target: String, at: Timestamp) {
        let event = Event { kind, at, target };
        if let Err(error) = records::append_event(&*self.core.store, &event).await {
            tracing::error!(%error, ?kind, target = event.target, "an event could not be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_reported_once_a_minute() {
        let alarms = Alarms::default();
        let at = Timestamp::from_millis;
        assert!(alarms.due("s/t", at(0)));
        assert!(!alarms.due("s/t", at(ALARM_PAUSE_MS - 1)));
        assert!(alarms.due("s/u", at(1)));
        assert!(alarms.due("s/t", at(ALARM_PAUSE_MS)));
    }
}
