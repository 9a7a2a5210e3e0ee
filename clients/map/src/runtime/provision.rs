//! Applies the configured provisioning file at start.

use super::keys::random_hex;
use crate::outcome::Stop;
use crate::provisioning::Provisioning;
use map_client::proto::provisioning::v1::ApplyRequest;
use map_client::proto::provisioning::v1::provisioning_service_client::ProvisioningServiceClient;
use map_server::CoreServer;
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;

/// Why, in the audit trail.
const REASON: &str = "provisioning_file at the start of the server";

/// Applies a valid file as the operator with this key. A file that changes nothing writes nothing, so that a
/// ledger on a full disk is served again.
pub(super) async fn apply(core: &CoreServer, read: Provisioning, key: &str) -> Result<(), Stop> {
    let Provisioning { path, document, .. } = read;
    let bearer: AsciiMetadataValue = format!("Bearer {key}").parse().map_err(Stop::failed)?;
    let failed = |status: tonic::Status| {
        Stop::failed(format!(
            "{} was not applied: {}",
            path.display(),
            status.message()
        ))
    };
    let mut client = ProvisioningServiceClient::new(core.in_process()).max_encoding_message_size(usize::MAX);
    let mut ask = async |validate_only| {
        let mut request = Request::new(ApplyRequest {
            document: Some(document.clone()),
            reason: REASON.to_owned(),
            idempotency_key: random_hex(16),
            validate_only,
            ..ApplyRequest::default()
        });
        request.metadata_mut().insert("authorization", bearer.clone());
        client.apply(request).await.map(tonic::Response::into_inner)
    };
    let mut answer = ask(true).await.map_err(failed)?;
    if !answer.changes.is_empty() {
        answer = ask(false).await.map_err(failed)?;
    }
    tracing::info!(file = %path.display(), changes = answer.changes.len(), revision = answer.revision, "provisioned");
    Ok(())
}
