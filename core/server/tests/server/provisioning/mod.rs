//! One document, checked as a whole, applied as a whole, applied again without effect; and what the calls of the
//! catalogue show of it.

mod errors;
mod once;
mod shown;
mod stays;

use crate::harness::{Fixture, OPERATOR, by, document, fresh_key};
use map_proto::catalog::v1 as catalog;
use map_proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use map_proto::provisioning::v1::{ApplyRequest, Document};
use map_server::InProcess;

pub(super) fn catalog_client(fixture: &Fixture) -> CatalogServiceClient<InProcess> {
    CatalogServiceClient::new(fixture.edge())
}

pub(super) async fn sellers(fixture: &Fixture) -> Vec<catalog::Seller> {
    let request = by(OPERATOR, catalog::ListSellersRequest::default());
    catalog_client(fixture)
        .list_sellers(request)
        .await
        .unwrap()
        .into_inner()
        .sellers
}

pub(super) async fn products(fixture: &Fixture, key: &str) -> Vec<String> {
    let request = by(key, catalog::ListProductsRequest::default());
    let products = catalog_client(fixture)
        .list_products(request)
        .await
        .unwrap()
        .into_inner()
        .products;
    products.into_iter().map(|product| product.product_id).collect()
}

pub(super) fn applying(document: Document, expected_revision: Option<i64>) -> ApplyRequest {
    ApplyRequest {
        document: Some(document),
        reason: "a new terminal".to_owned(),
        expected_revision,
        idempotency_key: fresh_key(),
        ..ApplyRequest::default()
    }
}

/// Product 2610 taken off sale.
pub(super) fn smaller() -> Document {
    broken(|d| d.products[1].active = false)
}

/// One error in an otherwise good document.
pub(super) fn broken(change: impl FnOnce(&mut Document)) -> Document {
    let mut document = document();
    change(&mut document);
    document
}
