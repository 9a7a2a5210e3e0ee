//! Money to a customer's cash account: from an instalment card (002 转账（到现金账户）接口;
//! decision 27), or from outside.

use super::book::Book;
use super::claims::Asked;
use super::presented_code::proof;
use super::tries::{Attempt, Halt};
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::{ToppingUp, Transferring};
use map_domain::command::top_up::{self, TopUp};
use map_domain::command::transfer::{self, TransferToCash};
use map_domain::order::Order;
use map_domain::{
    Account, AccountNumber, AccountStatus, CodeProof, Decision, Fen, Operation, OrderDetail, Refusal,
    Timestamp,
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
            let key = caller_key(&caller.id, Operation::TransferToCash, &transferring.number);
            let asked = ledger.asked(key, content::transfer(&transferring), caller);
            ledger
                .settled_under(&asked, |attempt| {
                    ledger.try_to_transfer(&asked, &transferring, attempt)
                })
                .await
        })
        .await
    }

    async fn try_to_transfer(
        &self,
        asked: &Asked,
        transferring: &Transferring,
        attempt: Attempt,
    ) -> Result<Moved, Halt> {
        let (mobile, sms_code) = (&transferring.mobile, transferring.sms_code.as_ref());
        let held = self
            .whose(asked, attempt, async {
                self.require_sms_code(asked, mobile, sms_code).await?;
                match self.owner(mobile).await? {
                    Some(customer) => Ok(customer),
                    None => Err(self.decline_transfer(asked, transferring).await?),
                }
            })
            .await?;
        let book = self.open_book(held.binding.customer, [&asked.key], None).await?;
        if !book.exists() && !held.bound {
            return Err(self.decline_transfer(asked, transferring).await?);
        }
        let proved = self.present_again(asked, held, &book, mobile, sms_code).await?;
        let code = proof(
            transferring.code.as_ref(),
            &self.core.secrets,
            &book.state.customer,
            Some(&transferring.from),
        );
        let command = self.transfer_command(asked, transferring, code)?;
        let decided = proved.and_then(|()| transfer::decide(&book.state, &command, &self.core.context()));
        let (order, decision) = self.settle(&book, asked, held, decided).await?;
        moved(&book, order, &decision)
    }

    /// Closes the key of a transfer by a mobile number that has no customer.
    async fn decline_transfer(&self, asked: &Asked, transferring: &Transferring) -> Result<Halt, Halt> {
        let command = self.transfer_command(asked, transferring, CodeProof::Absent)?;
        let order = transfer::declined(&command, Refusal::CustomerNotFound, &self.core.context());
        Ok(self.decline(asked, &order, Refusal::CustomerNotFound).await)
    }

    fn transfer_command(
        &self,
        asked: &Asked,
        transferring: &Transferring,
        code: CodeProof,
    ) -> Result<TransferToCash, Halt> {
        Ok(TransferToCash {
            key: asked.key.clone(),
            id: asked.id.clone(),
            content: asked.content,
            caller: asked.caller.id.clone(),
            from: transferring.from.clone(),
            amount: transferring.amount,
            code,
            may_omit_code: asked.caller.may_omit_payment_code,
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
            let key = caller_key(&caller.id, Operation::TopUp, &topping.number);
            let asked = ledger.asked(key, content::top_up(&topping), caller);
            ledger
                .settled_under(&asked, |attempt| ledger.try_to_top_up(&asked, &topping, attempt))
                .await
        })
        .await
    }

    async fn try_to_top_up(
        &self,
        asked: &Asked,
        topping: &ToppingUp,
        attempt: Attempt,
    ) -> Result<Moved, Halt> {
        let mobile = &topping.mobile;
        let held = self.whose(asked, attempt, self.owner_or_newcomer(mobile)).await?;
        let book = self
            .open_book(held.binding.customer, [&asked.key], Some(mobile))
            .await?;
        let command = TopUp {
            key: asked.key.clone(),
            id: asked.id.clone(),
            content: asked.content,
            caller: asked.caller.id.clone(),
            amount: topping.amount,
            cash_number: self.new_cash_number()?,
            remark: topping.remark.clone(),
        };
        let decided = top_up::decide(&book.state, &command, &self.core.context());
        let (order, decision) = self.settle(&book, asked, held, decided).await?;
        moved(&book, order, &decision)
    }
}

/// What is answered: from the order alone where it can be, so that a repeat says the same.
fn moved(book: &Book, order: Order, decision: &Decision) -> Result<Moved, Halt> {
    let lost = |what: &str| Halt::defect(format!("a transfer without its {what}"));
    let OrderDetail::Transfer(detail) = order.detail.clone() else {
        return Err(lost("detail"));
    };
    let cash = detail.to.ok_or_else(|| lost("cash account"))?;
    let code_locked = book.customer_after(decision).payment_code.locked;
    let account = book
        .account_after(decision, &cash)
        .ok_or_else(|| lost("cash account"))?;
    let cash_status = account.status(order.at, code_locked);
    let card = match &detail.from {
        None => None,
        Some(number) => {
            let card = book.account_after(decision, number).ok_or_else(|| lost("card"))?;
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
