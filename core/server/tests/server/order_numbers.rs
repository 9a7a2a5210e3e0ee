//! Order numbers that two processes gave out alike: none of two payments is taken for the other.

use crate::harness::{CHANNEL, Fixture, OPERATOR, by, refused};
use crate::story::{MOBILE, Story, key, payment};
use map_proto::operator::v1::ReversePaymentRequest;
use map_proto::payment::v1::{PayRequest, PaymentState};
use map_proto::transfer::v1::TopUpRequest;
use map_server::CoreConfig;
use map_store::CommitOutcome;
use map_store::faulty::Fault;
use std::sync::Arc;
use tonic::{Code, Status};

/// The only process that gives out numbers with these four digits, or so its operator thinks.
fn config() -> CoreConfig {
    let mut config = CoreConfig::default();
    config.ledger.node = Some(7);
    // Less than a call's own deadline: the ledger has the last word.
    config.ledger.settle_ms = 1_000;
    config
}

/// A customer who paid under serial 1, and the payment's order number.
async fn paid() -> (Story, String) {
    let story = Story::with(config()).await;
    story.top_up("T-1", 100_000).await.unwrap();
    story.set_code("C-1").await.unwrap();
    let paid = story.pay(payment("1")).await.unwrap();
    (story, paid.payment.unwrap().order_number)
}

/// A second process with the same four digits takes payments of this consumer until one has this number. Its
/// serial.
async fn twin_of(first: &Story, number: &str, consumer: &str) -> &'static str {
    let second = Story {
        fixture: Fixture::start(config(), Arc::clone(&first.store) as _).await,
        store: Arc::clone(&first.store),
    };
    // Both clocks stand still at the same moment, and both count from the beginning.
    second.fixture.clock.advance(61_000);
    for serial in ["2", "3", "4"] {
        let request = PayRequest {
            consumer: consumer.to_owned(),
            ..payment(serial)
        };
        // A payment that is declined has a number, too.
        second.pay(request).await.ok();
        if second.find(serial).await.unwrap().order_number == number {
            return serial;
        }
    }
    panic!("the second process never gave out {number}");
}

/// A customer who paid under serial 1 and under another one, both with one order number.
async fn twins() -> (Story, String, &'static str) {
    let (story, number) = paid().await;
    let twin = twin_of(&story, &number, MOBILE).await;
    (story, number, twin)
}

async fn reverse(story: &Story, number: &str, serial: Option<&str>) -> Result<String, Status> {
    let request = ReversePaymentRequest {
        idempotency_key: format!("R-{serial:?}"),
        order_number: number.to_owned(),
        reason: "charged twice".to_owned(),
        key: serial.map(key),
    };
    let answer = story.operator().reverse_payment(by(OPERATOR, request)).await?;
    Ok(answer.into_inner().reversal_order_number)
}

#[tokio::test]
async fn of_two_payments_with_one_order_number_an_operator_names_the_one_to_give_back() {
    let (story, number, twin) = twins().await;
    let before = story.cash().await;
    let ambiguous = (Code::FailedPrecondition, "ORDER_NUMBER_AMBIGUOUS".to_owned());
    assert_eq!(refused(reverse(&story, &number, None).await), ambiguous);
    let nothing = (Code::FailedPrecondition, "PAYMENT_NOT_FOUND".to_owned());
    assert_eq!(refused(reverse(&story, &number, Some("9")).await), nothing);
    assert_eq!(story.cash().await, before);
    let reversal = reverse(&story, &number, Some(twin)).await.unwrap();
    assert_eq!(reverse(&story, &number, Some(twin)).await.unwrap(), reversal);
    assert_eq!(story.find(twin).await.unwrap().state(), PaymentState::Reversed);
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Paid);
    assert_eq!(story.cash().await, before + 30_000);
    assert_eq!(refused(reverse(&story, &number, None).await), ambiguous);
}

#[tokio::test]
async fn of_two_payments_with_one_order_number_none_is_shown_for_the_other() {
    let (story, number, twin) = twins().await;
    let ambiguous = (Code::FailedPrecondition, "ORDER_NUMBER_AMBIGUOUS".to_owned());
    assert_eq!(refused(story.get(OPERATOR, &number).await), ambiguous);
    for serial in ["1", twin] {
        assert_eq!(story.find(serial).await.unwrap().order_number, number);
    }
}

#[tokio::test]
async fn a_repeated_reversal_gets_its_stored_answer_though_its_number_is_no_longer_the_only_one() {
    let (story, number) = paid().await;
    let reversal = reverse(&story, &number, None).await.unwrap();
    let twin = twin_of(&story, &number, MOBILE).await;
    assert_eq!(reverse(&story, &number, None).await.unwrap(), reversal);
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Reversed);
    assert_eq!(story.find(twin).await.unwrap().state(), PaymentState::Paid);
}

/// Its commit is still on its way, and nobody knows, when another customer's payment gets the number.
#[tokio::test(start_paused = true)]
async fn a_reversal_that_is_under_way_is_not_refused_though_its_number_is_no_longer_the_only_one() {
    let (story, number) = paid().await;
    let other = "13800000001";
    let request = TopUpRequest {
        idempotency_key: "T-2".to_owned(),
        mobile_number: other.to_owned(),
        amount_fen: 1,
        remark: String::new(),
    };
    story.transfers().top_up(by(CHANNEL, request)).await.unwrap();
    story.store.faults.script(&[Fault::UnknownHeld]);
    let (told, _twin) = tokio::join!(reverse(&story, &number, None), async {
        while story.store.faults.unmet() > 0 {
            tokio::task::yield_now().await;
        }
        twin_of(&story, &number, other).await
    });
    let open = (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned());
    assert_eq!(refused(told), open);
    let arrived = story.store.arrive().await;
    assert!(matches!(arrived[..], [CommitOutcome::Applied(_)]), "{arrived:?}");
    reverse(&story, &number, None).await.unwrap();
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Reversed);
    story.sound().await;
}

#[tokio::test]
async fn of_two_payments_with_one_order_number_a_cancellation_by_it_gives_back_none() {
    let (story, number, twin) = twins().await;
    let before = story.cash().await;
    let ambiguous = (Code::FailedPrecondition, "ORDER_NUMBER_AMBIGUOUS".to_owned());
    for _again in 0..2 {
        assert_eq!(refused(story.cancel("9", &number).await), ambiguous);
    }
    assert_eq!(story.cash().await, before);
    story.cancel("10", twin).await.unwrap();
    assert_eq!(story.find(twin).await.unwrap().state(), PaymentState::Cancelled);
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Paid);
    assert_eq!(story.cash().await, before + 30_000);
}

#[tokio::test]
async fn a_repeated_cancellation_gets_its_stored_answer_though_its_number_is_no_longer_the_only_one() {
    let (story, number) = paid().await;
    let cancelled = story.cancel("9", &number).await.unwrap();
    let twin = twin_of(&story, &number, MOBILE).await;
    assert_eq!(story.cancel("9", &number).await.unwrap(), cancelled);
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Cancelled);
    assert_eq!(story.find(twin).await.unwrap().state(), PaymentState::Paid);
}
