//! What can be bought and where: products, sellers, stores, terminals.
//!
//! Whether a product is sound is told by [`Product::problems`], in `product.rs`.

use crate::{AccountType, Fen, NetworkId, ProductId, Restrictions, SellerId, StoreId, TerminalId};

/// A card product (decisions 24–26).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its identifier.
    pub id: ProductId,
    /// Full name.
    pub name: String,
    /// For small displays.
    pub short_name: String,
    /// Instalment or discount card.
    pub kind: AccountType,
    /// AABB: four digits.
    pub number_prefix: String,
    /// What it costs.
    pub price: Fen,
    /// What is on the card.
    pub face_value: Fen,
    /// Stages; 0: all at once. For an uneven plan: those after activation.
    pub stages: u32,
    /// An uneven plan: what activation releases and what each further stage does.
    pub uneven: Option<(Fen, Fen)>,
    /// Validity in months from activation.
    pub validity_months: u32,
    /// Where and for what it can be spent.
    pub restrictions: Restrictions,
    /// Kept as a record.
    pub remark: String,
    /// Whether it is on sale.
    pub active: bool,
}

/// A fuel product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FuelProduct {
    /// Its code.
    pub code: String,
    /// The name that terminals print.
    pub name: String,
}

/// A seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// Its identifier.
    pub id: SellerId,
    /// Its name.
    pub name: String,
    /// Whether payments are accepted.
    pub active: bool,
    /// Its stores.
    pub stores: Vec<Store>,
}

/// A seller's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Its identifier, unique for the seller.
    pub id: StoreId,
    /// Its name.
    pub name: String,
    /// Whether it is still provisioned.
    pub active: bool,
    /// Its terminals, those it once had included (inactive).
    pub terminals: Vec<Terminal>,
}

/// A terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// Its identifier, unique for the seller.
    pub id: TerminalId,
    /// The POS network it belongs to.
    pub network: NetworkId,
    /// Whether payments are accepted.
    pub active: bool,
    /// Raised when it is replaced or reset.
    pub generation: u32,
}
