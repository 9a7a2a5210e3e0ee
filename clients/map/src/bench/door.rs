//! The two doors that payments go through: gRPC, and the documented signed JSON. The clients here
//! are as lean as they can be, so that the server is measured and not they: a request is bytes
//! before it is sent, and a connection is used without a pool.

use super::payments::{APP, PAYMENT_CODE, Payment, SELLER, STORE};
use crate::child::Keys;
use crate::outcome::Stop;
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use map_client::proto::common::v1::{PaymentCode, PosKey, payment_code::Form};
use map_client::proto::payment::v1::{PayRequest, PayResponse, PaymentState};
use map_legacy_client::contract::Endpoint;
use map_legacy_client::generated::GwPayResponse;
use map_legacy_client::{Algorithm, Caller, Signer, contract};
use prost::Message;
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpStream;

const LEGACY_PATH: &str = "/gw/offline/pay";
const GRPC_PATH: &str = "/map.payment.v1.PaymentService/Pay";

/// Windows of an HTTP/2 connection of ours, in bytes: no answer ever waits for one.
const WINDOW: u32 = 1 << 20;

/// Bytes before a gRPC message: compressed or not, its length.
const FRAME: usize = 5;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DoorName {
    /// gRPC: `PaymentService/Pay`.
    Grpc,
    /// Signed JSON: `/gw/offline/pay`.
    Legacy,
}

impl DoorName {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "gRPC",
            Self::Legacy => "JSON",
        }
    }
}

/// Makes requests of one door.
pub(super) enum Door {
    Grpc(HeaderValue),
    Legacy(Box<Signer>, &'static Endpoint),
}

impl Door {
    pub(super) fn new(name: DoorName, keys: &Keys) -> Result<Self, Stop> {
        match name {
            DoorName::Grpc => {
                let bearer = format!("Bearer {}", keys.app_bearer);
                Ok(Self::Grpc(bearer.parse().map_err(Stop::failed)?))
            }
            DoorName::Legacy => {
                let caller = Caller::app(APP, keys.app_key.as_str())
                    .and_then(|caller| caller.private_key(&keys.rsa_private, Algorithm::default()))
                    .and_then(|caller| caller.pin_blocks(&keys.posp_key))
                    .map_err(Stop::failed)?;
                let endpoint = contract::find(LEGACY_PATH).ok_or_else(|| Stop::failed("no such endpoint"))?;
                Ok(Self::Legacy(Box::new(Signer::new(caller)), endpoint))
            }
        }
    }

    /// The bytes that ask for this payment.
    pub(super) fn body(&self, payment: &Payment) -> Result<Bytes, Stop> {
        match self {
            Self::Grpc(_) => Ok(framed(&pay_request(payment))),
            Self::Legacy(signer, endpoint) => {
                let fields = json!({
                    "consumerId": payment.mobile, "paymentCodeDES": PAYMENT_CODE, "sum": payment.amount_fen,
                    "sellerId": SELLER, "storeId": STORE, "terminalId": payment.terminal,
                    "operatorId": "zhangsan", "batchNo": &*payment.batch,
                    "terminalOrderId": payment.serial, "productName": "0号柴油",
                });
                let fields = fields.as_object().cloned().unwrap_or_default();
                let body = signer.sign_json(endpoint, &fields).map_err(Stop::failed)?;
                Ok(Bytes::from(body))
            }
        }
    }

    /// Connects. Where a connection carries many calls at once, its clones share it.
    pub(super) async fn connect(&self, server: SocketAddr) -> Result<Line, Stop> {
        let stream = TcpStream::connect(server).await.map_err(Stop::failed)?;
        stream.set_nodelay(true).map_err(Stop::failed)?;
        let io = TokioIo::new(stream);
        let host = HeaderValue::from_str(&server.to_string()).map_err(Stop::failed)?;
        match self {
            Self::Grpc(bearer) => {
                let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                    .initial_stream_window_size(WINDOW)
                    .initial_connection_window_size(WINDOW)
                    .handshake(io)
                    .await
                    .map_err(Stop::failed)?;
                // Ends with its last sender; what goes wrong is seen by who waits for an answer.
                tokio::spawn(connection);
                let uri = format!("http://{server}{GRPC_PATH}");
                Ok(Line::Grpc(
                    sender,
                    uri.parse().map_err(Stop::failed)?,
                    bearer.clone(),
                ))
            }
            Self::Legacy(..) => {
                let (sender, connection) = http1::handshake(io).await.map_err(Stop::failed)?;
                tokio::spawn(connection);
                Ok(Line::Legacy(Box::new(sender), host))
            }
        }
    }
}

/// A connection.
pub(super) enum Line {
    Grpc(http2::SendRequest<Full<Bytes>>, http::Uri, HeaderValue),
    Legacy(Box<http1::SendRequest<Full<Bytes>>>, HeaderValue),
}

impl Line {
    /// Another caller on the same connection; `None`: a connection carries one call at a time.
    pub(super) fn shared(&self) -> Option<Self> {
        match self {
            Self::Grpc(sender, uri, bearer) => Some(Self::Grpc(sender.clone(), uri.clone(), bearer.clone())),
            Self::Legacy(..) => None,
        }
    }

    /// Sends the payment and checks that it was made as asked.
    pub(super) async fn pay(&mut self, body: Bytes, payment: &Payment) -> Result<(), Stop> {
        match self {
            Self::Grpc(sender, uri, bearer) => {
                let request = Request::post(uri.clone())
                    .header(header::CONTENT_TYPE, "application/grpc")
                    .header(header::TE, "trailers")
                    .header(header::AUTHORIZATION, bearer.clone())
                    .body(Full::new(body))
                    .map_err(Stop::failed)?;
                let response = sender.send_request(request).await.map_err(Stop::failed)?;
                grpc_paid(response, payment).await
            }
            Self::Legacy(sender, host) => {
                let request = Request::post(LEGACY_PATH)
                    .header(header::HOST, host.clone())
                    .header(header::CONTENT_TYPE, "application/json; charset=UTF-8")
                    .body(Full::new(body))
                    .map_err(Stop::failed)?;
                sender.ready().await.map_err(Stop::failed)?;
                let response = sender.send_request(request).await.map_err(Stop::failed)?;
                legacy_paid(response, payment).await
            }
        }
    }
}

fn pay_request(payment: &Payment) -> PayRequest {
    PayRequest {
        key: Some(PosKey {
            seller_id: SELLER.to_owned(),
            terminal_id: payment.terminal.clone(),
            batch_number: payment.batch.to_string(),
            serial_number: payment.serial.clone(),
        }),
        consumer: payment.mobile.clone(),
        payment_code: Some(PaymentCode {
            form: Some(Form::Digits(PAYMENT_CODE.to_owned())),
        }),
        amount_fen: payment.amount_fen,
        store_id: STORE.to_owned(),
        clerk_id: "zhangsan".to_owned(),
        ..PayRequest::default()
    }
}

/// A gRPC message: not compressed, its length, itself.
fn framed(message: &impl Message) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.encoded_len()).unwrap_or(u32::MAX));
    bytes.put_slice(&message.encode_to_vec());
    bytes.freeze()
}

async fn grpc_paid(response: http::Response<Incoming>, payment: &Payment) -> Result<(), Stop> {
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(Stop::failed)?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    let said = |name: &str| header_text(&trailers, name).or_else(|| header_text(&head.headers, name));
    if said("grpc-status").as_deref() != Some("0") {
        let (status, message) = (said("grpc-status"), said("grpc-message"));
        return Err(Stop::failed(format!(
            "a payment was not made: status {status:?}, {message:?}"
        )));
    }
    let body = body.to_bytes();
    let answer = PayResponse::decode(body.get(FRAME..).unwrap_or_default()).map_err(Stop::failed)?;
    let paid = answer.payment.unwrap_or_default();
    let serial = paid.key.as_ref().map(|key| key.serial_number.as_str());
    let right = paid.state() == PaymentState::Paid
        && paid.amount_fen == payment.amount_fen
        && paid.consumer == payment.mobile
        && serial == Some(payment.serial.as_str())
        && !paid.order_number.is_empty();
    proved(right, "gRPC")
}

async fn legacy_paid(response: http::Response<Incoming>, payment: &Payment) -> Result<(), Stop> {
    let status = response.status();
    let body = response.into_body().collect().await.map_err(Stop::failed)?;
    let body = body.to_bytes();
    let refused = || {
        let said = String::from_utf8_lossy(&body);
        Stop::failed(format!("a payment was not made: HTTP {status}, {said}"))
    };
    let answer: GwPayResponse = match serde_json::from_slice::<GwPayResponse>(&body) {
        Ok(answer) if status == StatusCode::OK => answer,
        Ok(_) | Err(_) => return Err(refused()),
    };
    let paid = answer.order;
    let right = paid.sum == payment.amount_fen
        && paid.consumer_id == payment.mobile
        && paid.terminal_id == payment.terminal
        && !paid.order_id.is_empty();
    proved(right, "JSON")
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn proved(right: bool, door: &str) -> Result<(), Stop> {
    if right {
        Ok(())
    } else {
        Err(Stop::failed(format!(
            "a {door} answer is not that of the payment asked for"
        )))
    }
}
