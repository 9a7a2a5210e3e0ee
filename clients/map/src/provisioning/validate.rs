//! Validates a document without a core: the core's own rules, and the gateway's for edge settings.

use map_client::proto::provisioning::v1::{Document, Role};
use map_gateway::EdgeError;
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
        let told = |errors: Vec<EdgeError>| {
            errors
                .into_iter()
                .map(|error| (error.setting, error.problem))
                .collect()
        };
        map_gateway::validate_edge_settings(role, json).map_err(told)
    })
}

/// Every error of a document: its place there, and what is wrong.
pub(super) fn errors(document: &Document) -> Vec<(String, String)> {
    map_server::validate_document(document, &edge_validator())
        .err()
        .unwrap_or_default()
}
