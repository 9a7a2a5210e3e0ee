//! The provisioning file as a person writes it (TOML). One complete commented example is
//! `docs/provisioning.example.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

/// Everything that is provisioned.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProvisioningFile {
    /// CCC of new account numbers: three digits. Default 888, the head office.
    #[serde(default)]
    pub(crate) region: String,
    /// Opened where an opening names no product.
    #[serde(default)]
    pub(crate) default_product: String,
    /// POS networks.
    #[serde(default, rename = "network")]
    pub(crate) networks: Vec<CallerEntry>,
    /// Applications.
    #[serde(default, rename = "app")]
    pub(crate) apps: Vec<CallerEntry>,
    /// Sales channels.
    #[serde(default, rename = "channel")]
    pub(crate) channels: Vec<CallerEntry>,
    /// Gateways that run apart from the core.
    #[serde(default, rename = "gateway")]
    pub(crate) gateways: Vec<CallerEntry>,
    /// Operators.
    #[serde(default, rename = "operator")]
    pub(crate) operators: Vec<CallerEntry>,
    /// Card products.
    #[serde(default, rename = "product")]
    pub(crate) products: Vec<ProductEntry>,
    /// Fuel products.
    #[serde(default, rename = "fuel_product")]
    pub(crate) fuel_products: Vec<FuelProductEntry>,
    /// Sellers with stores and terminals.
    #[serde(default, rename = "seller")]
    pub(crate) sellers: Vec<SellerEntry>,
}

/// Who may call.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallerEntry {
    /// Unique for the role.
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    /// SHA-256 of each bearer key in hex, as `map key` prints it.
    #[serde(default)]
    pub(crate) bearer_key_sha256: Vec<String>,
    /// Apps only: the POS networks it may act for.
    #[serde(default)]
    pub(crate) networks: Vec<String>,
    /// Apps only: transfers may omit the payment code.
    #[serde(default)]
    pub(crate) may_omit_payment_code: bool,
    /// Apps only: SMS codes in transfers are ignored instead of verified.
    #[serde(default)]
    pub(crate) ignore_transfer_sms_code: bool,
    /// Settings of the gateway that speaks for it: keys, algorithms, addresses.
    #[serde(default)]
    #[schemars(with = "Option<map_gateway::EdgeSettings>")]
    pub(crate) edge: Option<toml::Table>,
}

/// The edge settings hold keys and are not shown.
impl std::fmt::Debug for CallerEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallerEntry")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A card product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductEntry {
    pub(crate) id: String,
    pub(crate) name: String,
    /// At most six Chinese characters; default: the name.
    #[serde(default)]
    pub(crate) short_name: String,
    #[serde(rename = "type")]
    pub(crate) kind: ProductType,
    /// AABB of its account numbers.
    pub(crate) number_prefix: String,
    pub(crate) price_fen: i64,
    pub(crate) face_value_fen: i64,
    /// 0: everything at once.
    #[serde(default)]
    pub(crate) stages: i32,
    /// Only for an uneven plan.
    #[serde(default)]
    pub(crate) first_release_fen: i64,
    /// Only for an uneven plan.
    #[serde(default)]
    pub(crate) stage_fen: i64,
    pub(crate) validity_months: i32,
    #[serde(default)]
    pub(crate) remark: String,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    #[serde(default)]
    pub(crate) restrictions: RestrictionsEntry,
}

/// The types of card that are sold.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProductType {
    /// 20.
    Instalment,
    /// 26.
    Discount,
}

/// Where and for what a card can be spent; an empty list restricts nothing.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestrictionsEntry {
    #[serde(default)]
    pub(crate) sellers: Vec<String>,
    #[serde(default)]
    pub(crate) terminals: Vec<String>,
    #[serde(default)]
    pub(crate) fuel_products: Vec<String>,
    /// `"7-20"`: from 7:00 until before 20:00.
    #[serde(default)]
    pub(crate) hours: Vec<String>,
}

/// A fuel product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FuelProductEntry {
    pub(crate) code: String,
    pub(crate) name: String,
}

/// A seller.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SellerEntry {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    #[serde(default, rename = "store")]
    pub(crate) stores: Vec<StoreEntry>,
}

/// A seller's store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreEntry {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, rename = "terminal")]
    pub(crate) terminals: Vec<TerminalEntry>,
}

/// A terminal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TerminalEntry {
    pub(crate) id: String,
    /// The POS network it belongs to.
    pub(crate) network: String,
    #[serde(default = "yes")]
    pub(crate) active: bool,
}

const fn yes() -> bool {
    true
}
