//! Customers of the tests: a payment code, money, cards. Set up over gRPC, as an app would.

use super::grpc::wait;
use super::keys::{seed, unique};
use super::server::Server;
use super::world::{app, secrets};
use map_client::proto::account::v1::ListAccountsRequest;
use map_client::proto::common::v1::{Account, AccountType, PaymentCode, payment_code::Form};
use map_client::proto::customer::v1::{SendSmsCodeRequest, SetPaymentCodeRequest};
use map_client::proto::opening::v1::OpenCardRequest;
use map_client::proto::operator::v1::ListSentSmsCodesRequest;
use map_client::proto::transfer::v1::TopUpRequest;
use map_client::{Error, ErrorReason};
use std::time::Duration;
use tokio::time::Instant;

/// An owner of accounts.
#[derive(Clone, Debug)]
pub struct Customer {
    pub mobile: String,
    /// Six digits.
    pub pin: String,
}

/// A mobile number that nobody has yet.
pub fn new_mobile() -> String {
    format!("138{:08}", (seed() * 100 + unique() * 7) % 100_000_000)
}

/// A valid ID number of 18 characters, distinct for each call.
pub fn new_id_number() -> String {
    let front = format!("44030019900101{:03}", unique() % 1000);
    let weighted = front
        .bytes()
        .zip([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let sum: usize = weighted
        .map(|(digit, weight)| usize::from(digit - b'0') * weight)
        .sum();
    format!(
        "{front}{}",
        ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][sum % 11]
    )
}

/// A new order number of a caller.
pub fn order_number() -> String {
    format!("T{}-{}", seed(), unique())
}

impl Server {
    /// A customer with a payment code and this much in cash.
    pub fn customer(&self, fen: i64) -> Customer {
        let customer = Customer {
            mobile: new_mobile(),
            pin: format!("{:06}", 100_000 + unique() * 13 % 900_000),
        };
        self.top_up(&customer.mobile, fen);
        self.set_code(&customer);
        customer
    }

    /// Money on the cash account, owed by the channel.
    pub fn top_up(&self, mobile: &str, fen: i64) {
        let request = TopUpRequest {
            idempotency_key: order_number(),
            mobile_number: mobile.to_owned(),
            amount_fen: fen,
            remark: String::new(),
        };
        wait(self.client(&secrets().channel).top_up(request)).expect("topped up");
    }

    /// An SMS code for this app. The pause between two codes of one number is waited for, and told.
    pub fn sms_code(&self, app_id: &str, mobile: &str) -> String {
        let client = self.client(&app(app_id).bearer);
        let key = order_number();
        let start = Instant::now();
        loop {
            let request = SendSmsCodeRequest {
                mobile_number: mobile.to_owned(),
                idempotency_key: key.clone(),
            };
            match wait(client.send_sms_code(request)) {
                Ok(_) => break,
                Err(Error::Refused(refusal)) if refusal.reason == ErrorReason::SmsRateLimited => {
                    assert!(start.elapsed() < Duration::from_secs(90), "still rate limited");
                    std::thread::sleep(Duration::from_millis(200));
                }
                Err(error) => panic!("no SMS code: {error}"),
            }
        }
        if start.elapsed() > Duration::from_secs(1) {
            crate::harness::keys::say(&format!("waited {:?} for a second SMS code", start.elapsed()));
        }
        self.last_sms_code(mobile)
    }

    /// The newest code in the development outbox.
    pub fn last_sms_code(&self, mobile: &str) -> String {
        let request = ListSentSmsCodesRequest {
            mobile_number: mobile.to_owned(),
            ..ListSentSmsCodesRequest::default()
        };
        let codes = wait(self.operator().list_sent_sms_codes(request))
            .expect("the outbox")
            .codes;
        codes.first().expect("a code was sent").code.clone()
    }

    /// Sets the customer's payment code.
    pub fn set_code(&self, customer: &Customer) {
        let request = SetPaymentCodeRequest {
            mobile_number: customer.mobile.clone(),
            sms_code: self.sms_code("wallet", &customer.mobile),
            payment_code: Some(digits(&customer.pin)),
            idempotency_key: order_number(),
        };
        wait(self.client(&app("wallet").bearer).set_payment_code(request)).expect("the payment code is set");
    }

    /// Opens a card for a mobile number; gives the card's number.
    pub fn open_card(&self, mobile: &str, product: &str) -> String {
        let request = OpenCardRequest {
            idempotency_key: order_number(),
            id_number: new_id_number(),
            name: "李四".to_owned(),
            mobile_number: mobile.to_owned(),
            sms_code: self.sms_code("wallet", mobile),
            product_id: product.to_owned(),
            ..OpenCardRequest::default()
        };
        let opened = wait(self.client(&app("wallet").bearer).open_card(request)).expect("the card is opened");
        opened
            .opening
            .and_then(|opening| opening.card)
            .expect("a card")
            .account_number
    }

    /// All accounts of a mobile number.
    pub fn accounts(&self, mobile: &str) -> Vec<Account> {
        let request = ListAccountsRequest {
            mobile_number: mobile.to_owned(),
            ..ListAccountsRequest::default()
        };
        wait(self.operator().list_accounts(request))
            .expect("accounts")
            .accounts
    }

    /// The cash account.
    pub fn cash(&self, mobile: &str) -> Account {
        let mut accounts = self.accounts(mobile).into_iter();
        accounts
            .find(|account| account.r#type() == AccountType::Cash)
            .expect("a cash account")
    }

    /// What the cash account holds, in fen.
    pub fn balance(&self, customer: &Customer) -> i64 {
        self.cash(&customer.mobile).available_fen
    }
}

/// A payment code as its digits.
pub fn digits(pin: &str) -> PaymentCode {
    PaymentCode {
        form: Some(Form::Digits(pin.to_owned())),
    }
}
