//! Cancel a payment at the customer's wish (002, 003 线下交易撤销接口; decision 22).

use crate::give_back::{GiveBack, is_too_old};
use crate::order::{CancellationDetail, replay};
use crate::{
    CallerId, ContentDigest, Context, CustomerState, Decision, EventKind, NetworkId, Order, OrderDetail,
    OrderId, OrderKey, OrderState, PosKey, Refusal, Slot,
};

/// Cancel a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelPayment {
    /// The cancellation's own key.
    pub key: PosKey,
    /// Its order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks.
    pub caller: CallerId,
    /// The payment, as the service found it by serial or order number; `None`: there is none.
    pub original: Option<OrderKey>,
    /// As asked for.
    pub reference: String,
    /// The terminal's network.
    pub network: NetworkId,
}

/// Decides. Every refusal is a declined order under the cancellation's own key, but for a payment of
/// another network.
///
/// # Errors
/// What [`replay`] says of a key that was used; [`Refusal::PaymentNotFound`] for a payment of another
/// network: nothing is remembered (decision 16).
pub fn decide(
    state: &CustomerState,
    command: &CancelPayment,
    context: &Context,
) -> Result<Decision, Refusal> {
    if let Some(order) = state.order(&command.key.slot(Slot::Cancel)) {
        return replay(order, &command.content, context);
    }
    let decline = |refusal| Decision::order(declined(command, refusal, context));
    let Some(payment) = original(state, command) else {
        return Ok(decline(Refusal::PaymentNotFound));
    };
    if payment
        .payment()
        .is_some_and(|detail| detail.network != command.network)
    {
        return Err(Refusal::PaymentNotFound);
    }
    match &payment.state {
        OrderState::Reversed(_) => Ok(decline(Refusal::PaymentReversed)),
        OrderState::Cancelled(_) => Ok(decline(Refusal::PaymentCancelled)),
        OrderState::Declined(_) | OrderState::Closed => Ok(decline(Refusal::PaymentNotPaid)),
        OrderState::Done if is_too_old(payment, context) => Ok(decline(Refusal::ReversalWindowPassed).event(
            EventKind::ReversalAfterWindow,
            &payment.id,
            context.now,
        )),
        OrderState::Done => {
            let step = GiveBack {
                id: &command.id,
                caller: &command.caller,
                cancelled: true,
            };
            let mut decision = step.decide(state, payment, context)?;
            let cancellation = order(command, OrderState::Done, context);
            decision.orders.insert(0, cancellation.clone());
            Ok(Decision {
                answer: Ok(cancellation),
                ..decision
            })
        }
    }
}

/// The declined order of a cancellation, for a key that no customer's partition holds, too.
pub fn declined(command: &CancelPayment, refusal: Refusal, context: &Context) -> Order {
    order(command, OrderState::Declined(refusal), context)
}

/// The payment, where it was made at this terminal.
fn original<'a>(state: &'a CustomerState, command: &CancelPayment) -> Option<&'a Order> {
    let key = command.original.as_ref()?;
    match key {
        OrderKey::Pos(pos, Slot::Pay)
            if pos.seller == command.key.seller && pos.terminal == command.key.terminal =>
        {
            state.order(key)
        }
        OrderKey::Pos(..) | OrderKey::Caller { .. } => None,
    }
}

fn order(command: &CancelPayment, state: OrderState, context: &Context) -> Order {
    Order {
        key: command.key.slot(Slot::Cancel),
        id: command.id.clone(),
        content: command.content,
        caller: command.caller.clone(),
        at: context.now,
        state,
        detail: OrderDetail::Cancellation(CancellationDetail {
            original: command.original.clone(),
            reference: command.reference.clone(),
            network: command.network.clone(),
        }),
    }
}
