//! What to load of a customer, and what was loaded.

use crate::codec::Body;
use crate::keys;
use crate::{Load, Loaded, PartitionId, Row, RowKind, StoreError, StoreResult};
use map_domain::sms::SmsState;
use map_domain::{Account, Customer, CustomerState, Order, OrderKey};
use std::collections::BTreeMap;

/// Reads a body; an error names the place, too.
pub(crate) fn decoded<T: Body>(body: &[u8], place: impl FnOnce() -> String) -> StoreResult<T> {
    T::from_body(body).map_err(|error| match error {
        StoreError::Damaged(what) => StoreError::Damaged(format!("{}: {what}", place())),
        StoreError::NotApplied(_) | StoreError::OutcomeUnknown(_) => error,
    })
}

/// What a command has to load of a customer: all accounts, and the orders it looks at or writes.
pub fn load_for<'a>(orders: impl IntoIterator<Item = &'a OrderKey>) -> Load {
    Load {
        kinds: vec![RowKind::Account],
        keys: orders.into_iter().map(keys::order_row).collect(),
    }
}

/// The customer that was loaded; `None`: nobody has written the partition.
///
/// # Errors
/// [`StoreError::Damaged`], naming partition and message: a header that is missing or another
/// customer's, a row whose name is not its body's, a body that can't be read.
pub fn decode_state(partition: &PartitionId, loaded: &Loaded) -> StoreResult<Option<CustomerState>> {
    let damaged = |what: &str| StoreError::Damaged(format!("{partition:?}: {what}"));
    let Some(header) = &loaded.header else {
        return if loaded.rows.is_empty() && loaded.version == crate::Version::NONE {
            Ok(None)
        } else {
            Err(damaged("rows without a header"))
        };
    };
    let customer: Customer = decoded(header, || format!("{partition:?}"))?;
    if *partition != keys::customer(customer.id) {
        return Err(damaged("the header is another customer's"));
    }
    let mut state = CustomerState {
        customer,
        accounts: Vec::new(),
        orders: BTreeMap::new(),
    };
    for row in &loaded.rows {
        match row.key.kind {
            RowKind::Account => state.accounts.push(decode_account(partition, row)?),
            RowKind::Order => {
                let order = decode_order(partition, row)?;
                state.orders.insert(order.key.clone(), order);
            }
            RowKind::Header
            | RowKind::Entry
            | RowKind::Rule
            | RowKind::Voucher
            | RowKind::Outbox
            | RowKind::Item => {}
        }
    }
    Ok(Some(state))
}

/// The account of a row.
fn decode_account(partition: &PartitionId, row: &Row) -> StoreResult<Account> {
    let account: Account = decoded(&row.body, || format!("{partition:?}"))?;
    if keys::account_row(&account.number) == row.key {
        Ok(account)
    } else {
        Err(StoreError::Damaged(format!(
            "{partition:?}: account: the row has another number"
        )))
    }
}

/// The order of a row.
///
/// # Errors
/// [`StoreError::Damaged`] where the body can't be read or is another order's.
pub fn decode_order(partition: &PartitionId, row: &Row) -> StoreResult<Order> {
    let order: Order = decoded(&row.body, || format!("{partition:?}"))?;
    if keys::order_row(&order.key) == row.key {
        Ok(order)
    } else {
        Err(StoreError::Damaged(format!(
            "{partition:?}: order: the row has another key"
        )))
    }
}

/// The SMS codes that were loaded: the header of [`crate::PartitionId::Sms`].
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn decode_sms(loaded: &Loaded) -> StoreResult<SmsState> {
    match &loaded.header {
        Some(header) => SmsState::from_body(header),
        None => Ok(SmsState::default()),
    }
}
