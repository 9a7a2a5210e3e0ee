//! Transfers, top-ups, balances, statements, payment codes, SMS codes, operators' acts.

use crate::harness::{APP, CHANNEL, NETWORK, OPERATOR, by, refused};
use crate::story::{CODE, ID, MOBILE, STRANGER, Story, digits, key, payment};
use map_proto::account::v1::{EntryKind, GetBalanceRequest, ListAccountsRequest, ListEntriesRequest};
use map_proto::common::v1::AccountStatus;
use map_proto::customer::v1::{
    GetCustomerRequest, PaymentCodeStatus, ResetPaymentCodeRequest, SendSmsCodeRequest, SetPaymentCodeRequest,
};
use map_proto::operator::v1::{ReversePaymentRequest, UnlockPaymentCodeRequest};
use map_proto::payment::v1::PayRequest;
use map_proto::transfer::v1::{TopUpRequest, TransferToCashRequest};
use map_server::core::Core;
use map_server::failure::Failure;
use map_server::ledger::{self, Ledger};
use map_server::ports::{SentCode, SmsNotSent, SmsSender};
use std::sync::atomic::Ordering;
use tonic::Code;

fn no(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn transfer(number: &str, from: &str, fen: i64) -> TransferToCashRequest {
    TransferToCashRequest {
        idempotency_key: number.to_owned(),
        mobile_number: MOBILE.to_owned(),
        account_number: from.to_owned(),
        amount_fen: fen,
        sms_code: String::new(),
        payment_code: digits(CODE),
        remark: String::new(),
    }
}

#[tokio::test]
async fn a_transfer_moves_what_is_released_once() {
    let story = Story::new().await;
    let card = story.card("O-1", "1010").await.account_number;
    let moved = story.transfer(transfer("X-1", &card, 60_000)).await.unwrap();
    assert_eq!(moved.cash_account.as_ref().unwrap().available_fen, 160_000);
    assert_eq!(moved.card.as_ref().unwrap().available_fen, 40_000);
    assert_eq!(
        refused(story.transfer(transfer("X-2", &card, 40_001)).await),
        no("INSUFFICIENT_BALANCE")
    );
    story.pay(payment("1")).await.unwrap();
    story.transfer(transfer("X-3", &card, 40_000)).await.unwrap();
    assert_eq!(
        story.transfer(transfer("X-1", &card, 60_000)).await.unwrap(),
        moved
    );
    assert_eq!(
        refused(story.transfer(transfer("X-1", &card, 60_001)).await),
        (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned())
    );
    assert_eq!(story.cash().await, 170_000);
    story.sound().await;
}

#[tokio::test]
async fn a_discount_card_another_persons_card_and_a_stranger_can_not_transfer() {
    let story = Story::new().await;
    let discount = story.card("O-1", "2610").await.account_number;
    assert_eq!(
        refused(story.transfer(transfer("X-1", &discount, 1)).await),
        no("NOT_TRANSFERABLE")
    );
    let other = "2001888000000000";
    assert_eq!(
        refused(story.transfer(transfer("X-2", other, 1)).await),
        no("ACCOUNT_NOT_OWNED")
    );
    let stranger = TransferToCashRequest {
        mobile_number: STRANGER.to_owned(),
        ..transfer("X-3", &discount, 1)
    };
    for _ in 0..2 {
        let refusal = refused(story.transfer(stranger.clone()).await);
        assert_eq!(refusal, (Code::NotFound, "CUSTOMER_NOT_FOUND".to_owned()));
    }
    story.sound().await;
}

#[tokio::test]
async fn an_sms_code_in_a_transfer_is_verified_and_used_up_by_its_key() {
    let story = Story::new().await;
    let card = story.card("O-1", "1010").await.account_number;
    let sms_code = story.sms_code(APP, "for a transfer").await;
    let with = |number: &str, sms_code: &str| TransferToCashRequest {
        sms_code: sms_code.to_owned(),
        ..transfer(number, &card, 100)
    };
    let wrong = if sms_code == "0000" { "0001" } else { "0000" };
    assert_eq!(
        refused(story.transfer(with("X-1", wrong)).await),
        no("SMS_CODE_WRONG")
    );
    let moved = story.transfer(with("X-1", &sms_code)).await.unwrap();
    assert_eq!(story.transfer(with("X-1", &sms_code)).await.unwrap(), moved);
    assert_eq!(
        refused(story.transfer(with("X-2", &sms_code)).await),
        no("SMS_CODE_WRONG")
    );
}

#[tokio::test]
async fn a_payment_code_may_be_absent_only_while_none_is_set() {
    let story = Story::empty().await;
    let card = story.card("O-1", "1010").await.account_number;
    let without = |number: &str| TransferToCashRequest {
        payment_code: None,
        ..transfer(number, &card, 100)
    };
    story.transfer(without("X-1")).await.unwrap();
    story.set_code("C-1").await.unwrap();
    assert_eq!(
        refused(story.transfer(without("X-2")).await),
        no("PAYMENT_CODE_REQUIRED")
    );
    story.sound().await;
}

/// Wrong codes can't be counted then: who could tell them from right ones could try them all.
#[tokio::test(start_paused = true)]
async fn no_payment_code_is_told_right_from_wrong_while_attempts_can_not_be_counted() {
    let story = Story::new().await;
    story.store.faults.sick.store(true, Ordering::SeqCst);
    for code in [CODE, "000000"] {
        let refused = refused(story.balance("1", digits(code)).await);
        assert_eq!(refused, (Code::Unavailable, "UNAVAILABLE".to_owned()), "{code}");
    }
    story.store.faults.sick.store(false, Ordering::SeqCst);
    story.balance("1", digits(CODE)).await.unwrap();
    story.sound().await;
}

#[tokio::test]
async fn a_balance_query_counts_a_wrong_code_once_for_each_key_and_occupies_nothing() {
    let story = Story::new().await;
    let balance = story.balance("1", digits(CODE)).await.unwrap().account.unwrap();
    assert_eq!(
        (balance.available_fen, balance.status()),
        (100_000, AccountStatus::Normal)
    );
    for _ in 0..3 {
        assert_eq!(
            refused(story.balance("2", digits("000000")).await),
            no("PAYMENT_CODE_WRONG")
        );
    }
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
    assert_eq!(customer.failed_attempts, 1);
    story.pay(payment("2")).await.unwrap();
    assert_eq!(
        refused(story.balance("3", None).await),
        no("PAYMENT_CODE_REQUIRED")
    );
    let by_app = GetBalanceRequest {
        consumer: MOBILE.to_owned(),
        payment_code: None,
        key: Some(key("4")),
        store_id: "ST1".to_owned(),
        clerk_id: String::new(),
    };
    let shown = story
        .accounts()
        .get_balance(by(APP, by_app.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(shown.account.unwrap().available_fen, 70_000);
    let stranger = GetBalanceRequest {
        consumer: STRANGER.to_owned(),
        ..by_app
    };
    assert_eq!(
        refused(story.accounts().get_balance(by(APP, stranger)).await),
        no("CONSUMER_UNKNOWN")
    );
    story.sound().await;
}

#[tokio::test]
async fn a_statement_is_paged_newest_first_and_shows_this_account_only() {
    let story = Story::new().await;
    for serial in ["1", "2", "3", "4"] {
        story.pay(payment_of(serial, 100)).await.unwrap();
    }
    story.card("O-1", "2610").await;
    let number = story.all_accounts().await[0].account_number.clone();
    let mut token = String::new();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let request = ListEntriesRequest {
            account_number: number.clone(),
            page_size: 2,
            page_token: token.clone(),
        };
        let page = story
            .accounts()
            .list_entries(by(APP, request))
            .await
            .unwrap()
            .into_inner();
        assert!(page.entries.len() <= 2);
        seen.extend(page.entries.iter().map(|entry| (entry.sequence, entry.kind())));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let payment = EntryKind::Payment;
    assert_eq!(
        seen,
        [
            (5, payment),
            (4, payment),
            (3, payment),
            (2, payment),
            (1, EntryKind::TopUp)
        ]
    );
    let request = ListEntriesRequest {
        account_number: number,
        page_size: 2,
        page_token: "beef".to_owned(),
    };
    let refusal = refused(story.accounts().list_entries(by(APP, request)).await);
    assert_eq!(refusal, (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned()));
}

fn payment_of(serial: &str, fen: i64) -> PayRequest {
    PayRequest {
        amount_fen: fen,
        ..payment(serial)
    }
}

#[tokio::test]
async fn accounts_of_a_number_begin_with_the_cash_account_and_nobody_has_none() {
    let story = Story::new().await;
    story.card("O-1", "1010").await;
    story.card("O-2", "2610").await;
    let prefixes: Vec<String> = story
        .all_accounts()
        .await
        .iter()
        .map(|account| account.account_number[..4].to_owned())
        .collect();
    assert_eq!(prefixes, ["9501", "2601", "2001"]);
    let request = ListAccountsRequest {
        mobile_number: STRANGER.to_owned(),
        ..ListAccountsRequest::default()
    };
    let nobody = story
        .accounts()
        .list_accounts(by(APP, request))
        .await
        .unwrap()
        .into_inner();
    assert!(nobody.accounts.is_empty());
    let unknown = (Code::NotFound, "ACCOUNT_NOT_FOUND".to_owned());
    assert_eq!(refused(story.account("2001888000000000").await), unknown);
}

#[tokio::test]
async fn sms_codes_are_limited_and_the_same_key_sends_one_message() {
    let story = Story::empty().await;
    let send = async |caller: &str, mobile: &str, number: &str| {
        let request = SendSmsCodeRequest {
            mobile_number: mobile.to_owned(),
            idempotency_key: number.to_owned(),
        };
        story.customers().send_sms_code(by(caller, request)).await
    };
    let first = send(APP, MOBILE, "1").await.unwrap().into_inner();
    let code = story.last_sms_code();
    assert_eq!(send(APP, MOBILE, "1").await.unwrap().into_inner(), first);
    assert_eq!(story.last_sms_code(), code);
    let limited = (Code::ResourceExhausted, "SMS_RATE_LIMITED".to_owned());
    assert_eq!(refused(send(CHANNEL, MOBILE, "2").await), limited);
    let reused = (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned());
    assert_eq!(refused(send(APP, STRANGER, "1").await), reused);
    for number in 2..=10 {
        story.fixture.clock.advance(60_000);
        send(APP, MOBILE, &number.to_string()).await.unwrap();
    }
    story.fixture.clock.advance(60_000);
    assert_eq!(refused(send(APP, MOBILE, "11").await), limited);
    story.sound().await;
}

#[tokio::test]
async fn a_lock_is_lifted_by_an_operator_or_by_a_reset_with_the_id_number() {
    let story = Story::new().await;
    story.card("O-1", "1010").await;
    let lock = async |from: u32| {
        for n in from..from + 5 {
            let wrong = PayRequest {
                payment_code: digits("000000"),
                ..payment(&n.to_string())
            };
            assert_eq!(refused(story.pay(wrong).await), no("PAYMENT_CODE_WRONG"));
        }
    };
    lock(10).await;
    assert_eq!(refused(story.pay(payment("1")).await), no("PAYMENT_CODE_LOCKED"));
    let unlock = UnlockPaymentCodeRequest {
        idempotency_key: "U-1".to_owned(),
        mobile_number: MOBILE.to_owned(),
        reason: "she called".to_owned(),
        ..UnlockPaymentCodeRequest::default()
    };
    story
        .operator()
        .unlock_payment_code(by(OPERATOR, unlock.clone()))
        .await
        .unwrap();
    story.pay(payment("2")).await.unwrap();
    lock(20).await;
    // The same act again is a repeat, and unlocks nothing.
    story
        .operator()
        .unlock_payment_code(by(OPERATOR, unlock))
        .await
        .unwrap();
    assert_eq!(refused(story.pay(payment("3")).await), no("PAYMENT_CODE_LOCKED"));
    for (number, id, expected) in [("P-1", "", Err(no("IDENTITY_MISMATCH"))), ("P-2", ID, Ok(()))] {
        let reset = ResetPaymentCodeRequest {
            mobile_number: MOBILE.to_owned(),
            sms_code: story.sms_code(APP, number).await,
            id_number: id.to_owned(),
            payment_code: digits("654321"),
            idempotency_key: number.to_owned(),
        };
        let answer = story.customers().reset_payment_code(by(APP, reset)).await;
        assert_eq!(
            answer.map(drop).map_err(|status| refused::<()>(Err(status))),
            expected
        );
    }
    story
        .pay(PayRequest {
            payment_code: digits("654321"),
            ..payment("4")
        })
        .await
        .unwrap();
    story.sound().await;
}

#[tokio::test]
async fn a_payment_code_makes_a_customer_and_its_repeat_asks_for_no_sms_code() {
    let story = Story::empty().await;
    let sms_code = story.sms_code(APP, "s").await;
    let set = |sms_code: &str| SetPaymentCodeRequest {
        mobile_number: MOBILE.to_owned(),
        sms_code: sms_code.to_owned(),
        payment_code: digits(CODE),
        idempotency_key: "C-1".to_owned(),
    };
    story
        .customers()
        .set_payment_code(by(APP, set(&sms_code)))
        .await
        .unwrap();
    story
        .customers()
        .set_payment_code(by(APP, set("0000")))
        .await
        .unwrap();
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
    assert_eq!(customer.payment_code_status(), PaymentCodeStatus::Normal);
    assert!(!customer.has_id_number);
    let request = GetCustomerRequest {
        mobile_number: STRANGER.to_owned(),
        ..GetCustomerRequest::default()
    };
    let refusal = refused(story.customers().get_customer(by(OPERATOR, request)).await);
    assert_eq!(refusal, (Code::NotFound, "CUSTOMER_NOT_FOUND".to_owned()));
    story.sound().await;
}

#[tokio::test]
async fn an_operator_gives_a_payment_back_however_old_once() {
    let story = Story::new().await;
    let number = story
        .pay(payment("1"))
        .await
        .unwrap()
        .payment
        .unwrap()
        .order_number;
    story.fixture.clock.advance(100 * 24 * 60 * 60 * 1000);
    let reverse = |key: &str| ReversePaymentRequest {
        idempotency_key: key.to_owned(),
        order_number: number.clone(),
        reason: "a complaint".to_owned(),
        key: None,
    };
    let reversed = story
        .operator()
        .reverse_payment(by(OPERATOR, reverse("V-1")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(reversed.account.as_ref().unwrap().available_fen, 100_000);
    let again = story
        .operator()
        .reverse_payment(by(OPERATOR, reverse("V-1")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, reversed);
    let other = refused(
        story
            .operator()
            .reverse_payment(by(OPERATOR, reverse("V-2")))
            .await,
    );
    assert_eq!(other, no("ALREADY_REVERSED"));
    assert_eq!(story.cash().await, 100_000);
    let request = TopUpRequest {
        mobile_number: MOBILE.to_owned(),
        ..TopUpRequest::default()
    };
    let malformed = refused(story.transfers().top_up(by(NETWORK, request)).await);
    assert_eq!(
        malformed,
        (Code::PermissionDenied, "PERMISSION_DENIED".to_owned())
    );
    story.sound().await;
}

/// No sum over the ledger may leave 64 bits.
#[tokio::test]
async fn a_top_up_is_bounded() {
    let story = Story::new().await;
    let request = |key: &str, amount_fen| TopUpRequest {
        idempotency_key: key.to_owned(),
        mobile_number: MOBILE.to_owned(),
        amount_fen,
        remark: String::new(),
    };
    let malformed = (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned());
    for amount in [1_000_000_000_001, i64::MAX] {
        let answer = story
            .transfers()
            .top_up(by(CHANNEL, request("B-1", amount)))
            .await;
        assert_eq!(refused(answer), malformed);
    }
    let most = request("B-1", 1_000_000_000_000);
    story.transfers().top_up(by(CHANNEL, most)).await.unwrap();
    story.sound().await;
}

/// Decision 19: a claim, never an index, so one number for two mobile numbers pays once.
#[tokio::test]
async fn one_number_for_two_mobile_numbers_moves_money_once() {
    let story = Story::new().await;
    let other = TopUpRequest {
        idempotency_key: "T-1".to_owned(),
        mobile_number: STRANGER.to_owned(),
        amount_fen: 100_000,
        remark: String::new(),
    };
    let reused = (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned());
    assert_eq!(
        refused(story.transfers().top_up(by(CHANNEL, other.clone())).await),
        reused
    );
    // Another caller's numbers are its own.
    story.transfers().top_up(by(APP, other)).await.unwrap();
    story.sound().await;
}

/// A provider that is down for a while.
#[derive(Default)]
struct Flaky {
    down: std::sync::atomic::AtomicBool,
    outbox: map_server::adapters::SmsOutbox,
}

#[tonic::async_trait]
impl SmsSender for Flaky {
    async fn send(
        &self,
        mobile: &map_domain::MobileNumber,
        code: &str,
        at: map_domain::Timestamp,
    ) -> Result<(), SmsNotSent> {
        if self.down.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(SmsNotSent("down".to_owned()));
        }
        self.outbox.send(mobile, code, at).await
    }

    fn outbox(&self) -> Option<Vec<SentCode>> {
        self.outbox.outbox()
    }
}

#[tokio::test]
async fn a_code_that_was_not_sent_may_be_asked_for_again_under_its_key() {
    let story = Story::empty().await;
    let core = story.fixture.server.core();
    let sms = std::sync::Arc::new(Flaky::default());
    let core = Core {
        store: std::sync::Arc::clone(&core.store),
        clock: std::sync::Arc::clone(&core.clock),
        random: std::sync::Arc::clone(&core.random),
        sms: std::sync::Arc::clone(&sms) as _,
        secrets: core.secrets.clone(),
        policy: core.policy,
        extra_callers: Vec::new(),
        catalogue: std::sync::RwLock::new(core.catalogue()),
    };
    let caller = core
        .catalogue()
        .callers
        .values()
        .find(|c| c.caller.id.as_str() == "app/app1")
        .unwrap()
        .caller
        .clone();
    let ledger = std::sync::Arc::new(Ledger::new(std::sync::Arc::new(core), ledger::Options::default()));
    let mobile = map_domain::MobileNumber::parse(MOBILE).unwrap();
    let send = async || {
        ledger
            .send_sms_code(caller.clone(), mobile.clone(), "1".to_owned())
            .await
    };
    sms.down.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(send().await, Err(Failure::SmsNotSent));
    sms.down.store(false, std::sync::atomic::Ordering::SeqCst);
    // That it was asked for counts all the same: one a minute.
    assert_eq!(
        send().await,
        Err(Failure::TooSoon(std::time::Duration::from_secs(60)))
    );
    story.fixture.clock.advance(60_000);
    assert!(send().await.is_ok());
    assert!(send().await.is_ok());
    assert_eq!(sms.outbox().unwrap().len(), 1);
}
