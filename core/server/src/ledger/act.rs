//! What operators do to customers: reverse a payment, unlock a payment code, freeze an account. Who may,
//! and the audit trail, are the service's affair.

use super::claims::Asked;
use super::reverse::GivenBack;
use super::tries::{Attempt, Halt};
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::{CustomerName, TerminalKey};
use map_domain::command::change_payment_code::{self, Change, ChangePaymentCode};
use map_domain::command::freeze::{self, Freeze};
use map_domain::command::operator_reverse::{self, OperatorReverse};
use map_domain::order::Order;
use map_domain::{
    AccountNumber, AccountStatus, ContentDigest, Context, CustomerId, CustomerState, Decision, Fen,
    Operation, OrderId, OrderKey, Refusal,
};
use map_store::PartitionId;
use map_store::keys::NumberRole;
use map_store::records::{self, FoundOrder};
use std::sync::Arc;

/// An operator's act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorAct {
    /// Give a payment back, however old.
    ReversePayment {
        /// Its order number.
        number: OrderId,
        /// Which payment, where more than one carries the number.
        key: Option<TerminalKey>,
    },
    /// Unlock the payment code of this customer.
    UnlockPaymentCode(CustomerName),
    /// Freeze an account.
    FreezeAccount(AccountNumber),
    /// Lift a freeze.
    UnfreezeAccount(AccountNumber),
}

impl OperatorAct {
    const fn operation(&self) -> Operation {
        match self {
            Self::ReversePayment { .. } => Operation::OperatorReverse,
            Self::UnlockPaymentCode(_) => Operation::UnlockPaymentCode,
            Self::FreezeAccount(_) => Operation::FreezeAccount,
            Self::UnfreezeAccount(_) => Operation::UnfreezeAccount,
        }
    }

    /// The account it is about, where it names one.
    const fn account(&self) -> Option<&AccountNumber> {
        match self {
            Self::FreezeAccount(number) | Self::UnfreezeAccount(number) => Some(number),
            Self::ReversePayment { .. } | Self::UnlockPaymentCode(_) => None,
        }
    }

    fn content(&self) -> ContentDigest {
        match self {
            Self::ReversePayment { number, key } => content::operator_reverse(number, key.as_ref()),
            Self::UnlockPaymentCode(CustomerName::Mobile(mobile)) => {
                content::operator_act("unlock_payment_code", mobile.as_str())
            }
            Self::UnlockPaymentCode(CustomerName::Id(customer)) => {
                content::operator_act("unlock_payment_code", &customer.to_string())
            }
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
    asked: Asked,
    act: OperatorAct,
}

impl Request {
    fn decide(
        &self,
        state: &CustomerState,
        payment: Option<&OrderKey>,
        context: &Context,
    ) -> Result<Decision, Refusal> {
        let asked = &self.asked;
        match &self.act {
            OperatorAct::ReversePayment { .. } => {
                let command = OperatorReverse {
                    key: asked.key.clone(),
                    id: asked.id.clone(),
                    content: asked.content,
                    caller: asked.caller.id.clone(),
                    payment: payment.ok_or(Refusal::PaymentNotFound)?.clone(),
                };
                operator_reverse::decide(state, &command, context)
            }
            OperatorAct::UnlockPaymentCode(_) => {
                let command = ChangePaymentCode {
                    key: asked.key.clone(),
                    id: asked.id.clone(),
                    content: asked.content,
                    caller: asked.caller.id.clone(),
                    change: Change::Unlock,
                };
                change_payment_code::decide(state, &command, context)
            }
            OperatorAct::FreezeAccount(number) => freeze::decide(state, &self.freeze(number, true), context),
            OperatorAct::UnfreezeAccount(number) => {
                freeze::decide(state, &self.freeze(number, false), context)
            }
        }
    }

    fn freeze(&self, account: &AccountNumber, frozen: bool) -> Freeze {
        Freeze {
            key: self.asked.key.clone(),
            id: self.asked.id.clone(),
            content: self.asked.content,
            caller: self.asked.caller.id.clone(),
            account: account.clone(),
            frozen,
        }
    }
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
            let key = caller_key(&caller.id, act.operation(), &number);
            let request = Request {
                asked: ledger.asked(key, act.content(), caller),
                act,
            };
            ledger
                .settled_under(&request.asked, |attempt| ledger.try_to_act(&request, attempt))
                .await
        })
        .await
    }

    async fn try_to_act(&self, request: &Request, attempt: Attempt) -> Result<Acted, Halt> {
        let asked = &request.asked;
        // What the key holds is answered first: what it was about may be found no longer, or not alone.
        let mut payment = None;
        let free = async {
            let target = self.target(&request.act).await?;
            payment = target.payment;
            Ok(target.customer)
        };
        let held = self.whose(asked, attempt, free).await?;
        if held.bound && matches!(request.act, OperatorAct::ReversePayment { .. }) {
            payment = self.payment_bound(request, held.binding.customer).await?;
        }
        let keys = std::iter::once(&asked.key).chain(&payment);
        let book = self.open_book(held.binding.customer, keys, None).await?;
        if !book.exists() {
            return Err(Halt::Refused(nothing(&request.act)));
        }
        let context = self.core.context();
        let decided = request.decide(&book.state, payment.as_ref(), &context);
        let (order, decision) = self.settle(&book, asked, held, decided).await?;
        let given_back = payment
            .and_then(|key| book.order_after(&decision, &key).cloned())
            .map(GivenBack::of)
            .transpose()?;
        let locked = book.customer_after(&decision).payment_code.locked;
        let account = request
            .act
            .account()
            .and_then(|number| book.account_after(&decision, number))
            .map(|account| {
                (
                    account.number.clone(),
                    account.available(context.now),
                    account.status(context.now, locked),
                )
            });
        Ok(Acted {
            order,
            account,
            given_back,
        })
    }

    /// The payment of a reversal that is bound: the one that its order names; where no order is there yet, the
    /// one that the request names, if it lies with the same customer.
    async fn payment_bound(&self, request: &Request, customer: CustomerId) -> Result<Option<OrderKey>, Halt> {
        if let Some(named) = self.gives_back(&request.asked.key, customer).await? {
            return Ok(Some(named));
        }
        match self.target(&request.act).await {
            Ok(target) if target.customer == customer => Ok(target.payment),
            // A "no" is to be durable now: an attempt may be under way.
            Ok(_) | Err(Halt::Refused(_)) => Ok(None),
            Err(halt) => Err(halt),
        }
    }

    /// Whom an act is about. That nobody, or more than one, is found is no answer where an attempt may still
    /// have its effect: that one had found whom it acts on.
    async fn target(&self, act: &OperatorAct) -> Result<Target, Halt> {
        let nothing = || Halt::Refused(nothing(act));
        let customer = match act {
            OperatorAct::ReversePayment { number, key } => {
                let found = records::find_by_number(&*self.core.store, number)
                    .await
                    .map_err(Halt::read)?;
                let mut payments = found.into_iter().filter_map(|found| payment(found, key.as_ref()));
                return match (payments.next(), payments.next()) {
                    (None, _) => Err(nothing()),
                    (Some(only), None) => Ok(only),
                    (Some(_), Some(_)) => Err(Halt::Refused(Refusal::OrderNumberAmbiguous.into())),
                };
            }
            OperatorAct::UnlockPaymentCode(name) => self.named(name).await?,
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

/// The payment that was found, if it is one, and the one with this key where one is named.
fn payment(found: FoundOrder, named: Option<&TerminalKey>) -> Option<Target> {
    let (PartitionId::Customer(customer), NumberRole::Own) = (found.partition, found.role) else {
        return None;
    };
    found.order.payment()?;
    let OrderKey::Pos(key, _) = &found.order.key else {
        return None;
    };
    named.is_none_or(|named| named.names(key)).then(|| Target {
        customer,
        payment: Some(found.order.key.clone()),
    })
}

/// Why an act finds nothing to act on. It uses no key up: the thing may come into being.
const fn nothing(act: &OperatorAct) -> Failure {
    Failure::Refused(match act {
        OperatorAct::ReversePayment { .. } => Refusal::PaymentNotFound,
        OperatorAct::UnlockPaymentCode(_) => Refusal::CustomerNotFound,
        OperatorAct::FreezeAccount(_) | OperatorAct::UnfreezeAccount(_) => Refusal::AccountNotFound,
    })
}
