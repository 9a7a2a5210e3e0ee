//! Provisioning as pure functions: a document is checked as a whole (`document`), compared
//! with what is stored (`plan`), and only then written, by the service.

mod callers;
mod document;
mod errors;
mod plan;
mod products;
mod sellers;

pub(crate) use document::wanted;
pub(crate) use plan::{Plan, plan};

use crate::caller::Role;
use std::sync::Arc;

/// Checks a caller's edge settings (a JSON object), which the core does not understand. Every error: the setting
/// (empty: all of them), and what is wrong with it, which is shown to the operator and must hold no secret.
pub type EdgeValidator = Arc<dyn Fn(Role, &str) -> Result<(), Vec<(String, String)>> + Send + Sync>;

/// Checks a document as [`crate::CoreServer`] would before it applies it, without one.
///
/// # Errors
/// Every error: its place in the document, and what is wrong there.
pub fn validate_document(
    document: &map_proto::provisioning::v1::Document,
    edge: &EdgeValidator,
) -> Result<(), Vec<(String, String)>> {
    wanted(document, edge).map(drop)
}
