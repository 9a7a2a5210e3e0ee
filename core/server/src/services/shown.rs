//! Accounts, payments and entries as the protos write them.

use super::wire::{account_type, count, timestamp};
use crate::ledger::FoundPayment;
use map_domain::order::{LifeStep, Purchase};
use map_domain::{
    Account, AccountNumber, AccountStatus, Entry, EntryKind, Fen, Order, OrderDetail, OrderState, PosKey,
    Posting, Timestamp,
};
use map_proto::account::v1 as account;
use map_proto::common::v1 as common;
use map_proto::payment::v1 as payment;

pub(super) const fn status(status: AccountStatus) -> common::AccountStatus {
    match status {
        AccountStatus::Pending => common::AccountStatus::Pending,
        AccountStatus::Frozen => common::AccountStatus::Frozen,
        AccountStatus::Locked => common::AccountStatus::Locked,
        AccountStatus::Expired => common::AccountStatus::Expired,
        AccountStatus::Normal => common::AccountStatus::Normal,
    }
}

/// An account in short.
pub(super) fn summary(
    number: &AccountNumber,
    available: Fen,
    state: AccountStatus,
) -> common::AccountSummary {
    common::AccountSummary {
        account_number: number.as_str().to_owned(),
        available_fen: available.get(),
        status: status(state).into(),
    }
}

/// An account in full, as it is at this moment.
pub(super) fn full(account: &Account, at: Timestamp, code_locked: bool) -> common::Account {
    common::Account {
        account_number: account.number.as_str().to_owned(),
        r#type: account_type(account.kind).into(),
        product_id: account
            .product
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        face_value_fen: account.face_value.get(),
        unreleased_fen: account.unreleased(at).get(),
        available_fen: account.available(at).get(),
        total_stages: count(account.plan.stages),
        remaining_stages: count(account.remaining_stages(at)),
        stage_fen: account.stage_fen().get(),
        valid_from: Some(timestamp(account.validity.from)),
        valid_until: account.validity.until.map(timestamp),
        status: status(account.status(at, code_locked)).into(),
    }
}

fn pos_key(key: &PosKey) -> common::PosKey {
    common::PosKey {
        seller_id: key.seller.to_string(),
        terminal_id: key.terminal.to_string(),
        batch_number: key.batch.to_string(),
        serial_number: key.serial.to_string(),
    }
}

fn purchase(purchase: &Purchase) -> payment::Purchase {
    payment::Purchase {
        product_name: purchase.product_name.clone(),
        unit_price_fen: purchase.unit_price.map(Fen::get),
        quantity: purchase.quantity.clone(),
    }
}

/// A payment with its whole life.
pub(super) fn found(found: &FoundPayment) -> payment::Payment {
    life_line(&found.key, &found.order)
}

/// A payment with its whole life, under this key.
pub(super) fn life_line(key: &PosKey, order: &Order) -> payment::Payment {
    let (first, reason) = match &order.state {
        OrderState::Done | OrderState::Reversed(_) | OrderState::Cancelled(_) => {
            (payment::PaymentState::Paid, "")
        }
        OrderState::Declined(refusal) => (payment::PaymentState::Declined, refusal.reason()),
        OrderState::Closed => (payment::PaymentState::Closed, ""),
    };
    let later = match &order.state {
        OrderState::Reversed(step) => Some((payment::PaymentState::Reversed, step)),
        OrderState::Cancelled(step) => Some((payment::PaymentState::Cancelled, step)),
        OrderState::Done | OrderState::Declined(_) | OrderState::Closed => None,
    };
    let event = |state: payment::PaymentState, step: &LifeStep| payment::PaymentEvent {
        state: state.into(),
        time: Some(timestamp(step.at)),
        order_number: step.id.to_string(),
        caller: step.caller.to_string(),
    };
    let mut life = vec![payment::PaymentEvent {
        state: first.into(),
        time: Some(timestamp(order.at)),
        order_number: order.id.to_string(),
        caller: order.caller.to_string(),
    }];
    life.extend(later.map(|(state, step)| event(state, step)));
    let shown = payment::Payment {
        key: Some(pos_key(key)),
        state: later.map_or(first, |(state, _)| state).into(),
        pay_time: Some(timestamp(order.at)),
        decline_reason: reason.to_owned(),
        life,
        ..payment::Payment::default()
    };
    match &order.detail {
        OrderDetail::Payment(detail) => payment::Payment {
            order_number: order.id.to_string(),
            consumer: detail.consumer.clone(),
            account_number: detail
                .account
                .as_ref()
                .map(|n| n.as_str().to_owned())
                .unwrap_or_default(),
            amount_fen: detail.amount.get(),
            store_id: detail.store.to_string(),
            clerk_id: detail.clerk.clone(),
            purchase: Some(purchase(&detail.purchase)),
            caller_order_number: detail.caller_order.clone(),
            remark: detail.remark.clone(),
            ..shown
        },
        // Nothing was asked for under this key before it was closed.
        OrderDetail::Cancellation(_)
        | OrderDetail::Opening(_)
        | OrderDetail::Transfer(_)
        | OrderDetail::Closure
        | OrderDetail::Act
        | OrderDetail::GenerationRaised(_)
        | OrderDetail::Provisioned(_) => shown,
    }
}

/// A journal entry.
pub(super) fn entry(entry: &Entry) -> account::Entry {
    account::Entry {
        order_number: entry.order.to_string(),
        sequence: i64::try_from(entry.sequence).unwrap_or(i64::MAX),
        kind: kind(entry.kind).into(),
        create_time: Some(timestamp(entry.at)),
        postings: entry.postings.iter().map(posting).collect(),
    }
}

fn posting(posting: &Posting) -> account::Posting {
    account::Posting {
        ledger_account: posting.ledger.to_string(),
        amount_fen: posting.amount.get(),
    }
}

const fn kind(kind: EntryKind) -> account::EntryKind {
    match kind {
        EntryKind::Payment => account::EntryKind::Payment,
        EntryKind::Reversal => account::EntryKind::Reversal,
        EntryKind::Cancellation => account::EntryKind::Cancellation,
        EntryKind::Opening => account::EntryKind::Opening,
        EntryKind::Transfer => account::EntryKind::Transfer,
        EntryKind::TopUp => account::EntryKind::TopUp,
    }
}
