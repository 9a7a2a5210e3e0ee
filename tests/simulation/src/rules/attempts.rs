//! Five wrong payment codes in a row lock it, and a lock holds: a customer's decisions are played again in
//! the order of their times, and the code is as it must be after each, and at the end.

use super::{Case, happened};
use crate::truth::Holder;
use map_domain::{Operation, Order, OrderDetail, OrderKey, OrderState, Refusal, Slot};

/// Wrong ones in a row that lock it.
const MAX: u32 = 5;

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for holder in case.truth.customers.values() {
        broken.extend(replay(holder));
    }
    // What a client was told to be a wrong code is there to be counted.
    for call in &case.history.calls {
        let there = case.orders.get(&call.key()).map(|order| &order.state);
        if call.no() == Some("PAYMENT_CODE_WRONG")
            && there != Some(&OrderState::Declined(Refusal::PaymentCodeWrong))
        {
            broken.push(format!("{call}\nbut there is {there:?}"));
        }
    }
    broken
}

/// What an order did to the payment code.
enum Did {
    /// Nothing.
    Nothing,
    /// A wrong code was presented.
    Wrong,
    /// The right one was.
    Right,
    /// It was refused because of the lock.
    MetTheLock,
    /// The code was set, reset or unlocked.
    Renewed,
}

fn replay(holder: &Holder) -> Vec<String> {
    let mut broken = Vec::new();
    let mut orders: Vec<&Order> = holder.orders.iter().collect();
    orders.sort_by_key(|order| order.at);
    let (mut failures, mut locked) = (0, false);
    for order in orders {
        let did = did(order);
        let must_be_locked = matches!(did, Did::MetTheLock);
        if matches!(did, Did::Wrong | Did::Right | Did::MetTheLock) && locked != must_be_locked {
            broken.push(format!(
                "after {failures} wrong codes, locked {locked}: {order:?}"
            ));
        }
        match did {
            Did::Nothing | Did::MetTheLock => {}
            Did::Wrong => {
                failures += 1;
                locked |= failures >= MAX;
            }
            Did::Right => failures = 0,
            Did::Renewed => (failures, locked) = (0, false),
        }
    }
    let code = &holder.customer.payment_code;
    if (code.failures, code.locked) != (failures, locked) {
        broken.push(format!(
            "{failures} wrong codes were told, locked {locked}; there are {}, locked {}",
            code.failures, code.locked
        ));
    }
    broken
}

fn did(order: &Order) -> Did {
    let presents = match &order.key {
        OrderKey::Pos(_, Slot::Pay | Slot::Query) => true,
        OrderKey::Caller { operation, .. } => *operation == Operation::TransferToCash,
        OrderKey::Pos(..) => false,
    };
    if !presents {
        let renews = matches!(
            &order.key,
            OrderKey::Caller {
                operation: Operation::SetPaymentCode
                    | Operation::ResetPaymentCode
                    | Operation::UnlockPaymentCode,
                ..
            }
        );
        return if renews && order.state == OrderState::Done {
            Did::Renewed
        } else {
            Did::Nothing
        };
    }
    match &order.state {
        _ if happened(order) => Did::Right,
        // A fence: nothing was presented.
        OrderState::Declined(_) if order.detail == OrderDetail::Closure => Did::Nothing,
        OrderState::Declined(Refusal::PaymentCodeWrong) => Did::Wrong,
        OrderState::Declined(Refusal::PaymentCodeLocked) => Did::MetTheLock,
        // The code comes first: what was refused for these had the right one.
        OrderState::Declined(
            Refusal::InsufficientBalance
            | Refusal::AccountFrozen
            | Refusal::AccountExpired
            | Refusal::AccountNotYetValid
            | Refusal::RuleMismatch
            | Refusal::NotTransferable
            | Refusal::AmountOutOfRange,
        ) => Did::Right,
        _ => Did::Nothing,
    }
}
