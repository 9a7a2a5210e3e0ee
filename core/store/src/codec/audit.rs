//! What operators did, and what they should see.

use super::{Flaw, time, wire};
use crate::records::AuditEntry;
use map_domain::{Event, EventKind};

super::body!(AuditEntry, wire::AuditEntry, "audit entry");
super::body!(Event, wire::Event, "event");

impl From<&AuditEntry> for wire::AuditEntry {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            at_ms: entry.at.as_millis(),
            operator: entry.operator.clone(),
            action: entry.action.clone(),
            target: entry.target.clone(),
            reason: entry.reason.clone(),
            outcome: entry.outcome.clone(),
        }
    }
}

impl TryFrom<wire::AuditEntry> for AuditEntry {
    type Error = Flaw;

    fn try_from(entry: wire::AuditEntry) -> Result<Self, Flaw> {
        Ok(Self {
            at: time(entry.at_ms),
            operator: entry.operator,
            action: entry.action,
            target: entry.target,
            reason: entry.reason,
            outcome: entry.outcome,
        })
    }
}

/// The number of an event's kind, as its row has it.
pub(crate) fn event_code(event: EventKind) -> u32 {
    i32::from(kind(event)).unsigned_abs()
}

const fn kind(kind: EventKind) -> wire::EventKind {
    match kind {
        EventKind::ReplayAfterWindow => wire::EventKind::ReplayAfterWindow,
        EventKind::ReversalAfterWindow => wire::EventKind::ReversalAfterWindow,
        EventKind::ReversalOfNonPayment => wire::EventKind::ReversalOfNonPayment,
        EventKind::KeyClosedBeforePayment => wire::EventKind::KeyClosedBeforePayment,
        EventKind::PinBlockUnreadable => wire::EventKind::PinBlockUnreadable,
        EventKind::PaymentCodeLocked => wire::EventKind::PaymentCodeLocked,
        EventKind::IdentityMismatch => wire::EventKind::IdentityMismatch,
    }
}

fn read_kind(number: i32) -> Result<EventKind, Flaw> {
    match wire::EventKind::try_from(number) {
        Ok(wire::EventKind::ReplayAfterWindow) => Ok(EventKind::ReplayAfterWindow),
        Ok(wire::EventKind::ReversalAfterWindow) => Ok(EventKind::ReversalAfterWindow),
        Ok(wire::EventKind::ReversalOfNonPayment) => Ok(EventKind::ReversalOfNonPayment),
        Ok(wire::EventKind::KeyClosedBeforePayment) => Ok(EventKind::KeyClosedBeforePayment),
        Ok(wire::EventKind::PinBlockUnreadable) => Ok(EventKind::PinBlockUnreadable),
        Ok(wire::EventKind::PaymentCodeLocked) => Ok(EventKind::PaymentCodeLocked),
        Ok(wire::EventKind::IdentityMismatch) => Ok(EventKind::IdentityMismatch),
        Ok(wire::EventKind::Unspecified) | Err(_) => Err(Flaw("kind")),
    }
}

impl From<&Event> for wire::Event {
    fn from(event: &Event) -> Self {
        Self {
            kind: kind(event.kind).into(),
            at_ms: event.at.as_millis(),
            target: event.target.clone(),
        }
    }
}

impl TryFrom<wire::Event> for Event {
    type Error = Flaw;

    fn try_from(event: wire::Event) -> Result<Self, Flaw> {
        Ok(Self {
            kind: read_kind(event.kind)?,
            at: time(event.at_ms),
            target: event.target,
        })
    }
}
