//! Applies the configured provisioning file at start.

use super::keys::random_hex;
use crate::outcome::Stop;
use map_client::proto::provisioning::v1::provisioning_service_client::ProvisioningServiceClient;
use map_client::proto::provisioning::v1::{ApplyRequest, Document};
use map_server::CoreServer;
use std::path::Path;
use tonic::Request;

/// Why, in the audit trail.
const REASON: &str = "provisioning_file at the start of the server";

/// Applies a valid file as the operator with this key.
pub(super) async fn apply(core: &CoreServer, file: &Path, document: Document, key: &str) -> Result<(), Stop> {
    let mut request = Request::new(ApplyRequest {
        document: Some(document),
        reason: REASON.to_owned(),
        idempotency_key: random_hex(16),
        ..ApplyRequest::default()
    });
    let bearer = format!("Bearer {key}").parse().map_err(Stop::failed)?;
    request.metadata_mut().insert("authorization", bearer);
    let failed = |status: tonic::Status| {
        Stop::failed(format!(
            "{} was not applied: {}",
            file.display(),
            status.message()
        ))
    };
    let answer = ProvisioningServiceClient::new(core.in_process())
        .max_encoding_message_size(usize::MAX)
        .apply(request)
        .await
        .map_err(failed)?
        .into_inner();
    tracing::info!(file = %file.display(), changes = answer.changes.len(), revision = answer.revision, "provisioned");
    Ok(())
}
