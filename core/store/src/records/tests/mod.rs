//! What the services build on, over the store in memory.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something else fails"
)]

mod catalogue;
mod commit;
mod load;
mod numbers;
mod resolve;
mod stream;

use super::*;
use crate::codec::Body;
use crate::codec::samples::{
    self, NOW, by_caller, customer_id, mobile, number, order, order_id, pos, restrictions,
};
use crate::keys::{self, NumberRole};
use crate::{
    ClaimValue, Commit, CommitOutcome, IndexTable, Loaded, MemoryStore, PartitionId, Row, RowKey, RowKind,
    RowWrite, Store, StoreError, Version,
};
use map_domain::order::OrderState;
use map_domain::{
    CustomerId, CustomerState, Decision, Event, EventKind, Operation, Order, OrderDetail, Slot, Timestamp,
};
use std::collections::BTreeMap;

fn state() -> CustomerState {
    CustomerState {
        customer: samples::customer(),
        accounts: Vec::new(),
        orders: BTreeMap::new(),
    }
}

fn nothing(order: &Order) -> Decision {
    Decision {
        customer: None,
        accounts: Vec::new(),
        orders: Vec::new(),
        entry: None,
        events: Vec::new(),
        answer: Ok(order.clone()),
    }
}

fn paid() -> Order {
    samples::orders().swap_remove(0).1
}

fn reversed() -> Order {
    Order {
        state: OrderState::Reversed(samples::step("ud2")),
        ..paid()
    }
}

async fn applied(store: &MemoryStore, commit: Commit) -> Version {
    match store.commit(commit).await.unwrap() {
        CommitOutcome::Applied(version) => version,
        other => panic!("{other:?}"),
    }
}
