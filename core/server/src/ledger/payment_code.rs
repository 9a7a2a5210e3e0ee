//! Set or reset a payment code, proved by an SMS code (decision 32).

use super::book::Asked;
use super::claims::{Binding, Found};
use super::code::new_digest;
use super::tries::{Halt, Tries};
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::CodeChange;
use map_domain::command::payment_code::{self, Change, ChangePaymentCode};
use map_domain::{ContentDigest, Customer, IdentityDigest, Operation, OrderId, OrderKey, Refusal};
use std::sync::Arc;

/// One request, the same for all its attempts.
struct Request {
    caller: Caller,
    change: CodeChange,
    reset: bool,
    identity: Option<IdentityDigest>,
    key: OrderKey,
    id: OrderId,
    content: ContentDigest,
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
            let request = Request {
                key: caller_key(&caller.id, operation, &change.number),
                id: ledger.next_number(),
                content: content::code_change(&change, identity.as_ref()),
                caller,
                change,
                reset,
                identity,
            };
            let mut tries = Tries::new(&ledger);
            loop {
                let outcome = ledger.try_to_change_code(&request, &tries).await;
                if let Some(answer) = tries.settle(outcome).await {
                    return answer;
                }
            }
        })
        .await
    }

    async fn try_to_change_code(&self, request: &Request, tries: &Tries<'_>) -> Result<(), Halt> {
        let Request {
            change, key, caller, ..
        } = request;
        let [found] = self.find([key]).await?;
        let (binding, bound) = match found {
            Found::Closed(order) => return self.replay_closed(&order, &request.content).map(drop),
            Found::Bound(binding) => {
                binding.require_content(&request.content)?;
                (binding, true)
            }
            Found::Free => {
                let proved = self
                    .present_sms_code(&change.mobile, key, &caller.id, &change.sms_code)
                    .await?;
                proved.map_err(|refusal| Halt::Refused(refusal.into()))?;
                let customer = if request.reset {
                    let owner = self.owner(&change.mobile).await?;
                    owner.ok_or(Halt::Refused(Refusal::CustomerNotFound.into()))?
                } else {
                    self.owner_or_newcomer(&change.mobile).await?
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
            .open_book(binding.customer, std::slice::from_ref(key), Some(&change.mobile))
            .await?;
        if request.reset && !bound && !book.exists() {
            return Err(Halt::Refused(Refusal::CustomerNotFound.into()));
        }
        let asked = Asked {
            key,
            id: &request.id,
            content: &request.content,
            caller: &caller.id,
            bound,
            day: 0,
        };
        let mut proved = Ok(());
        if bound && book.order(key).is_none() {
            proved = self
                .present_sms_code(&change.mobile, key, &caller.id, &change.sms_code)
                .await?;
        }
        let command = self.code_command(request, &book.state.customer)?;
        let decided = proved.and_then(|()| payment_code::decide(&book.state, &command, &self.core.context()));
        self.settle(&book, tries, &asked, decided).await.map(drop)
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
            key: request.key.clone(),
            id: request.id.clone(),
            content: request.content,
            caller: request.caller.id.clone(),
            change,
        })
    }
}
