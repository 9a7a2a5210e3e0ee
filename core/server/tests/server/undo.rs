//! Reversal and cancellation: decisions 17, 21 and 22, each sentence.

use crate::harness::{APP, IDLE_APP, NETWORK, OPERATOR, OTHER_APP, by, document, refused};
use crate::story::{STRANGER, Story, cancel_of, digits, key, payment, undo_of};
use map_proto::common::v1::{AccountStatus, PosKey};
use map_proto::operator::v1::FreezeAccountRequest;
use map_proto::payment::v1::{CancelPaymentRequest, PayRequest, PaymentState, ReversePaymentRequest};
use tonic::Code;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

fn no(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

#[tokio::test]
async fn after_the_payment_an_undo_restores_the_money_once_and_repeats_its_answer() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    let undone = story.undo("1").await.unwrap();
    assert_eq!(undone.account.as_ref().unwrap().available_fen, 100_000);
    assert_eq!(undone.payment.as_ref().unwrap().state(), PaymentState::Reversed);
    story.fixture.clock.advance(WEEK_MS * 2);
    assert_eq!(story.undo("1").await.unwrap(), undone);
    assert_eq!(story.cash().await, 100_000);
    assert_eq!(refused(story.pay(payment("1")).await), no("PAYMENT_REVERSED"));
    let life: Vec<_> = story
        .find("1")
        .await
        .unwrap()
        .life
        .iter()
        .map(|event| event.state())
        .collect();
    assert_eq!(life, [PaymentState::Paid, PaymentState::Reversed]);
    story.sound().await;
}

#[tokio::test]
async fn before_the_payment_an_undo_closes_every_slot_and_the_late_payment_is_refused() {
    let story = Story::new().await;
    for _ in 0..2 {
        assert_eq!(refused(story.undo("1").await), no("PAYMENT_UNKNOWN_KEY_CLOSED"));
    }
    assert_eq!(refused(story.pay(payment("1")).await), no("KEY_CLOSED"));
    assert_eq!(refused(story.cancel("1", "2").await), no("KEY_CLOSED"));
    assert_eq!(refused(story.undo("1").await), no("PAYMENT_UNKNOWN_KEY_CLOSED"));
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Closed);
    assert_eq!(story.events().await, ["KEY_CLOSED_BEFORE_PAYMENT"]);
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

#[tokio::test]
async fn undo_of_a_declined_payment_is_as_unknown_whether_it_had_a_customer_or_not() {
    let story = Story::new().await;
    let too_much = PayRequest {
        amount_fen: 100_001,
        ..payment("1")
    };
    let unknown = PayRequest {
        consumer: STRANGER.to_owned(),
        ..payment("2")
    };
    for (serial, request, reason) in [
        ("1", too_much, "INSUFFICIENT_BALANCE"),
        ("2", unknown, "CONSUMER_UNKNOWN"),
    ] {
        assert_eq!(refused(story.pay(request.clone()).await), no(reason));
        for _ in 0..2 {
            assert_eq!(
                refused(story.undo(serial).await),
                no("PAYMENT_UNKNOWN_KEY_CLOSED")
            );
        }
        // The other slots are closed, too.
        assert_eq!(refused(story.cancel(serial, "9").await), no("KEY_CLOSED"));
        assert_eq!(refused(story.pay(request).await), no(reason));
    }
    story.sound().await;
}

#[tokio::test]
async fn undo_of_a_key_that_holds_only_a_cancellation_is_refused_and_reported() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    story.cancel("2", "1").await.unwrap();
    for _ in 0..2 {
        assert_eq!(refused(story.undo("2").await), no("KEY_HOLDS_NO_PAYMENT"));
    }
    assert_eq!(story.events().await, ["REVERSAL_OF_NON_PAYMENT"]);
    assert_eq!(story.cash().await, 100_000);
    // No late payment charges under the key.
    assert_eq!(refused(story.pay(payment("2")).await), no("KEY_CLOSED"));
    story.sound().await;
}

#[tokio::test]
async fn undo_or_cancel_after_the_reversal_window_moves_nothing_and_is_reported() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    story.fixture.clock.advance(WEEK_MS + 1);
    assert_eq!(refused(story.undo("1").await), no("REVERSAL_WINDOW_PASSED"));
    assert_eq!(
        refused(story.cancel("2", "1").await),
        no("REVERSAL_WINDOW_PASSED")
    );
    assert_eq!(
        story.events().await,
        ["REVERSAL_AFTER_WINDOW", "REVERSAL_AFTER_WINDOW"]
    );
    assert_eq!(story.cash().await, 70_000);
    story.sound().await;
}

/// Decision 17: deactivation, lock, another store or clerk, never refuse a reversal.
#[tokio::test]
async fn an_undo_asks_for_nothing_but_a_caller_and_a_terminal_that_was_ever_the_sellers() {
    let story = Story::new().await;
    for serial in ["1", "2", "3"] {
        story.pay(payment(serial)).await.unwrap();
    }
    for serial in ["4", "5", "6", "7", "8"] {
        let wrong = PayRequest {
            payment_code: digits("000000"),
            amount_fen: 1,
            ..payment(serial)
        };
        story.pay(wrong).await.unwrap_err();
    }
    let mut gone = document();
    gone.sellers.clear();
    gone.products.clear();
    gone.default_product_id.clear();
    story.fixture.apply(gone).await.unwrap();
    let elsewhere = ReversePaymentRequest {
        store_id: "anywhere".to_owned(),
        clerk_id: "somebody".to_owned(),
        ..undo_of("1")
    };
    story
        .payments()
        .reverse_payment(by(NETWORK, elsewhere))
        .await
        .unwrap();
    story
        .payments()
        .reverse_payment(by(IDLE_APP, undo_of("2")))
        .await
        .unwrap();
    let cancel = CancelPaymentRequest {
        store_id: "anywhere".to_owned(),
        ..cancel_of("9", "3")
    };
    story
        .payments()
        .cancel_payment(by(IDLE_APP, cancel))
        .await
        .unwrap();
    assert_eq!(story.cash().await, 100_000);
    let never = ReversePaymentRequest {
        key: Some(PosKey {
            terminal_id: "T9".to_owned(),
            ..key("1")
        }),
        ..undo_of("1")
    };
    assert_eq!(
        refused(story.payments().reverse_payment(by(NETWORK, never)).await),
        no("TERMINAL_UNKNOWN")
    );
    story.sound().await;
}

/// Decision 16: whichever of the two made it; another network's is neither reversed nor fenced.
#[tokio::test]
async fn a_payment_of_another_network_is_neither_reversed_nor_cancelled_nor_fenced() {
    let story = Story::new().await;
    story.payments().pay(by(APP, payment("1"))).await.unwrap();
    let denied = (Code::PermissionDenied, "NETWORK_NOT_ALLOWED".to_owned());
    for caller in [OTHER_APP, "key-of-network-two"] {
        for serial in ["1", "2"] {
            let undone = story
                .payments()
                .reverse_payment(by(caller, undo_of(serial)))
                .await;
            assert_eq!(refused(undone), denied);
            let cancelled = story
                .payments()
                .cancel_payment(by(caller, cancel_of("3", serial)))
                .await;
            assert_eq!(refused(cancelled), denied);
        }
    }
    assert_eq!(story.cash().await, 70_000);
    story.pay(payment("2")).await.unwrap();
    story.undo("1").await.unwrap();
    story
        .payments()
        .cancel_payment(by(APP, cancel_of("3", "2")))
        .await
        .unwrap();
    assert_eq!(story.cash().await, 100_000);
}

#[tokio::test]
async fn cancel_gives_back_the_full_amount_once_and_repeats_its_answer() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    let cancelled = story.cancel("2", "1").await.unwrap();
    assert_eq!(cancelled.account.as_ref().unwrap().available_fen, 100_000);
    assert_eq!(
        cancelled.payment.as_ref().unwrap().state(),
        PaymentState::Cancelled
    );
    assert_eq!(story.cancel("2", "1").await.unwrap(), cancelled);
    assert_eq!(refused(story.cancel("3", "1").await), no("PAYMENT_CANCELLED"));
    assert_eq!(refused(story.undo("1").await), no("PAYMENT_CANCELLED"));
    assert_eq!(refused(story.pay(payment("1")).await), no("PAYMENT_CANCELLED"));
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

#[tokio::test]
async fn a_reversed_payment_can_not_be_cancelled() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    story.undo("1").await.unwrap();
    assert_eq!(refused(story.cancel("2", "1").await), no("PAYMENT_REVERSED"));
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

/// The samples give a cancellation its original's serial.
#[tokio::test]
async fn pay_and_cancel_are_separate_slots_under_one_key() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    story.cancel("1", "1").await.unwrap();
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

#[tokio::test]
async fn the_original_is_looked_up_by_serial_and_only_then_by_order_number_at_this_terminal_in_this_batch() {
    let story = Story::new().await;
    let number = story
        .pay(payment("1"))
        .await
        .unwrap()
        .payment
        .unwrap()
        .order_number;
    let other_batch = |serial: &str, original: &str| CancelPaymentRequest {
        key: Some(PosKey {
            batch_number: "B2".to_owned(),
            ..key(serial)
        }),
        ..cancel_of(serial, original)
    };
    let other_terminal = CancelPaymentRequest {
        key: Some(PosKey {
            terminal_id: "T2".to_owned(),
            ..key("5")
        }),
        ..cancel_of("5", &number)
    };
    let cancel = async |request| refused(story.payments().cancel_payment(by(NETWORK, request)).await);
    assert_eq!(cancel(other_batch("2", "1")).await, no("PAYMENT_NOT_FOUND"));
    assert_eq!(cancel(other_batch("3", &number)).await, no("PAYMENT_NOT_FOUND"));
    assert_eq!(cancel(other_terminal).await, no("PAYMENT_NOT_FOUND"));
    assert_eq!(
        cancel(cancel_of("6", "ud00000000000000000000")).await,
        no("PAYMENT_NOT_FOUND")
    );
    assert_eq!(story.cash().await, 70_000);
    story.cancel("3", &number).await.unwrap();
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

#[tokio::test]
async fn a_declined_cancellation_stays_declined_though_its_payment_comes_later() {
    let story = Story::new().await;
    assert_eq!(refused(story.cancel("2", "1").await), no("PAYMENT_NOT_FOUND"));
    story.pay(payment("1")).await.unwrap();
    assert_eq!(refused(story.cancel("2", "1").await), no("PAYMENT_NOT_FOUND"));
    assert_eq!(
        refused(story.cancel("2", "3").await),
        (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned())
    );
    assert_eq!(story.cash().await, 70_000);
    story.cancel("3", "1").await.unwrap();
    story.sound().await;
}

#[tokio::test]
async fn cancel_of_a_declined_payment_is_refused_for_ever() {
    let story = Story::new().await;
    story
        .pay(PayRequest {
            amount_fen: 100_001,
            ..payment("1")
        })
        .await
        .unwrap_err();
    story
        .pay(PayRequest {
            consumer: STRANGER.to_owned(),
            ..payment("2")
        })
        .await
        .unwrap_err();
    for (serial, original) in [("3", "1"), ("4", "2"), ("3", "1"), ("4", "2")] {
        assert_eq!(
            refused(story.cancel(serial, original).await),
            no("PAYMENT_NOT_PAID")
        );
    }
    story.sound().await;
}

/// Pay, undo and cancel at the same time, many times over: whatever comes first, the money is there
/// or it was given back, never both and never neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn during_the_payment_exactly_one_of_the_two_outcomes_holds() {
    let story = std::sync::Arc::new(Story::new().await);
    let expected = 100_000;
    for round in 0..60 {
        let serial = format!("r{round}");
        let one = PayRequest {
            amount_fen: 100,
            ..payment(&serial)
        };
        let spawn_pay = || {
            let (story, one) = (std::sync::Arc::clone(&story), one.clone());
            tokio::spawn(async move { story.pay(one).await.map(drop) })
        };
        let spawn_undo = || {
            let (story, serial) = (std::sync::Arc::clone(&story), serial.clone());
            tokio::spawn(async move { story.undo(&serial).await.map(drop) })
        };
        let tasks = if round % 2 == 0 {
            [spawn_pay(), spawn_undo(), spawn_pay(), spawn_undo()]
        } else {
            [spawn_undo(), spawn_pay(), spawn_undo(), spawn_pay()]
        };
        for task in tasks {
            let _ = task.await.unwrap();
        }
        let state = story.find(&serial).await.unwrap().state();
        assert!(
            matches!(state, PaymentState::Reversed | PaymentState::Closed),
            "{round}: {state:?}"
        );
        assert_eq!(story.cash().await, expected, "{round}");
        story.pay(one).await.unwrap_err();
    }
    story.sound().await;
}

/// Decisions 17 and 25: frozen or expired as it may be.
#[tokio::test]
async fn money_comes_back_to_a_frozen_account() {
    let story = Story::new().await;
    for serial in ["1", "2"] {
        story.pay(payment(serial)).await.unwrap();
    }
    let freeze = FreezeAccountRequest {
        idempotency_key: "F-1".to_owned(),
        account_number: story.all_accounts().await[0].account_number.clone(),
        reason: "a suspicion".to_owned(),
    };
    story
        .operator()
        .freeze_account(by(OPERATOR, freeze))
        .await
        .unwrap();
    let undone = story.undo("1").await.unwrap().account.unwrap();
    assert_eq!(
        (undone.available_fen, undone.status()),
        (70_000, AccountStatus::Frozen)
    );
    assert_eq!(
        story
            .cancel("3", "2")
            .await
            .unwrap()
            .account
            .unwrap()
            .available_fen,
        100_000
    );
    story.sound().await;
}
