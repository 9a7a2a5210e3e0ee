//! The catalogue as the services read it: one immutable view, replaced as a whole.

use crate::caller::Caller;
use map_domain::catalogue::{FuelProduct, Product, Seller, Store, Terminal};
use map_domain::{CallerId, ProductId, RegionCode, SellerId};
use std::collections::{BTreeMap, HashMap};

/// A provisioned caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedCaller {
    /// Its identity.
    pub caller: Caller,
    /// Its name.
    pub name: String,
    /// Whether it may call.
    pub active: bool,
    /// SHA-256 of each bearer key.
    pub bearer_keys: Vec<[u8; 32]>,
    /// Settings of the edge that speaks for it; opaque here.
    pub edge_settings_json: String,
}

/// Everything that is provisioned, at one revision.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// The version of the catalogue's partition.
    pub revision: u64,
    /// Callers by identity.
    pub callers: BTreeMap<CallerId, ProvisionedCaller>,
    /// Which caller a bearer key belongs to, by its SHA-256.
    pub by_key: HashMap<[u8; 32], CallerId>,
    /// Card products.
    pub products: BTreeMap<ProductId, Product>,
    /// Fuel products by code.
    pub fuel_products: BTreeMap<String, FuelProduct>,
    /// Sellers.
    pub sellers: BTreeMap<SellerId, Seller>,
    /// Opened where no product is named.
    pub default_product: Option<ProductId>,
    /// CCC of new account numbers; `None`: 888.
    pub region: Option<RegionCode>,
}

/// A terminal with the seller and store it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct TerminalPlace<'a> {
    /// The seller.
    pub seller: &'a Seller,
    /// The store it stands in (or stood in, where inactive).
    pub store: &'a Store,
    /// The terminal.
    pub terminal: &'a Terminal,
}

impl Catalogue {
    /// The terminal of this seller, those it once had included.
    pub fn terminal(&self, seller: &str, terminal: &str) -> Option<TerminalPlace<'_>> {
        let seller = self.sellers.values().find(|s| s.id.as_str() == seller)?;
        seller.stores.iter().find_map(|store| {
            let terminal = store.terminals.iter().find(|t| t.id.as_str() == terminal)?;
            Some(TerminalPlace { seller, store, terminal })
        })
    }
}
