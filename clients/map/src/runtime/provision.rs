//! Applies the configured provisioning file at start, and knows who is never provisioned: the
//! gateway of the same process, and the operator that applies the file.

use crate::outcome::Stop;
use crate::provisioning;
use map_client::proto::provisioning::v1::ApplyRequest;
use map_client::proto::provisioning::v1::provisioning_service_client::ProvisioningServiceClient;
use map_domain::CallerId;
use map_server::CoreServer;
use map_server::auth::key_hash;
use map_server::caller::{Caller, Role};
use map_server::catalogue::ProvisionedCaller;
use std::path::Path;
use tonic::Request;

/// A caller of this process, with a key that nobody else ever sees.
pub(super) fn inner_caller(role: Role, name: &str, key: &str) -> Result<ProvisionedCaller, Stop> {
    let id = CallerId::parse(&format!("{}/{name}", role.prefix())).map_err(Stop::failed)?;
    Ok(ProvisionedCaller {
        caller: Caller {
            id,
            role,
            active: true,
            networks: Vec::new(),
            may_omit_payment_code: false,
            ignore_transfer_sms_code: false,
        },
        name: name.to_owned(),
        active: true,
        bearer_keys: vec![key_hash(key)],
        edge_settings_json: String::new(),
    })
}

/// Validates the file, then applies it as the operator with this key.
pub(super) async fn apply(core: &CoreServer, file: &Path, key: &str) -> Result<(), Stop> {
    let document = provisioning::read_valid(file).map_err(Stop::usage)?;
    let mut request = Request::new(ApplyRequest {
        document: Some(document),
        validate_only: false,
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
