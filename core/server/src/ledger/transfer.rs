//! Money to a customer's cash account: from an instalment card (002 转账（到现金账户）接口;
//! decision 27), or from outside.

use super::book::{Asked, Book};
use super::claims::{Binding, Found};
use super::code::proof;
use super::tries::{Halt, Tries};
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::{ToppingUp, Transferring};
use map_domain::command::top_up::{self, TopUp};
use map_domain::command::transfer::{self, TransferToCash};
use map_domain::order::Order;
use map_domain::{
    Account, AccountNumber, AccountStatus, CodeProof, ContentDigest, Decision, Fen, Operation, OrderDetail,
    OrderId, OrderKey, Refusal, Timestamp,
};
use std::sync::Arc;

/// Money that was moved to a cash account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The order.
    pub order: Order,
    /// The cash account.
    pub cash: AccountNumber,
    /// What it had available right after.
    pub cash_available: Fen,
    /// Its status.
    pub cash_status: AccountStatus,
    /// The card it came from, with its balance right after, and the moment to show it at.
    pub card: Option<(Account, Timestamp)>,
    /// Whether the owner's payment code is locked.
    pub code_locked: bool,
}

/// What two kinds of request have in common.
struct Request {
    caller: Caller,
    key: OrderKey,
    id: OrderId,
    content: ContentDigest,
}

impl Request {
    fn asked(&self, bound: bool) -> Asked<'_> {
        Asked {
            key: &self.key,
            id: &self.id,
            content: &self.content,
            caller: &self.caller.id,
            bound,
            day: 0,
        }
    }
}

impl Ledger {
    /// Transfers from a card to its owner's cash account.
    ///
    /// # Errors
    /// [`Failure::Refused`]: nothing was or will be moved by this request.
    pub async fn transfer_to_cash(
        self: &Arc<Self>,
        caller: Caller,
        transferring: Transferring,
    ) -> Result<Moved, Failure> {
        self.to_its_end(|ledger| async move {
            let request = Request {
                key: caller_key(&caller.id, Operation::TransferToCash, &transferring.number),
                id: ledger.next_number(),
                content: content::transfer(&transferring),
                caller,
            };
            let mut tries = Tries::new(&ledger);
            loop {
                let outcome = ledger.try_to_transfer(&request, &transferring, &tries).await;
                if let Some(answer) = tries.settle(outcome).await {
                    return answer;
                }
            }
        })
        .await
    }

    async fn try_to_transfer(
        &self,
        request: &Request,
        transferring: &Transferring,
        tries: &Tries<'_>,
    ) -> Result<Moved, Halt> {
        let [found] = self.find([&request.key]).await?;
        let (binding, bound) = match found {
            Found::Closed(order) => {
                self.replay_closed(&order, &request.content)?;
                return Err(Halt::Final(Failure::Internal(
                    "a transfer without a customer is done".to_owned(),
                )));
            }
            Found::Bound(binding) => {
                binding.require_content(&request.content)?;
                (binding, true)
            }
            Found::Free => {
                self.prove_transfer(request, transferring)
                    .await?
                    .map_err(|no| Halt::Refused(no.into()))?;
                let Some(customer) = self.owner(&transferring.mobile).await? else {
                    return Err(self.decline_transfer(request, transferring).await?);
                };
                (
                    Binding {
                        customer,
                        content: request.content,
                        day: 0,
                    },
                    false,
                )
            }
        };
        let book = self
            .open_book(binding.customer, std::slice::from_ref(&request.key), None)
            .await?;
        if !book.exists() && !bound {
            return Err(self.decline_transfer(request, transferring).await?);
        }
        let mut proved = Ok(());
        if bound && book.order(&request.key).is_none() {
            proved = self.prove_transfer(request, transferring).await?;
        }
        let code = proof(
            transferring.code.as_ref(),
            &self.core.secrets,
            &book.state.customer,
            Some(&transferring.from),
            self.options.pin_account,
        );
        let command = self.transfer_command(request, transferring, code)?;
        let decided = proved.and_then(|()| transfer::decide(&book.state, &command, &self.core.context()));
        let decision = self.settle(&book, tries, &request.asked(bound), decided).await?;
        moved(&book, decision)
    }

    /// The SMS code, where one is given.
    async fn prove_transfer(
        &self,
        request: &Request,
        transferring: &Transferring,
    ) -> Result<Result<(), Refusal>, Halt> {
        match &transferring.sms_code {
            Some(code) => {
                self.present_sms_code(&transferring.mobile, &request.key, &request.caller.id, code)
                    .await
            }
            None => Ok(Ok(())),
        }
    }

    /// Closes the key of a transfer by a mobile number that has no customer.
    async fn decline_transfer(&self, request: &Request, transferring: &Transferring) -> Result<Halt, Halt> {
        let command = self.transfer_command(request, transferring, CodeProof::Absent)?;
        let order = transfer::declined(&command, Refusal::CustomerNotFound, &self.core.context());
        Ok(self.decline(&order, Refusal::CustomerNotFound).await)
    }

    fn transfer_command(
        &self,
        request: &Request,
        transferring: &Transferring,
        code: CodeProof,
    ) -> Result<TransferToCash, Halt> {
        Ok(TransferToCash {
            key: request.key.clone(),
            id: request.id.clone(),
            content: request.content,
            caller: request.caller.id.clone(),
            from: transferring.from.clone(),
            amount: transferring.amount,
            code,
            may_omit_code: request.caller.may_omit_payment_code,
            cash_number: self.new_cash_number()?,
            remark: transferring.remark.clone(),
        })
    }

    /// Puts money from outside on a cash account; the customer comes into being where needed.
    ///
    /// # Errors
    /// As [`Ledger::transfer_to_cash`].
    pub async fn top_up(self: &Arc<Self>, caller: Caller, topping: ToppingUp) -> Result<Moved, Failure> {
        self.to_its_end(|ledger| async move {
            let request = Request {
                key: caller_key(&caller.id, Operation::TopUp, &topping.number),
                id: ledger.next_number(),
                content: content::top_up(&topping),
                caller,
            };
            let mut tries = Tries::new(&ledger);
            loop {
                let outcome = ledger.try_to_top_up(&request, &topping, &tries).await;
                if let Some(answer) = tries.settle(outcome).await {
                    return answer;
                }
            }
        })
        .await
    }

    async fn try_to_top_up(
        &self,
        request: &Request,
        topping: &ToppingUp,
        tries: &Tries<'_>,
    ) -> Result<Moved, Halt> {
        let [found] = self.find([&request.key]).await?;
        let (binding, bound) = match found {
            Found::Closed(order) => {
                self.replay_closed(&order, &request.content)?;
                return Err(Halt::Final(Failure::Internal(
                    "a top-up without a customer is done".to_owned(),
                )));
            }
            Found::Bound(binding) => {
                binding.require_content(&request.content)?;
                (binding, true)
            }
            Found::Free => {
                let customer = self.owner_or_newcomer(&topping.mobile).await?;
                (
                    Binding {
                        customer,
                        content: request.content,
                        day: 0,
                    },
                    false,
                )
            }
        };
        let book = self
            .open_book(
                binding.customer,
                std::slice::from_ref(&request.key),
                Some(&topping.mobile),
            )
            .await?;
        let command = TopUp {
            key: request.key.clone(),
            id: request.id.clone(),
            content: request.content,
            caller: request.caller.id.clone(),
            amount: topping.amount,
            cash_number: self.new_cash_number()?,
            remark: topping.remark.clone(),
        };
        let decided = top_up::decide(&book.state, &command, &self.core.context());
        let decision = self.settle(&book, tries, &request.asked(bound), decided).await?;
        moved(&book, decision)
    }
}

/// What is answered: from the order alone where it can be, so that a repeat says the same.
fn moved(book: &Book, decision: Decision) -> Result<Moved, Halt> {
    let lost = |what: &str| Halt::Final(Failure::Internal(format!("a transfer without its {what}")));
    let order = decision
        .answer
        .clone()
        .map_err(|refusal| Halt::Final(refusal.into()))?;
    let OrderDetail::Transfer(detail) = order.detail.clone() else {
        return Err(lost("detail"));
    };
    let cash = detail.to.ok_or_else(|| lost("cash account"))?;
    let code_locked = book.customer_after(&decision).payment_code.locked;
    let account = book
        .account_after(&decision, &cash)
        .ok_or_else(|| lost("cash account"))?;
    let cash_status = account.status(order.at, code_locked);
    let card = match &detail.from {
        None => None,
        Some(number) => {
            let card = book
                .account_after(&decision, number)
                .ok_or_else(|| lost("card"))?;
            let unreleased = card.unreleased(order.at);
            let balance = detail
                .from_available_after
                .checked_add(unreleased)
                .unwrap_or(card.balance);
            Some((
                Account {
                    balance,
                    ..card.clone()
                },
                order.at,
            ))
        }
    };
    Ok(Moved {
        cash,
        cash_available: detail.to_available_after,
        cash_status,
        card,
        code_locked,
        order,
    })
}
