//! What a client was told to have happened is there: the order under its number, with its entry, and a
//! payment that was given back says by what.

use super::{Case, step};
use crate::history::{Call, Yes};
use crate::request::{Effect, Request};
use map_domain::{Order, OrderState};

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for call in &case.history.calls {
        let Some(yes) = call.yes() else { continue };
        let missing = match call.request.effect() {
            Effect::Order => order(case, call, yes),
            Effect::Undo => given_back(case.orders.get(&call.key()).copied(), yes, true),
            Effect::None => None,
        };
        broken.extend(missing.map(|what| format!("{call}: {what}")));
    }
    broken
}

/// What is missing of an order.
fn order(case: &Case<'_>, call: &Call, yes: &Yes) -> Option<String> {
    let Some(order) = case.done(&call.key()) else {
        return Some("nothing was done".to_owned());
    };
    if !yes.number.is_empty() && order.id.as_str() != yes.number {
        return Some(format!("it is order {}", order.id));
    }
    match &call.request {
        Request::Cancel(_) | Request::OperatorReverse(_) => {
            let mut orders = case.orders.values();
            let payment = orders.find(|order| order.id.as_str() == yes.payment).copied();
            given_back(payment, yes, matches!(call.request, Request::OperatorReverse(_)))
        }
        Request::Pay(_) | Request::TopUp(_) | Request::Transfer(_) | Request::Open(_) => {
            (case.entries_of(&order.id) == 0).then(|| "no money moved".to_owned())
        }
        _ => None,
    }
}

/// What is missing of a payment that was given back.
fn given_back(payment: Option<&Order>, yes: &Yes, reversed: bool) -> Option<String> {
    let Some(payment) = payment else {
        return Some("there is no payment".to_owned());
    };
    let as_told = matches!(
        (&payment.state, reversed),
        (OrderState::Reversed(_), true) | (OrderState::Cancelled(_), false)
    );
    let by = step(payment).filter(|step| step.id.as_str() == yes.number);
    (!as_told || by.is_none()).then(|| format!("the payment is {:?}", payment.state))
}
