//! What operators do to customers: reverse a payment, unlock a payment code, freeze an account. Who may,
//! and the audit trail, are the service's affair.

use super::book::Asked;
use super::claims::{Binding, Found};
use super::reverse::GivenBack;
use super::tries::{Halt, Tries};
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use map_domain::command::freeze::{self, Freeze};
use map_domain::command::operator_reverse::{self, OperatorReverse};
use map_domain::command::payment_code::{self, Change, ChangePaymentCode};
use map_domain::order::Order;
use map_domain::{
    AccountNumber, AccountStatus, ContentDigest, CustomerId, Fen, MobileNumber, Operation, OrderId, OrderKey,
    Refusal,
};
use map_store::keys::NumberRole;
use map_store::{PartitionId, records};
use std::sync::Arc;

/// An operator's act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorAct {
    /// Give a payment back, however old: by its order number.
    ReversePayment(OrderId),
    /// Unlock the payment code of this number's customer.
    UnlockPaymentCode(MobileNumber),
    /// Freeze an account.
    FreezeAccount(AccountNumber),
    /// Lift a freeze.
    UnfreezeAccount(AccountNumber),
}

impl OperatorAct {
    const fn operation(&self) -> Operation {
        match self {
            Self::ReversePayment(_) => Operation::OperatorReverse,
            Self::UnlockPaymentCode(_) => Operation::UnlockPaymentCode,
            Self::FreezeAccount(_) => Operation::FreezeAccount,
            Self::UnfreezeAccount(_) => Operation::UnfreezeAccount,
        }
    }

    fn content(&self) -> ContentDigest {
        match self {
            Self::ReversePayment(id) => content::operator_act("reverse_payment", id.as_str()),
            Self::UnlockPaymentCode(mobile) => content::operator_act("unlock_payment_code", mobile.as_str()),
            Self::FreezeAccount(number) => content::operator_act("freeze_account", number.as_str()),
            Self::UnfreezeAccount(number) => content::operator_act("unfreeze_account", number.as_str()),
        }
    }
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// The act's own order.
    pub order: Order,
    /// The account it was about, where it was about one: number, available, status.
    pub account: Option<(AccountNumber, Fen, AccountStatus)>,
    /// The payment that was given back, where one was.
    pub given_back: Option<GivenBack>,
}

/// One act, the same for all its attempts.
struct Request {
    caller: Caller,
    act: OperatorAct,
    key: OrderKey,
    id: OrderId,
    content: ContentDigest,
}

/// What an act is about.
struct Target {
    customer: CustomerId,
    /// The payment's key, for a reversal.
    payment: Option<OrderKey>,
}

impl Ledger {
    /// Acts.
    ///
    /// # Errors
    /// [`Failure::Refused`]: nothing was or will be changed by this request.
    pub async fn act(
        self: &Arc<Self>,
        caller: Caller,
        number: String,
        act: OperatorAct,
    ) -> Result<Acted, Failure> {
        self.to_its_end(|ledger| async move {
            let request = Request {
                key: caller_key(&caller.id, act.operation(), &number),
                id: ledger.next_number(),
                content: act.content(),
                caller,
                act,
            };
            let mut tries = Tries::new(&ledger);
            loop {
                let outcome = ledger.try_to_act(&request, &tries).await;
                if let Some(answer) = tries.settle(outcome).await {
                    return answer;
                }
            }
        })
        .await
    }

    /// A number for an order of somebody else's, such as raising a terminal's generation.
    pub fn order_number(&self) -> OrderId {
        self.next_number()
    }

    async fn try_to_act(&self, request: &Request, tries: &Tries<'_>) -> Result<Acted, Halt> {
        let [found] = self.find([&request.key]).await?;
        let target = self.target(&request.act).await?;
        let (binding, bound) = match found {
            Found::Closed(order) => {
                self.replay_closed(&order, &request.content)?;
                return Err(Halt::Final(Failure::Internal(
                    "an act without a customer is done".to_owned(),
                )));
            }
            Found::Bound(binding) => {
                binding.require_content(&request.content)?;
                (binding, true)
            }
            Found::Free => (
                Binding {
                    customer: target.customer,
                    content: request.content,
                    day: 0,
                },
                false,
            ),
        };
        self.act_on(request, tries, binding, bound, target.payment).await
    }

    async fn act_on(
        &self,
        request: &Request,
        tries: &Tries<'_>,
        binding: Binding,
        bound: bool,
        payment: Option<OrderKey>,
    ) -> Result<Acted, Halt> {
        let Request {
            act,
            key,
            id,
            content,
            caller,
        } = request;
        let keys: Vec<OrderKey> = std::iter::once(key.clone()).chain(payment.clone()).collect();
        let book = self.open_book(binding.customer, &keys, None).await?;
        if !book.exists() {
            return Err(Halt::Final(nothing(act)));
        }
        let (key, id, content, caller) = (key.clone(), id.clone(), *content, caller.id.clone());
        let context = self.core.context();
        let change = |change| ChangePaymentCode {
            key: key.clone(),
            id: id.clone(),
            content,
            caller: caller.clone(),
            change,
        };
        let frozen = |account: &AccountNumber, frozen| Freeze {
            key: key.clone(),
            id: id.clone(),
            content,
            caller: caller.clone(),
            account: account.clone(),
            frozen,
        };
        let decided = match (act, &payment) {
            (OperatorAct::ReversePayment(_), Some(payment)) => {
                let (key, id, caller, payment) = (key.clone(), id.clone(), caller.clone(), payment.clone());
                operator_reverse::decide(
                    &book.state,
                    &OperatorReverse {
                        key,
                        id,
                        content,
                        caller,
                        payment,
                    },
                    &context,
                )
            }
            (OperatorAct::ReversePayment(_), None) => Err(Refusal::PaymentNotFound),
            (OperatorAct::UnlockPaymentCode(_), _) => {
                payment_code::decide(&book.state, &change(Change::Unlock), &context)
            }
            (OperatorAct::FreezeAccount(number), _) => {
                freeze::decide(&book.state, &frozen(number, true), &context)
            }
            (OperatorAct::UnfreezeAccount(number), _) => {
                freeze::decide(&book.state, &frozen(number, false), &context)
            }
        };
        let asked = Asked {
            key: &key,
            id: &id,
            content: &content,
            caller: &caller,
            bound,
            day: 0,
        };
        let decision = self.settle(&book, tries, &asked, decided).await?;
        let given_back = match payment {
            Some(key) => {
                let written = decision.orders.iter().find(|order| order.key == key);
                written
                    .or_else(|| book.order(&key))
                    .cloned()
                    .map(GivenBack::of)
                    .transpose()?
            }
            None => None,
        };
        let locked = book.customer_after(&decision).payment_code.locked;
        let account = match act {
            OperatorAct::FreezeAccount(number) | OperatorAct::UnfreezeAccount(number) => {
                let account = book.account_after(&decision, number);
                account.map(|a| {
                    (
                        number.clone(),
                        a.available(context.now),
                        a.status(context.now, locked),
                    )
                })
            }
            OperatorAct::ReversePayment(_) | OperatorAct::UnlockPaymentCode(_) => None,
        };
        let order = decision.answer.map_err(|refusal| Halt::Final(refusal.into()))?;
        Ok(Acted {
            order,
            account,
            given_back,
        })
    }

    /// Whom an act is about.
    async fn target(&self, act: &OperatorAct) -> Result<Target, Halt> {
        let nothing = || Halt::Final(nothing(act));
        let customer = match act {
            OperatorAct::ReversePayment(id) => {
                let found = records::find_by_number(&*self.core.store, id)
                    .await
                    .map_err(Halt::read)?;
                let payment = found.into_iter().find_map(|found| match found.partition {
                    PartitionId::Customer(customer)
                        if found.role == NumberRole::Own && found.order.payment().is_some() =>
                    {
                        Some(Target {
                            customer,
                            payment: Some(found.order.key),
                        })
                    }
                    _ => None,
                });
                return payment.ok_or_else(nothing);
            }
            OperatorAct::UnlockPaymentCode(mobile) => self.owner(mobile).await?,
            OperatorAct::FreezeAccount(number) | OperatorAct::UnfreezeAccount(number) => {
                records::owner_of_account(&*self.core.store, number)
                    .await
                    .map_err(Halt::read)?
            }
        };
        Ok(Target {
            customer: customer.ok_or_else(nothing)?,
            payment: None,
        })
    }
}

/// Why an act finds nothing to act on. It uses no key up: the thing may come into being.
const fn nothing(act: &OperatorAct) -> Failure {
    Failure::Refused(match act {
        OperatorAct::ReversePayment(_) => Refusal::PaymentNotFound,
        OperatorAct::UnlockPaymentCode(_) => Refusal::CustomerNotFound,
        OperatorAct::FreezeAccount(_) | OperatorAct::UnfreezeAccount(_) => Refusal::AccountNotFound,
    })
}
