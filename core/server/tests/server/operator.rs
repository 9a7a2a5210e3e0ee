//! What operators do: with a reason, once for each key, and never without a trace.

use crate::harness::{APP, Fixture, OPERATOR, OTHER_APP, by, document, reason, refused, seller, terminal};
use crate::patient::Patient;
use map_proto::account::v1::ListAccountsRequest;
use map_proto::account::v1::account_service_client::AccountServiceClient;
use map_proto::common::v1::{Account, AccountStatus, PaymentCode, PosKey, payment_code};
use map_proto::customer::v1::customer_service_client::CustomerServiceClient;
use map_proto::customer::v1::{
    GetCustomerRequest, PaymentCodeStatus, SendSmsCodeRequest, SetPaymentCodeRequest,
};
use map_proto::operator::v1 as operator;
use map_proto::operator::v1::operator_service_client::OperatorServiceClient;
use map_proto::payment::v1::payment_service_client::PaymentServiceClient;
use map_proto::payment::v1::{PayRequest, PayResponse};
use map_proto::transfer::v1::TopUpRequest;
use map_proto::transfer::v1::transfer_service_client::TransferServiceClient;
use map_server::ports::SmsSender;
use map_server::{CoreConfig, InProcess};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::{Code, Response, Status};

const MOBILE: &str = "13912345678";
const CODE: &str = "907351";

fn operator(fixture: &Fixture) -> OperatorServiceClient<InProcess> {
    OperatorServiceClient::new(fixture.edge())
}

/// A customer with 10 yuan on the cash account and a payment code.
async fn customer(fixture: &Fixture) -> Account {
    let top_up = TopUpRequest {
        idempotency_key: "top-up".to_owned(),
        mobile_number: MOBILE.to_owned(),
        amount_fen: 1_000,
        ..TopUpRequest::default()
    };
    TransferServiceClient::new(fixture.edge())
        .top_up(by(APP, top_up))
        .await
        .unwrap();
    let mut customers = CustomerServiceClient::new(fixture.edge());
    let send = SendSmsCodeRequest {
        mobile_number: MOBILE.to_owned(),
        idempotency_key: "sms".to_owned(),
    };
    customers.send_sms_code(by(APP, send)).await.unwrap();
    let set = SetPaymentCodeRequest {
        mobile_number: MOBILE.to_owned(),
        sms_code: fixture.outbox.outbox().unwrap()[0].code.clone(),
        payment_code: code(CODE),
        idempotency_key: "set".to_owned(),
    };
    customers.set_payment_code(by(APP, set)).await.unwrap();
    cash_account(fixture).await
}

async fn cash_account(fixture: &Fixture) -> Account {
    let ask = ListAccountsRequest {
        mobile_number: MOBILE.to_owned(),
        ..ListAccountsRequest::default()
    };
    let answer = AccountServiceClient::new(fixture.edge())
        .list_accounts(by(APP, ask))
        .await
        .unwrap();
    answer.into_inner().accounts.remove(0)
}

fn code(digits: &str) -> Option<PaymentCode> {
    Some(PaymentCode {
        form: Some(payment_code::Form::Digits(digits.to_owned())),
    })
}

async fn pay(fixture: &Fixture, serial: &str, digits: &str) -> Result<Response<PayResponse>, Status> {
    let pay = PayRequest {
        key: Some(PosKey {
            seller_id: "S1".to_owned(),
            terminal_id: "T1".to_owned(),
            batch_number: "B1".to_owned(),
            serial_number: serial.to_owned(),
        }),
        consumer: MOBILE.to_owned(),
        payment_code: code(digits),
        amount_fen: 300,
        store_id: "ST1".to_owned(),
        ..PayRequest::default()
    };
    PaymentServiceClient::new(fixture.edge()).pay(by(APP, pay)).await
}

fn freeze(key: &str, account: &str, reason: &str) -> operator::FreezeAccountRequest {
    operator::FreezeAccountRequest {
        idempotency_key: key.to_owned(),
        account_number: account.to_owned(),
        reason: reason.to_owned(),
    }
}

fn raise(key: &str, terminal: &str) -> operator::RaiseTerminalGenerationRequest {
    operator::RaiseTerminalGenerationRequest {
        idempotency_key: key.to_owned(),
        seller_id: "S1".to_owned(),
        terminal_id: terminal.to_owned(),
        reason: "replaced".to_owned(),
    }
}

/// The audit trail without provisioning, newest first: action, outcome.
async fn trail(fixture: &Fixture) -> Vec<(String, String)> {
    let entries = entries(fixture)
        .await
        .into_iter()
        .filter(|entry| entry.action != "apply_provisioning");
    entries.map(|entry| (entry.action, entry.outcome)).collect()
}

async fn entries(fixture: &Fixture) -> Vec<operator::AuditEntry> {
    let ask = operator::ListAuditEntriesRequest::default();
    operator(fixture)
        .list_audit_entries(by(OPERATOR, ask))
        .await
        .unwrap()
        .into_inner()
        .entries
}

fn told(action: &str, outcomes: &[&str]) -> Vec<(String, String)> {
    outcomes
        .iter()
        .map(|outcome| (action.to_owned(), (*outcome).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_frozen_account_pays_nothing_until_the_freeze_is_lifted() {
    let fixture = Fixture::new().await;
    let number = customer(&fixture).await.account_number;
    let mut operator = operator(&fixture);
    let frozen = operator
        .freeze_account(by(OPERATOR, freeze("f1", &number, "lost card")))
        .await
        .unwrap();
    let account = frozen.into_inner().account.unwrap();
    assert_eq!(
        (account.status(), account.available_fen),
        (AccountStatus::Frozen, 1_000)
    );
    assert_eq!(
        refused(pay(&fixture, "1", CODE).await),
        (Code::FailedPrecondition, "ACCOUNT_FROZEN".to_owned())
    );
    let again = operator
        .freeze_account(by(OPERATOR, freeze("f1", &number, "lost card")))
        .await
        .unwrap();
    assert_eq!(again.into_inner().account.unwrap(), account);
    let lift = operator::UnfreezeAccountRequest {
        idempotency_key: "u1".to_owned(),
        account_number: number.clone(),
        reason: "found".to_owned(),
    };
    let lifted = operator
        .unfreeze_account(by(OPERATOR, lift))
        .await
        .unwrap()
        .into_inner()
        .account
        .unwrap();
    assert_eq!(lifted.status(), AccountStatus::Normal);
    pay(&fixture, "2", CODE).await.unwrap();
    let trail = trail(&fixture).await;
    let freezes = told("freeze_account", &["done", "begun", "done", "begun"]);
    assert_eq!(
        trail,
        [told("unfreeze_account", &["done", "begun"]), freezes].concat()
    );
}

#[tokio::test]
async fn the_audit_trail_says_who_did_what_and_why_without_personal_data() {
    let fixture = Fixture::new().await;
    let number = customer(&fixture).await.account_number;
    operator(&fixture)
        .freeze_account(by(OPERATOR, freeze("f1", &number, "lost card")))
        .await
        .unwrap();
    for entry in &entries(&fixture).await[..2] {
        assert_eq!(
            (entry.operator.as_str(), entry.reason.as_str()),
            ("operator/root", "lost card")
        );
        assert!(entry.time.is_some());
        assert!(entry.target.starts_with("customer "), "{}", entry.target);
        assert!(
            !entry.target.contains(&number) && !entry.target.contains(MOBILE),
            "{}",
            entry.target
        );
    }
}

#[tokio::test]
async fn an_act_without_a_reason_is_refused_and_leaves_no_trace() {
    let fixture = Fixture::new().await;
    let number = customer(&fixture).await.account_number;
    let long = "x".repeat(513);
    for reason in ["", "  ", "two\nlines", &long] {
        let answer = operator(&fixture)
            .freeze_account(by(OPERATOR, freeze("f1", &number, reason)))
            .await;
        assert_eq!(
            refused(answer),
            (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned()),
            "{reason:?}"
        );
    }
    let everything = operator(&fixture)
        .raise_terminal_generation(by(OPERATOR, Default::default()))
        .await
        .unwrap_err();
    let details = tonic_types::StatusExt::get_error_details(&everything);
    let fields: Vec<_> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|v| v.field.clone())
        .collect();
    assert_eq!(fields, ["reason", "idempotency_key", "seller_id", "terminal_id"]);
    assert_eq!(trail(&fixture).await, []);
}

#[tokio::test]
async fn an_act_on_nothing_is_refused_and_recorded() {
    let fixture = Fixture::new().await;
    let nobody = freeze("f1", "9588800000000000", "why not");
    let answer = operator(&fixture).freeze_account(by(OPERATOR, nobody)).await;
    assert_eq!(
        refused(answer),
        (Code::FailedPrecondition, "ACCOUNT_NOT_FOUND".to_owned())
    );
    let unlock = operator::UnlockPaymentCodeRequest {
        idempotency_key: "u1".to_owned(),
        mobile_number: MOBILE.to_owned(),
        reason: "asked".to_owned(),
        ..operator::UnlockPaymentCodeRequest::default()
    };
    let answer = operator(&fixture).unlock_payment_code(by(OPERATOR, unlock)).await;
    assert_eq!(refused(answer), (Code::NotFound, "CUSTOMER_NOT_FOUND".to_owned()));
    let reverse = operator::ReversePaymentRequest {
        idempotency_key: "r1".to_owned(),
        order_number: "ud00000000000000000000".to_owned(),
        reason: "asked".to_owned(),
        key: None,
    };
    let answer = operator(&fixture).reverse_payment(by(OPERATOR, reverse)).await;
    assert_eq!(
        refused(answer),
        (Code::FailedPrecondition, "PAYMENT_NOT_FOUND".to_owned())
    );
    let expected = [
        told("reverse_payment", &["PAYMENT_NOT_FOUND", "begun"]),
        told("unlock_payment_code", &["CUSTOMER_NOT_FOUND", "begun"]),
        told("freeze_account", &["ACCOUNT_NOT_FOUND", "begun"]),
    ];
    assert_eq!(trail(&fixture).await, expected.concat());
}

#[tokio::test]
async fn an_act_that_can_not_be_recorded_is_not_begun() {
    let store = Arc::new(Patient::default());
    let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    fixture.apply(document()).await.unwrap();
    let number = customer(&fixture).await.account_number;
    store.audit_down.store(true, Ordering::SeqCst);
    let answer = operator(&fixture)
        .freeze_account(by(OPERATOR, freeze("f1", &number, "lost card")))
        .await;
    assert_eq!(refused(answer), (Code::Unavailable, "UNAVAILABLE".to_owned()));
    assert_eq!(cash_account(&fixture).await.status(), AccountStatus::Normal);
    assert_eq!(
        refused(
            operator(&fixture)
                .raise_terminal_generation(by(OPERATOR, raise("g1", "T1")))
                .await
        )
        .1,
        "UNAVAILABLE"
    );
    store.audit_down.store(false, Ordering::SeqCst);
    let raised = operator(&fixture)
        .raise_terminal_generation(by(OPERATOR, raise("g1", "T1")))
        .await
        .unwrap();
    assert_eq!(raised.into_inner().generation, 2);
}

#[tokio::test]
async fn an_operator_gives_a_payment_back_once_however_old_it_is() {
    let fixture = Fixture::new().await;
    customer(&fixture).await;
    let paid = pay(&fixture, "1", CODE)
        .await
        .unwrap()
        .into_inner()
        .payment
        .unwrap();
    fixture.clock.advance(400 * 24 * 60 * 60 * 1000);
    let reverse = |key: &str| operator::ReversePaymentRequest {
        idempotency_key: key.to_owned(),
        order_number: paid.order_number.clone(),
        reason: "charged twice at the till".to_owned(),
        key: None,
    };
    let mut operator = operator(&fixture);
    let first = operator
        .reverse_payment(by(OPERATOR, reverse("r1")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.account.as_ref().unwrap().available_fen, 1_000);
    let again = operator
        .reverse_payment(by(OPERATOR, reverse("r1")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    let other = operator.reverse_payment(by(OPERATOR, reverse("r2"))).await;
    assert_eq!(
        refused(other),
        (Code::FailedPrecondition, "ALREADY_REVERSED".to_owned())
    );
    assert_eq!(cash_account(&fixture).await.available_fen, 1_000);
    let outcomes = ["ALREADY_REVERSED", "begun", "done", "begun", "done", "begun"];
    assert_eq!(trail(&fixture).await, told("reverse_payment", &outcomes));
    assert!(entries(&fixture).await[0].target.contains(&paid.order_number));
}

#[tokio::test]
async fn five_wrong_codes_lock_and_an_operator_unlocks() {
    let fixture = Fixture::new().await;
    customer(&fixture).await;
    for serial in 1..=5 {
        let answer = pay(&fixture, &serial.to_string(), "000000").await;
        assert_eq!(refused(answer).1, "PAYMENT_CODE_WRONG");
    }
    assert_eq!(refused(pay(&fixture, "6", CODE).await).1, "PAYMENT_CODE_LOCKED");
    let ask = operator::ListEventsRequest::default();
    let events = operator(&fixture)
        .list_events(by(OPERATOR, ask))
        .await
        .unwrap()
        .into_inner()
        .events;
    let locked = events
        .iter()
        .find(|event| event.kind == "PAYMENT_CODE_LOCKED")
        .unwrap();
    assert!(
        !locked.detail.is_empty() && !locked.target.contains(MOBILE),
        "{locked:?}"
    );
    // What the event names is enough to look, and to act.
    let asked = |id: &str, mobile: &str| GetCustomerRequest {
        customer_id: id.to_owned(),
        mobile_number: mobile.to_owned(),
    };
    let mut customers = CustomerServiceClient::new(fixture.edge());
    let known = customers
        .get_customer(by(OPERATOR, asked(&locked.target, "")))
        .await;
    let known = known.unwrap().into_inner().customer.unwrap();
    assert_eq!(known.mobile_number, MOBILE);
    assert_eq!(known.payment_code_status(), PaymentCodeStatus::Locked);
    let unlock = |key: &str, id: &str, mobile: &str| operator::UnlockPaymentCodeRequest {
        idempotency_key: key.to_owned(),
        mobile_number: mobile.to_owned(),
        reason: "asked at the counter".to_owned(),
        customer_id: id.to_owned(),
    };
    let nobody = "00000000000000000000000000000000";
    for (id, mobile, code) in [
        (&locked.target[..], MOBILE, Code::InvalidArgument),
        ("", "", Code::InvalidArgument),
        ("somebody", "", Code::InvalidArgument),
        (nobody, "", Code::NotFound),
    ] {
        let looked = customers.get_customer(by(OPERATOR, asked(id, mobile))).await;
        assert_eq!(looked.unwrap_err().code(), code, "{id} {mobile}");
        let unlock = by(OPERATOR, unlock("u0", id, mobile));
        let unlocked = operator(&fixture).unlock_payment_code(unlock).await;
        assert_eq!(unlocked.unwrap_err().code(), code, "{id} {mobile}");
    }
    // Who may not see a customer by number does not see it by identifier.
    let hidden = customers
        .get_customer(by(OTHER_APP, asked(&locked.target, "")))
        .await;
    assert_eq!(hidden.unwrap_err().code(), Code::NotFound);
    for _repeat in 0..2 {
        let unlock = unlock("u1", &locked.target, "");
        operator(&fixture)
            .unlock_payment_code(by(OPERATOR, unlock))
            .await
            .unwrap();
    }
    pay(&fixture, "7", CODE).await.unwrap();
}

/// Identifiers may hold a slash, and the trail names a terminal with one.
#[tokio::test]
async fn a_key_that_raised_one_terminal_raises_none_that_is_written_alike() {
    let fixture = Fixture::new().await;
    let mut document = document();
    document.sellers.extend([
        seller("S", "ST1", vec![terminal("T/1", "net1")]),
        seller("S/T", "ST1", vec![terminal("1", "net1")]),
    ]);
    fixture.apply(document).await.unwrap();
    let raise = |seller: &str, terminal: &str| operator::RaiseTerminalGenerationRequest {
        seller_id: seller.to_owned(),
        ..raise("g1", terminal)
    };
    let mut operator = operator(&fixture);
    for _ in 0..2 {
        let raised = operator.raise_terminal_generation(by(OPERATOR, raise("S", "T/1")));
        assert_eq!(raised.await.unwrap().into_inner().generation, 2);
    }
    let other = operator.raise_terminal_generation(by(OPERATOR, raise("S/T", "1")));
    assert_eq!(
        refused(other.await),
        (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned())
    );
}

#[tokio::test]
async fn a_generation_is_raised_once_for_each_key_and_frees_the_serials() {
    let fixture = Fixture::new().await;
    customer(&fixture).await;
    let first = pay(&fixture, "1", CODE)
        .await
        .unwrap()
        .into_inner()
        .payment
        .unwrap();
    let repeated = pay(&fixture, "1", CODE)
        .await
        .unwrap()
        .into_inner()
        .payment
        .unwrap();
    assert_eq!(repeated.order_number, first.order_number);
    let mut operator = operator(&fixture);
    for (key, generation) in [("g1", 2), ("g1", 2), ("g2", 3), ("g1", 2)] {
        let raised = operator
            .raise_terminal_generation(by(OPERATOR, raise(key, "T1")))
            .await
            .unwrap();
        assert_eq!(raised.into_inner().generation, generation, "{key}");
    }
    let fresh = pay(&fixture, "1", CODE)
        .await
        .unwrap()
        .into_inner()
        .payment
        .unwrap();
    assert_ne!(fresh.order_number, first.order_number);
    assert_eq!(cash_account(&fixture).await.available_fen, 400);
    let other = operator
        .raise_terminal_generation(by(OPERATOR, raise("g1", "T2")))
        .await;
    assert_eq!(
        refused(other),
        (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned())
    );
    let unknown = operator
        .raise_terminal_generation(by(OPERATOR, raise("g3", "T9")))
        .await;
    assert_eq!(
        refused(unknown),
        (Code::FailedPrecondition, "TERMINAL_UNKNOWN".to_owned())
    );
}

#[tokio::test]
async fn many_raises_at_once_are_all_counted() {
    let fixture = Arc::new(Fixture::new().await);
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move {
                // Where others were faster too often, the same key is asked for again.
                loop {
                    let asked = by(OPERATOR, raise(&format!("g{n}"), "T1"));
                    match operator(&fixture).raise_terminal_generation(asked).await {
                        Ok(_) => return,
                        Err(status) => assert_eq!(reason(&status), "UNAVAILABLE"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let place = fixture.server.core().catalogue();
    assert_eq!(
        place
            .terminal(
                &map_domain::SellerId::parse("S1").unwrap(),
                &map_domain::TerminalId::parse("T1").unwrap()
            )
            .unwrap()
            .terminal
            .generation,
        17
    );
}

#[tokio::test]
async fn the_audit_trail_is_read_page_by_page() {
    let fixture = Fixture::new().await;
    for n in 0..5 {
        fixture.clock.advance(1);
        operator(&fixture)
            .raise_terminal_generation(by(OPERATOR, raise(&format!("g{n}"), "T1")))
            .await
            .unwrap();
    }
    let whole = entries(&fixture).await;
    assert_eq!(whole.len(), 12);
    let mut pages = Vec::new();
    let mut page_token = String::new();
    loop {
        let ask = operator::ListAuditEntriesRequest {
            page_size: 5,
            page_token,
        };
        let page = operator(&fixture)
            .list_audit_entries(by(OPERATOR, ask))
            .await
            .unwrap()
            .into_inner();
        pages.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, whole);
    let ask = operator::ListAuditEntriesRequest {
        page_size: 501,
        ..Default::default()
    };
    let answer = operator(&fixture).list_audit_entries(by(OPERATOR, ask)).await;
    assert_eq!(
        refused(answer),
        (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned())
    );
}

/// It reads the whole ledger: who has given up, and asks again, must not have it read twice at once.
#[tokio::test]
async fn a_trial_balance_that_nobody_waits_for_is_not_drawn_to_its_end() {
    let store = Arc::new(Patient {
        gate: Some(Arc::new(Semaphore::new(0))),
        ..Patient::default()
    });
    let mut config = CoreConfig::default();
    config.timeouts.drain_ms = 1_000;
    let fixture = Fixture::start(config, Arc::clone(&store) as _).await;
    fixture.apply(document()).await.unwrap();
    store.slow.store(true, Ordering::SeqCst);
    let mut ask = by(OPERATOR, operator::GetTrialBalanceRequest {});
    ask.set_timeout(Duration::from_millis(20));
    let late = operator(&fixture).get_trial_balance(ask).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert_eq!(fixture.server.drain().await, 0);
}

#[tokio::test]
async fn the_trial_balance_sums_to_zero() {
    let fixture = Fixture::new().await;
    customer(&fixture).await;
    pay(&fixture, "1", CODE).await.unwrap();
    let ask = operator::GetTrialBalanceRequest {};
    let balance = operator(&fixture)
        .get_trial_balance(by(OPERATOR, ask))
        .await
        .unwrap()
        .into_inner();
    let line = |ledger: &str| {
        balance
            .lines
            .iter()
            .find(|line| line.ledger_account == ledger)
            .map(|l| l.balance_fen)
    };
    assert_eq!(line("cash"), Some(700));
    assert_eq!(line("seller_payable:S1"), Some(300));
    assert_eq!(line("caller_receivable:app/app1"), Some(-1_000));
    assert_eq!(
        (balance.total_fen, balance.entry_count, balance.lines.len()),
        (0, 2, 3)
    );
}

#[tokio::test]
async fn an_operator_reads_the_development_outbox() {
    let fixture = Fixture::new().await;
    customer(&fixture).await;
    let ask = async |mobile: &str| {
        let ask = operator::ListSentSmsCodesRequest {
            mobile_number: mobile.to_owned(),
            ..operator::ListSentSmsCodesRequest::default()
        };
        operator(&fixture).list_sent_sms_codes(by(OPERATOR, ask)).await
    };
    let all = ask("").await.unwrap().into_inner().codes;
    assert_eq!(
        (all.len(), all[0].mobile_number.as_str(), all[0].code.len()),
        (1, MOBILE, 4)
    );
    assert_eq!(ask(MOBILE).await.unwrap().into_inner().codes, all);
    assert_eq!(ask("13900000000").await.unwrap().into_inner().codes, []);
    assert_eq!(
        refused(ask("123").await),
        (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned())
    );
}

#[tokio::test]
async fn after_an_unknown_outcome_the_catalogue_is_changed_once_and_nobody_says_no() {
    for lost in [
        vec![true],
        vec![false],
        vec![true, false],
        vec![false, false, false],
    ] {
        let store = Arc::new(Patient::default());
        let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
        *store.lost.lock().unwrap() = lost.clone();
        let applied = fixture.apply(document()).await.unwrap();
        assert_eq!(applied.revision, 1, "{lost:?}");
        assert!(
            applied.changes.contains(&"product 1010: added".to_owned()),
            "{lost:?}: {applied:?}"
        );
        *store.lost.lock().unwrap() = lost.clone();
        for _ in 0..2 {
            let raised = operator(&fixture)
                .raise_terminal_generation(by(OPERATOR, raise("g1", "T1")))
                .await;
            assert_eq!(raised.unwrap().into_inner().generation, 2, "{lost:?}");
        }
    }
    let store = Arc::new(Patient::default());
    let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    *store.lost.lock().unwrap() = vec![false; 100];
    let open = fixture.apply(document()).await;
    assert_eq!(refused(open), (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned()));
}

/// Payments still have the old generation then: the operator is to ask again, but nothing was refused.
#[tokio::test]
async fn a_generation_that_was_raised_and_is_not_in_force_yet_is_not_told_as_not_raised() {
    let store = Arc::new(Patient::default());
    let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    fixture.apply(document()).await.unwrap();
    store.blinding.store(true, Ordering::SeqCst);
    let raised = operator(&fixture)
        .raise_terminal_generation(by(OPERATOR, raise("g1", "T1")))
        .await;
    assert_eq!(refused(raised), (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned()));
    store.blinding.store(false, Ordering::SeqCst);
    store.blind.store(false, Ordering::SeqCst);
    let raised = operator(&fixture)
        .raise_terminal_generation(by(OPERATOR, raise("g1", "T1")))
        .await;
    assert_eq!(raised.unwrap().into_inner().generation, 2);
}

#[tokio::test]
async fn after_an_unknown_outcome_the_expected_revision_refuses_nobody_its_own_work() {
    for lost in [
        vec![true],
        vec![false],
        vec![true, false],
        vec![false, false, false],
    ] {
        let store = Arc::new(Patient::default());
        let fixture = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
        *store.lost.lock().unwrap() = lost.clone();
        let request = map_proto::provisioning::v1::ApplyRequest {
            document: Some(document()),
            reason: "the first".to_owned(),
            expected_revision: Some(0),
            idempotency_key: crate::harness::fresh_key(),
            ..Default::default()
        };
        let applied = fixture.provisioning().apply(by(OPERATOR, request)).await.unwrap();
        assert_eq!(applied.into_inner().revision, 1, "{lost:?}");
    }
}
