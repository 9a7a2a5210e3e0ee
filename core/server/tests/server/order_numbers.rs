//! Order numbers that two processes gave out alike: none of two payments is taken for the other.

use crate::harness::{Fixture, OPERATOR, by, refused};
use crate::story::{Story, key, payment};
use map_proto::operator::v1::ReversePaymentRequest;
use map_proto::payment::v1::PaymentState;
use map_server::CoreConfig;
use std::sync::Arc;
use tonic::{Code, Status};

/// A customer who paid under serial 1 and under another one, both with one order number.
async fn twins() -> (Story, String, &'static str) {
    let mut config = CoreConfig::default();
    config.ledger.node = Some(7);
    let first = Story::with(config.clone()).await;
    first.top_up("T-1", 100_000).await.unwrap();
    first.set_code("C-1").await.unwrap();
    let second = Story {
        fixture: Fixture::start(config, Arc::clone(&first.store) as _).await,
        store: Arc::clone(&first.store),
    };
    // Both clocks stand still at the same moment, and both count from the beginning.
    second.fixture.clock.advance(61_000);
    let number = |paid: map_proto::payment::v1::PayResponse| paid.payment.unwrap().order_number;
    let twin = number(first.pay(payment("1")).await.unwrap());
    for serial in ["2", "3", "4"] {
        if number(second.pay(payment(serial)).await.unwrap()) == twin {
            return (first, twin, serial);
        }
    }
    panic!("the second process never gave out {twin}");
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
