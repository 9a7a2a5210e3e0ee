//! `map.customer.v1.CustomerService`: payment codes and the SMS codes that prove a number.

use super::wire::{count, timestamp};
use crate::auth::{Rpc, open};
use crate::ledger::Ledger;
use crate::validate;
use map_domain::{Customer, PaymentCodeState};
use map_proto::customer::v1 as wire;
use map_proto::customer::v1::customer_service_server::CustomerService;
use map_proto::customer::v1::{
    GetCustomerRequest, GetCustomerResponse, ResetPaymentCodeRequest, ResetPaymentCodeResponse,
    SendSmsCodeRequest, SendSmsCodeResponse, SetPaymentCodeRequest, SetPaymentCodeResponse,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Customers {
    ledger: Arc<Ledger>,
}

impl Customers {
    pub(super) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }
}

#[tonic::async_trait]
impl CustomerService for Customers {
    async fn get_customer(
        &self,
        request: Request<GetCustomerRequest>,
    ) -> Result<Response<GetCustomerResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::GetCustomer)?;
        let name = validate::customer(&request.mobile_number, &request.customer_id)?;
        let (state, _) = self.ledger.get_customer(&call.caller, &name).await?;
        Ok(Response::new(GetCustomerResponse {
            customer: Some(show(&state.customer)),
        }))
    }

    async fn send_sms_code(
        &self,
        request: Request<SendSmsCodeRequest>,
    ) -> Result<Response<SendSmsCodeResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::SendSmsCode)?;
        let (mobile, number) = validate::send_sms(request)?;
        let expires_at = self.ledger.send_sms_code(call.caller, mobile, number).await?;
        Ok(Response::new(SendSmsCodeResponse {
            expire_time: Some(timestamp(expires_at)),
        }))
    }

    async fn set_payment_code(
        &self,
        request: Request<SetPaymentCodeRequest>,
    ) -> Result<Response<SetPaymentCodeResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::SetPaymentCode)?;
        let change = validate::set_code(request)?;
        self.ledger.set_payment_code(call.caller, change).await?;
        Ok(Response::new(SetPaymentCodeResponse {}))
    }

    async fn reset_payment_code(
        &self,
        request: Request<ResetPaymentCodeRequest>,
    ) -> Result<Response<ResetPaymentCodeResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::ResetPaymentCode)?;
        let change = validate::reset_code(request)?;
        self.ledger.reset_payment_code(call.caller, change).await?;
        Ok(Response::new(ResetPaymentCodeResponse {}))
    }
}

fn show(customer: &Customer) -> wire::Customer {
    wire::Customer {
        customer_id: customer.id.to_string(),
        mobile_number: customer
            .mobile
            .as_ref()
            .map(|m| m.as_str().to_owned())
            .unwrap_or_default(),
        payment_code_status: code_status(&customer.payment_code).into(),
        failed_attempts: count(customer.payment_code.failures),
        has_id_number: customer.identity.is_some(),
        create_time: Some(timestamp(customer.created_at)),
    }
}

const fn code_status(code: &PaymentCodeState) -> wire::PaymentCodeStatus {
    if code.locked {
        wire::PaymentCodeStatus::Locked
    } else if code.digest.is_some() {
        wire::PaymentCodeStatus::Normal
    } else {
        wire::PaymentCodeStatus::NotSet
    }
}
