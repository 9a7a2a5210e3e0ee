//! `map.provisioning.v1.ProvisioningService`: one document, checked as a whole and applied (see `apply`);
//! and the directory for gateways.

use super::apply::{Apply, Wanted, response};
use super::audit::{Act, audited, reason_error};
use super::paging::{cut, page_after};
use super::wire::revision;
use crate::auth::{Rpc, open};
use crate::caller::Role;
use crate::catalogue::ProvisionedCaller;
use crate::content;
use crate::core::Core;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::provisioning::{EdgeValidator, wanted};
use crate::validate;
use map_domain::order::ProvisionedDetail;
use map_domain::{CallerId, ContentDigest};
use map_proto::provisioning::v1::provisioning_service_server::ProvisioningService;
use map_proto::provisioning::v1::{
    self as wire, ApplyRequest, ApplyResponse, GetDirectoryRequest, GetDirectoryResponse,
};
use prost::Message;
use std::ops::Bound;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Provisioning {
    ledger: Arc<Ledger>,
    edge_validator: EdgeValidator,
}

/// What is asked, checked.
enum Asked {
    /// What would change.
    Validate(Wanted),
    /// Apply it: under this key, with this content.
    Apply(Wanted, String, ContentDigest),
}

impl Provisioning {
    pub(super) const fn new(ledger: Arc<Ledger>, edge_validator: EdgeValidator) -> Self {
        Self {
            ledger,
            edge_validator,
        }
    }

    fn core(&self) -> &Core {
        self.ledger.core()
    }

    /// The request, if nothing is wrong with it.
    fn checked(&self, request: ApplyRequest) -> Result<Asked, Failure> {
        let mut errors = Vec::new();
        // Nothing is done with validate_only: there is nothing to give a reason for, and no key is used.
        if !(request.validate_only && request.reason.is_empty()) {
            errors.extend(reason_error(&request.reason).map(|(at, what)| (at.to_owned(), what)));
        }
        let key = match request.validate_only {
            true => None,
            false => match validate::idempotency_key(request.idempotency_key) {
                Ok(key) => Some(key),
                Err(Failure::Malformed(wrong)) => {
                    errors.extend(wrong.into_iter().map(|(at, what)| (at.to_owned(), what)));
                    None
                }
                Err(failure) => return Err(failure),
            },
        };
        let expected = request.expected_revision.map(u64::try_from).transpose();
        if expected.is_err() {
            errors.push(("expected_revision".to_owned(), "expected 0 or more".to_owned()));
        }
        let records = match &request.document {
            None => Err(vec![("document".to_owned(), "is missing".to_owned())]),
            Some(document) => wanted(document, &self.edge_validator),
        };
        match (records, expected) {
            (Ok(records), Ok(expected)) if errors.is_empty() => {
                let document = request.document.unwrap_or_default().encode_to_vec();
                let content = content::provisioning(&document, expected);
                let wanted = Wanted { records, expected };
                Ok(match key {
                    None => Asked::Validate(wanted),
                    Some(key) => Asked::Apply(wanted, key, content),
                })
            }
            (records, _) => {
                errors.extend(records.err().unwrap_or_default());
                Err(Failure::InvalidDocument(errors))
            }
        }
    }
}

#[tonic::async_trait]
impl ProvisioningService for Provisioning {
    async fn apply(&self, request: Request<ApplyRequest>) -> Result<Response<ApplyResponse>, Status> {
        let (call, request) = open(self.core(), request, Rpc::Apply)?;
        let reason = request.reason.clone();
        let (wanted, number, content) = match self.checked(request)? {
            Asked::Apply(wanted, number, content) => (wanted, number, content),
            Asked::Validate(wanted) => {
                let (plan, version) = wanted.compare(self.core()).await?;
                let (changes, revision) = (plan.changes, version.0);
                return Ok(Response::new(response(ProvisionedDetail { changes, revision })));
            }
        };
        let asked = Apply {
            operator: call.caller.id.clone(),
            number,
            id: self.ledger.next_number(),
            content,
            wanted,
        };
        let act = Act {
            action: "apply_provisioning",
            target: "catalogue".to_owned(),
            reason: &reason,
        };
        let applied = audited(self.core(), &call, act, asked.apply(self.core())).await?;
        if let Err(failure) = self.core().refresh_catalogue().await {
            // The watcher reads it within its next round.
            tracing::warn!(?failure, "the new catalogue can't be read yet");
        }
        Ok(Response::new(response(applied)))
    }

    async fn get_directory(
        &self,
        request: Request<GetDirectoryRequest>,
    ) -> Result<Response<GetDirectoryResponse>, Status> {
        let (_, request) = open(self.core(), request, Rpc::GetDirectory)?;
        let (size, after) = page_after(request.page_size, &request.page_token, CallerId::parse)?;
        let catalogue = self.core().catalogue();
        let revision = revision(catalogue.revision);
        if request.known_revision != 0 && request.known_revision == revision {
            return Ok(Response::new(GetDirectoryResponse {
                revision,
                ..GetDirectoryResponse::default()
            }));
        }
        // Those who are deactivated, too: an edge must know them to refuse them, and to let their
        // reversals through.
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let callers = catalogue
            .callers
            .range((after, Bound::Unbounded))
            .filter(|(_, caller)| caller.caller.role.behind_a_gateway())
            .map(|(id, caller)| (id.as_str(), listed(caller)));
        let (callers, next_page_token) = cut(callers, size);
        Ok(Response::new(GetDirectoryResponse {
            revision,
            callers,
            next_page_token,
        }))
    }
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
