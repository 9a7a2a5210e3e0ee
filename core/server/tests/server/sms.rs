//! Sending an SMS code: one request, one message, and "sent" is never said of a code nobody got.
//!
//! Time is paused: pauses between attempts cost nothing.

use crate::faults::EVERY;
use crate::harness::{APP, by, refused};
use crate::story::{CODE, MOBILE, Story, digits};
use map_domain::{MobileNumber, Timestamp};
use map_proto::customer::v1::{SendSmsCodeRequest, SendSmsCodeResponse, SetPaymentCodeRequest};
use map_server::core::Core;
use map_server::ledger::{self, Ledger};
use map_server::ports::{SentCode, SmsNotSent, SmsSender};
use map_store::faulty::Fault::{Fine, NotApplied};
use std::sync::Arc;
use tonic::Status;

impl Story {
    async fn send(&self, number: &str) -> Result<SendSmsCodeResponse, Status> {
        let request = SendSmsCodeRequest {
            mobile_number: MOBILE.to_owned(),
            idempotency_key: number.to_owned(),
        };
        let answer = self.customers().send_sms_code(by(APP, request)).await?;
        Ok(answer.into_inner())
    }

    fn messages(&self) -> usize {
        self.fixture.outbox.outbox().unwrap().len()
    }

    /// What the owner got last is right.
    async fn the_last_code_is_right(&self) {
        let request = SetPaymentCodeRequest {
            mobile_number: MOBILE.to_owned(),
            sms_code: self.last_sms_code(),
            payment_code: digits(CODE),
            idempotency_key: "C-1".to_owned(),
        };
        self.customers().set_payment_code(by(APP, request)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_two_faults_come_one_message_is_sent_and_its_code_is_right() {
    for first in EVERY {
        for second in EVERY {
            let story = Story::empty().await;
            story.store.faults.script_sms(&[first, second]);
            let sent = story.send("1").await;
            let sent = sent.unwrap_or_else(|no| panic!("{first:?} {second:?}: {no:?}"));
            assert_eq!(story.messages(), 1, "{first:?} {second:?}");
            assert_eq!(story.send("1").await.unwrap(), sent, "{first:?} {second:?}");
            story.store.arrive().await;
            assert_eq!(story.send("1").await.unwrap(), sent, "{first:?} {second:?}");
            assert_eq!(story.messages(), 1, "{first:?} {second:?}");
            story.the_last_code_is_right().await;
            story.sound().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn certain_failures_send_nothing_and_a_later_repeat_sends() {
    let story = Story::empty().await;
    story.store.faults.script_sms(&[NotApplied; 4]);
    assert_eq!(refused(story.send("1").await).1, "UNAVAILABLE");
    assert_eq!((story.messages(), story.store.faults.unmet()), (0, 0));
    story.send("1").await.unwrap();
    assert_eq!(story.messages(), 1);
    story.the_last_code_is_right().await;
}

/// A message more harms less than none; how many there may be is limited all the same.
#[tokio::test(start_paused = true)]
async fn a_message_of_which_it_is_not_known_that_it_was_sent_is_sent_again_and_counted() {
    let story = Story::empty().await;
    for message in 1..=10 {
        let mut faults = vec![Fine];
        faults.extend([NotApplied; 64]);
        story.store.faults.script_sms(&faults);
        story.send("1").await.unwrap();
        assert_eq!(story.messages(), message);
    }
    story.store.faults.script_sms(&[]);
    assert_eq!(refused(story.send("1").await).1, "SMS_RATE_LIMITED");
    assert_eq!(story.messages(), 10);
    story.the_last_code_is_right().await;
    story.sound().await;
}

#[tokio::test]
async fn the_same_key_asked_many_times_at_once_sends_one_message() {
    let story = Arc::new(Story::empty().await);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let story = Arc::clone(&story);
            tokio::spawn(async move { story.send("1").await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(story.messages(), 1);
    story.the_last_code_is_right().await;
}

/// Dies when it is to send.
struct Dying;

#[tonic::async_trait]
impl SmsSender for Dying {
    async fn send(&self, _: &MobileNumber, _: &str, _: Timestamp) -> Result<(), SmsNotSent> {
        panic!("the process dies before the message is sent");
    }

    fn outbox(&self) -> Option<Vec<SentCode>> {
        None
    }
}

#[tokio::test]
async fn a_code_whose_process_died_before_it_was_sent_is_sent_by_the_repeat() {
    let story = Story::empty().await;
    let core = story.fixture.server.core();
    let core = Core {
        store: Arc::clone(&core.store),
        clock: Arc::clone(&core.clock),
        random: Arc::clone(&core.random),
        sms: Arc::new(Dying),
        secrets: core.secrets.clone(),
        policy: core.policy,
        extra_callers: Vec::new(),
        catalogue: std::sync::RwLock::new(core.catalogue()),
    };
    let app = core.catalogue();
    let app = app.callers.values().find(|c| c.caller.id.as_str() == "app/app1");
    let caller = app.unwrap().caller.clone();
    let dying = Arc::new(Ledger::new(Arc::new(core), ledger::Options::default()));
    let mobile = MobileNumber::parse(MOBILE).unwrap();
    dying
        .send_sms_code(caller, mobile, "1".to_owned())
        .await
        .unwrap_err();
    assert_eq!(story.messages(), 0);
    story.send("1").await.unwrap();
    assert_eq!(story.messages(), 1);
    story.send("1").await.unwrap();
    assert_eq!(story.messages(), 1);
    story.the_last_code_is_right().await;
    story.sound().await;
}
