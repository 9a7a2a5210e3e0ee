//! What the money tests begin with: a customer with a payment code and money on the cash account, and
//! short words for the calls.

use crate::faulty::FaultyStore;
use crate::harness::{APP, CHANNEL, Fixture, NETWORK, OPERATOR, by, document};
use map_proto::account::v1::account_service_client::AccountServiceClient;
use map_proto::account::v1::{
    GetAccountRequest, GetBalanceRequest, GetBalanceResponse, ListAccountsRequest, ListEntriesRequest,
};
use map_proto::common::v1::payment_code::Form;
use map_proto::common::v1::{Account, AccountType, PaymentCode, PosKey};
use map_proto::customer::v1::customer_service_client::CustomerServiceClient;
use map_proto::customer::v1::{SendSmsCodeRequest, SetPaymentCodeRequest};
use map_proto::opening::v1::opening_service_client::OpeningServiceClient;
use map_proto::opening::v1::{FindOpeningRequest, OpenCardRequest, Opening};
use map_proto::operator::v1::ListEventsRequest;
use map_proto::operator::v1::operator_service_client::OperatorServiceClient;
use map_proto::payment::v1::payment_service_client::PaymentServiceClient;
use map_proto::payment::v1::{
    CancelPaymentRequest, CancelPaymentResponse, FindPaymentRequest, GetPaymentRequest, PayRequest,
    PayResponse, Payment, Purchase, ReversePaymentRequest, ReversePaymentResponse,
};
use map_proto::transfer::v1::transfer_service_client::TransferServiceClient;
use map_proto::transfer::v1::{TopUpRequest, TopUpResponse, TransferToCashRequest, TransferToCashResponse};
use map_server::{CoreConfig, InProcess};
use map_store::Store;
use map_store::check::{CheckOptions, CheckReport, check};
use std::sync::Arc;
use tonic::Status;

/// The customer's number.
pub(crate) const MOBILE: &str = "13912345678";
/// Nobody's number.
pub(crate) const STRANGER: &str = "13900000000";
/// The customer's payment code.
pub(crate) const CODE: &str = "123456";
/// The customer's ID number.
pub(crate) const ID: &str = "110101199003070015";

/// A core, its store, and a customer.
pub(crate) struct Story {
    pub(crate) fixture: Fixture,
    pub(crate) store: Arc<FaultyStore>,
}

/// The payment of a serial: 300 yuan from the mobile number.
pub(crate) fn payment(serial: &str) -> PayRequest {
    PayRequest {
        key: Some(key(serial)),
        consumer: MOBILE.to_owned(),
        payment_code: digits(CODE),
        amount_fen: 30_000,
        store_id: "ST1".to_owned(),
        clerk_id: "clerk 7".to_owned(),
        purchase: Some(Purchase {
            product_name: "D0".to_owned(),
            unit_price_fen: Some(700),
            quantity: "42.85".to_owned(),
        }),
        caller_order_number: String::new(),
        remark: "thanks".to_owned(),
    }
}

pub(crate) fn key(serial: &str) -> PosKey {
    PosKey {
        seller_id: "S1".to_owned(),
        terminal_id: "T1".to_owned(),
        batch_number: "B1".to_owned(),
        serial_number: serial.to_owned(),
    }
}

pub(crate) fn digits(code: &str) -> Option<PaymentCode> {
    Some(PaymentCode {
        form: Some(Form::Digits(code.to_owned())),
    })
}

pub(crate) fn undo_of(serial: &str) -> ReversePaymentRequest {
    ReversePaymentRequest {
        key: Some(key(serial)),
        store_id: "ST1".to_owned(),
        ..ReversePaymentRequest::default()
    }
}

pub(crate) fn cancel_of(serial: &str, original: &str) -> CancelPaymentRequest {
    CancelPaymentRequest {
        key: Some(key(serial)),
        original: original.to_owned(),
        store_id: "ST1".to_owned(),
        ..CancelPaymentRequest::default()
    }
}

impl Story {
    /// Provisioned, nobody there.
    pub(crate) async fn empty() -> Self {
        Self::with(CoreConfig::default()).await
    }

    pub(crate) async fn with(config: CoreConfig) -> Self {
        let store = Arc::new(FaultyStore::default());
        let fixture = Fixture::start(config, Arc::clone(&store) as _).await;
        fixture.apply(document()).await.unwrap();
        Self { fixture, store }
    }

    /// With 1000 yuan on the cash account and a payment code.
    pub(crate) async fn new() -> Self {
        let story = Self::empty().await;
        story.top_up("T-1", 100_000).await.unwrap();
        story.set_code("C-1").await.unwrap();
        story
    }

    pub(crate) fn payments(&self) -> PaymentServiceClient<InProcess> {
        PaymentServiceClient::new(self.fixture.edge())
    }

    pub(crate) fn accounts(&self) -> AccountServiceClient<InProcess> {
        AccountServiceClient::new(self.fixture.edge())
    }

    pub(crate) fn customers(&self) -> CustomerServiceClient<InProcess> {
        CustomerServiceClient::new(self.fixture.edge())
    }

    pub(crate) fn openings(&self) -> OpeningServiceClient<InProcess> {
        OpeningServiceClient::new(self.fixture.edge())
    }

    pub(crate) fn transfers(&self) -> TransferServiceClient<InProcess> {
        TransferServiceClient::new(self.fixture.edge())
    }

    pub(crate) fn operator(&self) -> OperatorServiceClient<InProcess> {
        OperatorServiceClient::new(self.fixture.edge())
    }

    pub(crate) async fn pay(&self, request: PayRequest) -> Result<PayResponse, Status> {
        Ok(self.payments().pay(by(NETWORK, request)).await?.into_inner())
    }

    pub(crate) async fn undo(&self, serial: &str) -> Result<ReversePaymentResponse, Status> {
        Ok(self
            .payments()
            .reverse_payment(by(NETWORK, undo_of(serial)))
            .await?
            .into_inner())
    }

    pub(crate) async fn cancel(&self, serial: &str, original: &str) -> Result<CancelPaymentResponse, Status> {
        let request = cancel_of(serial, original);
        Ok(self
            .payments()
            .cancel_payment(by(NETWORK, request))
            .await?
            .into_inner())
    }

    pub(crate) async fn find(&self, serial: &str) -> Result<Payment, Status> {
        let request = FindPaymentRequest {
            key: Some(key(serial)),
        };
        let answer = self.payments().find_payment(by(NETWORK, request)).await?;
        Ok(answer.into_inner().payment.unwrap())
    }

    pub(crate) async fn get(&self, caller: &str, order_number: &str) -> Result<Payment, Status> {
        let request = GetPaymentRequest {
            order_number: order_number.to_owned(),
        };
        Ok(self
            .payments()
            .get_payment(by(caller, request))
            .await?
            .into_inner()
            .payment
            .unwrap())
    }

    pub(crate) async fn top_up(&self, number: &str, fen: i64) -> Result<TopUpResponse, Status> {
        let request = TopUpRequest {
            idempotency_key: number.to_owned(),
            mobile_number: MOBILE.to_owned(),
            amount_fen: fen,
            remark: String::new(),
        };
        Ok(self.transfers().top_up(by(CHANNEL, request)).await?.into_inner())
    }

    /// Has a code sent to the customer; what was sent.
    pub(crate) async fn sms_code(&self, caller: &str, number: &str) -> String {
        // One a minute, so time goes by.
        self.fixture.clock.advance(61_000);
        let request = SendSmsCodeRequest {
            mobile_number: MOBILE.to_owned(),
            idempotency_key: number.to_owned(),
        };
        self.customers().send_sms_code(by(caller, request)).await.unwrap();
        self.last_sms_code()
    }

    pub(crate) fn last_sms_code(&self) -> String {
        use map_server::ports::SmsSender;
        self.fixture
            .outbox
            .outbox()
            .unwrap()
            .first()
            .unwrap()
            .code
            .clone()
    }

    pub(crate) async fn set_code(&self, number: &str) -> Result<(), Status> {
        let request = SetPaymentCodeRequest {
            mobile_number: MOBILE.to_owned(),
            sms_code: self.sms_code(APP, &format!("sms for {number}")).await,
            payment_code: digits(CODE),
            idempotency_key: number.to_owned(),
        };
        self.customers()
            .set_payment_code(by(APP, request))
            .await
            .map(drop)
    }

    pub(crate) fn opening(number: &str, sms_code: &str) -> OpenCardRequest {
        OpenCardRequest {
            idempotency_key: number.to_owned(),
            id_number: ID.to_owned(),
            name: "王小明".to_owned(),
            mobile_number: MOBILE.to_owned(),
            sms_code: sms_code.to_owned(),
            product_id: "1010".to_owned(),
            ..OpenCardRequest::default()
        }
    }

    pub(crate) async fn open(&self, request: OpenCardRequest) -> Result<Opening, Status> {
        Ok(self
            .openings()
            .open_card(by(APP, request))
            .await?
            .into_inner()
            .opening
            .unwrap())
    }

    pub(crate) async fn find_opening(&self, caller: &str, number: &str) -> Result<Opening, Status> {
        let request = FindOpeningRequest {
            idempotency_key: number.to_owned(),
        };
        Ok(self
            .openings()
            .find_opening(by(caller, request))
            .await?
            .into_inner()
            .opening
            .unwrap())
    }

    /// A card of this product, opened with a fresh SMS code.
    pub(crate) async fn card(&self, number: &str, product: &str) -> Account {
        let sms_code = self.sms_code(APP, &format!("sms for {number}")).await;
        let request = OpenCardRequest {
            product_id: product.to_owned(),
            ..Self::opening(number, &sms_code)
        };
        self.open(request).await.unwrap().card.unwrap()
    }

    pub(crate) async fn transfer(
        &self,
        request: TransferToCashRequest,
    ) -> Result<TransferToCashResponse, Status> {
        Ok(self
            .transfers()
            .transfer_to_cash(by(APP, request))
            .await?
            .into_inner())
    }

    pub(crate) async fn all_accounts(&self) -> Vec<Account> {
        let request = ListAccountsRequest {
            mobile_number: MOBILE.to_owned(),
            ..ListAccountsRequest::default()
        };
        self.accounts()
            .list_accounts(by(OPERATOR, request))
            .await
            .unwrap()
            .into_inner()
            .accounts
    }

    pub(crate) async fn account(&self, number: &str) -> Result<Account, Status> {
        let request = GetAccountRequest {
            account_number: number.to_owned(),
        };
        Ok(self
            .accounts()
            .get_account(by(OPERATOR, request))
            .await?
            .into_inner()
            .account
            .unwrap())
    }

    /// What is on the cash account, in fen.
    pub(crate) async fn cash(&self) -> i64 {
        let accounts = self.all_accounts().await;
        let cash = accounts
            .iter()
            .find(|account| account.r#type() == AccountType::Cash);
        cash.map_or(0, |cash| cash.available_fen)
    }

    pub(crate) async fn balance(
        &self,
        serial: &str,
        code: Option<PaymentCode>,
    ) -> Result<GetBalanceResponse, Status> {
        let request = GetBalanceRequest {
            consumer: MOBILE.to_owned(),
            payment_code: code,
            key: Some(key(serial)),
            store_id: "ST1".to_owned(),
            clerk_id: String::new(),
        };
        Ok(self
            .accounts()
            .get_balance(by(NETWORK, request))
            .await?
            .into_inner())
    }

    /// How many journal entries the cash account has.
    pub(crate) async fn entries(&self) -> usize {
        let accounts = self.all_accounts().await;
        let cash = accounts
            .iter()
            .find(|account| account.r#type() == AccountType::Cash)
            .unwrap();
        let request = ListEntriesRequest {
            account_number: cash.account_number.clone(),
            page_size: 500,
            page_token: String::new(),
        };
        self.accounts()
            .list_entries(by(OPERATOR, request))
            .await
            .unwrap()
            .into_inner()
            .entries
            .len()
    }

    /// The kinds of all events, newest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        let request = ListEventsRequest {
            page_size: 500,
            page_token: String::new(),
        };
        let answer = self
            .operator()
            .list_events(by(OPERATOR, request))
            .await
            .unwrap()
            .into_inner();
        answer.events.into_iter().map(|event| event.kind).collect()
    }

    /// The whole ledger is sound; what else there is to know of it.
    pub(crate) async fn sound(&self) -> CheckReport {
        self.store.arrive().await;
        let snapshot = self.store.snapshot().await.unwrap();
        let report = check(&*snapshot, &CheckOptions::default(), &mut |_| {})
            .await
            .unwrap();
        assert!(report.is_clean(), "{:#?}", report.problems);
        report
    }
}
