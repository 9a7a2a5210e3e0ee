//! The tonic services: each opens the call (who, may they), checks the message, has the ledger
//! or the catalogue do the work, and answers.
//!
//! What they do not do: decide about money, or know how a failure looks on the wire
//! ([`crate::status`] does).

mod account;
mod apply;
mod audit;
mod catalog;
mod catalogue_commit;
mod customer;
mod events;
mod generation;
mod opening;
mod operator;
mod paging;
mod payment;
mod provisioning;
mod shown;
mod transfer;
mod trial;
mod wire;

use crate::layers::DOCUMENT_BYTES;
use crate::ledger::Ledger;
use crate::provisioning::EdgeValidator;
use map_proto::account::v1::account_service_server::AccountServiceServer;
use map_proto::catalog::v1::catalog_service_server::CatalogServiceServer;
use map_proto::customer::v1::customer_service_server::CustomerServiceServer;
use map_proto::opening::v1::opening_service_server::OpeningServiceServer;
use map_proto::operator::v1::operator_service_server::OperatorServiceServer;
use map_proto::payment::v1::payment_service_server::PaymentServiceServer;
use map_proto::provisioning::v1::provisioning_service_server::ProvisioningServiceServer;
use map_proto::transfer::v1::transfer_service_server::TransferServiceServer;
use std::sync::Arc;
use tonic::service::Routes;
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};
use tonic_reflection::server::{Builder, Error};

/// All services of the canonical protos; `bytes` is the largest message they take.
pub(crate) fn routes(ledger: &Arc<Ledger>, edge_validator: EdgeValidator, bytes: usize) -> Routes {
    let core = ledger.core();
    let account = AccountServiceServer::new(account::Accounts::new(Arc::clone(ledger)));
    let catalog = CatalogServiceServer::new(catalog::Catalog::new(Arc::clone(core)));
    let customer = CustomerServiceServer::new(customer::Customers::new(Arc::clone(ledger)));
    let opening = OpeningServiceServer::new(opening::Openings::new(Arc::clone(ledger)));
    let operator = OperatorServiceServer::new(operator::Operator::new(Arc::clone(ledger)));
    let payment = PaymentServiceServer::new(payment::Payments::new(Arc::clone(ledger)));
    let provisioning = provisioning::Provisioning::new(Arc::clone(ledger), edge_validator);
    let provisioning = ProvisioningServiceServer::new(provisioning);
    let transfer = TransferServiceServer::new(transfer::Transfers::new(Arc::clone(ledger)));
    Routes::new(account.max_decoding_message_size(bytes))
        .add_service(catalog.max_decoding_message_size(bytes))
        .add_service(customer.max_decoding_message_size(bytes))
        .add_service(opening.max_decoding_message_size(bytes))
        .add_service(operator.max_decoding_message_size(bytes))
        .add_service(payment.max_decoding_message_size(bytes))
        .add_service(provisioning.max_decoding_message_size(bytes.max(DOCUMENT_BYTES)))
        .add_service(transfer.max_decoding_message_size(bytes))
}

/// Reflection over the canonical protos, error details and health; open to everybody, as the protos are.
pub(crate) fn reflection() -> Result<ServerReflectionServer<impl ServerReflection>, Error> {
    Builder::configure()
        .register_encoded_file_descriptor_set(map_proto::DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
}
