//! Validates a document without a core: the core's own rules, and the gateway's for edge settings.
//! Names what is wrong in the words of the file.

use map_client::proto::provisioning::v1::{Document, Role};
use map_server::EdgeValidator;
use map_server::caller::Role as CoreRole;
use std::sync::Arc;

/// The gateway's rules for edge settings, as the core asks for them.
pub(crate) fn edge_validator() -> EdgeValidator {
    Arc::new(|role, json| {
        let role = match role {
            CoreRole::App => Role::App,
            CoreRole::Channel => Role::Channel,
            CoreRole::PosNetwork => Role::PosNetwork,
            CoreRole::Gateway => Role::Gateway,
            CoreRole::Operator => Role::Operator,
        };
        map_gateway::validate_edge_settings(role, json)
    })
}

/// Every error of a document.
pub(crate) fn errors(document: &Document) -> Vec<String> {
    match map_server::validate_document(document, &edge_validator()) {
        Ok(()) => Vec::new(),
        Err(errors) => errors
            .iter()
            .map(|(place, what)| readable(document, place, what))
            .collect(),
    }
}

/// `callers[2].network_ids[0]` as the file says it: `app zjhtwallet: networks[0]`.
pub(crate) fn readable(document: &Document, place: &str, what: &str) -> String {
    named(document, place).map_or_else(|| format!("{place}: {what}"), |place| format!("{place}: {what}"))
}

fn named(document: &Document, place: &str) -> Option<String> {
    let (list, rest) = place.split_once('[')?;
    let (index, rest) = rest.split_once(']')?;
    let index: usize = index.parse().ok()?;
    let (kind, id) = match list {
        "callers" => document
            .callers
            .get(index)
            .map(|caller| (table(caller.role()), &caller.caller_id))?,
        "products" => document
            .products
            .get(index)
            .map(|product| ("product", &product.product_id))?,
        "fuel_products" => document
            .fuel_products
            .get(index)
            .map(|fuel| ("fuel_product", &fuel.fuel_product_id))?,
        "sellers" => document
            .sellers
            .get(index)
            .map(|seller| ("seller", &seller.seller_id))?,
        _ => return None,
    };
    let field = rest.trim_start_matches('.');
    let field = field
        .replace("network_ids", "networks")
        .replace("edge_settings_json", "edge");
    Some(if field.is_empty() {
        format!("{kind} {id}")
    } else {
        format!("{kind} {id}: {field}")
    })
}

/// The table of the file that a role's callers stand in.
const fn table(role: Role) -> &'static str {
    match role {
        Role::App => "app",
        Role::Channel => "channel",
        Role::PosNetwork => "network",
        Role::Gateway => "gateway",
        Role::Operator => "operator",
        Role::Unspecified => "caller",
    }
}
