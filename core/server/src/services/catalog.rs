//! `map.catalog.v1.CatalogService`: what can be bought and where. Reads only.
//!
//! Apps and POS networks see the terminals of their networks, operators all.

use super::paging::{cut, page_after};
use super::wire;
use crate::auth::{Rpc, open};
use crate::caller::{Caller, Role};
use crate::catalogue::{Catalogue, TerminalPlace};
use crate::core::Core;
use crate::failure::Failure;
use map_domain::catalogue::{Product, Seller, Terminal};
use map_domain::{ProductId, Refusal, SellerId, StoreId, TerminalId};
use map_proto::catalog::v1::catalog_service_server::CatalogService;
use map_proto::catalog::v1::{
    GetProductRequest, GetProductResponse, GetTerminalRequest, GetTerminalResponse, ListFuelProductsRequest,
    ListFuelProductsResponse, ListProductsRequest, ListProductsResponse, ListSellersRequest,
    ListSellersResponse,
};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Catalog {
    core: Arc<Core>,
}

impl Catalog {
    pub(super) const fn new(core: Arc<Core>) -> Self {
        Self { core }
    }
}

#[tonic::async_trait]
impl CatalogService for Catalog {
    async fn list_products(
        &self,
        request: Request<ListProductsRequest>,
    ) -> Result<Response<ListProductsResponse>, Status> {
        let (call, request) = open(&self.core, request, Rpc::ListProducts)?;
        let catalogue = self.core.catalogue();
        let (size, after) = page_after(request.page_size, &request.page_token, ProductId::parse)?;
        let place = asking_terminal(&catalogue, &call.caller, &request)?;
        let sold_here =
            |product: &Product| product.active && place.is_none_or(|place| sold_at(product, place));
        let products = from(&catalogue.products, after)
            .filter(|(_, product)| sold_here(product))
            .map(|(id, product)| (id.as_str(), wire::product(product)));
        let (products, next_page_token) = cut(products, size);
        Ok(Response::new(ListProductsResponse {
            products,
            next_page_token,
            catalogue_revision: wire::revision(catalogue.revision),
        }))
    }

    async fn get_product(
        &self,
        request: Request<GetProductRequest>,
    ) -> Result<Response<GetProductResponse>, Status> {
        let (_, request) = open(&self.core, request, Rpc::GetProduct)?;
        let id = id("product_id", &request.product_id, ProductId::parse)?;
        let catalogue = self.core.catalogue();
        let product = catalogue.products.get(&id).filter(|product| product.active);
        let product = product.ok_or(Failure::NotFound(Refusal::ProductUnknown))?;
        Ok(Response::new(GetProductResponse {
            product: Some(wire::product(product)),
        }))
    }

    async fn list_fuel_products(
        &self,
        request: Request<ListFuelProductsRequest>,
    ) -> Result<Response<ListFuelProductsResponse>, Status> {
        let (_, request) = open(&self.core, request, Rpc::ListFuelProducts)?;
        // A code has the form of a product's identifier.
        let code = |text: &str| ProductId::parse(text).map(|id| id.to_string());
        let (size, after) = page_after(request.page_size, &request.page_token, code)?;
        let catalogue = self.core.catalogue();
        let fuel_products = from(&catalogue.fuel_products, after);
        let (fuel_products, next_page_token) = cut(
            fuel_products.map(|(code, fuel)| (code, wire::fuel_product(fuel))),
            size,
        );
        Ok(Response::new(ListFuelProductsResponse {
            fuel_products,
            next_page_token,
            catalogue_revision: wire::revision(catalogue.revision),
        }))
    }

    async fn list_sellers(
        &self,
        request: Request<ListSellersRequest>,
    ) -> Result<Response<ListSellersResponse>, Status> {
        let (call, request) = open(&self.core, request, Rpc::ListSellers)?;
        let (size, after) = page_after(request.page_size, &request.page_token, SellerId::parse)?;
        let catalogue = self.core.catalogue();
        let all = call.caller.role == Role::Operator;
        let shown = |terminal: &Terminal| all || call.caller.acts_for(&terminal.network);
        let seen =
            |seller: &Seller| all || seller.stores.iter().flat_map(|store| &store.terminals).any(shown);
        let sellers = from(&catalogue.sellers, after)
            .filter(|(_, seller)| seen(seller))
            .map(|(id, seller)| (id.as_str(), wire::seller(seller, shown)));
        let (sellers, next_page_token) = cut(sellers, size);
        Ok(Response::new(ListSellersResponse {
            sellers,
            next_page_token,
            catalogue_revision: wire::revision(catalogue.revision),
        }))
    }

    async fn get_terminal(
        &self,
        request: Request<GetTerminalRequest>,
    ) -> Result<Response<GetTerminalResponse>, Status> {
        let (call, request) = open(&self.core, request, Rpc::GetTerminal)?;
        let seller = id("seller_id", &request.seller_id, SellerId::parse)?;
        let terminal = id("terminal_id", &request.terminal_id, TerminalId::parse)?;
        let catalogue = self.core.catalogue();
        let place = catalogue
            .terminal(&seller, &terminal)
            .ok_or(Failure::TerminalUnknown)?;
        if call.caller.role != Role::Operator && !call.caller.acts_for(&place.terminal.network) {
            return Err(Failure::NetworkNotAllowed.into());
        }
        Ok(Response::new(GetTerminalResponse {
            terminal: Some(wire::terminal(place.terminal)),
        }))
    }
}

/// What comes after a place, or everything.
fn from<K: Ord, V>(items: &BTreeMap<K, V>, after: Option<K>) -> impl Iterator<Item = (&K, &V)> {
    items.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded))
}

/// The terminal that asks, where one does: known, in its store, of one of the caller's networks.
fn asking_terminal<'a>(
    catalogue: &'a Catalogue,
    caller: &Caller,
    request: &ListProductsRequest,
) -> Result<Option<TerminalPlace<'a>>, Failure> {
    let Some(key) = &request.key else {
        return if request.store_id.is_empty() {
            Ok(None)
        } else {
            Err(Failure::Malformed(vec![("store_id", "only with key".to_owned())]))
        };
    };
    let seller = id("key.seller_id", &key.seller_id, SellerId::parse)?;
    let terminal = id("key.terminal_id", &key.terminal_id, TerminalId::parse)?;
    let store = id("store_id", &request.store_id, StoreId::parse)?;
    let place = catalogue
        .terminal(&seller, &terminal)
        .ok_or(Failure::TerminalUnknown)?;
    if place.store.id != store {
        return Err(Failure::TerminalUnknown);
    }
    if caller.role != Role::Operator && !caller.acts_for(&place.terminal.network) {
        return Err(Failure::NetworkNotAllowed);
    }
    Ok(Some(place))
}

/// Whether a card of this product could be spent at the terminal that sells it.
fn sold_at(product: &Product, place: TerminalPlace<'_>) -> bool {
    let restrictions = &product.restrictions;
    (restrictions.sellers.is_empty() || restrictions.sellers.contains(&place.seller.id))
        && (restrictions.terminals.is_empty() || restrictions.terminals.contains(&place.terminal.id))
}

fn id<T>(
    field: &'static str,
    text: &str,
    parse: fn(&str) -> Result<T, map_domain::IdError>,
) -> Result<T, Failure> {
    parse(text).map_err(|error| Failure::Malformed(vec![(field, error.to_string())]))
}
