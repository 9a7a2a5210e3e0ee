//! The catalogue's rows as values.

use super::load::decoded;
use crate::codec::Body;
use crate::keys::Item;
use crate::{Load, Loaded, Row, RowKey, RowKind, RowWrite, StoreError, StoreResult};
use map_domain::catalogue::{FuelProduct, Product, Seller};
use map_domain::{CallerId, NetworkId, ProductId, RegionCode};

/// What a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerRole {
    /// An application.
    App,
    /// A sales channel.
    Channel,
    /// A POS network.
    PosNetwork,
    /// A gateway; it acts for the callers behind it.
    Gateway,
    /// An operator.
    Operator,
}

/// A provisioned caller.
#[derive(Clone, PartialEq, Eq)]
pub struct CallerRecord {
    /// `<role>/<identifier>`.
    pub id: CallerId,
    /// What it is.
    pub role: CallerRole,
    /// Its name.
    pub name: String,
    /// Whether it may call.
    pub active: bool,
    /// SHA-256 of each bearer key.
    pub bearer_keys: Vec<[u8; 32]>,
    /// The POS networks it may act for.
    pub networks: Vec<NetworkId>,
    /// Whether transfers may omit the payment code although the customer has one.
    pub may_omit_payment_code: bool,
    /// Whether SMS codes in transfers are ignored instead of verified.
    pub ignore_transfer_sms_code: bool,
    /// Settings of the edge that speaks for it; opaque here, secrets included.
    pub edge_settings_json: String,
}

/// Shows neither keys nor edge settings.
impl std::fmt::Debug for CallerRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallerRecord")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("name", &self.name)
            .field("active", &self.active)
            .field("networks", &self.networks)
            .finish_non_exhaustive()
    }
}

/// What belongs to the installation as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogueSettings {
    /// Opened where no product is named.
    pub default_product: Option<ProductId>,
    /// CCC of new account numbers; `None`: 888.
    pub region: Option<RegionCode>,
}

/// One row of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogueItem {
    /// A card product.
    Product(Product),
    /// A fuel product.
    FuelProduct(FuelProduct),
    /// A seller with its stores and terminals.
    Seller(Seller),
    /// A caller.
    Caller(CallerRecord),
    /// The settings.
    Settings(CatalogueSettings),
}

impl CatalogueItem {
    /// The name of its row.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Product(product) => Item::Product(product.id.as_str()),
            Self::FuelProduct(product) => Item::FuelProduct(&product.code),
            Self::Seller(seller) => Item::Seller(seller.id.as_str()),
            Self::Caller(caller) => Item::Caller(caller.id.as_str()),
            Self::Settings(_) => Item::Settings,
        }
        .row()
    }

    /// Its row, to be put.
    pub fn write(&self) -> RowWrite {
        let body = match self {
            Self::Product(product) => product.to_body(),
            Self::FuelProduct(product) => product.to_body(),
            Self::Seller(seller) => seller.to_body(),
            Self::Caller(caller) => caller.to_body(),
            Self::Settings(settings) => settings.to_body(),
        };
        RowWrite::Put(Row {
            key: self.key(),
            body,
        })
    }

    /// The item of a row.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where name or body is none, or one is not the other's.
    pub fn read(row: &Row) -> StoreResult<Self> {
        let place = || format!("catalogue {}", String::from_utf8_lossy(&row.key.key));
        let body = &row.body;
        let item = match Item::parse(&row.key.key) {
            Some(Item::Product(_)) => Self::Product(decoded(body, place)?),
            Some(Item::FuelProduct(_)) => Self::FuelProduct(decoded(body, place)?),
            Some(Item::Seller(_)) => Self::Seller(decoded(body, place)?),
            Some(Item::Caller(_)) => Self::Caller(decoded(body, place)?),
            Some(Item::Settings) => Self::Settings(decoded(body, place)?),
            None => return Err(StoreError::Damaged(format!("{}: no item has this name", place()))),
        };
        if item.key() == row.key {
            Ok(item)
        } else {
            Err(StoreError::Damaged(format!(
                "{}: the body is another item's",
                place()
            )))
        }
    }
}

/// The whole catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogueRecords {
    /// The version of its partition.
    pub revision: u64,
    /// Card products, by identifier.
    pub products: Vec<Product>,
    /// Fuel products, by code.
    pub fuel_products: Vec<FuelProduct>,
    /// Sellers, by identifier.
    pub sellers: Vec<Seller>,
    /// Callers, by identifier.
    pub callers: Vec<CallerRecord>,
    /// The settings.
    pub settings: CatalogueSettings,
}

/// What to load of [`crate::PartitionId::Catalogue`].
pub fn load_catalogue() -> Load {
    Load {
        kinds: vec![RowKind::Item],
        keys: Vec::new(),
    }
}

/// The catalogue that was loaded; rows of other kinds are passed over.
///
/// # Errors
/// [`StoreError::Damaged`], naming the row.
pub fn decode_catalogue(loaded: &Loaded) -> StoreResult<CatalogueRecords> {
    let mut records = CatalogueRecords {
        revision: loaded.version.0,
        ..CatalogueRecords::default()
    };
    for row in loaded.rows.iter().filter(|row| row.key.kind == RowKind::Item) {
        match CatalogueItem::read(row)? {
            CatalogueItem::Product(product) => records.products.push(product),
            CatalogueItem::FuelProduct(product) => records.fuel_products.push(product),
            CatalogueItem::Seller(seller) => records.sellers.push(seller),
            CatalogueItem::Caller(caller) => records.callers.push(caller),
            CatalogueItem::Settings(settings) => records.settings = settings,
        }
    }
    Ok(records)
}
