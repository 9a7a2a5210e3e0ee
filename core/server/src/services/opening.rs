//! `map.opening.v1.OpeningService`: open a card, and what became of an opening. A caller finds its own
//! openings only: the key carries the caller.

use super::shown;
use super::wire::timestamp;
use crate::auth::{Rpc, open};
use crate::ledger::{Ledger, Opened};
use crate::validate;
use map_domain::OrderKey;
use map_proto::opening::v1::opening_service_server::OpeningService;
use map_proto::opening::v1::{
    FindOpeningRequest, FindOpeningResponse, OpenCardRequest, OpenCardResponse, Opening,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Openings {
    ledger: Arc<Ledger>,
}

impl Openings {
    pub(super) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }
}

#[tonic::async_trait]
impl OpeningService for Openings {
    async fn open_card(
        &self,
        request: Request<OpenCardRequest>,
    ) -> Result<Response<OpenCardResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::OpenCard)?;
        let opening = validate::open_card(request)?;
        let opened = self.ledger.open_card(call.caller, opening).await?;
        Ok(Response::new(OpenCardResponse {
            opening: Some(show(&opened)),
        }))
    }

    async fn find_opening(
        &self,
        request: Request<FindOpeningRequest>,
    ) -> Result<Response<FindOpeningResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::FindOpening)?;
        let number = validate::idempotency_key(request.idempotency_key)?;
        let opened = self.ledger.find_opening(call.caller, number).await?;
        Ok(Response::new(FindOpeningResponse {
            opening: Some(show(&opened)),
        }))
    }
}

fn show(opened: &Opened) -> Opening {
    let number = match &opened.order.key {
        OrderKey::Caller { number, .. } => number.clone(),
        OrderKey::Pos(..) => String::new(),
    };
    Opening {
        order_number: opened.order.id.to_string(),
        idempotency_key: number,
        open_time: Some(timestamp(opened.order.at)),
        card: Some(shown::full(&opened.card, opened.at, opened.code_locked)),
    }
}
