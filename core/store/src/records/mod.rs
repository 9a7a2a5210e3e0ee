//! What the services read and write, as values: loads and their answers, commits from
//! decisions, claims, the catalogue, events and the audit trail.
//!
//! What this module does not do: decide, or try again. A commit that was not applied is the
//! caller's to decide anew.

mod catalogue;
mod claims;
mod commit;
mod index;
mod load;
mod numbers;
mod resolve;
mod stream;

pub use catalogue::{
    CallerRecord, CallerRole, CatalogueItem, CatalogueRecords, CatalogueSettings, decode_catalogue,
    load_catalogue,
};
pub use claims::{
    account_claim, bound_to, closed_claim, closed_order, mobile_claim, order_claim, proof_claim, secret_claim,
};
pub use commit::CommitBuilder;
pub use index::{business_day, index_rows};
pub(crate) use index::{paid_seller, step};
pub use load::{decode_order, decode_sms, decode_state, load_for};
pub use numbers::{FoundOrder, find_by_number};
pub use resolve::{MobileOwner, owner_of_account, owner_of_mobile};
pub use stream::{
    AuditEntry, append_audit_entries, append_event, audit_commit, list_audit_entries, list_events,
};

#[cfg(test)]
mod tests;
