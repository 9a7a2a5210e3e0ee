//! What must be written so that the stored catalogue equals a document, and how that is told.

use super::sellers::{merged, retired};
use map_domain::catalogue::{FuelProduct, Product, Seller};
use map_store::records::{CallerRecord, CatalogueItem, CatalogueRecords};
use std::collections::BTreeMap;

/// What to write and what to tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Items to be written.
    pub(crate) items: Vec<CatalogueItem>,
    /// One line for each, such as `product 1010: added`. No keys, no settings.
    pub(crate) changes: Vec<String>,
}

impl Plan {
    fn put(&mut self, what: &str, item: CatalogueItem, change: &str) {
        self.items.push(item);
        self.changes.push(format!("{what}: {change}"));
    }
}

/// What an item of the catalogue must tell to be compared.
trait Planned: Clone + PartialEq {
    const KIND: &'static str;
    fn key(&self) -> &str;
    fn item(self) -> CatalogueItem;
    /// As it becomes where it was stored before.
    fn over(self, stored: &Self) -> Self;
    /// As it becomes where the document no longer names it.
    fn retired(&self) -> Self;
    fn active(&self) -> bool;
}

/// From what is stored to what is wanted.
pub(crate) fn plan(stored: CatalogueRecords, wanted: CatalogueRecords) -> Plan {
    let mut plan = Plan::default();
    compare(&mut plan, stored.callers, wanted.callers);
    compare(&mut plan, stored.products, wanted.products);
    compare(&mut plan, stored.fuel_products, wanted.fuel_products);
    compare(&mut plan, stored.sellers, wanted.sellers);
    if stored.settings != wanted.settings {
        plan.put("settings", CatalogueItem::Settings(wanted.settings), "changed");
    }
    plan
}

fn compare<T: Planned>(plan: &mut Plan, stored: Vec<T>, wanted: Vec<T>) {
    let mut stored: BTreeMap<String, T> = stored
        .into_iter()
        .map(|item| (item.key().to_owned(), item))
        .collect();
    for item in wanted {
        let what = format!("{} {}", T::KIND, item.key());
        match stored.remove(item.key()) {
            None => {
                let item = item.clone().over(&item);
                plan.put(&what, item.item(), "added");
            }
            Some(before) => {
                let after = item.over(&before);
                if after != before {
                    plan.put(
                        &what,
                        after.clone().item(),
                        change(before.active(), after.active()),
                    );
                }
            }
        }
    }
    for before in stored.into_values() {
        let after = before.retired();
        if after != before {
            plan.put(
                &format!("{} {}", T::KIND, before.key()),
                after.item(),
                "deactivated",
            );
        }
    }
}

const fn change(before: bool, after: bool) -> &'static str {
    match (before, after) {
        (true, false) => "deactivated",
        (false, true) => "activated",
        (true, true) | (false, false) => "changed",
    }
}

impl Planned for CallerRecord {
    const KIND: &'static str = "caller";
    fn key(&self) -> &str {
        self.id.as_str()
    }
    fn item(self) -> CatalogueItem {
        CatalogueItem::Caller(self)
    }
    fn over(self, _: &Self) -> Self {
        self
    }
    fn retired(&self) -> Self {
        Self {
            active: false,
            ..self.clone()
        }
    }
    fn active(&self) -> bool {
        self.active
    }
}

impl Planned for Product {
    const KIND: &'static str = "product";
    fn key(&self) -> &str {
        self.id.as_str()
    }
    fn item(self) -> CatalogueItem {
        CatalogueItem::Product(self)
    }
    fn over(self, _: &Self) -> Self {
        self
    }
    fn retired(&self) -> Self {
        Self {
            active: false,
            ..self.clone()
        }
    }
    fn active(&self) -> bool {
        self.active
    }
}

/// A fuel product is a name for a code and nothing more: it stays known.
impl Planned for FuelProduct {
    const KIND: &'static str = "fuel product";
    fn key(&self) -> &str {
        &self.code
    }
    fn item(self) -> CatalogueItem {
        CatalogueItem::FuelProduct(self)
    }
    fn over(self, _: &Self) -> Self {
        self
    }
    fn retired(&self) -> Self {
        self.clone()
    }
    fn active(&self) -> bool {
        true
    }
}

impl Planned for Seller {
    const KIND: &'static str = "seller";
    fn key(&self) -> &str {
        self.id.as_str()
    }
    fn item(self) -> CatalogueItem {
        CatalogueItem::Seller(self)
    }
    fn over(self, stored: &Self) -> Self {
        merged(stored, &self)
    }
    fn retired(&self) -> Self {
        retired(self)
    }
    fn active(&self) -> bool {
        self.active
    }
}
