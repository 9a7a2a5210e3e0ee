//! `map.account.v1.AccountService`: accounts, balances, statements.
//!
//! Operators read any account; an app those that it opened, and the cash account of a customer for
//! whom it opened one. Another's is not there. A balance is asked for at a terminal, with a POS key:
//! who acts for the terminal's network may ask.

use super::wire::timestamp;
use super::{paging, shown};
use crate::auth::{Rpc, open};
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::validate;
use map_domain::{Account, AccountNumber};
use map_proto::account::v1::account_service_server::AccountService;
use map_proto::account::v1::{
    GetAccountRequest, GetAccountResponse, GetBalanceRequest, GetBalanceResponse, ListAccountsRequest,
    ListAccountsResponse, ListEntriesRequest, ListEntriesResponse,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Accounts {
    ledger: Arc<Ledger>,
}

impl Accounts {
    pub(super) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }
}

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<Response<GetAccountResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::GetAccount)?;
        let number = validate::account_number(&request.account_number)?;
        let (account, locked, now) = self.ledger.get_account(&call.caller, &number).await?;
        Ok(Response::new(GetAccountResponse {
            account: Some(shown::full(&account, now, locked)),
        }))
    }

    async fn list_accounts(
        &self,
        request: Request<ListAccountsRequest>,
    ) -> Result<Response<ListAccountsResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::ListAccounts)?;
        let mobile = validate::mobile_number(&request.mobile_number)?;
        let (size, after) = paging::page_after(request.page_size, &request.page_token, AccountNumber::parse)?;
        let Some((state, now)) = self.ledger.list_accounts(&call.caller, &mobile).await? else {
            return Ok(Response::new(ListAccountsResponse::default()));
        };
        let begin = match after {
            None => 0,
            // No account ever goes: one that is not there was not shown on the page before.
            Some(last) => position(&state.accounts, &last)
                .ok_or_else(|| Failure::Malformed(vec![paging::made_up()]))?
                .saturating_add(1),
        };
        let rest = state.accounts.iter().skip(begin).map(|account| {
            let number = account.number.as_str();
            (number, shown::full(account, now, state.code_locked()))
        });
        let (accounts, next_page_token) = paging::cut(rest, size);
        Ok(Response::new(ListAccountsResponse {
            accounts,
            next_page_token,
        }))
    }

    async fn get_balance(
        &self,
        request: Request<GetBalanceRequest>,
    ) -> Result<Response<GetBalanceResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::GetBalance)?;
        let asking = validate::get_balance(request)?;
        let balance = self.ledger.get_balance(call.caller, asking).await?;
        Ok(Response::new(GetBalanceResponse {
            account: Some(shown::summary(
                &balance.account,
                balance.available,
                balance.status,
            )),
            valid_until: balance.valid_until.map(timestamp),
        }))
    }

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        let (call, request) = open(self.ledger.core(), request, Rpc::ListEntries)?;
        let number = validate::account_number(&request.account_number)?;
        let (limit, after) = paging::page(request.page_size, &request.page_token)?;
        let statement = self
            .ledger
            .list_entries(&call.caller, &number, after, limit)
            .await?;
        Ok(Response::new(ListEntriesResponse {
            entries: statement.entries.iter().map(shown::entry).collect(),
            next_page_token: paging::token(statement.next),
        }))
    }
}

fn position(accounts: &[Account], number: &AccountNumber) -> Option<usize> {
    accounts.iter().position(|account| account.number == *number)
}
