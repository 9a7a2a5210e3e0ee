//! What a store may do to a request, and what may be said then: one effect for each key, never a "no"
//! for something that happened or still may.
//!
//! Time is paused: pauses between attempts cost nothing.

use crate::faulty::UNKNOWN_LATE;
use crate::harness::{NOON, refused};
use crate::story::{MOBILE, Story, digits, key, payment};
use map_domain::{
    BatchNumber, CallerId, ContentDigest, Order, OrderId, PosKey, SellerId, SerialNumber, Slot, TerminalId,
    Timestamp,
};
use map_proto::common::v1::PaymentCode;
use map_proto::common::v1::payment_code::Form;
use map_proto::payment::v1::{PayRequest, PaymentState};
use map_store::faulty::Fault::{
    self, ClaimsOnly, Fine, NotApplied, Stale, UnknownApplied, UnknownClaimsOnly, UnknownHeld, UnknownLost,
};
use map_store::keys::order_row;
use map_store::records::{closed_claim, order_claim, owner_of_mobile};
use map_store::{CommitOutcome, Load, PartitionId, RowKind, Store};
use tonic::Code;

pub(crate) const EVERY: [Fault; 9] = [
    Fine,
    Stale,
    NotApplied,
    UnknownApplied,
    UnknownLost,
    UNKNOWN_LATE,
    UnknownHeld,
    ClaimsOnly,
    UnknownClaimsOnly,
];

fn no(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn unavailable(reason: &str) -> (Code, String) {
    (Code::Unavailable, reason.to_owned())
}

/// The key of a serial as the store knows it.
pub(crate) fn pos_key(story: &Story, serial: &str) -> PosKey {
    let wire = key(serial);
    let catalogue = story.fixture.server.core().catalogue();
    let seller = SellerId::parse(&wire.seller_id).unwrap();
    let terminal = TerminalId::parse(&wire.terminal_id).unwrap();
    let generation = catalogue
        .terminal(&seller, &terminal)
        .unwrap()
        .terminal
        .generation;
    PosKey {
        seller,
        terminal,
        generation,
        batch: BatchNumber::parse(&wire.batch_number).unwrap(),
        serial: SerialNumber::parse(serial).unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_two_faults_come_a_payment_happens_once_and_its_repeat_gets_the_same_answer() {
    for first in EVERY {
        for second in EVERY {
            let story = Story::new().await;
            story.store.faults.script(&[first, second]);
            let paid = story
                .pay(payment("1"))
                .await
                .unwrap_or_else(|no| panic!("{first:?} {second:?}: {no:?}"));
            assert_eq!(
                story.pay(payment("1")).await.unwrap(),
                paid,
                "{first:?} {second:?}"
            );
            story.store.arrive().await;
            assert_eq!(story.cash().await, 70_000, "{first:?} {second:?}");
            story.sound().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_two_faults_come_an_undo_gives_back_once_and_its_repeat_gets_the_same_answer() {
    for first in EVERY {
        for second in EVERY {
            let story = Story::new().await;
            story.pay(payment("1")).await.unwrap();
            story.store.faults.script(&[first, second]);
            let undone = story
                .undo("1")
                .await
                .unwrap_or_else(|no| panic!("{first:?} {second:?}: {no:?}"));
            assert_eq!(story.undo("1").await.unwrap(), undone, "{first:?} {second:?}");
            story.store.arrive().await;
            assert_eq!(story.cash().await, 100_000, "{first:?} {second:?}");
            story.sound().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_two_faults_come_a_cancel_gives_back_once_and_its_repeat_gets_the_same_answer() {
    for first in EVERY {
        for second in EVERY {
            let story = Story::new().await;
            story.pay(payment("1")).await.unwrap();
            story.store.faults.script(&[first, second]);
            let cancelled = story.cancel("2", "1").await.unwrap();
            assert_eq!(
                story.cancel("2", "1").await.unwrap(),
                cancelled,
                "{first:?} {second:?}"
            );
            assert_eq!(story.cash().await, 100_000, "{first:?} {second:?}");
            story.sound().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_fault_comes_a_decline_stays_a_decline_and_counts_one_attempt() {
    for fault in EVERY {
        let story = Story::new().await;
        story.store.faults.script(&[fault]);
        let wrong = PayRequest {
            payment_code: digits("000000"),
            ..payment("1")
        };
        assert_eq!(
            refused(story.pay(wrong).await),
            no("PAYMENT_CODE_WRONG"),
            "{fault:?}"
        );
        assert_eq!(
            refused(story.pay(payment("1")).await),
            no("PAYMENT_CODE_WRONG"),
            "{fault:?}"
        );
        let request = map_proto::customer::v1::GetCustomerRequest {
            mobile_number: MOBILE.to_owned(),
            ..map_proto::customer::v1::GetCustomerRequest::default()
        };
        let answer = story
            .customers()
            .get_customer(crate::harness::by(crate::harness::OPERATOR, request))
            .await
            .unwrap();
        assert_eq!(
            answer.into_inner().customer.unwrap().failed_attempts,
            1,
            "{fault:?}"
        );
        story.sound().await;
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_fault_comes_money_from_outside_arrives_once() {
    for fault in EVERY {
        let story = Story::empty().await;
        story.store.faults.script(&[fault]);
        let first = story.top_up("T-1", 5_000).await.unwrap();
        assert_eq!(story.top_up("T-1", 5_000).await.unwrap(), first, "{fault:?}");
        story.store.arrive().await;
        assert_eq!(story.cash().await, 5_000, "{fault:?}");
        story.sound().await;
    }
}

#[tokio::test(start_paused = true)]
async fn certain_failures_end_as_unavailable_and_a_later_repeat_pays() {
    let story = Story::new().await;
    story.store.faults.script(&[NotApplied; 4]);
    assert_eq!(refused(story.pay(payment("1")).await), unavailable("UNAVAILABLE"));
    assert_eq!(story.store.faults.unmet(), 0);
    assert_eq!(story.cash().await, 100_000);
    story.pay(payment("1")).await.unwrap();
    assert_eq!(story.cash().await, 70_000);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_is_not_settled_in_time_is_told_as_unknown_and_never_as_a_no() {
    let mut config = map_server::CoreConfig::default();
    config.ledger.settle_ms = 2_000;
    let story = Story::with(config).await;
    story.top_up("T-1", 100_000).await.unwrap();
    story.set_code("C-1").await.unwrap();
    // After the unknown one only certain failures: they do not make it a "not applied".
    let mut faults = vec![UnknownHeld];
    faults.extend([NotApplied; 500]);
    story.store.faults.script(&faults);
    assert_eq!(
        refused(story.pay(payment("1")).await),
        unavailable("OUTCOME_UNKNOWN")
    );
    story.store.faults.script(&[]);
    let arrived = story.store.arrive().await;
    assert!(matches!(arrived[..], [CommitOutcome::Applied(_)]), "{arrived:?}");
    let paid = story.pay(payment("1")).await.unwrap();
    assert_eq!(paid.account.unwrap().available_fen, 70_000);
    assert_eq!(story.cash().await, 70_000);
    story.sound().await;
}

/// An attempt is under way, its outcome unknown; the repeat of the request can't be read. What was
/// under way must not happen after its caller heard "no".
#[tokio::test(start_paused = true)]
async fn a_refusal_that_is_not_durable_is_made_durable_where_an_attempt_may_be_under_way() {
    let story = Story::new().await;
    story.store.faults.script(&[ClaimsOnly; 4]);
    assert_eq!(refused(story.pay(payment("1")).await), unavailable("UNAVAILABLE"));
    let unreadable = PaymentCode {
        form: Some(Form::PinBlockHex("0".repeat(16))),
    };
    let request = PayRequest {
        payment_code: Some(unreadable),
        ..payment("1")
    };
    let refusal = (Code::InvalidArgument, "PIN_BLOCK_UNREADABLE".to_owned());
    assert_eq!(refused(story.pay(request).await), refusal);
    // The "no" took the key: the right code comes too late.
    assert_eq!(refused(story.pay(payment("1")).await), refusal);
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_is_under_way_is_fenced_by_an_undo_and_can_not_arrive_later() {
    for fault in [UnknownHeld, UNKNOWN_LATE, UnknownLost, UnknownClaimsOnly] {
        let mut config = map_server::CoreConfig::default();
        config.ledger.settle_ms = 1;
        let story = Story::with(config).await;
        story.top_up("T-1", 100_000).await.unwrap();
        story.set_code("C-1").await.unwrap();
        story.store.faults.script(&[fault; 64]);
        assert_eq!(
            refused(story.pay(payment("1")).await),
            unavailable("OUTCOME_UNKNOWN"),
            "{fault:?}"
        );
        story.store.faults.script(&[]);
        let undone = story.undo("1").await;
        // What was late may have arrived before the undo: then the money came back.
        let arrived: Vec<CommitOutcome> = story.store.arrive().await;
        let applied = arrived
            .iter()
            .any(|outcome| matches!(outcome, CommitOutcome::Applied(_)));
        assert!(!applied, "{fault:?} {arrived:?}");
        assert!(
            undone.is_ok() || refused(undone) == no("PAYMENT_UNKNOWN_KEY_CLOSED"),
            "{fault:?}"
        );
        assert_eq!(story.cash().await, 100_000, "{fault:?}");
        story.pay(payment("1")).await.unwrap_err();
        assert_eq!(story.cash().await, 100_000, "{fault:?}");
        story.sound().await;
    }
}

/// The claim of a payment appears between the undo's look and its closing of the key.
#[tokio::test(start_paused = true)]
async fn an_undo_that_is_overtaken_by_the_payments_claim_fences_the_partition() {
    let story = Story::new().await;
    let mobile = map_domain::MobileNumber::parse(MOBILE).unwrap();
    let owner = owner_of_mobile(&*story.store, &mobile).await.unwrap().unwrap();
    let bound = order_claim(
        &pos_key(&story, "1").slot(Slot::Pay),
        PartitionId::Customer(owner.customer),
        ContentDigest([9; 32]),
        20_261_121,
    );
    story.store.overtake(vec![bound]);
    assert_eq!(refused(story.undo("1").await), no("PAYMENT_UNKNOWN_KEY_CLOSED"));
    let row = Load {
        kinds: vec![RowKind::Order],
        keys: Vec::new(),
    };
    let rows = story
        .store
        .load(&PartitionId::Customer(owner.customer), row)
        .await
        .unwrap()
        .rows;
    let fence = order_row(&pos_key(&story, "1").slot(Slot::Pay));
    assert!(
        rows.iter().any(|row| row.key == fence),
        "the fence is a row of the partition"
    );
    story.pay(payment("1")).await.unwrap_err();
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Closed);
    assert_eq!(refused(story.undo("1").await), no("PAYMENT_UNKNOWN_KEY_CLOSED"));
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

/// The claim of a payment is there and its commit is not: what it says was asked is all that may happen.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_bound_without_its_order_takes_no_other_content() {
    let story = Story::new().await;
    let mobile = map_domain::MobileNumber::parse(MOBILE).unwrap();
    let owner = owner_of_mobile(&*story.store, &mobile).await.unwrap().unwrap();
    let partition = PartitionId::Customer(owner.customer);
    let asked = ContentDigest([9; 32]);
    let bound = order_claim(
        &pos_key(&story, "1").slot(Slot::Pay),
        partition,
        asked,
        20_261_121,
    );
    story.store.claim(vec![bound]).await.unwrap();
    let reused = (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned());
    for _ in 0..2 {
        assert_eq!(refused(story.pay(payment("1")).await), reused);
    }
    assert_eq!(story.cash().await, 100_000);
}

/// The undo of another process closes the key between the payment's look and its commit.
#[tokio::test(start_paused = true)]
async fn a_payment_by_nobody_that_is_overtaken_by_an_undo_tells_so() {
    let story = Story::new().await;
    let closure = Order::closure(
        pos_key(&story, "1").slot(Slot::Pay),
        OrderId::parse("ud00000000000000000001").unwrap(),
        CallerId::parse("network/net1").unwrap(),
        Timestamp::from_millis(NOON),
    );
    story.store.overtake(vec![closed_claim(&closure)]);
    let stranger = PayRequest {
        consumer: "13900000000".to_owned(),
        ..payment("1")
    };
    assert_eq!(refused(story.pay(stranger).await), no("KEY_CLOSED"));
}

/// The caller hangs up at once; the payment happens all the same, and the repeat is told of it.
#[tokio::test]
async fn work_that_commits_survives_its_caller() {
    let story = Story::new().await;
    let server = story.fixture.edge();
    let mut client = map_proto::payment::v1::payment_service_client::PaymentServiceClient::new(server);
    {
        let call = client.pay(crate::harness::by(crate::harness::NETWORK, payment("1")));
        tokio::pin!(call);
        let polled =
            std::future::poll_fn(|context| std::task::Poll::Ready(call.as_mut().poll(context))).await;
        assert!(polled.is_pending());
    }
    assert_eq!(story.fixture.server.drain().await, 0);
    assert_eq!(story.sound().await.counts.entries, 2);
}
