//! `map.operator.v1.OperatorService`: what operators do, each act with a reason and two entries
//! in the audit trail (see `audit`), and what they see.

use super::audit::{Act, audited, reason_error};
use super::generation::{Raise, raise};
use super::paging::{cut, made_up, page, token};
use super::wire::timestamp;
use super::{events, shown, trial};
use crate::auth::{Call, Rpc, open};
use crate::core::Core;
use crate::failure::Failure;
use crate::ledger::{Acted, Ledger, OperatorAct};
use crate::status::deadline_exceeded;
use crate::validate::{self, CustomerName};
use map_domain::{AccountNumber, CustomerId, MobileNumber, SellerId, TerminalId};
use map_proto::common::v1::AccountSummary;
use map_proto::operator::v1::operator_service_server::OperatorService;
use map_proto::operator::v1::{
    AuditEntry, FreezeAccountRequest, FreezeAccountResponse, GetTrialBalanceRequest, GetTrialBalanceResponse,
    ListAuditEntriesRequest, ListAuditEntriesResponse, ListEventsRequest, ListEventsResponse,
    ListSentSmsCodesRequest, ListSentSmsCodesResponse, RaiseTerminalGenerationRequest,
    RaiseTerminalGenerationResponse, ReversePaymentRequest, ReversePaymentResponse, SentSmsCode,
    UnfreezeAccountRequest, UnfreezeAccountResponse, UnlockPaymentCodeRequest, UnlockPaymentCodeResponse,
};
use map_store::records;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Operator {
    ledger: Arc<Ledger>,
}

impl Operator {
    pub(super) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }

    fn core(&self) -> &Core {
        self.ledger.core()
    }

    /// An act of the ledger between its two audit entries.
    async fn act(
        &self,
        call: Call,
        number: String,
        act: OperatorAct,
        audit: Act<'_>,
    ) -> Result<Acted, Failure> {
        let work = self.ledger.act(call.caller.clone(), number, act);
        audited(self.core(), &call, audit, work).await
    }

    async fn freeze(&self, call: Call, asked: Freeze, lift: bool) -> Result<AccountSummary, Failure> {
        let target = account_target(self.core(), &asked.number).await?;
        let (action, act) = if lift {
            ("unfreeze_account", OperatorAct::UnfreezeAccount(asked.number))
        } else {
            ("freeze_account", OperatorAct::FreezeAccount(asked.number))
        };
        let acted = self
            .act(
                call,
                asked.key,
                act,
                Act {
                    action,
                    target,
                    reason: &asked.reason,
                },
            )
            .await?;
        let account = acted
            .account
            .ok_or_else(|| Failure::Internal("a freeze without its account".to_owned()))?;
        let (number, available, status) = account;
        Ok(shown::summary(&number, available, status))
    }
}

/// A freeze or its lift, checked.
struct Freeze {
    key: String,
    number: AccountNumber,
    reason: String,
}

impl Freeze {
    fn checked(key: String, number: &str, reason: String) -> Result<Self, Failure> {
        let mut errors = Fields::reason(&reason);
        let key = errors.take(validate::idempotency_key(key));
        let number = errors.take(validate::account_number(number));
        let (Some(key), Some(number)) = (key, number) else {
            return Err(errors.failure());
        };
        errors.none()?;
        Ok(Self { key, number, reason })
    }
}

#[tonic::async_trait]
impl OperatorService for Operator {
    async fn reverse_payment(
        &self,
        request: Request<ReversePaymentRequest>,
    ) -> Result<Response<ReversePaymentResponse>, Status> {
        let (call, request) = open(self.core(), request, Rpc::OperatorReversePayment)?;
        let mut errors = Fields::reason(&request.reason);
        let key = errors.take(validate::idempotency_key(request.idempotency_key));
        let number = errors.take(validate::order_number(&request.order_number));
        let named = request.key.map(|key| validate::terminal_key(Some(key)));
        let payment = named.and_then(|key| errors.take(key));
        let (Some(key), Some(number)) = (key, number) else {
            return Err(errors.failure().into());
        };
        errors.none()?;
        // Two payments may share a number: then the trail has to say which one was meant.
        let target = match &payment {
            None => format!("order {number}"),
            Some(key) => format!(
                "order {number} of seller {}, terminal {}, batch {}, serial {}",
                key.seller, key.terminal, key.batch, key.serial
            ),
        };
        let act = OperatorAct::ReversePayment { number, key: payment };
        let audit = Act {
            action: "reverse_payment",
            target,
            reason: &request.reason,
        };
        let acted = self.act(call, key, act, audit).await?;
        let lost = || Failure::Internal("a reversal without its payment".to_owned());
        let given_back = acted.given_back.ok_or_else(lost)?;
        let account = given_back
            .payment
            .payment()
            .and_then(|detail| detail.account.as_ref())
            .ok_or_else(lost)?;
        let step = &given_back.step;
        Ok(Response::new(ReversePaymentResponse {
            reversal_order_number: step.id.to_string(),
            account: Some(shown::summary(account, step.available_after, step.status_after)),
        }))
    }

    async fn unlock_payment_code(
        &self,
        request: Request<UnlockPaymentCodeRequest>,
    ) -> Result<Response<UnlockPaymentCodeResponse>, Status> {
        let (call, request) = open(self.core(), request, Rpc::UnlockPaymentCode)?;
        let mut errors = Fields::reason(&request.reason);
        let key = errors.take(validate::idempotency_key(request.idempotency_key));
        let name = errors.take(validate::customer(&request.mobile_number, &request.customer_id));
        let (Some(key), Some(name)) = (key, name) else {
            return Err(errors.failure().into());
        };
        errors.none()?;
        let target = customer_target(self.core(), &name).await?;
        let audit = Act {
            action: "unlock_payment_code",
            target,
            reason: &request.reason,
        };
        self.act(call, key, OperatorAct::UnlockPaymentCode(name), audit)
            .await?;
        Ok(Response::new(UnlockPaymentCodeResponse {}))
    }

    async fn freeze_account(
        &self,
        request: Request<FreezeAccountRequest>,
    ) -> Result<Response<FreezeAccountResponse>, Status> {
        let (call, request) = open(self.core(), request, Rpc::FreezeAccount)?;
        let asked = Freeze::checked(request.idempotency_key, &request.account_number, request.reason)?;
        let account = self.freeze(call, asked, false).await?;
        Ok(Response::new(FreezeAccountResponse {
            account: Some(account),
        }))
    }

    async fn unfreeze_account(
        &self,
        request: Request<UnfreezeAccountRequest>,
    ) -> Result<Response<UnfreezeAccountResponse>, Status> {
        let (call, request) = open(self.core(), request, Rpc::UnfreezeAccount)?;
        let asked = Freeze::checked(request.idempotency_key, &request.account_number, request.reason)?;
        let account = self.freeze(call, asked, true).await?;
        Ok(Response::new(UnfreezeAccountResponse {
            account: Some(account),
        }))
    }

    async fn raise_terminal_generation(
        &self,
        request: Request<RaiseTerminalGenerationRequest>,
    ) -> Result<Response<RaiseTerminalGenerationResponse>, Status> {
        let (call, request) = open(self.core(), request, Rpc::RaiseTerminalGeneration)?;
        let mut errors = Fields::reason(&request.reason);
        let key = errors.take(validate::idempotency_key(request.idempotency_key));
        let seller = errors.id("seller_id", SellerId::parse(&request.seller_id));
        let terminal = errors.id("terminal_id", TerminalId::parse(&request.terminal_id));
        let (Some(number), Some(seller), Some(terminal)) = (key, seller, terminal) else {
            return Err(errors.failure().into());
        };
        errors.none()?;
        let (operator, id) = (call.caller.id.clone(), self.ledger.next_number());
        let asked = Raise {
            operator,
            number,
            id,
            seller,
            terminal,
        };
        let audit = Act {
            action: "raise_terminal_generation",
            target: asked.target(),
            reason: &request.reason,
        };
        let generation = audited(self.core(), &call, audit, raise(self.core(), &asked)).await?;
        // Payments take the generation from the catalogue in force: it must be the new one
        // before the operator is told. Where it can't be read, the act still stands.
        if let Err(failure) = self.core().refresh_catalogue().await {
            tracing::warn!(?failure, "the raised generation is not in force yet");
            return Err(Failure::OutcomeUnknown.into());
        }
        let generation = i32::try_from(generation).unwrap_or(i32::MAX);
        Ok(Response::new(RaiseTerminalGenerationResponse { generation }))
    }

    async fn list_audit_entries(
        &self,
        request: Request<ListAuditEntriesRequest>,
    ) -> Result<Response<ListAuditEntriesResponse>, Status> {
        let (_, request) = open(self.core(), request, Rpc::ListAuditEntries)?;
        let (size, after) = page(request.page_size, &request.page_token)?;
        let listed = records::list_audit_entries(&*self.core().store, after, size).await;
        let (entries, next) = listed.map_err(Failure::from)?;
        let entries = entries.into_iter().map(|entry| AuditEntry {
            time: Some(timestamp(entry.at)),
            operator: entry.operator,
            action: entry.action,
            target: entry.target,
            reason: entry.reason,
            outcome: entry.outcome,
        });
        Ok(Response::new(ListAuditEntriesResponse {
            entries: entries.collect(),
            next_page_token: token(next),
        }))
    }

    async fn list_events(
        &self,
        request: Request<ListEventsRequest>,
    ) -> Result<Response<ListEventsResponse>, Status> {
        let (_, request) = open(self.core(), request, Rpc::ListEvents)?;
        let (size, after) = page(request.page_size, &request.page_token)?;
        let listed = records::list_events(&*self.core().store, after, size).await;
        let (events, next) = listed.map_err(Failure::from)?;
        let events = events.iter().map(events::event).collect();
        Ok(Response::new(ListEventsResponse {
            events,
            next_page_token: token(next),
        }))
    }

    async fn list_sent_sms_codes(
        &self,
        request: Request<ListSentSmsCodesRequest>,
    ) -> Result<Response<ListSentSmsCodesResponse>, Status> {
        let (_, request) = open(self.core(), request, Rpc::ListSentSmsCodes)?;
        let only = match request.mobile_number.as_str() {
            "" => None,
            number => Some(validate::mobile_number(number)?),
        };
        let (size, after) = page(request.page_size, &request.page_token)?;
        let before = after
            .map(|place| <[u8; 8]>::try_from(&place[..]).map(u64::from_be_bytes))
            .transpose()
            .map_err(|_| Failure::Malformed(vec![made_up()]))?;
        let sent = self.core().sms.outbox().ok_or(Failure::NotSupported)?;
        let asked_for = |mobile: &MobileNumber| only.as_ref().is_none_or(|only| only == mobile);
        let codes = sent
            .into_iter()
            .filter(|sent| asked_for(&sent.mobile) && before.is_none_or(|before| sent.number < before))
            .map(|sent| {
                let shown = SentSmsCode {
                    mobile_number: sent.mobile.as_str().to_owned(),
                    code: sent.code,
                    send_time: Some(timestamp(sent.at)),
                };
                (sent.number.to_be_bytes(), shown)
            });
        let (codes, next_page_token) = cut(codes, size);
        Ok(Response::new(ListSentSmsCodesResponse {
            codes,
            next_page_token,
        }))
    }

    async fn get_trial_balance(
        &self,
        request: Request<GetTrialBalanceRequest>,
    ) -> Result<Response<GetTrialBalanceResponse>, Status> {
        let (call, _) = open(self.core(), request, Rpc::GetTrialBalance)?;
        // It commits nothing, and reads the whole ledger: it ends with who waits for it.
        let drawn = tokio::time::timeout(call.timeout, trial::draw(self.core())).await;
        let drawn = drawn.map_err(|_| deadline_exceeded())?;
        Ok(Response::new(drawn?))
    }
}

/// What is malformed, field by field.
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    /// Begins with the reason, which every act has.
    fn reason(reason: &str) -> Self {
        Self(reason_error(reason).into_iter().collect())
    }

    /// The value, or its errors to the others.
    fn take<T>(&mut self, checked: Result<T, Failure>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(Failure::Malformed(errors)) => {
                self.0.extend(errors);
                None
            }
            Err(_) => None,
        }
    }

    fn id<T>(&mut self, field: &'static str, parsed: Result<T, map_domain::IdError>) -> Option<T> {
        self.take(parsed.map_err(|error| Failure::Malformed(vec![(field, error.to_string())])))
    }

    fn failure(self) -> Failure {
        Failure::Malformed(self.0)
    }

    fn none(self) -> Result<(), Failure> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.failure())
        }
    }
}

/// Whose account it is, for the audit trail: no number in clear.
async fn account_target(core: &Core, number: &AccountNumber) -> Result<String, Failure> {
    let owner = records::owner_of_account(&*core.store, number).await?;
    Ok(format!("{}, account {number:?}", customer(owner)))
}

/// Who it is, for the audit trail.
async fn customer_target(core: &Core, name: &CustomerName) -> Result<String, Failure> {
    let owner = match name {
        CustomerName::Mobile(mobile) => records::owner_of_mobile(&*core.store, mobile).await?,
        CustomerName::Id(id) => return Ok(customer(Some(*id))),
    };
    Ok(customer(owner.map(|owner| owner.customer)))
}

fn customer(owner: Option<CustomerId>) -> String {
    owner.map_or_else(
        || "unknown customer".to_owned(),
        |customer| format!("customer {customer}"),
    )
}
