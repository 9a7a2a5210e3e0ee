//! The audit trail of operators' acts: one entry before an act (`begun`) and one after it
//! (`done`, or why it was refused).
//!
//! Two entries and not one, because the trail is another partition than what the act
//! changes: an act without a trace can't be, a trace without an act can, and says `begun`. An
//! act whose first entry can't be written is not begun.

use crate::auth::Call;
use crate::core::Core;
use crate::failure::Failure;
use crate::status::reason_of;
use map_store::records::{AuditEntry, append_audit_entries};
use std::future::Future;

/// Longest reason, in bytes.
const MAX_REASON: usize = 512;

/// What is about to be done.
pub(super) struct Act<'a> {
    /// Such as `freeze_account`.
    pub(super) action: &'static str,
    /// On what, without personal data.
    pub(super) target: String,
    /// Why, as the operator wrote it.
    pub(super) reason: &'a str,
}

/// What is wrong with a reason, if anything.
pub(super) fn reason_error(reason: &str) -> Option<(&'static str, String)> {
    let good =
        !reason.trim().is_empty() && reason.len() <= MAX_REASON && !reason.chars().any(char::is_control);
    (!good).then(|| {
        (
            "reason",
            "expected 1 to 512 bytes without control characters".to_owned(),
        )
    })
}

/// Does the act between its two entries.
///
/// # Errors
/// [`Failure::Unavailable`] where the act was not begun; else what the act says.
pub(super) async fn audited<T>(
    core: &Core,
    call: &Call,
    act: Act<'_>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let entry = |outcome: &str| AuditEntry {
        at: core.clock.now(),
        operator: call.caller.id.to_string(),
        action: act.action.to_owned(),
        target: act.target.clone(),
        reason: act.reason.to_owned(),
        outcome: outcome.to_owned(),
    };
    if let Err(error) = append_audit_entries(&*core.store, &[entry("begun")]).await {
        tracing::warn!(%error, "the audit trail can't be written; the act is not begun");
        return Err(Failure::Unavailable);
    }
    let done = work.await;
    let outcome = done.as_ref().map_or_else(reason_of, |_| "done");
    tracing::info!(operator = %call.caller.id, action = act.action, target = act.target, outcome, "operator's act");
    if let Err(error) = append_audit_entries(&*core.store, &[entry(outcome)]).await {
        // The trail says `begun`, which is true; the act itself stands.
        tracing::error!(%error, action = act.action, target = act.target, outcome, "an outcome is missing in the audit trail");
    }
    done
}
