//! Openings: decisions 23 to 26 and 32.

use crate::faulty::UNKNOWN_LATE;
use crate::harness::{APP, CHANNEL, Fixture, OTHER_APP, by, refused};
use crate::story::{ID, Story, payment};
use map_proto::common::v1::{AccountStatus, AccountType};
use map_proto::opening::v1::{OpenCardRequest, Opening};
use map_proto::payment::v1::PayRequest;
use map_server::CoreConfig;
use map_store::faulty::Fault;
use std::sync::Arc;
use tonic::{Code, Status};

fn no(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn nothing() -> (Code, String) {
    (Code::NotFound, "OPENING_NOT_FOUND".to_owned())
}

#[tokio::test]
async fn a_first_opening_makes_the_customer_the_card_and_the_cash_account() {
    let story = Story::empty().await;
    let sms_code = story.sms_code(APP, "s").await;
    let opened = story.open(Story::opening("O-1", &sms_code)).await.unwrap();
    let card = opened.card.clone().unwrap();
    assert_eq!(card.r#type(), AccountType::Instalment);
    assert_eq!(
        (card.face_value_fen, card.available_fen, card.unreleased_fen),
        (400_000, 100_000, 300_000)
    );
    assert_eq!(
        (card.total_stages, card.remaining_stages, card.stage_fen),
        (4, 3, 100_000)
    );
    assert_eq!(card.status(), AccountStatus::Normal);
    assert!(
        card.account_number.starts_with("2001888"),
        "{}",
        card.account_number
    );
    let types: Vec<AccountType> = story
        .all_accounts()
        .await
        .iter()
        .map(|account| account.r#type())
        .collect();
    assert_eq!(types, [AccountType::Cash, AccountType::Instalment]);
    assert_eq!(story.find_opening(APP, "O-1").await.unwrap(), opened);
    story.sound().await;
}

/// The key is looked up before the code is checked: the burnt code and a wrong one are the same.
#[tokio::test]
async fn a_repeat_with_its_burnt_sms_code_gets_the_same_answer_and_opens_nothing() {
    let story = Story::empty().await;
    let sms_code = story.sms_code(APP, "s").await;
    let opened = story.open(Story::opening("O-1", &sms_code)).await.unwrap();
    let card = opened.card.as_ref().unwrap().account_number.clone();
    story.set_code("C-1").await.unwrap();
    story
        .pay(PayRequest {
            consumer: card,
            ..payment("1")
        })
        .await
        .unwrap();
    story.fixture.clock.advance(3_600_000);
    assert_eq!(
        story.open(Story::opening("O-1", &sms_code)).await.unwrap(),
        opened
    );
    assert_eq!(story.open(Story::opening("O-1", "0000")).await.unwrap(), opened);
    assert_eq!(
        refused(story.open(Story::opening("O-2", &sms_code)).await),
        no("SMS_CODE_WRONG")
    );
    assert_eq!(story.all_accounts().await.len(), 2);
    story.sound().await;
}

#[tokio::test]
async fn a_wrong_sms_code_does_not_use_the_key_up_and_another_callers_code_is_wrong() {
    let story = Story::empty().await;
    let sms_code = story.sms_code(CHANNEL, "s").await;
    assert_eq!(
        refused(story.open(Story::opening("O-1", &sms_code)).await),
        no("SMS_CODE_WRONG")
    );
    let sms_code = story.sms_code(APP, "s").await;
    story.open(Story::opening("O-1", &sms_code)).await.unwrap();
}

#[tokio::test]
async fn one_key_with_other_content_opens_nothing() {
    let story = Story::empty().await;
    let sms_code = story.sms_code(APP, "s").await;
    story.open(Story::opening("O-1", &sms_code)).await.unwrap();
    let others = [
        OpenCardRequest {
            product_id: "2610".to_owned(),
            ..Story::opening("O-1", &sms_code)
        },
        OpenCardRequest {
            mobile_number: "13900000000".to_owned(),
            ..Story::opening("O-1", &sms_code)
        },
        OpenCardRequest {
            id_number: "110101199003070016".to_owned(),
            name: "x".to_owned(),
            ..Story::opening("O-1", &sms_code)
        },
    ];
    for other in others {
        assert_eq!(
            refused(story.open(other).await),
            (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned())
        );
    }
}

#[tokio::test]
async fn fifteen_and_eighteen_digits_of_one_person_are_equal_and_another_person_is_refused_and_reported() {
    let story = Story::empty().await;
    let sms_code = story.sms_code(APP, "s1").await;
    story.open(Story::opening("O-1", &sms_code)).await.unwrap();
    let short = format!("{}{}", &ID[..6], &ID[8..17]);
    let sms_code = story.sms_code(APP, "s2").await;
    story
        .open(OpenCardRequest {
            id_number: short,
            ..Story::opening("O-2", &sms_code)
        })
        .await
        .unwrap();
    let sms_code = story.sms_code(APP, "s3").await;
    let other = OpenCardRequest {
        id_number: "110101198003070015".to_owned(),
        ..Story::opening("O-3", &sms_code)
    };
    assert_eq!(refused(story.open(other).await), no("IDENTITY_MISMATCH"));
    assert_eq!(story.events().await, ["IDENTITY_MISMATCH"]);
    assert_eq!(story.all_accounts().await.len(), 3);
    story.sound().await;
}

#[tokio::test]
async fn an_unknown_product_declines_and_no_product_means_the_default_one() {
    let story = Story::empty().await;
    let sms_code = story.sms_code(APP, "s1").await;
    let unknown = OpenCardRequest {
        product_id: "9999".to_owned(),
        ..Story::opening("O-1", &sms_code)
    };
    assert_eq!(refused(story.open(unknown).await), no("PRODUCT_UNKNOWN"));
    assert_eq!(refused(story.find_opening(APP, "O-1").await), nothing());
    let sms_code = story.sms_code(APP, "s2").await;
    let default = OpenCardRequest {
        product_id: String::new(),
        ..Story::opening("O-2", &sms_code)
    };
    assert_eq!(
        story.open(default).await.unwrap().card.unwrap().product_id,
        "1010"
    );
    story.sound().await;
}

/// "Nothing" is final: what was on its way when it was said meets a closed key.
#[tokio::test]
async fn a_question_takes_no_key_and_the_opening_may_come_after_it() {
    let story = Story::empty().await;
    assert_eq!(refused(story.find_opening(APP, "O-1").await), nothing());
    let sms_code = story.sms_code(APP, "s").await;
    story.open(Story::opening("O-1", &sms_code)).await.unwrap();
    story.find_opening(APP, "O-1").await.unwrap();
    story.sound().await;
}

#[tokio::test(start_paused = true)]
async fn a_claimed_opening_without_an_outcome_is_fenced_before_the_answer() {
    let mut config = map_server::CoreConfig::default();
    config.ledger.settle_ms = 1;
    let story = Story::with(config).await;
    let sms_code = story.sms_code(APP, "s").await;
    story.store.faults.script(&[Fault::UnknownClaimsOnly; 64]);
    let unknown = (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned());
    assert_eq!(
        refused(story.open(Story::opening("O-1", &sms_code)).await),
        unknown
    );
    story.store.faults.script(&[]);
    assert_eq!(refused(story.find_opening(APP, "O-1").await), nothing());
    assert_eq!(
        refused(story.open(Story::opening("O-1", &sms_code)).await),
        no("KEY_CLOSED")
    );
    assert!(story.all_accounts().await.is_empty());
    story.sound().await;
}

/// An opening whose first commit meets this fault, and whose deadline passes before it is tried again. Only
/// here: from outside nobody holds an opening up for 30 s at this place.
async fn overdue(fault: Fault) -> (Story, OpenCardRequest, Result<Opening, Status>) {
    let story = Story::empty().await;
    let sms_code = story.sms_code(APP, "s").await;
    let request = Story::opening("O-1", &sms_code);
    story.store.faults.script(&[fault]);
    let (opened, ()) = tokio::join!(story.open(request.clone()), async {
        while story.store.faults.unmet() > 0 {
            tokio::task::yield_now().await;
        }
        story.fixture.clock.advance(30_001);
    });
    (story, request, opened)
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_is_not_done_in_30_seconds_is_refused_for_good() {
    for fault in [Fault::NotApplied, Fault::UnknownLost, Fault::UnknownHeld] {
        let (story, request, opened) = overdue(fault).await;
        assert_eq!(refused(opened), no("OPENING_EXPIRED"), "{fault:?}");
        assert_eq!(refused(story.find_opening(APP, "O-1").await), nothing());
        // Neither what was on its way nor the repeat opens it now.
        story.store.arrive().await;
        assert_eq!(
            refused(story.open(request).await),
            no("OPENING_EXPIRED"),
            "{fault:?}"
        );
        assert!(story.all_accounts().await.is_empty(), "{fault:?}");
        story.sound().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_was_done_in_time_is_told_after_its_deadline() {
    for fault in [Fault::UnknownApplied, UNKNOWN_LATE] {
        let (story, request, opened) = overdue(fault).await;
        let opened = opened.unwrap();
        assert_eq!(story.open(request).await.unwrap(), opened, "{fault:?}");
        assert_eq!(story.all_accounts().await.len(), 2, "{fault:?}");
        story.sound().await;
    }
}

/// Here is nobody who waits for the attempt: only the key that it took tells of it.
#[tokio::test(start_paused = true)]
async fn an_opening_that_another_process_was_told_is_not_there_does_not_come_later() {
    let story = Story::empty().await;
    let elsewhere = Story {
        fixture: Fixture::start(CoreConfig::default(), Arc::clone(&story.store) as _).await,
        store: Arc::clone(&story.store),
    };
    let sms_code = story.sms_code(APP, "s").await;
    story.store.faults.script(&[Fault::UnknownHeld]);
    let (opened, found) = tokio::join!(story.open(Story::opening("O-1", &sms_code)), async {
        while story.store.faults.unmet() > 0 {
            tokio::task::yield_now().await;
        }
        elsewhere.find_opening(APP, "O-1").await
    });
    assert_eq!(refused(found), nothing());
    assert_eq!(refused(opened), no("KEY_CLOSED"));
    story.store.arrive().await;
    assert_eq!(refused(elsewhere.find_opening(APP, "O-1").await), nothing());
    assert!(story.all_accounts().await.is_empty());
    story.sound().await;
}

#[tokio::test(start_paused = true)]
async fn whatever_fault_comes_one_card_is_opened() {
    use Fault::{ClaimsOnly, NotApplied, Stale, UnknownApplied, UnknownClaimsOnly, UnknownLost};
    for first in [
        Stale,
        NotApplied,
        UnknownApplied,
        UnknownLost,
        UNKNOWN_LATE,
        ClaimsOnly,
        UnknownClaimsOnly,
    ] {
        let story = Story::empty().await;
        let sms_code = story.sms_code(APP, "s").await;
        story.store.faults.script(&[first]);
        let opened = story.open(Story::opening("O-1", &sms_code)).await.unwrap();
        assert_eq!(
            story.open(Story::opening("O-1", &sms_code)).await.unwrap(),
            opened,
            "{first:?}"
        );
        assert_eq!(story.all_accounts().await.len(), 2, "{first:?}");
        story.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_first_orders_of_one_number_meet_in_one_customer() {
    let story = std::sync::Arc::new(Story::empty().await);
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let story = std::sync::Arc::clone(&story);
            tokio::spawn(async move { story.top_up(&format!("T-{n}"), 100).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(story.cash().await, 1_600);
    assert_eq!(story.all_accounts().await.len(), 1);
    assert_eq!(story.sound().await.counts.customers, 1);
}

#[tokio::test]
async fn a_caller_finds_its_own_openings_only() {
    let story = Story::empty().await;
    let sms_code = story.sms_code(APP, "s").await;
    story.open(Story::opening("O-1", &sms_code)).await.unwrap();
    for caller in [OTHER_APP, CHANNEL] {
        assert_eq!(refused(story.find_opening(caller, "O-1").await), nothing());
    }
    assert!(story.find_opening(APP, "O-1").await.is_ok());
}

#[tokio::test]
async fn a_discount_card_is_sold_below_its_face_value_and_all_of_it_is_available() {
    let story = Story::empty().await;
    let card = story.card("O-1", "2610").await;
    assert_eq!(card.r#type(), AccountType::Discount);
    assert_eq!(
        (card.face_value_fen, card.available_fen, card.unreleased_fen),
        (500_000, 500_000, 0)
    );
    let report = story.sound().await;
    assert_eq!(report.trial_balance.total_fen, 0);
    let request = map_proto::account::v1::GetAccountRequest {
        account_number: card.account_number,
    };
    story.accounts().get_account(by(APP, request)).await.unwrap();
}
