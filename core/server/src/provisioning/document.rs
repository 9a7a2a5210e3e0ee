//! A document, checked as a whole: what is wanted, or all that is wrong with it.

use super::errors::Errors;
use super::products::Known;
use super::{EdgeValidator, callers, products, sellers};
use map_domain::{ProductId, RegionCode};
use map_proto::provisioning::v1::Document;
use map_store::records::{CatalogueRecords, CatalogueSettings};

/// What the document wants to be stored.
///
/// # Errors
/// Every error of the document with its place.
pub(crate) fn wanted(
    document: &Document,
    validate: &EdgeValidator,
) -> Result<CatalogueRecords, Vec<(String, String)>> {
    let mut errors = Errors::default();
    let networks = callers::networks(&document.callers);
    let stores = document.sellers.iter().flat_map(|seller| &seller.stores);
    let known = Known {
        sellers: document
            .sellers
            .iter()
            .map(|seller| seller.seller_id.as_str())
            .collect(),
        terminals: stores
            .flat_map(|store| &store.terminals)
            .map(|terminal| terminal.terminal_id.as_str())
            .collect(),
        fuels: document
            .fuel_products
            .iter()
            .map(|fuel| (fuel.fuel_product_id.as_str(), fuel.name.as_str()))
            .collect(),
    };
    let records = CatalogueRecords {
        revision: 0,
        callers: callers::callers(&document.callers, validate, &mut errors),
        products: products::products(&document.products, &known, &mut errors),
        fuel_products: products::fuel_products(&document.fuel_products, &mut errors),
        sellers: sellers::sellers(&document.sellers, &networks, &mut errors),
        settings: settings(document, &mut errors),
    };
    if errors.0.is_empty() {
        Ok(records)
    } else {
        Err(errors.0)
    }
}

fn settings(document: &Document, errors: &mut Errors) -> CatalogueSettings {
    let mut settings = CatalogueSettings::default();
    if !document.default_product_id.is_empty() {
        let on_sale = |id: &str| {
            document
                .products
                .iter()
                .any(|product| product.product_id == id && product.active)
        };
        errors.require(
            on_sale(&document.default_product_id),
            "default_product_id",
            "no active product of this document has this identifier",
        );
        settings.default_product = errors.id(
            "default_product_id",
            &document.default_product_id,
            ProductId::parse,
        );
    }
    if !document.region_code.is_empty() {
        settings.region = errors.id("region_code", &document.region_code, RegionCode::parse);
    }
    settings
}
