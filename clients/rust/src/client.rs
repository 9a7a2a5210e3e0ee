//! The client: one method for each call of the canonical contract.

use crate::config::{ClientConfig, ConfigError};
use crate::error::{Error, is_about_the_caller, is_of_the_core, is_open, refusal, retry_delay, unknown};
use map_proto::metadata::ON_BEHALF_OF;
use map_proto::{account, catalog, common, customer, opening, operator, payment, provisioning, transfer};
use std::future::Future;
use std::sync::Arc;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// A client of the core. Cheap to clone; one connection is shared by all clones.
#[derive(Clone, Debug)]
pub struct MapClient {
    channel: Channel,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: ClientConfig,
    authorization: MetadataValue<Ascii>,
    on_behalf_of: Option<MetadataValue<Ascii>>,
}

impl MapClient {
    /// A client that connects on its first call, and again whenever the connection is lost. An endpoint that no
    /// call could ever reach is refused here: told by a call, it would look like an outcome that is open.
    pub fn new(config: ClientConfig) -> Result<Self, ConfigError> {
        let wrong = || ConfigError::Endpoint(config.endpoint.clone());
        let endpoint = Endpoint::from_shared(config.endpoint.clone()).map_err(|_| wrong())?;
        match (endpoint.uri().scheme_str(), endpoint.uri().host()) {
            (_, None | Some("")) => return Err(wrong()),
            (Some("http"), Some(_)) => {}
            (Some("https"), Some(_)) => return Err(ConfigError::Tls(config.endpoint)),
            (Some(_) | None, Some(_)) => return Err(wrong()),
        }
        let endpoint = endpoint.connect_timeout(config.attempt_timeout).tcp_nodelay(true);
        Self::over(endpoint.connect_lazy(), config)
    }

    /// The same over a channel of your own (TLS, load balancing, a Unix socket).
    pub fn over(channel: Channel, config: ClientConfig) -> Result<Self, ConfigError> {
        let mut authorization: MetadataValue<Ascii> = format!("Bearer {}", config.bearer_key)
            .parse()
            .map_err(|_| ConfigError::BearerKey)?;
        authorization.set_sensitive(true);
        let on_behalf_of = config
            .on_behalf_of
            .as_ref()
            .map(|caller| caller.parse().map_err(|_| ConfigError::OnBehalfOf))
            .transpose()?;
        Ok(Self {
            channel,
            shared: Arc::new(Shared {
                config,
                authorization,
                on_behalf_of,
            }),
        })
    }

    /// Calls until there is a decision, the attempts are used up, or the deadline has come.
    async fn call<Req, Res, Call, Answer>(&self, message: Req, call: Call) -> Result<Res, Error>
    where
        Req: Clone,
        Call: Fn(Channel, Request<Req>) -> Answer,
        Answer: Future<Output = Result<Response<Res>, Status>>,
    {
        let config = &self.shared.config;
        let start = Instant::now();
        let deadline = start.checked_add(config.deadline).unwrap_or(start);
        let mut attempts: u32 = 0;
        let mut open = false;
        loop {
            attempts = attempts.saturating_add(1);
            let remaining = deadline.saturating_duration_since(Instant::now());
            let mut request = Request::new(message.clone());
            request.set_timeout(remaining.min(config.attempt_timeout));
            request
                .metadata_mut()
                .insert("authorization", self.shared.authorization.clone());
            if let Some(caller) = &self.shared.on_behalf_of {
                request.metadata_mut().insert(ON_BEHALF_OF, caller.clone());
            }
            let status = match timeout_at(deadline, call(self.channel.clone(), request)).await {
                Ok(Ok(response)) => return Ok(response.into_inner()),
                Ok(Err(status)) => status,
                Err(_) => {
                    let late = Status::deadline_exceeded("no answer within the deadline");
                    return Err(unknown(attempts, &late));
                }
            };
            // A refusal of the caller says nothing about what an earlier attempt may have done; what is not the
            // core's says nothing at all.
            open = match (is_open(&status), is_about_the_caller(&status)) {
                (true, _) => true,
                (false, true) => open,
                (false, false) => !is_of_the_core(&status),
            };
            if !open {
                return Err(Error::Refused(refusal(&status)));
            }
            let wait = config.retry.backoff(attempts, retry_delay(&status));
            let again = Instant::now().checked_add(wait).filter(|at| *at < deadline);
            if attempts >= config.retry.max_attempts || again.is_none() {
                return Err(unknown(attempts, &status));
            }
            sleep(wait).await;
        }
    }
}

/// Calls the rpc of the same name, or the one named after `=`.
macro_rules! rpc {
    ($client:ident, $request:ident, $method:ident) => {
        $client.$method($request)
    };
    ($client:ident, $request:ident, $method:ident = $rpc:ident) => {
        $client.$rpc($request)
    };
}

/// One method per rpc: the generated client does the call, `call` the rest.
macro_rules! calls {
    ($($client:path { $($(#[$doc:meta])* $method:ident $(= $rpc:ident)? ($request:path) -> $response:path;)* })*) => {
        impl MapClient {$($(
            $(#[$doc])*
            pub async fn $method(&self, request: $request) -> Result<$response, Error> {
                self.call(request, |channel, request| async move {
                    use $client as Client;
                    let mut client = Client::new(channel);
                    rpc!(client, request, $method $(= $rpc)?).await
                })
                .await
            }
        )*)*}
    };
}

calls! {
    payment::v1::payment_service_client::PaymentServiceClient {
        /// Takes money from one account.
        pay(payment::v1::PayRequest) -> payment::v1::PayResponse;
        /// Gives a payment back at the customer's wish.
        cancel_payment(payment::v1::CancelPaymentRequest) -> payment::v1::CancelPaymentResponse;
        /// Reverses a payment whose outcome the terminal does not know; final whenever it arrives.
        reverse_payment(payment::v1::ReversePaymentRequest) -> payment::v1::ReversePaymentResponse;
        /// One payment by the platform's order number.
        get_payment(payment::v1::GetPaymentRequest) -> payment::v1::GetPaymentResponse;
        /// One payment by its POS key.
        find_payment(payment::v1::FindPaymentRequest) -> payment::v1::FindPaymentResponse;
    }
    account::v1::account_service_client::AccountServiceClient {
        /// One account by its number.
        get_account(account::v1::GetAccountRequest) -> account::v1::GetAccountResponse;
        /// A page of the accounts of a mobile number.
        list_accounts(account::v1::ListAccountsRequest) -> account::v1::ListAccountsResponse;
        /// A balance as a terminal asks for it.
        get_balance(account::v1::GetBalanceRequest) -> account::v1::GetBalanceResponse;
        /// A page of the journal of an account.
        list_entries(account::v1::ListEntriesRequest) -> account::v1::ListEntriesResponse;
    }
    customer::v1::customer_service_client::CustomerServiceClient {
        /// What is known of a customer, without secrets.
        get_customer(customer::v1::GetCustomerRequest) -> customer::v1::GetCustomerResponse;
        /// Sends an SMS code.
        send_sms_code(customer::v1::SendSmsCodeRequest) -> customer::v1::SendSmsCodeResponse;
        /// Sets the payment code.
        set_payment_code(customer::v1::SetPaymentCodeRequest) -> customer::v1::SetPaymentCodeResponse;
        /// Resets and unlocks the payment code.
        reset_payment_code(customer::v1::ResetPaymentCodeRequest) -> customer::v1::ResetPaymentCodeResponse;
    }
    opening::v1::opening_service_client::OpeningServiceClient {
        /// Opens a card.
        open_card(opening::v1::OpenCardRequest) -> opening::v1::OpenCardResponse;
        /// What became of an opening.
        find_opening(opening::v1::FindOpeningRequest) -> opening::v1::FindOpeningResponse;
    }
    transfer::v1::transfer_service_client::TransferServiceClient {
        /// From an instalment card to the cash account.
        transfer_to_cash(transfer::v1::TransferToCashRequest) -> transfer::v1::TransferToCashResponse;
        /// From outside to the cash account.
        top_up(transfer::v1::TopUpRequest) -> transfer::v1::TopUpResponse;
    }
    catalog::v1::catalog_service_client::CatalogServiceClient {
        /// A page of the card products on sale.
        list_products(catalog::v1::ListProductsRequest) -> catalog::v1::ListProductsResponse;
        /// One card product.
        get_product(catalog::v1::GetProductRequest) -> catalog::v1::GetProductResponse;
        /// A page of the fuel products.
        list_fuel_products(catalog::v1::ListFuelProductsRequest) -> catalog::v1::ListFuelProductsResponse;
        /// A page of the sellers, with stores and terminals.
        list_sellers(catalog::v1::ListSellersRequest) -> catalog::v1::ListSellersResponse;
        /// One terminal.
        get_terminal(catalog::v1::GetTerminalRequest) -> catalog::v1::GetTerminalResponse;
    }
    operator::v1::operator_service_client::OperatorServiceClient {
        /// Operator: reverses a payment, however old.
        operator_reverse_payment = reverse_payment(operator::v1::ReversePaymentRequest) -> operator::v1::ReversePaymentResponse;
        /// Operator: unlocks a payment code.
        unlock_payment_code(operator::v1::UnlockPaymentCodeRequest) -> operator::v1::UnlockPaymentCodeResponse;
        /// Operator: freezes an account.
        freeze_account(operator::v1::FreezeAccountRequest) -> operator::v1::FreezeAccountResponse;
        /// Operator: lifts a freeze.
        unfreeze_account(operator::v1::UnfreezeAccountRequest) -> operator::v1::UnfreezeAccountResponse;
        /// Operator: raises a terminal's generation.
        raise_terminal_generation(operator::v1::RaiseTerminalGenerationRequest) -> operator::v1::RaiseTerminalGenerationResponse;
        /// Operator: a page of what operators did.
        list_audit_entries(operator::v1::ListAuditEntriesRequest) -> operator::v1::ListAuditEntriesResponse;
        /// Operator: a page of what the platform wants to be seen.
        list_events(operator::v1::ListEventsRequest) -> operator::v1::ListEventsResponse;
        /// Operator: a page of the development outbox of SMS codes.
        list_sent_sms_codes(operator::v1::ListSentSmsCodesRequest) -> operator::v1::ListSentSmsCodesResponse;
        /// Operator: the trial balance.
        get_trial_balance(operator::v1::GetTrialBalanceRequest) -> operator::v1::GetTrialBalanceResponse;
    }
    provisioning::v1::provisioning_service_client::ProvisioningServiceClient {
        /// Operator: applies a provisioning document.
        apply(provisioning::v1::ApplyRequest) -> provisioning::v1::ApplyResponse;
        /// Gateway: a page of what an edge needs to speak for callers.
        get_directory(provisioning::v1::GetDirectoryRequest) -> provisioning::v1::GetDirectoryResponse;
    }
}

/// Items of one page: the most that the core gives.
const PAGE_SIZE: i32 = 500;

/// One method per list that has an end: it asks for every page.
macro_rules! whole_lists {
    ($($(#[$doc:meta])* $method:ident = $list:ident ($request:path) -> $item:path, $field:ident;)*) => {
        impl MapClient {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// Those of the page that failed; the deadline is each page's.
            pub async fn $method(&self, request: $request) -> Result<Vec<$item>, Error> {
                let mut request = request;
                if request.page_size == 0 {
                    request.page_size = PAGE_SIZE;
                }
                let mut items = Vec::new();
                loop {
                    let page = self.$list(request.clone()).await?;
                    items.extend(page.$field);
                    if page.next_page_token.is_empty() {
                        return Ok(items);
                    }
                    request.page_token = page.next_page_token;
                }
            }
        )*}
    };
}

whole_lists! {
    /// All accounts of a mobile number that the caller sees, the cash account first.
    all_accounts = list_accounts(account::v1::ListAccountsRequest) -> common::v1::Account, accounts;
    /// All card products on sale, by identifier.
    all_products = list_products(catalog::v1::ListProductsRequest) -> catalog::v1::Product, products;
    /// All fuel products, by code.
    all_fuel_products = list_fuel_products(catalog::v1::ListFuelProductsRequest) -> catalog::v1::FuelProduct, fuel_products;
    /// All sellers that the caller sees, by identifier, with stores and terminals.
    all_sellers = list_sellers(catalog::v1::ListSellersRequest) -> catalog::v1::Seller, sellers;
    /// Operator: all that is in the development outbox of SMS codes, newest first.
    all_sent_sms_codes = list_sent_sms_codes(operator::v1::ListSentSmsCodesRequest) -> operator::v1::SentSmsCode, codes;
}
