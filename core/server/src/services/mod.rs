//! The tonic services: each opens the call (who, may they), checks the message, has the ledger
//! or the catalogue do the work, and answers.
//!
//! What they do not do: decide about money, or know how a failure looks on the wire
//! ([`crate::status`] does).

mod audit;
mod catalog;
mod events;
mod generation;
mod operator;
mod paging;
mod provisioning;
mod trial;
mod wire;

use crate::ledger::Ledger;
use crate::provisioning::EdgeValidator;
use map_proto::catalog::v1::catalog_service_server::CatalogServiceServer;
use map_proto::operator::v1::operator_service_server::OperatorServiceServer;
use map_proto::provisioning::v1::provisioning_service_server::ProvisioningServiceServer;
use std::sync::Arc;
use tonic::service::Routes;

/// A provisioning document may be larger than other messages: at least this many bytes.
const DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// All services of the canonical protos.
pub(crate) fn routes(ledger: &Arc<Ledger>, edge_validator: EdgeValidator, message_bytes: usize) -> Routes {
    let core = ledger.core();
    let catalog = CatalogServiceServer::new(catalog::Catalog::new(Arc::clone(core)));
    let operator = OperatorServiceServer::new(operator::Operator::new(Arc::clone(ledger)));
    let provisioning = provisioning::Provisioning::new(Arc::clone(core), edge_validator);
    let provisioning = ProvisioningServiceServer::new(provisioning);
    Routes::new(catalog.max_decoding_message_size(message_bytes))
        .add_service(operator.max_decoding_message_size(message_bytes))
        .add_service(provisioning.max_decoding_message_size(message_bytes.max(DOCUMENT_BYTES)))
}

/// Reflection over the canonical protos and health; open to everybody, as the protos are.
pub(crate) fn reflection()
-> Result<tonic_reflection::server::v1::ServerReflectionServer<impl tonic_reflection::server::v1::ServerReflection>, tonic_reflection::server::Error>
{
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(map_proto::DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
}
