//! A client: sends a message, and makes of what comes back a yes, a no, or neither.

use crate::history::{Answer, Yes};
use crate::request::{Proof, Request};
use map_proto::account::v1::account_service_client::AccountServiceClient;
use map_proto::common::v1::AccountSummary;
use map_proto::customer::v1::SendSmsCodeRequest;
use map_proto::customer::v1::customer_service_client::CustomerServiceClient;
use map_proto::opening::v1::Opening;
use map_proto::opening::v1::opening_service_client::OpeningServiceClient;
use map_proto::operator::v1::operator_service_client::OperatorServiceClient;
use map_proto::payment::v1::Payment;
use map_proto::payment::v1::payment_service_client::PaymentServiceClient;
use map_proto::transfer::v1::transfer_service_client::TransferServiceClient;
use map_server::InProcess;
use tonic::Status;
use tonic_types::StatusExt;

/// Bearer keys.
pub const NETWORK: &str = "key-of-network-one";
/// Of the app.
pub const APP: &str = "key-of-app-one";
/// Of the channel.
pub const CHANNEL: &str = "key-of-the-channel";
/// Of the operator.
pub const OPERATOR: &str = "key-of-the-operator";

/// A message with a bearer key.
pub fn by<T>(key: &str, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let bearer = format!("Bearer {key}").parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// Of the gateway.
pub const GATEWAY: &str = "key-of-the-gateway";

/// A message with a bearer key; where it was signed, as the gateway hands it on for the app.
fn sent<T>(key: &str, proof: Option<Proof>, message: T) -> tonic::Request<T> {
    let Some(Proof(number)) = proof else {
        return by(key, message);
    };
    let mut request = by(GATEWAY, message);
    let metadata = request.metadata_mut();
    metadata.insert("map-on-behalf-of", "app/app1".parse().unwrap());
    metadata.insert("map-proof-digest", format!("{number:064x}").parse().unwrap());
    request
}

/// Asks for an SMS code; what came of it does not matter, the phone knows.
pub async fn send_sms(edge: InProcess, mobile: &str, number: &str) {
    let request = SendSmsCodeRequest {
        mobile_number: mobile.to_owned(),
        idempotency_key: number.to_owned(),
    };
    let _ = CustomerServiceClient::new(edge)
        .send_sms_code(by(APP, request))
        .await;
}

/// Asks.
pub async fn ask(edge: InProcess, request: Request, proof: Option<Proof>) -> Answer {
    match send(edge, request, proof).await {
        Ok(yes) => Answer::Yes(yes),
        Err(status) => read(&status),
    }
}

/// A status with a reason of the core's own is a no, but for those that leave it open.
fn read(status: &Status) -> Answer {
    let details = status.get_error_details();
    let reason = details.error_info().map_or("", |info| info.reason.as_str());
    match reason {
        "OUTCOME_UNKNOWN" | "UNAVAILABLE" | "OVERLOADED" => Answer::Unsure(reason.to_owned()),
        "" => Answer::Unsure(format!("{:?} {}", status.code(), status.message())),
        _ => Answer::No(reason.to_owned()),
    }
}

async fn send(edge: InProcess, request: Request, proof: Option<Proof>) -> Result<Yes, Status> {
    Ok(match request {
        Request::Pay(m) => {
            let told = PaymentServiceClient::new(edge)
                .pay(sent(NETWORK, proof, m))
                .await?
                .into_inner();
            let said = format!("{told:?}");
            Yes {
                said,
                ..payment(told.payment, told.account)
            }
        }
        Request::Undo(m) => {
            let mut client = PaymentServiceClient::new(edge);
            let told = client
                .reverse_payment(sent(NETWORK, proof, m))
                .await?
                .into_inner();
            given_back(told.order_number, told.payment, told.account)
        }
        Request::Cancel(m) => {
            let mut client = PaymentServiceClient::new(edge);
            let told = client.cancel_payment(sent(NETWORK, proof, m)).await?.into_inner();
            given_back(told.order_number, told.payment, told.account)
        }
        Request::FindPayment(m) => {
            let told = PaymentServiceClient::new(edge)
                .find_payment(by(NETWORK, m))
                .await?;
            let told = told.into_inner().payment.unwrap_or_default();
            let said = told.state().as_str_name().to_owned();
            Yes {
                said,
                ..payment(Some(told), None)
            }
        }
        Request::Balance(m) => {
            let told = AccountServiceClient::new(edge)
                .get_balance(by(NETWORK, m))
                .await?;
            about(told.into_inner().account)
        }
        Request::TopUp(m) => {
            let told = TransferServiceClient::new(edge)
                .top_up(by(CHANNEL, m))
                .await?
                .into_inner();
            Yes {
                number: told.order_number,
                ..about(told.cash_account)
            }
        }
        Request::Transfer(m) => {
            let mut client = TransferServiceClient::new(edge);
            let told = client.transfer_to_cash(sent(APP, proof, m)).await?.into_inner();
            Yes {
                number: told.order_number,
                ..about(told.cash_account)
            }
        }
        Request::Open(m) => {
            let told = OpeningServiceClient::new(edge)
                .open_card(sent(APP, proof, m))
                .await?;
            opened(told.into_inner().opening)
        }
        Request::FindOpening(m) => {
            let told = OpeningServiceClient::new(edge).find_opening(by(APP, m)).await?;
            opened(told.into_inner().opening)
        }
        Request::SetCode(m) => {
            CustomerServiceClient::new(edge)
                .set_payment_code(by(APP, m))
                .await?;
            Yes::default()
        }
        Request::ResetCode(m) => {
            CustomerServiceClient::new(edge)
                .reset_payment_code(by(APP, m))
                .await?;
            Yes::default()
        }
        Request::Unlock(m) => {
            OperatorServiceClient::new(edge)
                .unlock_payment_code(by(OPERATOR, m))
                .await?;
            Yes::default()
        }
        Request::Freeze(m) => {
            let told = OperatorServiceClient::new(edge)
                .freeze_account(by(OPERATOR, m))
                .await?;
            about(told.into_inner().account)
        }
        Request::Unfreeze(m) => {
            let told = OperatorServiceClient::new(edge)
                .unfreeze_account(by(OPERATOR, m))
                .await?;
            about(told.into_inner().account)
        }
        Request::OperatorReverse(m) => {
            let payment = m.order_number.clone();
            let mut client = OperatorServiceClient::new(edge);
            let told = client.reverse_payment(by(OPERATOR, m)).await?.into_inner();
            Yes {
                number: told.reversal_order_number,
                payment,
                ..about(told.account)
            }
        }
    })
}

fn about(account: Option<AccountSummary>) -> Yes {
    Yes {
        account: account.unwrap_or_default().account_number,
        ..Yes::default()
    }
}

fn payment(payment: Option<Payment>, account: Option<AccountSummary>) -> Yes {
    Yes {
        number: payment.unwrap_or_default().order_number,
        ..about(account)
    }
}

fn given_back(number: String, payment: Option<Payment>, account: Option<AccountSummary>) -> Yes {
    Yes {
        number,
        payment: payment.unwrap_or_default().order_number,
        ..about(account)
    }
}

fn opened(opening: Option<Opening>) -> Yes {
    let opening = opening.unwrap_or_default();
    Yes {
        number: opening.order_number,
        account: opening.card.unwrap_or_default().account_number,
        ..Yes::default()
    }
}
