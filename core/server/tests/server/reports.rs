//! Events that no customer's partition holds: each is told once, whatever happens on the way, and no
//! answer waits for another's.

use crate::faults::{EVERY, pos_key};
use crate::harness::{NOON, OPERATOR, by, refused};
use crate::story::Story;
use map_domain::{CallerId, Order, OrderId, Slot, Timestamp};
use map_proto::operator::v1::{Event, ListEventsRequest};
use map_store::Store;
use map_store::faulty::Fault::{NotApplied, UnknownApplied};
use map_store::records::closed_claim;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Story {
    async fn all_events(&self) -> Vec<Event> {
        let request = ListEventsRequest {
            page_size: 500,
            page_token: String::new(),
        };
        let answer = self.operator().list_events(by(OPERATOR, request)).await;
        answer.unwrap().into_inner().events
    }

    async fn undo_nothing(&self, serial: &str) {
        let undone = refused(self.undo(serial).await);
        assert_eq!(undone.1, "PAYMENT_UNKNOWN_KEY_CLOSED", "{serial}");
    }
}

#[tokio::test]
async fn a_flood_of_unknown_undos_is_reported_each_once() {
    let story = Arc::new(Story::new().await);
    let tasks: Vec<_> = (0..200)
        .map(|serial| {
            let story = Arc::clone(&story);
            tokio::spawn(async move { story.undo_nothing(&serial.to_string()).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let events = story.all_events().await;
    let targets: BTreeSet<_> = events.iter().map(|event| event.target.clone()).collect();
    assert_eq!((events.len(), targets.len()), (200, 200));
    story.sound().await;
}

/// The process dies after the claim; whoever asks again tells of it, once, as of when it happened.
#[tokio::test]
async fn a_key_that_was_closed_and_not_reported_is_reported_by_the_repeat() {
    let story = Story::new().await;
    let closure = Order::closure(
        pos_key(&story, "1").slot(Slot::Pay),
        OrderId::parse("ud00000000000000000001").unwrap(),
        CallerId::parse("network/net1").unwrap(),
        Timestamp::from_millis(NOON),
    );
    story.store.claim(vec![closed_claim(&closure)]).await.unwrap();
    for _ in 0..3 {
        story.fixture.clock.advance(1_000);
        story.undo_nothing("1").await;
    }
    let events = story.all_events().await;
    let [event] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(event.kind, "KEY_CLOSED_BEFORE_PAYMENT");
    assert_eq!(event.time.unwrap().seconds, NOON / 1000);
    story.sound().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_fails_delays_no_answer_and_is_told_by_the_repeat() {
    let story = Story::new().await;
    story.store.faults.script_events(&[NotApplied; 64]);
    story.undo_nothing("1").await;
    assert_eq!(story.all_events().await, []);
    story.store.faults.script_events(&[]);
    story.undo_nothing("1").await;
    story.undo_nothing("1").await;
    assert_eq!(story.events().await, ["KEY_CLOSED_BEFORE_PAYMENT"]);
}

#[tokio::test(start_paused = true)]
async fn whatever_two_faults_come_an_event_is_told_once() {
    for first in EVERY {
        for second in EVERY {
            let story = Story::new().await;
            story.store.faults.script_events(&[first, second]);
            story.undo_nothing("1").await;
            story.undo_nothing("1").await;
            story.store.arrive().await;
            assert_eq!(story.events().await.len(), 1, "{first:?} {second:?}");
            story.sound().await;
        }
    }
}

/// A declined payment that is reversed was decided, not closed: nothing to report.
#[tokio::test]
async fn an_undo_of_a_declined_payment_is_not_reported() {
    let story = Story::new().await;
    let stranger = map_proto::payment::v1::PayRequest {
        consumer: crate::story::STRANGER.to_owned(),
        ..crate::story::payment("1")
    };
    story.pay(stranger).await.unwrap_err();
    story.store.faults.script_events(&[UnknownApplied]);
    story.undo_nothing("1").await;
    assert_eq!(story.all_events().await, []);
}
