//! `map.provisioning.v1.ProvisioningService`: one document, checked as a whole, written in one
//! commit of the catalogue's partition; and the directory for gateways.

use super::audit::{Act, audited};
use crate::auth::{Rpc, open};
use crate::caller::Role;
use crate::catalogue::{Catalogue, ProvisionedCaller};
use crate::core::Core;
use crate::failure::Failure;
use crate::provisioning::{EdgeValidator, Plan, plan, wanted};
use map_proto::provisioning::v1::provisioning_service_server::ProvisioningService;
use map_proto::provisioning::v1::{
    self as wire, ApplyRequest, ApplyResponse, GetDirectoryRequest, GetDirectoryResponse,
};
use map_store::records::{CatalogueItem, CatalogueRecords, decode_catalogue, load_catalogue};
use map_store::{Commit, CommitOutcome, PartitionId, StoreError, Version};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// How often a document is compared and written anew while others write the catalogue.
const ROUNDS: usize = 16;

/// The service.
pub(super) struct Provisioning {
    core: Arc<Core>,
    edge_validator: EdgeValidator,
}

impl Provisioning {
    pub(super) const fn new(core: Arc<Core>, edge_validator: EdgeValidator) -> Self {
        Self { core, edge_validator }
    }

    /// What a document changes, and the revision it was compared with.
    async fn compare(&self, wanted: &CatalogueRecords) -> Result<(Plan, Version), Failure> {
        let loaded = self
            .core
            .store
            .load(&PartitionId::Catalogue, load_catalogue())
            .await?;
        Ok((plan(decode_catalogue(&loaded)?, wanted.clone()), loaded.version))
    }

    /// Writes until what is stored equals what is wanted. To write it twice changes nothing, so
    /// an unknown outcome is settled by comparing again.
    async fn apply(&self, wanted: &CatalogueRecords) -> Result<ApplyResponse, Failure> {
        let mut told = Vec::new();
        let mut unknown = false;
        for _ in 0..ROUNDS {
            let (plan, version) = match self.compare(wanted).await {
                Ok(compared) => compared,
                Err(_) if unknown => return Err(Failure::OutcomeUnknown),
                Err(failure) => return Err(failure),
            };
            if plan.items.is_empty() {
                let changes = if unknown { told } else { Vec::new() };
                return Ok(ApplyResponse {
                    changes,
                    revision: revision(version),
                });
            }
            match self.core.store.commit(commit(version, &plan)).await {
                Ok(CommitOutcome::Applied(version)) => {
                    return Ok(ApplyResponse {
                        changes: plan.changes,
                        revision: revision(version),
                    });
                }
                Ok(CommitOutcome::Stale | CommitOutcome::ClaimHeld { .. } | CommitOutcome::RowExists(_)) => {}
                Err(StoreError::OutcomeUnknown(reason)) => {
                    tracing::warn!(reason, "provisioning: compared again after an unknown outcome");
                    unknown = true;
                    told = plan.changes;
                }
                Err(_) if unknown => return Err(Failure::OutcomeUnknown),
                Err(error) => return Err(error.into()),
            }
        }
        Err(if unknown {
            Failure::OutcomeUnknown
        } else {
            Failure::Unavailable
        })
    }
}

#[tonic::async_trait]
impl ProvisioningService for Provisioning {
    async fn apply(&self, request: Request<ApplyRequest>) -> Result<Response<ApplyResponse>, Status> {
        let (call, request) = open(&self.core, request, Rpc::Apply)?;
        let missing = || Failure::InvalidDocument(vec![("document".to_owned(), "is missing".to_owned())]);
        let document = request.document.ok_or_else(missing)?;
        let wanted = wanted(&document, &self.edge_validator).map_err(Failure::InvalidDocument)?;
        if request.validate_only {
            let (plan, version) = self.compare(&wanted).await?;
            return Ok(Response::new(ApplyResponse {
                changes: plan.changes,
                revision: revision(version),
            }));
        }
        let act = Act {
            action: "apply_provisioning",
            target: "catalogue".to_owned(),
            reason: "",
        };
        let applied = audited(&self.core, &call, act, self.apply(&wanted)).await?;
        if let Err(failure) = self.core.refresh_catalogue().await {
            // The watcher reads it within its next round.
            tracing::warn!(?failure, "the new catalogue can't be read yet");
        }
        Ok(Response::new(applied))
    }

    async fn get_directory(
        &self,
        request: Request<GetDirectoryRequest>,
    ) -> Result<Response<GetDirectoryResponse>, Status> {
        let (_, request) = open(&self.core, request, Rpc::GetDirectory)?;
        let catalogue = self.core.catalogue();
        let revision = i64::try_from(catalogue.revision).unwrap_or(i64::MAX);
        let current = request.known_revision != 0 && request.known_revision == revision;
        let callers = if current {
            Vec::new()
        } else {
            directory(&catalogue)
        };
        Ok(Response::new(GetDirectoryResponse { revision, callers }))
    }
}

/// Callers that an edge speaks for, the deactivated ones included: it must know them to
/// refuse them, and to let their reversals through.
fn directory(catalogue: &Catalogue) -> Vec<wire::Caller> {
    catalogue
        .callers
        .values()
        .filter(|caller| caller.caller.role.behind_a_gateway())
        .map(listed)
        .collect()
}

/// A caller without its bearer keys.
fn listed(caller: &ProvisionedCaller) -> wire::Caller {
    let role = match caller.caller.role {
        Role::App => wire::Role::App,
        Role::Channel => wire::Role::Channel,
        Role::PosNetwork => wire::Role::PosNetwork,
        Role::Gateway => wire::Role::Gateway,
        Role::Operator => wire::Role::Operator,
    };
    let id = caller.caller.id.as_str();
    let app = caller.caller.role == Role::App;
    wire::Caller {
        caller_id: id.split_once('/').map_or(id, |(_, id)| id).to_owned(),
        role: role.into(),
        name: caller.name.clone(),
        active: caller.active,
        bearer_key_sha256: Vec::new(),
        network_ids: if app {
            caller.caller.networks.iter().map(ToString::to_string).collect()
        } else {
            Vec::new()
        },
        may_omit_payment_code: caller.caller.may_omit_payment_code,
        edge_settings_json: caller.edge_settings_json.clone(),
        ignore_transfer_sms_code: caller.caller.ignore_transfer_sms_code,
    }
}

fn commit(expected: Version, plan: &Plan) -> Commit {
    Commit {
        partition: PartitionId::Catalogue,
        expected,
        rows: plan.items.iter().map(CatalogueItem::write).collect(),
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}

fn revision(version: Version) -> i64 {
    i64::try_from(version.0).unwrap_or(i64::MAX)
}
