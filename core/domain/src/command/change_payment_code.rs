//! Set, reset or unlock a payment code (decision 32). The SMS code is checked before, in its own
//! partition.

use crate::order::replay;
use crate::{
    CallerId, CodeDigest, ContentDigest, Context, Customer, CustomerState, Decision, EventKind,
    IdentityDigest, Order, OrderDetail, OrderId, OrderKey, OrderState, PaymentCodeState, Refusal,
};

/// What is done with the payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Set or change it.
    Set(CodeDigest),
    /// Reset and unlock it; the identity must match where one is on file.
    Reset {
        /// The new code.
        digest: CodeDigest,
        /// Who says so.
        identity: Option<IdentityDigest>,
    },
    /// Unlock it (operator).
    Unlock,
}

/// Change a payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePaymentCode {
    /// The caller's key.
    pub key: OrderKey,
    /// The order number, if it is decided now.
    pub id: OrderId,
    /// What was asked, without the code.
    pub content: ContentDigest,
    /// Who asks.
    pub caller: CallerId,
    /// What is done.
    pub change: Change,
}

/// Decides. A refusal is a declined order under the key. The header is always written, for the customer
/// may be a new one.
///
/// Setting does not unlock: a locked code is unlocked by an operator or by the reset, which asks who it is.
///
/// # Errors
/// What [`replay`] says of a key that was used.
pub fn decide(
    state: &CustomerState,
    command: &ChangePaymentCode,
    context: &Context,
) -> Result<Decision, Refusal> {
    if let Some(order) = state.order(&command.key) {
        return replay(order, &command.content, context);
    }
    let customer = state.customer.clone();
    let decision = |customer, state| Decision {
        customer: Some(customer),
        ..Decision::order(order(command, state, context))
    };
    Ok(match changed(&state.customer, &command.change) {
        Ok(payment_code) => decision(
            Customer {
                payment_code,
                ..customer
            },
            OrderState::Done,
        ),
        Err(refusal @ Refusal::IdentityMismatch) => decision(customer, OrderState::Declined(refusal)).event(
            EventKind::IdentityMismatch,
            state.customer.id,
            context.now,
        ),
        Err(refusal) => decision(customer, OrderState::Declined(refusal)),
    })
}

/// The declined order of a change, for a key that no customer's partition holds, too.
pub fn declined(command: &ChangePaymentCode, refusal: Refusal, context: &Context) -> Order {
    order(command, OrderState::Declined(refusal), context)
}

fn changed(customer: &Customer, change: &Change) -> Result<PaymentCodeState, Refusal> {
    match change {
        Change::Set(_) if customer.payment_code.locked => Err(Refusal::PaymentCodeLocked),
        // Who holds a recycled number must not inherit the money: a code that is set is changed by the
        // reset, which asks who it is.
        Change::Set(_) if customer.payment_code.digest.is_some() && customer.identity.is_some() => {
            Err(Refusal::IdentityMismatch)
        }
        Change::Set(digest) => Ok(PaymentCodeState::set(*digest)),
        Change::Reset { identity, .. } if customer.identity.is_some() && customer.identity != *identity => {
            Err(Refusal::IdentityMismatch)
        }
        Change::Reset { digest, .. } => Ok(PaymentCodeState::set(*digest)),
        Change::Unlock => Ok(customer.payment_code.unlocked()),
    }
}

fn order(command: &ChangePaymentCode, state: OrderState, context: &Context) -> Order {
    Order {
        key: command.key.clone(),
        id: command.id.clone(),
        content: command.content,
        caller: command.caller.clone(),
        at: context.now,
        state,
        detail: OrderDetail::Act,
    }
}
