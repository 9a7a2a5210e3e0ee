//! The catalogue as the services read it: one immutable view, replaced as a whole.

use crate::caller::{Caller, Role};
use crate::failure::Failure;
use crate::telemetry;
use map_domain::catalogue::{FuelProduct, Product, Seller, Store, Terminal};
use map_domain::{CallerId, ProductId, RegionCode, SellerId, TerminalId};
use map_store::records::{CallerRecord, CallerRole, CatalogueRecords, decode_catalogue, load_catalogue};
use map_store::{Load, PartitionId, Store as Ledger};
use std::collections::{BTreeMap, HashMap};

/// How often a change of the catalogue is tried while others change it, or after an unknown outcome. At once
/// each time: operators are few, and a round that was lost was won by another.
pub(crate) const CATALOGUE_ROUNDS: usize = 16;

/// A provisioned caller.
#[derive(Clone, PartialEq, Eq)]
pub struct ProvisionedCaller {
    /// Its identity.
    pub caller: Caller,
    /// Its name.
    pub name: String,
    /// Whether it may call.
    pub active: bool,
    /// SHA-256 of each bearer key.
    pub bearer_keys: Vec<[u8; 32]>,
    /// Settings of the edge that speaks for it; opaque here, secrets included.
    pub edge_settings_json: String,
}

/// Shows neither keys nor edge settings.
impl std::fmt::Debug for ProvisionedCaller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProvisionedCaller")
            .field("caller", &self.caller)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl ProvisionedCaller {
    /// A caller that is configured and not provisioned, with this bearer key: the gateway in
    /// the same process, the operator who provisions an empty ledger.
    ///
    /// # Errors
    /// Where role and identifier make no [`CallerId`].
    pub fn configured(role: Role, id: &str, bearer_key: &str) -> Result<Self, map_domain::IdError> {
        let caller = Caller {
            id: CallerId::parse(&format!("{}/{id}", role.prefix()))?,
            role,
            active: true,
            networks: Vec::new(),
            may_omit_payment_code: false,
            ignore_transfer_sms_code: false,
            proof: None,
        };
        let bearer_keys = vec![crate::auth::key_hash(bearer_key)];
        Ok(Self {
            caller,
            name: id.to_owned(),
            active: true,
            bearer_keys,
            edge_settings_json: String::new(),
        })
    }
}

impl From<CallerRecord> for ProvisionedCaller {
    fn from(record: CallerRecord) -> Self {
        let caller = Caller {
            id: record.id,
            role: record.role.into(),
            active: record.active,
            networks: record.networks,
            may_omit_payment_code: record.may_omit_payment_code,
            ignore_transfer_sms_code: record.ignore_transfer_sms_code,
            proof: None,
        };
        Self {
            caller,
            name: record.name,
            active: record.active,
            bearer_keys: record.bearer_keys,
            edge_settings_json: record.edge_settings_json,
        }
    }
}

impl From<CallerRole> for Role {
    fn from(role: CallerRole) -> Self {
        match role {
            CallerRole::App => Self::App,
            CallerRole::Channel => Self::Channel,
            CallerRole::PosNetwork => Self::PosNetwork,
            CallerRole::Gateway => Self::Gateway,
            CallerRole::Operator => Self::Operator,
        }
    }
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
    /// Reads the catalogue, callers from the configuration added; `None` where it still has
    /// the revision that is known.
    ///
    /// # Errors
    /// What the store says; [`Failure::Internal`] where it is damaged.
    pub async fn load(
        store: &dyn Ledger,
        known: Option<u64>,
        extra: &[ProvisionedCaller],
    ) -> Result<Option<Self>, Failure> {
        if known.is_some() {
            let header = store.load(&PartitionId::Catalogue, Load::default()).await?;
            if Some(header.version.0) == known {
                return Ok(None);
            }
        }
        let loaded = store.load(&PartitionId::Catalogue, load_catalogue()).await?;
        Ok(Some(Self::of(decode_catalogue(&loaded)?, extra)))
    }

    /// The view of these records; callers from the configuration take precedence.
    pub fn of(records: CatalogueRecords, extra: &[ProvisionedCaller]) -> Self {
        let provisioned = records.callers.into_iter().map(ProvisionedCaller::from);
        let callers: BTreeMap<_, _> = provisioned
            .chain(extra.iter().cloned())
            .map(|caller| (caller.caller.id.clone(), caller))
            .collect();
        let by_key = by_key(callers.values(), extra);
        metrics::gauge!(telemetry::CATALOGUE_REVISION).set(revision_gauge(records.revision));
        Self {
            revision: records.revision,
            callers,
            by_key,
            products: records
                .products
                .into_iter()
                .map(|product| (product.id.clone(), product))
                .collect(),
            fuel_products: records
                .fuel_products
                .into_iter()
                .map(|fuel| (fuel.code.clone(), fuel))
                .collect(),
            sellers: records
                .sellers
                .into_iter()
                .map(|seller| (seller.id.clone(), seller))
                .collect(),
            default_product: records.settings.default_product,
            region: records.settings.region,
        }
    }

    /// The terminal of this seller, those it once had included (decision 17). It stands in one
    /// store of the seller: one that moved is in the new store only.
    pub fn terminal(&self, seller: &SellerId, terminal: &TerminalId) -> Option<TerminalPlace<'_>> {
        let seller = self.sellers.get(seller)?;
        seller.stores.iter().find_map(|store| {
            let terminal = store.terminals.iter().find(|t| t.id == *terminal)?;
            Some(TerminalPlace {
                seller,
                store,
                terminal,
            })
        })
    }
}

impl TerminalPlace<'_> {
    /// Whether the terminal accepts payments, whatever its seller does.
    pub const fn terminal_active(&self) -> bool {
        self.store.active && self.terminal.active
    }
}

/// Which caller each key belongs to. A key may pass from one caller to another while the catalogue
/// still knows the old one: those who may call come before those who may not, and those of the
/// configuration before all.
fn by_key<'a>(
    callers: impl Iterator<Item = &'a ProvisionedCaller>,
    extra: &'a [ProvisionedCaller],
) -> HashMap<[u8; 32], CallerId> {
    let (active, inactive): (Vec<_>, Vec<_>) = callers.partition(|caller| caller.active);
    let ascending = inactive.into_iter().chain(active).chain(extra);
    let keys = |caller: &'a ProvisionedCaller| {
        let id = &caller.caller.id;
        caller.bearer_keys.iter().map(move |key| (*key, id.clone()))
    };
    ascending.flat_map(keys).collect()
}

/// A gauge is a float; a revision beyond 2^32 shows as that.
fn revision_gauge(revision: u64) -> f64 {
    f64::from(u32::try_from(revision).unwrap_or(u32::MAX))
}
