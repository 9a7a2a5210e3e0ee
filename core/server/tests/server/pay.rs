//! Payments: who pays, where, and what a repeat is told (decisions 16–20, 27).

use crate::harness::{APP, IDLE_APP, NETWORK, OPERATOR, OTHER_APP, by, document, refused};
use crate::story::{MOBILE, STRANGER, Story, digits, key, payment};
use map_proto::common::v1::payment_code::Form;
use map_proto::common::v1::{PaymentCode, PosKey};
use map_proto::customer::v1::GetCustomerRequest;
use map_proto::operator::v1::{FreezeAccountRequest, RaiseTerminalGenerationRequest};
use map_proto::payment::v1::{PayRequest, PaymentState};
use tonic::Code;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

fn no(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

#[tokio::test]
async fn a_payment_takes_the_money_once_and_answers_the_account_right_after() {
    let story = Story::new().await;
    let paid = story.pay(payment("1")).await.unwrap();
    assert_eq!(paid.account.unwrap().available_fen, 70_000);
    assert_eq!(paid.payment.unwrap().state(), PaymentState::Paid);
    assert_eq!(story.cash().await, 70_000);
    story.sound().await;
}

#[tokio::test]
async fn the_same_key_and_content_give_the_same_answer_and_money_moves_once() {
    let story = Story::new().await;
    let first = story.pay(payment("1")).await.unwrap();
    story.pay(payment("2")).await.unwrap();
    let other_words = PayRequest {
        clerk_id: "clerk 8".to_owned(),
        remark: "again".to_owned(),
        payment_code: digits("999999"),
        ..payment("1")
    };
    for again in [payment("1"), other_words] {
        assert_eq!(story.pay(again).await.unwrap(), first);
    }
    assert_eq!(story.cash().await, 40_000);
    story.sound().await;
}

#[tokio::test]
async fn the_same_key_with_other_content_is_an_error_and_nothing_moves() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    let others = [
        PayRequest {
            amount_fen: 30_001,
            ..payment("1")
        },
        PayRequest {
            consumer: STRANGER.to_owned(),
            ..payment("1")
        },
        PayRequest {
            caller_order_number: "A-1".to_owned(),
            ..payment("1")
        },
        PayRequest {
            purchase: None,
            ..payment("1")
        },
    ];
    for other in others {
        assert_eq!(
            refused(story.pay(other).await),
            (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned())
        );
    }
    assert_eq!(story.cash().await, 70_000);
}

#[tokio::test]
async fn a_success_is_repeated_as_a_success_only_within_the_replay_window() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    story.fixture.clock.advance(WEEK_MS);
    story.pay(payment("1")).await.unwrap();
    story.fixture.clock.advance(1);
    assert_eq!(refused(story.pay(payment("1")).await), no("REPLAY_WINDOW_PASSED"));
    assert_eq!(story.events().await, ["REPLAY_AFTER_WINDOW"]);
    assert_eq!(story.cash().await, 70_000);
    story.sound().await;
}

async fn raise_generation(story: &Story) {
    let raise = RaiseTerminalGenerationRequest {
        idempotency_key: "R-1".to_owned(),
        seller_id: "S1".to_owned(),
        terminal_id: "T1".to_owned(),
        reason: "replaced".to_owned(),
    };
    story
        .operator()
        .raise_terminal_generation(by(OPERATOR, raise))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_raised_generation_starts_the_serials_again() {
    let story = Story::new().await;
    story.pay(payment("1")).await.unwrap();
    raise_generation(&story).await;
    story.pay(payment("1")).await.unwrap();
    assert_eq!(story.cash().await, 40_000);
}

/// An undo that comes after all may mean either: it closes the new key and gives nothing of the old back.
#[tokio::test]
async fn a_payment_of_an_earlier_generation_is_given_back_by_its_order_number_only() {
    let story = Story::new().await;
    let paid = story.pay(payment("1")).await.unwrap().payment.unwrap();
    raise_generation(&story).await;
    assert_eq!(refused(story.undo("1").await), no("PAYMENT_UNKNOWN_KEY_CLOSED"));
    assert_eq!(refused(story.cancel("2", "1").await), no("PAYMENT_NOT_PAID"));
    assert_eq!(story.cash().await, 70_000);
    assert_eq!(refused(story.pay(payment("1")).await), no("KEY_CLOSED"));
    story.cancel("3", &paid.order_number).await.unwrap();
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

/// The card pays from 6 to 22 o'clock.
#[tokio::test]
async fn a_payment_that_a_rule_declined_stays_declined_when_the_rule_would_allow_it() {
    const HOUR_MS: i64 = 60 * 60 * 1000;
    let story = Story::new().await;
    let card = story.card("O-1", "2610").await;
    let by_card = |serial: &str| PayRequest {
        consumer: card.account_number.clone(),
        ..payment(serial)
    };
    story.fixture.clock.advance(13 * HOUR_MS);
    assert_eq!(refused(story.pay(by_card("1")).await), no("RULE_MISMATCH"));
    story.fixture.clock.advance(8 * HOUR_MS);
    for _ in 0..2 {
        assert_eq!(refused(story.pay(by_card("1")).await), no("RULE_MISMATCH"));
    }
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Declined);
    let paid = story.pay(by_card("2")).await.unwrap();
    assert_eq!(paid.account.unwrap().available_fen, 500_000 - 30_000);
    story.sound().await;
}

/// Every decline is committed: what stood against it goes away, the duplicate is declined still.
#[tokio::test]
async fn a_delayed_duplicate_never_turns_a_no_into_a_charge() {
    let story = Story::new().await;
    let too_much = PayRequest {
        amount_fen: 100_001,
        ..payment("1")
    };
    let wrong = PayRequest {
        payment_code: digits("000000"),
        ..payment("2")
    };
    let unknown = PayRequest {
        consumer: STRANGER.to_owned(),
        ..payment("3")
    };
    let declined = [
        (too_much, "INSUFFICIENT_BALANCE"),
        (wrong, "PAYMENT_CODE_WRONG"),
        (unknown, "CONSUMER_UNKNOWN"),
    ];
    for (request, reason) in &declined {
        assert_eq!(refused(story.pay(request.clone()).await), no(reason));
    }
    story.top_up("T-2", 100_000).await.unwrap();
    let stranger = map_proto::transfer::v1::TopUpRequest {
        idempotency_key: "T-3".to_owned(),
        mobile_number: STRANGER.to_owned(),
        amount_fen: 100_000,
        remark: String::new(),
    };
    story.transfers().top_up(by(APP, stranger)).await.unwrap();
    for (request, reason) in &declined {
        let right = PayRequest {
            payment_code: digits("123456"),
            ..request.clone()
        };
        assert_eq!(refused(story.pay(right).await), no(reason), "{reason}");
    }
    assert_eq!(story.cash().await, 200_000);
    story.sound().await;
}

#[tokio::test]
async fn an_inactive_terminal_or_seller_declines_for_ever() {
    let story = Story::new().await;
    let mut inactive = document();
    inactive.sellers[0].stores[0].terminals[0].active = false;
    story.fixture.apply(inactive).await.unwrap();
    assert_eq!(refused(story.pay(payment("1")).await), no("TERMINAL_INACTIVE"));
    let stranger = PayRequest {
        consumer: STRANGER.to_owned(),
        ..payment("2")
    };
    assert_eq!(
        refused(story.pay(stranger.clone()).await),
        no("TERMINAL_INACTIVE")
    );
    let mut seller = document();
    seller.sellers[0].active = false;
    story.fixture.apply(seller).await.unwrap();
    assert_eq!(refused(story.pay(payment("3")).await), no("SELLER_INACTIVE"));
    story.fixture.apply(document()).await.unwrap();
    for (request, reason) in [
        (payment("1"), "TERMINAL_INACTIVE"),
        (stranger, "TERMINAL_INACTIVE"),
        (payment("3"), "SELLER_INACTIVE"),
    ] {
        assert_eq!(refused(story.pay(request).await), no(reason));
    }
    assert_eq!(story.cash().await, 100_000);
}

#[tokio::test]
async fn a_frozen_account_declines_for_ever() {
    let story = Story::new().await;
    let number = story.all_accounts().await[0].account_number.clone();
    let freeze = FreezeAccountRequest {
        idempotency_key: "F-1".to_owned(),
        account_number: number,
        reason: "a suspicion".to_owned(),
    };
    story
        .operator()
        .freeze_account(by(OPERATOR, freeze))
        .await
        .unwrap();
    assert_eq!(refused(story.pay(payment("1")).await), no("ACCOUNT_FROZEN"));
    story.sound().await;
}

#[tokio::test]
async fn five_wrong_codes_in_a_row_lock_and_a_right_one_between_starts_again() {
    let story = Story::new().await;
    let wrong = |serial: &str| PayRequest {
        payment_code: digits("000000"),
        ..payment(serial)
    };
    for serial in ["1", "2", "3", "4"] {
        assert_eq!(refused(story.pay(wrong(serial)).await), no("PAYMENT_CODE_WRONG"));
    }
    // A repeat is no further attempt.
    assert_eq!(refused(story.pay(wrong("4")).await), no("PAYMENT_CODE_WRONG"));
    story.pay(payment("5")).await.unwrap();
    for serial in ["6", "7", "8", "9", "10"] {
        assert_eq!(refused(story.pay(wrong(serial)).await), no("PAYMENT_CODE_WRONG"));
    }
    assert_eq!(refused(story.pay(payment("11")).await), no("PAYMENT_CODE_LOCKED"));
    assert_eq!(story.events().await, ["PAYMENT_CODE_LOCKED"]);
    story.sound().await;
}

/// A terminal that knows the card only: `06` + 123456 + `F…`, XOR the card's number.
#[tokio::test]
async fn a_pin_block_with_the_cards_number_is_read_in_the_form_that_says_so() {
    let story = Story::new().await;
    let card = story.card("O-1", "2610").await.account_number;
    let mask = u64::from_str_radix(&card[3..15], 16).unwrap();
    let hex = format!("{:016X}", 0x0612_3456_FFFF_FFFF_u64 ^ mask);
    let with = |serial: &str, form: Form| PayRequest {
        consumer: card.clone(),
        payment_code: Some(PaymentCode { form: Some(form) }),
        ..payment(serial)
    };
    let refusal = refused(story.pay(with("1", Form::PinBlockHex(hex.clone()))).await);
    assert_eq!(refusal.1, "PIN_BLOCK_UNREADABLE");
    story.pay(with("1", Form::CardPinBlockHex(hex))).await.unwrap();
    let by_mobile = Form::CardPinBlockHex("061234456EDCBA98".to_owned());
    story.pay(with("2", by_mobile)).await.unwrap();
    story.sound().await;
}

/// The PIN block of the reference vectors: 123456 for 13912345678.
#[tokio::test]
async fn an_unreadable_pin_block_uses_up_neither_the_key_nor_an_attempt_and_raises_an_alarm() {
    let story = Story::new().await;
    let block = |hex: &str| {
        Some(PaymentCode {
            form: Some(Form::PinBlockHex(hex.to_owned())),
        })
    };
    for _ in 0..6 {
        let unreadable = PayRequest {
            payment_code: block("0000000000000000"),
            ..payment("1")
        };
        let refusal = refused(story.pay(unreadable).await);
        assert_eq!(
            refusal,
            (Code::InvalidArgument, "PIN_BLOCK_UNREADABLE".to_owned())
        );
    }
    assert_eq!(story.events().await, ["PIN_BLOCK_UNREADABLE"]);
    let read = PayRequest {
        payment_code: block("061234456EDCBA98"),
        ..payment("1")
    };
    story.pay(read).await.unwrap();
    let request = GetCustomerRequest {
        mobile_number: MOBILE.to_owned(),
        ..GetCustomerRequest::default()
    };
    let customer = story
        .customers()
        .get_customer(by(OPERATOR, request))
        .await
        .unwrap()
        .into_inner()
        .customer
        .unwrap();
    assert_eq!(customer.failed_attempts, 0);
    story.sound().await;
}

#[tokio::test]
async fn seller_store_and_terminal_must_be_known_and_belong_together() {
    let story = Story::new().await;
    let elsewhere = |seller: &str, terminal: &str, store: &str| PayRequest {
        key: Some(PosKey {
            seller_id: seller.to_owned(),
            terminal_id: terminal.to_owned(),
            ..key("1")
        }),
        store_id: store.to_owned(),
        ..payment("1")
    };
    for request in [
        elsewhere("S9", "T1", "ST1"),
        elsewhere("S1", "T9", "ST1"),
        elsewhere("S1", "T1", "ST9"),
    ] {
        assert_eq!(refused(story.pay(request).await), no("TERMINAL_UNKNOWN"));
    }
    story.pay(payment("1")).await.unwrap();
}

/// Decision 16: a network and the apps that act for it, nobody else; nothing is remembered.
#[tokio::test]
async fn a_payment_of_another_network_is_neither_made_nor_shown() {
    let story = Story::new().await;
    let denied = (Code::PermissionDenied, "NETWORK_NOT_ALLOWED".to_owned());
    for caller in [OTHER_APP, "key-of-network-two"] {
        assert_eq!(
            refused(story.payments().pay(by(caller, payment("1"))).await),
            denied
        );
    }
    let idle = refused(story.payments().pay(by(IDLE_APP, payment("1"))).await);
    assert_eq!(idle, (Code::PermissionDenied, "CALLER_INACTIVE".to_owned()));
    let made = story
        .payments()
        .pay(by(APP, payment("1")))
        .await
        .unwrap()
        .into_inner()
        .payment
        .unwrap();
    for caller in [APP, NETWORK, OPERATOR] {
        assert_eq!(story.get(caller, &made.order_number).await.unwrap(), made);
    }
    let unseen = (Code::NotFound, "PAYMENT_NOT_FOUND".to_owned());
    for caller in [OTHER_APP, "key-of-network-two"] {
        assert_eq!(refused(story.get(caller, &made.order_number).await), unseen);
    }
    assert_eq!(story.find("1").await.unwrap(), made);
    assert_eq!(refused(story.find("2").await), unseen);
}

#[tokio::test]
async fn all_malformed_fields_are_named_at_once() {
    use tonic_types::StatusExt;
    let story = Story::empty().await;
    let request = PayRequest {
        key: Some(PosKey {
            seller_id: String::new(),
            ..key("1")
        }),
        consumer: "139".to_owned(),
        payment_code: digits("12"),
        amount_fen: 0,
        store_id: "x".repeat(65),
        remark: "x".repeat(513),
        ..payment("1")
    };
    let status = story.pay(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let fields: Vec<String> = status
        .get_error_details()
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect();
    let expected = [
        "key.seller_id",
        "consumer",
        "payment_code.digits",
        "amount_fen",
        "store_id",
        "remark",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_card_with_64_callers_loses_no_update() {
    let story = std::sync::Arc::new(Story::new().await);
    let callers: Vec<_> = (0..64)
        .map(|n| {
            let story = std::sync::Arc::clone(&story);
            let request = PayRequest {
                amount_fen: 1_000,
                ..payment(&n.to_string())
            };
            tokio::spawn(async move { story.pay(request).await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(story.cash().await, 100_000 - 64_000);
    assert_eq!(story.entries().await, 65);
    story.sound().await;
}

/// Decision 19: one key for the network's own calls and for those of the apps that act for it.
#[tokio::test]
async fn a_key_is_the_terminals_whoever_speaks_for_it() {
    let story = Story::new().await;
    let first = story.pay(payment("1")).await.unwrap();
    let again = story
        .payments()
        .pay(by(APP, payment("1")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    assert_eq!(story.cash().await, 70_000);
}

/// A repeat of a success is told so though the terminal was moved, or stopped, meanwhile.
#[tokio::test]
async fn a_repeat_gets_its_answer_whatever_became_of_the_terminal() {
    let story = Story::new().await;
    let first = story.pay(payment("1")).await.unwrap();
    let mut moved = document();
    moved.sellers[0].stores[0].store_id = "ST7".to_owned();
    story.fixture.apply(moved).await.unwrap();
    assert_eq!(story.pay(payment("1")).await.unwrap(), first);
    assert_eq!(refused(story.pay(payment("2")).await), no("TERMINAL_UNKNOWN"));
    let mut stopped = document();
    stopped.sellers[0].active = false;
    story.fixture.apply(stopped).await.unwrap();
    assert_eq!(story.pay(payment("1")).await.unwrap(), first);
}
