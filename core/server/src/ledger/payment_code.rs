//! Set or reset a payment code, proved by an SMS code (decision 32).

use super::claims::Asked;
use super::presented_code::new_digest;
use super::tries::{Attempt, Halt};
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::CodeChange;
use map_domain::command::change_payment_code::{self, Change, ChangePaymentCode};
use map_domain::{Customer, IdentityDigest, Operation, Refusal};
use std::sync::Arc;

/// One request, the same for all its attempts.
struct Request {
    asked: Asked,
    change: CodeChange,
    reset: bool,
    identity: Option<IdentityDigest>,
}

impl Ledger {
    /// Sets a payment code; the customer comes into being where needed.
    ///
    /// # Errors
    /// [`Failure::Refused`]: nothing was or will be changed by this request.
    pub async fn set_payment_code(
        self: &Arc<Self>,
        caller: Caller,
        change: CodeChange,
    ) -> Result<(), Failure> {
        self.change_payment_code(caller, change, Operation::SetPaymentCode, false)
            .await
    }

    /// Resets a payment code and unlocks it.
    ///
    /// # Errors
    /// As [`Ledger::set_payment_code`].
    pub async fn reset_payment_code(
        self: &Arc<Self>,
        caller: Caller,
        change: CodeChange,
    ) -> Result<(), Failure> {
        self.change_payment_code(caller, change, Operation::ResetPaymentCode, true)
            .await
    }

    async fn change_payment_code(
        self: &Arc<Self>,
        caller: Caller,
        change: CodeChange,
        operation: Operation,
        reset: bool,
    ) -> Result<(), Failure> {
        self.to_its_end(move |ledger| async move {
            let identity = change
                .identity
                .as_ref()
                .map(|id| ledger.core.secrets.identity(&id.0));
            let key = caller_key(&caller.id, operation, &change.number);
            let content = content::code_change(&change, identity.as_ref());
            let request = Request {
                asked: ledger.asked(key, content, caller),
                change,
                reset,
                identity,
            };
            ledger
                .settled_under(&request.asked, |attempt| {
                    ledger.try_to_change_code(&request, attempt)
                })
                .await
        })
        .await
    }

    async fn try_to_change_code(&self, request: &Request, attempt: Attempt) -> Result<(), Halt> {
        let Request { asked, change, .. } = request;
        let (mobile, sms_code) = (&change.mobile, Some(&change.sms_code));
        let nobody = || Halt::Refused(Refusal::CustomerNotFound.into());
        let held = self
            .whose(asked, attempt, async {
                self.require_sms_code(asked, mobile, sms_code).await?;
                if request.reset {
                    self.owner(mobile).await?.ok_or_else(nobody)
                } else {
                    self.owner_or_newcomer(mobile).await
                }
            })
            .await?;
        let book = self
            .open_book(held.binding.customer, [&asked.key], Some(mobile))
            .await?;
        if request.reset && !held.bound && !book.exists() {
            return Err(nobody());
        }
        let proved = self.present_again(asked, held, &book, mobile, sms_code).await?;
        let command = self.code_command(request, &book.state.customer)?;
        let decided =
            proved.and_then(|()| change_payment_code::decide(&book.state, &command, &self.core.context()));
        self.settle(&book, asked, held, decided).await.map(drop)
    }

    fn code_command(&self, request: &Request, customer: &Customer) -> Result<ChangePaymentCode, Halt> {
        let digest = new_digest(&request.change.code, &self.core.secrets, customer)
            .ok_or(Halt::Refused(Refusal::PinBlockUnreadable.into()))?;
        let change = if request.reset {
            Change::Reset {
                digest,
                identity: request.identity,
            }
        } else {
            Change::Set(digest)
        };
        Ok(ChangePaymentCode {
            key: request.asked.key.clone(),
            id: request.asked.id.clone(),
            content: request.asked.content,
            caller: request.asked.caller.id.clone(),
            change,
        })
    }
}
