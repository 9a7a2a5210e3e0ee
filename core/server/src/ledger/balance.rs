//! A balance as a terminal asks for it (002, 003 线下查询余额接口). Its key is not used up; a wrong
//! payment code is counted once for it (decision 32).

use super::Ledger;
use super::place::Place;
use super::presented_code::proof;
use super::tries::Halt;
use crate::caller::{Caller, Role};
use crate::failure::Failure;
use crate::validate::{Asking, Consumer};
use map_domain::command::get_balance::{self, GetBalance};
use map_domain::command::pay::Payer;
use map_domain::{AccountNumber, AccountStatus, Fen, OrderId, Refusal, Slot, Timestamp};
use std::sync::Arc;

/// A balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Of which account.
    pub account: AccountNumber,
    /// What can be spent now.
    pub available: Fen,
    /// The account's status.
    pub status: AccountStatus,
    /// The end of its validity, exclusive.
    pub valid_until: Option<Timestamp>,
}

/// One query, the same for all its attempts.
struct Request {
    caller: Caller,
    asking: Asking,
    place: Place,
    id: OrderId,
}

impl Ledger {
    /// The balance of the account that was presented, or of a mobile number's cash account.
    ///
    /// # Errors
    /// [`Failure::Refused`].
    pub async fn get_balance(self: &Arc<Self>, caller: Caller, asking: Asking) -> Result<Balance, Failure> {
        self.to_its_end(|ledger| async move {
            let place = ledger.place(&asking.key)?;
            place.require_network(&caller)?;
            place.require_store(&asking.store)?;
            // A terminal that may not take payments is no place to try payment codes at.
            match (place.seller_active, place.terminal_active) {
                (false, _) => return Err(Refusal::SellerInactive.into()),
                (true, false) => return Err(Refusal::TerminalInactive.into()),
                (true, true) => {}
            }
            let request = Request {
                caller,
                asking,
                place,
                id: ledger.next_number(),
            };
            ledger.settled(|_| ledger.try_to_get_balance(&request)).await
        })
        .await
    }

    async fn try_to_get_balance(&self, request: &Request) -> Result<Balance, Halt> {
        let Request {
            caller,
            asking,
            place,
            id,
        } = request;
        if asking.code.is_some() {
            // A wrong code is told only once it is counted. Were a right one told while nothing can be
            // counted, it could be found by trying.
            self.core.store.health().await.map_err(Halt::read)?;
        }
        let unknown = || Halt::no(Refusal::ConsumerUnknown);
        let customer = self.consumer(&asking.consumer).await?.ok_or_else(unknown)?;
        let key = place.key.slot(Slot::Query);
        let book = self.open_book(customer, [&key], None).await?;
        if !book.exists() {
            return Err(unknown());
        }
        let (payer, card) = match &asking.consumer {
            Consumer::Mobile(_) => (Payer::Mobile, None),
            Consumer::Account(number) => (Payer::Account(number.clone()), Some(number)),
        };
        let account = match card {
            Some(number) => book.state.account(number),
            None => book.state.cash(),
        };
        let code = proof(
            asking.code.as_ref(),
            &self.core.secrets,
            &book.state.customer,
            card,
        );
        let command = GetBalance {
            key: place.key.clone(),
            id: id.clone(),
            caller: caller.id.clone(),
            payer,
            code,
            code_required: caller.role == Role::PosNetwork,
        };
        let context = self.core.context();
        let decided = get_balance::decide(&book.state, &command, &context);
        if decided == Err(Refusal::PinBlockUnreadable) {
            self.alarm_unreadable(&place.key).await;
        }
        let decision = decided.map_err(Halt::no)?;
        // No claim: a query occupies nothing.
        self.write(&book, &decision, Vec::new(), 0).await?;
        let locked = book.customer_after(&decision).payment_code.locked;
        decision.answer.map_err(Halt::no)?;
        let account = account.ok_or_else(|| Halt::no(Refusal::AccountNotFound))?;
        Ok(Balance {
            account: account.number.clone(),
            available: account.available(context.now),
            status: account.status(context.now, locked),
            valid_until: account.validity.until,
        })
    }
}
