//! `map.transfer.v1.TransferService`: money to a customer's cash account.

use super::shown;
use super::wire::timestamp;
use crate::auth::{Rpc, open};
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::validate;
use map_proto::transfer::v1::transfer_service_server::TransferService;
use map_proto::transfer::v1::{TopUpRequest, TopUpResponse, TransferToCashRequest, TransferToCashResponse};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Transfers {
    ledger: Arc<Ledger>,
}

impl Transfers {
    pub(super) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }
}

#[tonic::async_trait]
impl TransferService for Transfers {
    async fn transfer_to_cash(
        &self,
        request: Request<TransferToCashRequest>,
    ) -> Result<Response<TransferToCashResponse>, Status> {
        let (call, mut request) = open(self.ledger.core(), request, Rpc::TransferToCash)?;
        if call.caller.ignore_transfer_sms_code {
            // Not even its form is looked at.
            request.sms_code.clear();
        }
        let transferring = validate::transfer(request)?;
        let moved = self.ledger.transfer_to_cash(call.caller, transferring).await?;
        let lost = || Failure::Internal("a transfer without its card".to_owned());
        let (card, at) = moved.card.as_ref().ok_or_else(lost)?;
        Ok(Response::new(TransferToCashResponse {
            order_number: moved.order.id.to_string(),
            transfer_time: Some(timestamp(moved.order.at)),
            cash_account: Some(shown::summary(
                &moved.cash,
                moved.cash_available,
                moved.cash_status,
            )),
            card: Some(shown::full(card, *at, moved.code_locked)),
        }))
    }

    async fn top_up(&self, request: Request<TopUpRequest>) -> Result<Response<TopUpResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::TopUp)?;
        let topping = validate::top_up(request)?;
        let moved = self.ledger.top_up(call.caller, topping).await?;
        Ok(Response::new(TopUpResponse {
            order_number: moved.order.id.to_string(),
            top_up_time: Some(timestamp(moved.order.at)),
            cash_account: Some(shown::summary(
                &moved.cash,
                moved.cash_available,
                moved.cash_status,
            )),
        }))
    }
}
