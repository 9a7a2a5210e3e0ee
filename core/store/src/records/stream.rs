//! Events and the audit trail: written in time, read newest first.
//!
//! An event about a customer is a row of the customer's partition; one without a customer is a
//! row of its target's [`keys::events`]. Both have a place in the outbox index, where an operator reads all
//! of them. What operators did is in [`keys::operator_acts`].

use super::load::decoded;
use crate::codec::{Body, event_code};
use crate::{
    Commit, CommitOutcome, IndexKey, IndexRow, IndexTable, Load, Page, PageOrder, Row, RowKind, RowWrite,
    Store, StoreError, StoreResult, Version, keys,
};
use bytes::Bytes;
use map_domain::{Event, Timestamp};

/// What an operator did, or tried to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub operator: String,
    /// Which act, such as `freeze_account`.
    pub action: String,
    /// On what, without personal data.
    pub target: String,
    /// Why, as the operator wrote it.
    pub reason: String,
    /// `done`, or why it was refused.
    pub outcome: String,
}

/// The commit that adds to the audit trail, where its partition has this version.
pub fn audit_commit(expected: Version, entries: &[AuditEntry]) -> Commit {
    let version = expected.next().0;
    let rows = (0_u32..)
        .zip(entries)
        .map(|(place, entry)| {
            let key = keys::stream_row(RowKind::Item, entry.at, version, place);
            RowWrite::Insert(Row {
                key,
                body: entry.to_body(),
            })
        })
        .collect();
    Commit {
        partition: keys::operator_acts(),
        expected,
        rows,
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}

/// How often an event is tried to be added: who reports one has a caller that waits.
const EVENT_ROUNDS: usize = 4;

/// How often an append is tried against other writers.
const ROUNDS: usize = 64;

/// Adds an event without a customer, once: where there is one of this target, time and kind,
/// nothing is written.
///
/// # Errors
/// As the store's, after a few rounds. The event may be there all the same; to add it again is safe.
pub async fn append_event(store: &dyn Store, event: &Event) -> StoreResult<()> {
    let mut failed = StoreError::NotApplied("others were faster".to_owned());
    for _ in 0..EVENT_ROUNDS {
        match try_to_append(store, event).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(damaged @ StoreError::Damaged(_)) => return Err(damaged),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Whether the event is there now.
async fn try_to_append(store: &dyn Store, event: &Event) -> StoreResult<bool> {
    let partition = keys::events(&event.target);
    let key = keys::event_row(event.at, event_code(event.kind));
    let load = Load {
        kinds: Vec::new(),
        keys: vec![key.clone()],
    };
    let loaded = store.load(&partition, load).await?;
    if !loaded.rows.is_empty() {
        return Ok(true);
    }
    let place = IndexRow {
        key: keys::outbox(event.at, &partition, &key),
        partition: partition.clone(),
        row: key.clone(),
    };
    let row = Row {
        key,
        body: event.to_body(),
    };
    let commit = Commit {
        partition,
        expected: loaded.version,
        rows: vec![RowWrite::Insert(row)],
        claims: Vec::new(),
        index: vec![place],
        business_day: None,
    };
    match store.commit(commit).await? {
        CommitOutcome::Applied(_) | CommitOutcome::RowExists(_) => Ok(true),
        CommitOutcome::Stale | CommitOutcome::ClaimHeld { .. } => Ok(false),
    }
}

/// Adds to the audit trail, after whatever others add at the same time.
///
/// # Errors
/// As the store's. After [`StoreError::OutcomeUnknown`] an entry may be there; to add it again
/// shows it twice, which harms nobody.
pub async fn append_audit_entries(store: &dyn Store, entries: &[AuditEntry]) -> StoreResult<()> {
    append(store, |version| audit_commit(version, entries)).await
}

async fn append(store: &dyn Store, build: impl Fn(Version) -> Commit) -> StoreResult<()> {
    let partition = build(Version::NONE).partition;
    for _ in 0..ROUNDS {
        let version = store.load(&partition, Load::default()).await?.version;
        match store.commit(build(version)).await? {
            CommitOutcome::Applied(_) => return Ok(()),
            CommitOutcome::Stale | CommitOutcome::RowExists(_) | CommitOutcome::ClaimHeld { .. } => {}
        }
    }
    Err(StoreError::NotApplied(format!(
        "{partition:?}: others were faster {ROUNDS} times"
    )))
}

/// The audit trail, newest first, strictly after a place, and the place to go on from.
///
/// # Errors
/// As the store's; [`StoreError::Damaged`] where an entry can't be read.
pub async fn list_audit_entries(
    store: &dyn Store,
    after: Option<Bytes>,
    limit: usize,
) -> StoreResult<(Vec<AuditEntry>, Option<Bytes>)> {
    let page = Page {
        kind: RowKind::Item,
        after,
        order: PageOrder::Descending,
        limit,
    };
    let rows = store.page(&keys::operator_acts(), page).await?;
    let next = if rows.len() < limit {
        None
    } else {
        rows.last().map(|row| row.key.key.clone())
    };
    let entries = rows
        .iter()
        .map(|row| decoded(&row.body, || "audit trail".to_owned()));
    Ok((entries.collect::<StoreResult<_>>()?, next))
}

/// All events, newest first, strictly after a place, and the place to go on from. A place in
/// the index without its row is passed over.
///
/// # Errors
/// As [`list_audit_entries`].
pub async fn list_events(
    store: &dyn Store,
    after: Option<Bytes>,
    limit: usize,
) -> StoreResult<(Vec<Event>, Option<Bytes>)> {
    let after = after.map(|key| IndexKey {
        table: IndexTable::Outbox,
        key,
    });
    let places = store
        .scan_index(IndexTable::Outbox, &[], after.as_ref(), limit)
        .await?;
    let next = if places.len() < limit {
        None
    } else {
        places.last().map(|place| place.key.key.clone())
    };
    let mut events = Vec::new();
    for place in places {
        let load = Load {
            kinds: Vec::new(),
            keys: vec![place.row.clone()],
        };
        let loaded = store.load(&place.partition, load).await?;
        for row in loaded.rows.iter().filter(|row| row.key == place.row) {
            events.push(decoded(&row.body, || format!("{:?}", place.partition))?);
        }
    }
    Ok((events, next))
}
