//! What a caller presents to its gateway is good for one request: whatever else it is presented for moves
//! nothing, whatever comes together.

use crate::faults::{EVERY, pos_key};
use crate::harness::{APP, GATEWAY, OPERATOR, by, for_whom, refused};
use crate::story::{MOBILE, STRANGER, Story, cancel_of, digits, key, payment, undo_of};
use map_domain::{CallerId, ContentDigest, Slot};
use map_proto::common::v1::PosKey;
use map_proto::opening::v1::OpenCardRequest;
use map_proto::operator::v1::RaiseTerminalGenerationRequest;
use map_proto::payment::v1::{
    CancelPaymentResponse, PayRequest, PayResponse, PaymentState, ReversePaymentRequest,
    ReversePaymentResponse,
};
use map_proto::transfer::v1::TransferToCashRequest;
use map_store::ProofDigest;
use map_store::codec::ProofUse;
use map_store::faulty::Fault::{NotApplied, UnknownHeld};
use map_store::records::proof_claim;
use std::sync::Arc;
use tonic::{Code, Request, Status};

/// What the caller signed, as its gateway tells it: 64 digits.
fn proven<T>(proof: u64, message: T) -> Request<T> {
    let mut request = for_whom("app/app1", message);
    let proof = format!("{proof:064x}").parse().unwrap();
    request.metadata_mut().insert("map-proof-digest", proof);
    request
}

fn reused() -> (Code, String) {
    (Code::AlreadyExists, "PROOF_REUSED".to_owned())
}

/// The same with batch and serial exchanged: a signed text without field names is the same.
fn exchanged(key: &PosKey) -> PosKey {
    PosKey {
        batch_number: key.serial_number.clone(),
        serial_number: key.batch_number.clone(),
        ..key.clone()
    }
}

impl Story {
    async fn pay_by(&self, proof: u64, request: PayRequest) -> Result<PayResponse, Status> {
        Ok(self.payments().pay(proven(proof, request)).await?.into_inner())
    }

    async fn undo_by(&self, proof: u64, key: PosKey) -> Result<ReversePaymentResponse, Status> {
        let request = ReversePaymentRequest {
            key: Some(key),
            ..undo_of("")
        };
        let answer = self.payments().reverse_payment(proven(proof, request)).await?;
        Ok(answer.into_inner())
    }

    async fn cancel_by(&self, proof: u64, serial: &str, of: &str) -> Result<CancelPaymentResponse, Status> {
        let request = proven(proof, cancel_of(serial, of));
        Ok(self.payments().cancel_payment(request).await?.into_inner())
    }

    /// The proof serves neither another key nor another operation.
    async fn is_used_up(&self, proof: u64, key: &PosKey) {
        let other = PayRequest {
            key: Some(exchanged(key)),
            ..payment("")
        };
        let cash = self.cash().await;
        assert_eq!(refused(self.pay_by(proof, other).await), reused());
        assert_eq!(refused(self.undo_by(proof, exchanged(key)).await), reused());
        assert_eq!(refused(self.cancel_by(proof, "C9", "never").await), reused());
        assert_eq!(self.cash().await, cash);
        assert_eq!(refused(self.find("C9").await).0, Code::NotFound);
    }
}

#[tokio::test]
async fn a_proof_is_bound_to_its_first_use_and_repeats_of_that_get_their_answer() {
    let story = Story::new().await;
    let paid = story.pay_by(1, payment("1")).await.unwrap();
    assert_eq!(refused(story.undo_by(1, key("1")).await), reused());
    let other_content = PayRequest {
        amount_fen: 1,
        ..payment("1")
    };
    assert_eq!(refused(story.pay_by(1, other_content).await), reused());
    story.is_used_up(1, &key("1")).await;
    assert_eq!(story.pay_by(1, payment("1")).await.unwrap(), paid);
    // Who served and which code was given are not content.
    let served = PayRequest {
        clerk_id: "another".to_owned(),
        payment_code: digits("000000"),
        ..payment("1")
    };
    assert_eq!(story.pay_by(1, served).await.unwrap(), paid);
    let undone = story.undo_by(2, key("1")).await.unwrap();
    assert_eq!(story.undo_by(2, key("1")).await.unwrap(), undone);
    story.is_used_up(2, &key("1")).await;
    assert_eq!(story.cash().await, 100_000);
    assert_eq!(story.sound().await.counts.proofs, 2);
}

#[tokio::test]
async fn a_repeat_with_a_new_proof_binds_that_one_too() {
    let story = Story::new().await;
    let paid = story.pay_by(1, payment("1")).await.unwrap();
    assert_eq!(story.pay_by(2, payment("1")).await.unwrap(), paid);
    story.is_used_up(2, &key("1")).await;
    let cancelled = story.cancel_by(3, "2", "1").await.unwrap();
    assert_eq!(story.cancel_by(4, "2", "1").await.unwrap(), cancelled);
    assert_eq!(refused(story.pay_by(4, payment("9")).await), reused());
    story.sound().await;
}

/// Its payment was made: "nothing was applied" would be wrong, though the proof could not be bound.
#[tokio::test(start_paused = true)]
async fn a_repeat_whose_new_proof_can_not_be_bound_is_told_of_no_outcome() {
    let story = Story::new().await;
    let paid = story.pay_by(1, payment("1")).await.unwrap();
    story.store.faults.script_claims(&[NotApplied; 4]);
    let unknown = (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned());
    assert_eq!(refused(story.pay_by(2, payment("1")).await), unknown);
    assert_eq!(story.store.faults.unmet(), 0);
    assert_eq!(story.pay_by(2, payment("1")).await.unwrap(), paid);
    story.is_used_up(2, &key("1")).await;
    story.sound().await;
}

/// The same bytes after a generation was raised too early: they had their effect before, so there is no "no".
#[tokio::test]
async fn a_proof_of_another_generation_is_never_told_as_a_no() {
    let story = Story::new().await;
    story.pay_by(1, payment("1")).await.unwrap();
    let raise = RaiseTerminalGenerationRequest {
        idempotency_key: "G-1".to_owned(),
        seller_id: key("1").seller_id,
        terminal_id: key("1").terminal_id,
        reason: "replaced".to_owned(),
    };
    let mut operator = story.operator();
    operator
        .raise_terminal_generation(by(OPERATOR, raise))
        .await
        .unwrap();
    let unknown = (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned());
    assert_eq!(refused(story.pay_by(1, payment("1")).await), unknown);
    assert_eq!(story.cash().await, 70_000);
    story.is_used_up(1, &key("1")).await;
    story.sound().await;
}

#[tokio::test]
async fn a_refusal_binds_the_proof_whether_it_is_durable_or_not() {
    let story = Story::new().await;
    let cases = [
        ("INSUFFICIENT_BALANCE", key("1"), MOBILE, 100_001),
        ("IDEMPOTENCY_KEY_REUSED", key("1"), MOBILE, 1),
        ("CONSUMER_UNKNOWN", key("2"), STRANGER, 1),
        (
            "NETWORK_NOT_ALLOWED",
            PosKey {
                seller_id: "S2".to_owned(),
                ..key("3")
            },
            MOBILE,
            1,
        ),
    ];
    for (proof, (reason, key, consumer, fen)) in (1..).zip(cases) {
        let request = PayRequest {
            key: Some(key),
            consumer: consumer.to_owned(),
            amount_fen: fen,
            ..payment("")
        };
        assert_eq!(refused(story.pay_by(proof, request.clone()).await).1, reason);
        assert_eq!(refused(story.pay_by(proof, request).await).1, reason, "again");
        story
            .is_used_up(proof, &crate::story::key(&format!("b{proof}")))
            .await;
    }
    // An undo beforehand, and an SMS code that is wrong.
    let closed = story.undo_by(8, key("8")).await;
    assert_eq!(refused(closed).1, "PAYMENT_UNKNOWN_KEY_CLOSED");
    story.is_used_up(8, &key("8")).await;
    let opening = OpenCardRequest {
        sms_code: "0000".to_owned(),
        ..Story::opening("A-1", "")
    };
    let opened = story.openings().open_card(proven(9, opening)).await;
    assert_eq!(refused(opened).1, "SMS_CODE_WRONG");
    story.is_used_up(9, &key("9")).await;
    story.sound().await;
}

#[tokio::test]
async fn openings_and_transfers_use_their_proofs_up() {
    let story = Story::new().await;
    let sms_code = story.sms_code(APP, "sms for A-1").await;
    let open = || proven(1, Story::opening("A-1", &sms_code));
    let opened = story.openings().open_card(open()).await.unwrap().into_inner();
    assert_eq!(
        story.openings().open_card(open()).await.unwrap().into_inner(),
        opened
    );
    story.is_used_up(1, &key("1")).await;
    let transfer = |number: &str| {
        let card = opened.opening.as_ref().and_then(|opening| opening.card.as_ref());
        let request = TransferToCashRequest {
            idempotency_key: number.to_owned(),
            mobile_number: MOBILE.to_owned(),
            account_number: card.unwrap().account_number.clone(),
            amount_fen: 5,
            payment_code: digits(crate::story::CODE),
            ..TransferToCashRequest::default()
        };
        proven(2, request)
    };
    // The first stage is released after a month.
    story.fixture.clock.advance(31 * 86_400_000);
    story.transfers().transfer_to_cash(transfer("X-1")).await.unwrap();
    story.transfers().transfer_to_cash(transfer("X-1")).await.unwrap();
    let other = story.transfers().transfer_to_cash(transfer("X-2")).await;
    assert_eq!(refused(other), reused());
    assert_eq!(story.cash().await, 100_005);
    story.sound().await;
}

#[tokio::test]
async fn only_a_gateway_that_acts_for_somebody_tells_of_a_proof() {
    let story = Story::new().await;
    let with = |mut request: Request<PayRequest>, proof: &str| {
        let proof = proof.parse().unwrap();
        request.metadata_mut().append("map-proof-digest", proof);
        request
    };
    let good = "0".repeat(64);
    for key in [APP, GATEWAY, crate::harness::OPERATOR] {
        let denied = story.payments().pay(with(by(key, payment("1")), &good)).await;
        assert_eq!(refused(denied).0, Code::PermissionDenied, "{key}");
    }
    for bad in ["", "0", &"g".repeat(64), &"A".repeat(64), &"0".repeat(66)] {
        let request = with(for_whom("app/app1", payment("1")), bad);
        let malformed = (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned());
        assert_eq!(refused(story.payments().pay(request).await), malformed, "{bad:?}");
    }
    let twice = with(with(for_whom("app/app1", payment("1")), &good), &good);
    assert_eq!(
        refused(story.payments().pay(twice).await).0,
        Code::InvalidArgument
    );
    assert_eq!(story.cash().await, 100_000);
    // It is the caller's: another one's is another one.
    story.pay_by(0, payment("1")).await.unwrap();
    let other = with(for_whom("network/net1", payment("2")), &good);
    story.payments().pay(other).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whatever_two_faults_come_a_proof_serves_one_payment() {
    for first in EVERY {
        for second in EVERY {
            let story = Story::new().await;
            story.store.faults.script(&[first, second]);
            let paid = story
                .pay_by(1, payment("1"))
                .await
                .unwrap_or_else(|no| panic!("{first:?} {second:?}: {no:?}"));
            story.is_used_up(1, &key("1")).await;
            assert_eq!(story.pay_by(1, payment("1")).await.unwrap(), paid);
            story.store.arrive().await;
            assert_eq!(story.cash().await, 70_000, "{first:?} {second:?}");
            story.sound().await;
        }
    }
}

/// Who is faster than the original can be the first: then the original never happens.
#[tokio::test(start_paused = true)]
async fn a_payment_that_is_under_way_does_not_happen_after_its_proof_served_an_undo() {
    let mut config = map_server::CoreConfig::default();
    config.ledger.settle_ms = 1;
    let story = Story::with(config).await;
    story.top_up("T-1", 100_000).await.unwrap();
    story.set_code("C-1").await.unwrap();
    story.store.faults.script(&[UnknownHeld; 64]);
    assert_eq!(refused(story.pay_by(1, payment("1")).await).1, "OUTCOME_UNKNOWN");
    story.store.faults.script(&[]);
    let undone = story.undo_by(1, key("1")).await;
    assert_eq!(refused(undone).1, "PAYMENT_UNKNOWN_KEY_CLOSED");
    story.store.arrive().await;
    assert_eq!(refused(story.pay_by(1, payment("1")).await), reused());
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

/// One proof for two keys and an undo of each, all at once: one of the four.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_first_uses_at_the_same_time_one_has_an_effect() {
    let story = Arc::new(Story::new().await);
    let mut cash = 100_000;
    for round in 0..60 {
        let keys = [key(&format!("r{round}")), exchanged(&key(&format!("r{round}")))];
        let mut tasks = Vec::new();
        for key in &keys {
            let (story, key) = (Arc::clone(&story), key.clone());
            tasks.push(tokio::spawn(async move {
                let request = PayRequest {
                    key: Some(key),
                    amount_fen: 100,
                    ..payment("")
                };
                story.pay_by(round, request).await.map(drop)
            }));
        }
        for key in keys {
            let story = Arc::clone(&story);
            tasks.push(tokio::spawn(
                async move { story.undo_by(round, key).await.map(drop) },
            ));
        }
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        let paid = answers.iter().filter(|answer| answer.is_ok()).count();
        let used = answers.into_iter().filter(|answer| answer.is_err());
        let used = used.filter(|answer| refused(answer.clone()) == reused()).count();
        assert_eq!(used, 3, "round {round}: one was the first");
        cash -= if paid == 1 { 100 } else { 0 };
        assert_eq!(story.cash().await, cash, "{round}");
    }
    assert_eq!(story.sound().await.counts.proofs, 60);
}

#[tokio::test]
async fn a_proof_that_was_used_up_closes_no_key() {
    let story = Story::new().await;
    story.pay_by(1, payment("1")).await.unwrap();
    assert_eq!(refused(story.undo_by(1, key("2")).await), reused());
    let nobody = PayRequest {
        consumer: STRANGER.to_owned(),
        ..payment("3")
    };
    assert_eq!(refused(story.pay_by(1, nobody).await), reused());
    story.pay_by(2, payment("2")).await.unwrap();
    story.pay_by(3, payment("3")).await.unwrap();
    assert_eq!(story.find("2").await.unwrap().state(), PaymentState::Paid);
    assert_eq!(story.cash().await, 10_000);
}

/// The proof is taken for something else between the look at it and the closing of the key.
#[tokio::test]
async fn a_payment_by_nobody_whose_proof_is_overtaken_closes_no_key() {
    let story = Story::new().await;
    let mut digest = [0; 32];
    digest[31] = 1;
    let used = ProofUse {
        key: pos_key(&story, "other").slot(Slot::Cancel),
        content: ContentDigest([9; 32]),
    };
    let caller = CallerId::parse("app/app1").unwrap();
    let claim = proof_claim(&caller, &ProofDigest(digest), &used);
    story.store.overtake(vec![claim]);
    let nobody = PayRequest {
        consumer: STRANGER.to_owned(),
        ..payment("1")
    };
    assert_eq!(refused(story.pay_by(1, nobody).await), reused());
    story.pay_by(2, payment("1")).await.unwrap();
    assert_eq!(story.cash().await, 70_000);
    story.sound().await;
}
