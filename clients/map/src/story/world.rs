//! The story's world: stage, server, and a client for each who plays a part.

use super::stage::{APP, MOBILE, NETWORK, SELLER, STORE, Stage, TERMINAL};
use super::teller::Teller;
use crate::child::Server;
use crate::outcome::Stop;
use map_client::proto::account::v1::ListAccountsRequest;
use map_client::proto::common::v1::{AccountType, PaymentCode, PosKey, payment_code::Form};
use map_client::proto::payment::v1::PayRequest;
use map_client::{ClientConfig, Error, MapClient};
use map_legacy_client::{Algorithm, Caller, Client, contract};
use serde_json::{Map, Value, json};

/// Who calls: an app and an operator over gRPC, the app with signed JSON, the POS network without.
pub(super) struct Doors {
    pub(super) app: MapClient,
    pub(super) operator: MapClient,
    pub(super) signed: Client,
    pub(super) network: Client,
}

/// Everything the acts need, and what they remember.
pub(super) struct World {
    /// Before the stage: the server is killed before its folder goes.
    pub(super) server: Option<Server>,
    pub(super) stage: Stage,
    pub(super) doors: Doors,
    pub(super) tell: Teller,
    /// The card of the customer, once it is open.
    pub(super) card: String,
    /// The last SMS code of the customer.
    pub(super) sms_code: String,
    /// A paid request that stays paid: path, body, answer.
    pub(super) kept: Option<Exchange>,
}

/// A documented call and its answer.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) path: &'static str,
    pub(super) body: String,
    pub(super) answer: String,
    value: Value,
}

impl Exchange {
    /// `errcode`.
    pub(super) fn code(&self) -> i64 {
        self.number("/errcode")
    }

    /// `errmsg`.
    pub(super) fn message(&self) -> &str {
        self.text("/errmsg")
    }

    /// A number in the answer, by JSON pointer; -1 where there is none.
    pub(super) fn number(&self, pointer: &str) -> i64 {
        self.value.pointer(pointer).and_then(Value::as_i64).unwrap_or(-1)
    }

    /// A text in the answer, by JSON pointer; empty where there is none.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

impl Doors {
    /// Clients of this server.
    pub(super) fn open(stage: &Stage, server: &Server) -> Result<Self, Stop> {
        let keys = &stage.keys;
        let grpc = |key: &str| MapClient::new(ClientConfig::new(server.core(), key)).map_err(Stop::failed);
        let app = Caller::app(APP, keys.app_key.as_str())
            .and_then(|caller| caller.private_key(&keys.rsa_private, Algorithm::default()))
            .and_then(|caller| caller.pin_blocks(&keys.posp_key))
            .map_err(Stop::failed)?;
        let network = Caller::network(&keys.posp_key).map_err(Stop::failed)?;
        Ok(Self {
            app: grpc(&keys.app_bearer)?,
            operator: grpc(&keys.operator_bearer)?,
            signed: Client::new(server.gateway(), app).map_err(Stop::failed)?,
            network: Client::new(server.gateway(), network).map_err(Stop::failed)?,
        })
    }
}

impl World {
    /// The server, which runs but for a moment.
    pub(super) fn server(&self) -> Result<&Server, Stop> {
        self.server
            .as_ref()
            .ok_or_else(|| Stop::failed("the server is down"))
    }

    /// The signed body of a documented call, not sent.
    pub(super) fn sign(
        &self,
        client: &Client,
        endpoint: &str,
        fields: &Value,
    ) -> Result<(&'static str, String), Stop> {
        let endpoint = contract::find(endpoint).ok_or_else(|| self.tell.failed("no such endpoint"))?;
        let empty = Map::new();
        let body = client
            .signer()
            .sign_json(endpoint, fields.as_object().unwrap_or(&empty))
            .map_err(Stop::failed)?;
        Ok((endpoint.path, body))
    }

    /// Sends a documented call as the app and shows it.
    pub(super) async fn signed(&self, endpoint: &str, fields: &Value) -> Result<Exchange, Stop> {
        let (path, body) = self.sign(&self.doors.signed, endpoint, fields)?;
        self.tell.sent_json(path, &body);
        self.post(&self.doors.signed, path, body).await
    }

    /// Sends a documented call as the POS network and shows it.
    pub(super) async fn unsigned(&self, endpoint: &str, fields: &Value) -> Result<Exchange, Stop> {
        let (path, body) = self.sign(&self.doors.network, endpoint, fields)?;
        self.tell.sent_json(path, &body);
        self.post(&self.doors.network, path, body).await
    }

    /// Sends a body as it is and shows the answer.
    pub(super) async fn post(
        &self,
        client: &Client,
        path: &'static str,
        body: String,
    ) -> Result<Exchange, Stop> {
        let exchange = self.exchange(client, path, body).await?;
        self.tell.got_json(&exchange.answer);
        Ok(exchange)
    }

    /// Sends the same bytes as the app again and shows the answer in short.
    pub(super) async fn repeat(&self, earlier: &Exchange) -> Result<Exchange, Stop> {
        let again = self
            .exchange(&self.doors.signed, earlier.path, earlier.body.clone())
            .await?;
        let order = again.text("/order/orderId");
        let order = if order.is_empty() {
            String::new()
        } else {
            format!(", order {order}")
        };
        let (code, message, bytes) = (again.code(), again.message(), again.answer.len());
        self.tell
            .got(&format!("errcode {code}, {message}{order} ({bytes} bytes)"));
        Ok(again)
    }

    async fn exchange(&self, client: &Client, path: &'static str, body: String) -> Result<Exchange, Stop> {
        let answer = client
            .post(path, body.clone())
            .await
            .map_err(|error| self.tell.failed(&error.to_string()))?;
        let value = serde_json::from_str(&answer).map_err(|error| self.tell.failed(&error.to_string()))?;
        Ok(Exchange {
            path,
            body,
            answer,
            value,
        })
    }

    /// An answer over gRPC; anything else ends the story.
    pub(super) fn answered<T>(&self, result: Result<T, Error>) -> Result<T, Stop> {
        result.map_err(|error| self.tell.failed(&error.to_string()))
    }

    /// What the customer has in cash, and on the card, in fen.
    pub(super) async fn balances(&self) -> Result<(i64, i64), Stop> {
        let request = ListAccountsRequest {
            mobile_number: MOBILE.to_owned(),
            ..ListAccountsRequest::default()
        };
        let accounts = self.answered(self.doors.app.all_accounts(request).await)?;
        let of = |kind: AccountType| {
            accounts
                .iter()
                .find(|account| account.r#type() == kind)
                .map_or(0, |account| account.available_fen)
        };
        Ok((of(AccountType::Cash), of(AccountType::Instalment)))
    }
}

/// The refusal's reason, such as `PAYMENT_CODE_WRONG`; empty where there is none.
pub(super) fn reason<T>(result: &Result<T, Error>) -> String {
    match result {
        Err(Error::Refused(refusal)) => refusal.reason_text.clone(),
        Ok(_) | Err(Error::OutcomeUnknown { .. }) => String::new(),
    }
}

/// The POS key of the story's terminal.
pub(super) fn pos_key(serial: &str) -> PosKey {
    PosKey {
        seller_id: SELLER.to_owned(),
        terminal_id: TERMINAL.to_owned(),
        batch_number: "B001".to_owned(),
        serial_number: serial.to_owned(),
    }
}

/// A payment over gRPC.
pub(super) fn payment(serial: &str, amount_fen: i64, code: &str) -> PayRequest {
    PayRequest {
        key: Some(pos_key(serial)),
        consumer: MOBILE.to_owned(),
        payment_code: Some(digits(code)),
        amount_fen,
        store_id: STORE.to_owned(),
        clerk_id: "zhangsan".to_owned(),
        ..PayRequest::default()
    }
}

/// A payment code in clear; only gRPC takes it like this.
pub(super) fn digits(code: &str) -> PaymentCode {
    PaymentCode {
        form: Some(Form::Digits(code.to_owned())),
    }
}

/// The fields that name the terminal and the serial in documented calls.
pub(super) fn terminal_fields(serial: &str) -> Map<String, Value> {
    let fields = json!({
        "sellerId": SELLER, "storeId": STORE, "terminalId": TERMINAL, "operatorId": "zhangsan",
        "batchNo": "B001", "terminalOrderId": serial,
    });
    match fields {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// The fields of a documented payment, in clear.
pub(super) fn payment_fields(serial: &str, sum: i64, code: &str) -> Value {
    let mut fields = terminal_fields(serial);
    fields.insert("consumerId".to_owned(), json!(MOBILE));
    fields.insert("paymentCodeDES".to_owned(), json!(code));
    fields.insert("sum".to_owned(), json!(sum));
    fields.insert("productName".to_owned(), json!("0号柴油"));
    Value::Object(fields)
}

/// The name of the POS network, for what is told.
pub(super) const fn network() -> &'static str {
    NETWORK
}
