//! Who sees whose accounts: an app what it opened, an operator all; what is not to be seen is not there.

use crate::harness::{APP, CHANNEL, NETWORK, OPERATOR, OTHER_APP, app, by, document, refused};
use crate::story::{ID, MOBILE, STRANGER, Story};
use map_proto::account::v1::{GetAccountRequest, GetBalanceRequest, ListAccountsRequest, ListEntriesRequest};
use map_proto::common::v1::{Account, AccountType};
use map_proto::customer::v1::{GetCustomerRequest, PaymentCodeStatus, SetPaymentCodeRequest};
use map_proto::opening::v1::OpenCardRequest;
use map_proto::transfer::v1::TopUpRequest;
use tonic::Code;

/// An account number that nobody has.
const NOBODYS: &str = "2010888000000000";

async fn open(story: &Story, key: &str, number: &str) -> Account {
    let sms_code = story.sms_code(key, &format!("sms for {number}")).await;
    let request = OpenCardRequest {
        id_number: ID.to_owned(),
        ..Story::opening(number, &sms_code)
    };
    let answer = story.openings().open_card(by(key, request)).await.unwrap();
    answer.into_inner().opening.unwrap().card.unwrap()
}

async fn listed(story: &Story, key: &str, mobile: &str) -> Vec<String> {
    let request = ListAccountsRequest {
        mobile_number: mobile.to_owned(),
        ..ListAccountsRequest::default()
    };
    let answer = story.accounts().list_accounts(by(key, request)).await.unwrap();
    let accounts = answer.into_inner().accounts;
    accounts
        .into_iter()
        .map(|account| account.account_number)
        .collect()
}

/// The customer, one account and its statement, as a caller sees them: seen, or (code, reason, text).
async fn asked(story: &Story, key: &str, mobile: &str, number: &str) -> [Result<(), String>; 3] {
    let told = |status: tonic::Status| {
        let text = status.message().to_owned();
        let (code, reason) = refused::<()>(Err(status));
        format!("{code:?} {reason} {text}")
    };
    let customer = GetCustomerRequest {
        mobile_number: mobile.to_owned(),
        ..GetCustomerRequest::default()
    };
    let account = GetAccountRequest {
        account_number: number.to_owned(),
    };
    let entries = ListEntriesRequest {
        account_number: number.to_owned(),
        ..ListEntriesRequest::default()
    };
    [
        story
            .customers()
            .get_customer(by(key, customer))
            .await
            .map(drop)
            .map_err(told),
        story
            .accounts()
            .get_account(by(key, account))
            .await
            .map(drop)
            .map_err(told),
        story
            .accounts()
            .list_entries(by(key, entries))
            .await
            .map(drop)
            .map_err(told),
    ]
}

#[tokio::test]
async fn an_app_sees_what_it_opened_and_another_app_sees_nothing() {
    let story = Story::empty().await;
    let card = open(&story, APP, "A-1").await;
    let all = listed(&story, OPERATOR, MOBILE).await;
    let cash = &all[0];
    assert_eq!(all, [cash.clone(), card.account_number.clone()]);

    assert_eq!(listed(&story, APP, MOBILE).await, all);
    assert_eq!(listed(&story, OTHER_APP, MOBILE).await, Vec::<String>::new());
    for number in [cash, &card.account_number] {
        for key in [APP, OPERATOR] {
            assert_eq!(
                asked(&story, key, MOBILE, number).await,
                [Ok(()), Ok(()), Ok(())],
                "{key}"
            );
        }
        let others = asked(&story, OTHER_APP, MOBILE, number).await;
        assert!(others.iter().all(Result::is_err), "{others:?}");
        // The same words as for what does not exist at all.
        assert_eq!(others, asked(&story, OTHER_APP, STRANGER, NOBODYS).await);
    }
}

#[tokio::test]
async fn a_customer_with_nothing_but_a_payment_code_is_seen_by_who_set_it() {
    let story = Story::empty().await;
    let customer = async |key: &str| {
        let request = GetCustomerRequest {
            mobile_number: MOBILE.to_owned(),
            ..GetCustomerRequest::default()
        };
        let answer = story.customers().get_customer(by(key, request)).await;
        answer.map(|answer| answer.into_inner().customer.unwrap())
    };
    let nobody = (Code::NotFound, "CUSTOMER_NOT_FOUND".to_owned());
    assert_eq!(refused(customer(APP).await), nobody);
    story.set_code("C-1").await.unwrap();
    let seen = customer(APP).await.unwrap();
    assert_eq!(seen.payment_code_status(), PaymentCodeStatus::Normal);
    assert_eq!((seen.failed_attempts, seen.has_id_number), (0, false));
    assert_eq!(customer(OPERATOR).await.unwrap(), seen);
    assert_eq!(refused(customer(OTHER_APP).await), nobody);
    // Its accounts are another matter: there are none, and those of another app stay unseen.
    assert_eq!(listed(&story, APP, MOBILE).await, Vec::<String>::new());
    open(&story, OTHER_APP, "A-1").await;
    assert_eq!(listed(&story, APP, MOBILE).await, Vec::<String>::new());
    assert!(customer(APP).await.unwrap().has_id_number);
    // An attempt that proved nothing shows nothing.
    let guess = SetPaymentCodeRequest {
        mobile_number: MOBILE.to_owned(),
        sms_code: "0000".to_owned(),
        payment_code: crate::story::digits("123456"),
        idempotency_key: "C-2".to_owned(),
    };
    let third = "key-of-app-three";
    let mut document = document();
    document.callers.push(app("app3", third, "net1"));
    story.fixture.apply(document).await.unwrap();
    story
        .customers()
        .set_payment_code(by(third, guess))
        .await
        .unwrap_err();
    assert_eq!(refused(customer(third).await), nobody);
}

#[tokio::test]
async fn two_apps_share_the_cash_account_of_their_customer_and_not_their_cards() {
    let story = Story::empty().await;
    let first = open(&story, APP, "A-1").await.account_number;
    let second = open(&story, OTHER_APP, "A-2").await.account_number;
    let all = listed(&story, OPERATOR, MOBILE).await;
    let cash = all[0].clone();
    for (key, own, other) in [(APP, &first, &second), (OTHER_APP, &second, &first)] {
        assert_eq!(
            listed(&story, key, MOBILE).await,
            [cash.clone(), own.clone()],
            "{key}"
        );
        assert_eq!(
            asked(&story, key, MOBILE, own).await,
            [Ok(()), Ok(()), Ok(())],
            "{key}"
        );
        assert_eq!(
            asked(&story, key, MOBILE, &cash).await,
            [Ok(()), Ok(()), Ok(())],
            "{key}"
        );
        let others = asked(&story, key, MOBILE, other).await;
        assert_eq!(
            others[1..],
            asked(&story, key, MOBILE, NOBODYS).await[1..],
            "{key}"
        );
        assert!(others[1].is_err() && others[2].is_err(), "{key}: {others:?}");
    }
}

#[tokio::test]
async fn whose_top_up_made_the_cash_account_sees_it() {
    let story = Story::empty().await;
    let top_up = async |key: &str, number: &str| {
        let request = TopUpRequest {
            idempotency_key: number.to_owned(),
            mobile_number: MOBILE.to_owned(),
            amount_fen: 1_000,
            remark: String::new(),
        };
        story.transfers().top_up(by(key, request)).await.unwrap();
    };
    top_up(APP, "T-1").await;
    // It is there already: putting money on it opens nothing.
    top_up(OTHER_APP, "T-2").await;
    top_up(CHANNEL, "T-3").await;
    assert_eq!(listed(&story, APP, MOBILE).await.len(), 1);
    assert_eq!(listed(&story, OTHER_APP, MOBILE).await, Vec::<String>::new());
}

/// The question of a terminal is about its network, not about who opened the account.
#[tokio::test]
async fn a_balance_is_asked_for_at_a_terminal_of_the_network_whoever_opened_the_account() {
    let story = Story::empty().await;
    let card = open(&story, OTHER_APP, "A-1").await;
    assert_eq!(card.r#type(), AccountType::Instalment);
    for (key, serial, expected) in [
        (APP, "1", Ok(())),
        (
            OTHER_APP,
            "2",
            Err((Code::PermissionDenied, "NETWORK_NOT_ALLOWED".to_owned())),
        ),
    ] {
        let request = GetBalanceRequest {
            consumer: card.account_number.clone(),
            key: Some(crate::story::key(serial)),
            store_id: "ST1".to_owned(),
            ..GetBalanceRequest::default()
        };
        let answer = story.accounts().get_balance(by(key, request)).await;
        let answer = answer.map(drop).map_err(|status| refused::<()>(Err(status)));
        assert_eq!(answer, expected, "{key}");
    }
    let request = GetBalanceRequest {
        consumer: card.account_number,
        key: Some(crate::story::key("3")),
        store_id: "ST1".to_owned(),
        ..GetBalanceRequest::default()
    };
    let answer = story.accounts().get_balance(by(NETWORK, request)).await;
    let (_, reason) = refused(answer);
    assert_ne!(reason, "ACCOUNT_NOT_FOUND");
}
