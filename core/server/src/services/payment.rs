//! `map.payment.v1.PaymentService`: pay, cancel, reverse, and what became of them.

use super::shown;
use super::wire::timestamp;
use crate::auth::{Rpc, open};
use crate::failure::Failure;
use crate::ledger::{GivenBack, Ledger};
use crate::validate;
use map_domain::{Order, OrderKey, PosKey};
use map_proto::common::v1::AccountSummary;
use map_proto::payment::v1::payment_service_server::PaymentService;
use map_proto::payment::v1::{
    CancelPaymentRequest, CancelPaymentResponse, FindPaymentRequest, FindPaymentResponse, GetPaymentRequest,
    GetPaymentResponse, PayRequest, PayResponse, ReversePaymentRequest, ReversePaymentResponse,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Payments {
    ledger: Arc<Ledger>,
}

impl Payments {
    pub(super) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }
}

#[tonic::async_trait]
impl PaymentService for Payments {
    async fn pay(&self, request: Request<PayRequest>) -> Result<Response<PayResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::Pay)?;
        let paying = validate::pay(request)?;
        let order = self.ledger.pay(call.caller, paying).await?;
        let detail = order.payment().ok_or_else(|| lost("payment"))?;
        let account = detail.account.as_ref().ok_or_else(|| lost("account"))?;
        Ok(Response::new(PayResponse {
            account: Some(shown::summary(
                account,
                detail.available_after,
                detail.status_after,
            )),
            payment: Some(shown::life_line(pos_key(&order)?, &order)),
        }))
    }

    async fn cancel_payment(
        &self,
        request: Request<CancelPaymentRequest>,
    ) -> Result<Response<CancelPaymentResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::CancelPayment)?;
        let cancelling = validate::cancel(request)?;
        let (number, given_back) = self.ledger.cancel_payment(call.caller, cancelling).await?;
        Ok(Response::new(CancelPaymentResponse {
            order_number: number.to_string(),
            cancel_time: Some(timestamp(given_back.step.at)),
            account: Some(account_after(&given_back)?),
            payment: Some(shown::life_line(
                pos_key(&given_back.payment)?,
                &given_back.payment,
            )),
        }))
    }

    async fn reverse_payment(
        &self,
        request: Request<ReversePaymentRequest>,
    ) -> Result<Response<ReversePaymentResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::ReversePayment)?;
        let key = validate::terminal_key(request.key)?;
        let given_back = self.ledger.reverse_payment(call.caller, key).await?;
        Ok(Response::new(ReversePaymentResponse {
            order_number: given_back.step.id.to_string(),
            reverse_time: Some(timestamp(given_back.step.at)),
            account: Some(account_after(&given_back)?),
            payment: Some(shown::life_line(
                pos_key(&given_back.payment)?,
                &given_back.payment,
            )),
        }))
    }

    async fn get_payment(
        &self,
        request: Request<GetPaymentRequest>,
    ) -> Result<Response<GetPaymentResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::GetPayment)?;
        let number = validate::order_number(&request.order_number)?;
        let found = self.ledger.get_payment(&call.caller, &number).await?;
        Ok(Response::new(GetPaymentResponse {
            payment: Some(shown::found(&found)),
        }))
    }

    async fn find_payment(
        &self,
        request: Request<FindPaymentRequest>,
    ) -> Result<Response<FindPaymentResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::FindPayment)?;
        let key = validate::terminal_key(request.key)?;
        let found = self.ledger.find_payment(&call.caller, &key).await?;
        Ok(Response::new(FindPaymentResponse {
            payment: Some(shown::found(&found)),
        }))
    }
}

/// The account that the money came back to, right after.
fn account_after(given_back: &GivenBack) -> Result<AccountSummary, Failure> {
    let account = given_back
        .payment
        .payment()
        .and_then(|payment| payment.account.as_ref());
    let account = account.ok_or_else(|| lost("account"))?;
    Ok(shown::summary(
        account,
        given_back.step.available_after,
        given_back.step.status_after,
    ))
}

fn pos_key(order: &Order) -> Result<&PosKey, Failure> {
    match &order.key {
        OrderKey::Pos(key, _) => Ok(key),
        OrderKey::Caller { .. } => Err(lost("POS key")),
    }
}

fn lost(what: &str) -> Failure {
    Failure::Internal(format!("a payment without its {what}"))
}
