//! What is there at the end: every row of the store, read as what it stands for.

use map_domain::{Account, Customer, Entry, Order};
use map_store::check::{CheckOptions, CheckReport, check};
use map_store::codec::Body;
use map_store::faulty::{FaultyStore, Seeded};
use map_store::{BulkRow, BulkTable, Claim, IndexKey, IndexRow, PartitionId, RowKind, Store};
use std::collections::{BTreeMap, BTreeSet};

/// One customer's partition.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The header.
    pub customer: Customer,
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The orders.
    pub orders: Vec<Order>,
    /// The journal, in order.
    pub entries: Vec<Entry>,
}

/// What is there.
#[derive(Debug)]
pub struct Truth {
    /// The customers.
    pub customers: BTreeMap<[u8; 16], Holder>,
    /// The orders of the catalogue: an operator's acts that are about no customer.
    pub acts: Vec<Order>,
    /// The claims.
    pub claims: Vec<Claim>,
    /// The index rows.
    pub index: Vec<IndexRow>,
    /// The places of index rows that a fault left without their commit.
    pub dangling: BTreeSet<IndexKey>,
    /// What `map check` says of it.
    pub report: CheckReport,
}

async fn rows(snapshot: &dyn map_store::BulkSnapshot, table: BulkTable) -> Vec<BulkRow> {
    let mut all = Vec::new();
    let mut from = None;
    loop {
        let (rows, next) = snapshot.scan(table, from, 10_000).await.unwrap();
        all.extend(rows);
        if next.is_none() {
            return all;
        }
        from = next;
    }
}

impl Truth {
    /// Reads it.
    pub async fn read(store: &FaultyStore<Seeded>) -> Self {
        let snapshot = store.snapshot().await.unwrap();
        let report = check(&*snapshot, &CheckOptions::default(), &mut |_| {})
            .await
            .unwrap();
        let mut customers: BTreeMap<[u8; 16], Holder> = BTreeMap::new();
        let (mut parts, mut acts) = (Vec::new(), Vec::new());
        for row in rows(&*snapshot, BulkTable::Partitions).await {
            let BulkRow::Row { partition, row } = row else {
                continue;
            };
            match (partition, row.key.kind) {
                (PartitionId::Customer(id), RowKind::Header) => {
                    let customer = Customer::from_body(&row.body).unwrap();
                    customers.insert(*id.as_bytes(), Holder::new(customer));
                }
                (PartitionId::Customer(id), _) => parts.push((id, row)),
                (PartitionId::Catalogue, RowKind::Order) => acts.push(Order::from_body(&row.body).unwrap()),
                _ => {}
            }
        }
        for (id, row) in parts {
            let Some(holder) = customers.get_mut(id.as_bytes()) else {
                continue;
            };
            match row.key.kind {
                RowKind::Account => holder.accounts.push(Account::from_body(&row.body).unwrap()),
                RowKind::Order => holder.orders.push(Order::from_body(&row.body).unwrap()),
                RowKind::Entry => holder.entries.push(Entry::from_body(&row.body).unwrap()),
                _ => {}
            }
        }
        let claims = rows(&*snapshot, BulkTable::Claims).await.into_iter();
        let index = rows(&*snapshot, BulkTable::Index).await.into_iter();
        Self {
            customers,
            acts,
            claims: claims
                .filter_map(|row| match row {
                    BulkRow::Claim(claim) => Some(claim),
                    _ => None,
                })
                .collect(),
            index: index
                .filter_map(|row| match row {
                    BulkRow::Index(row) => Some(row),
                    _ => None,
                })
                .collect(),
            dangling: store.dangling(),
            report,
        }
    }

    /// Every order of a customer.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.customers.values().flat_map(|holder| &holder.orders)
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.customers.values().flat_map(|holder| &holder.entries)
    }
}

impl Holder {
    const fn new(customer: Customer) -> Self {
        Self {
            customer,
            accounts: Vec::new(),
            orders: Vec::new(),
            entries: Vec::new(),
        }
    }
}
