//! What ties partitions, claims and index rows together.
//!
//! A ledger does not fit into memory, and a snapshot is read from end to end only. So each
//! order, account, mobile number and event is kept as a fingerprint of its name, in as many
//! passes as it takes for the fingerprints of one pass to fit.

use super::names::{
    Fingerprint, Share, account_name, claim_name, event_name, fingerprint, mobile_name, mobile_of, order_name,
};
use super::place;
use super::report::{Counts, Danglers, ProblemKind as Kind, Problems};
use crate::codec::{Body, ProofUse};
use crate::keys::{self, NumberRole};
use crate::records::{business_day, closed_order, decode_order, paid_seller, step};
use crate::{
    BulkRow, Claim, ClaimTable, ClaimValue, IndexRow, IndexTable, PartitionId, Row, RowKey, RowKind,
};
use map_domain::{Order, OrderDetail, OrderKey, OrderState, Slot};
use std::collections::HashMap;

/// An order number and its day, where it belongs into a seller's day, and what was found of both.
#[derive(Debug, Clone, Copy)]
struct Numbered {
    id: Fingerprint,
    day: Option<u32>,
    number_found: bool,
    day_found: bool,
}

/// What is known of an order.
#[derive(Debug)]
struct OrderLink {
    partition: Fingerprint,
    content: Option<[u8; 32]>,
    /// Closed without anything having happened: a closed claim says the same.
    closed: bool,
    claim_found: bool,
    claim_needed: bool,
    claim_day: u32,
    own: Numbered,
    step: Option<Numbered>,
}

/// Who has a mobile number by its header, and by the newest claim.
#[derive(Debug)]
struct MobileLink {
    partition: Fingerprint,
    newest: Option<(u32, Fingerprint)>,
}

/// The names of one pass.
#[derive(Debug, Default)]
pub(super) struct Links {
    orders: HashMap<Fingerprint, OrderLink>,
    accounts: HashMap<Fingerprint, bool>,
    mobiles: HashMap<Fingerprint, MobileLink>,
    events: HashMap<Fingerprint, bool>,
}

impl Links {
    /// Takes a row of a partition. What can't be read was reported before.
    pub(super) fn row(&mut self, share: Share, partition: &PartitionId, row: &Row, problems: &mut Problems) {
        match row.key.kind {
            RowKind::Order => self.order(share, partition, row, problems),
            RowKind::Header if matches!(partition, PartitionId::Customer(_)) => {
                self.mobile(share, partition, row, problems);
            }
            RowKind::Account => {
                let name = account_name(partition, &row.key);
                if share.has(name) {
                    self.accounts.insert(name, false);
                }
            }
            RowKind::Outbox => {
                let name = event_name(partition, &row.key);
                if share.has(name) {
                    self.events.insert(name, false);
                }
            }
            RowKind::Header | RowKind::Entry | RowKind::Rule | RowKind::Voucher | RowKind::Item => {}
        }
    }

    fn order(&mut self, share: Share, partition: &PartitionId, row: &Row, problems: &mut Problems) {
        let name = order_name(partition, &row.key.key);
        if !share.has(name) {
            return;
        }
        let Ok(order) = decode_order(partition, row) else {
            return;
        };
        if self
            .orders
            .insert(name, OrderLink::of(partition, &order))
            .is_some()
        {
            problems.add(Kind::NameTwice, place::of_row(partition, &row.key), "");
        }
    }

    fn mobile(&mut self, share: Share, partition: &PartitionId, row: &Row, problems: &mut Problems) {
        let Some(mobile) = mobile_of(row) else { return };
        let name = mobile_name(&mobile);
        let link = MobileLink {
            partition: fingerprint(partition),
            newest: None,
        };
        if share.has(name) && self.mobiles.insert(name, link).is_some() {
            problems.add(
                Kind::NameTwice,
                place::of_row(partition, &row.key),
                "mobile number of two customers",
            );
        }
    }

    /// Takes a claim.
    pub(super) fn claim(
        &mut self,
        share: Share,
        claim: &Claim,
        found: (&mut Counts, &mut Danglers),
        problems: &mut Problems,
    ) {
        let (counts, danglers) = found;
        let name = claim_name(claim).unwrap_or_else(|| fingerprint(&claim.key));
        if !share.has(name) {
            return;
        }
        if !readable(claim) {
            problems.add(Kind::Damaged, place::of_claim(&claim.key), "not such a key");
            return;
        }
        match &claim.value {
            ClaimValue::Bound {
                partition,
                content,
                business_day,
            } => {
                counts.bound_claims = counts.bound_claims.saturating_add(1);
                match claim.key.table {
                    ClaimTable::Pos | ClaimTable::CallerOrder => {
                        let says = (partition, &content.0, *business_day);
                        self.order_claim(name, claim, says, danglers, problems);
                    }
                    ClaimTable::Account => match self.accounts.get_mut(&name) {
                        Some(claimed) => *claimed = true,
                        None => danglers.account_claims = danglers.account_claims.saturating_add(1),
                    },
                    ClaimTable::Mobile => self.mobile_claim(name, claim, partition, danglers),
                    ClaimTable::Secret if *partition == PartitionId::Catalogue => {}
                    ClaimTable::Secret => {
                        let at = place::of_claim(&claim.key);
                        problems.add(Kind::ClaimMisplaced, at, "the secret is the whole ledger's");
                    }
                    ClaimTable::Proof => {
                        let at = place::of_claim(&claim.key);
                        problems.add(Kind::ClaimMisplaced, at, "a proof says what it was used for");
                    }
                }
            }
            ClaimValue::Closed(used) if claim.key.table == ClaimTable::Proof => {
                // Its order may be there or not: a refusal that is not durable uses a proof up, too.
                counts.proofs = counts.proofs.saturating_add(1);
                if let Err(error) = ProofUse::from_body(used) {
                    problems.add(Kind::Damaged, place::of_claim(&claim.key), error.to_string());
                }
            }
            ClaimValue::Closed(_) => {
                counts.closed_claims = counts.closed_claims.saturating_add(1);
                self.closed_claim(name, claim, problems);
            }
        }
    }

    fn order_claim(
        &mut self,
        name: Fingerprint,
        claim: &Claim,
        (partition, content, day): (&PartitionId, &[u8; 32], u32),
        danglers: &mut Danglers,
        problems: &mut Problems,
    ) {
        // What sends an SMS code is kept in the mobile number's header, for a day.
        if matches!(partition, PartitionId::Sms(_)) {
            return;
        }
        match self.orders.get_mut(&name) {
            Some(order) if order.partition == fingerprint(partition) => {
                order.claim_found = true;
                order.claim_day = day;
                if order.content.is_some_and(|asked| asked != *content) {
                    problems.add(
                        Kind::ClaimContent,
                        place::of_claim(&claim.key),
                        format!("{partition:?}"),
                    );
                }
            }
            Some(_) | None => danglers.order_claims = danglers.order_claims.saturating_add(1),
        }
    }

    fn mobile_claim(
        &mut self,
        name: Fingerprint,
        claim: &Claim,
        partition: &PartitionId,
        danglers: &mut Danglers,
    ) {
        let owner = fingerprint(partition);
        let generation = keys::parse_mobile_claim(&claim.key.key).map_or(0, |(_, generation)| generation);
        let Some(mobile) = self.mobiles.get_mut(&name) else {
            danglers.mobile_claims = danglers.mobile_claims.saturating_add(1);
            return;
        };
        if mobile.partition != owner {
            danglers.mobile_claims = danglers.mobile_claims.saturating_add(1);
        }
        if mobile.newest.is_none_or(|(newest, _)| newest < generation) {
            mobile.newest = Some((generation, owner));
        }
    }

    fn closed_claim(&mut self, name: Fingerprint, claim: &Claim, problems: &mut Problems) {
        let at = || place::of_claim(&claim.key);
        let key = match claim.key.table {
            ClaimTable::Pos | ClaimTable::CallerOrder => keys::parse_order(&claim.key.key),
            ClaimTable::Account | ClaimTable::Mobile | ClaimTable::Secret | ClaimTable::Proof => {
                problems.add(Kind::ClaimMisplaced, at(), "only an order's key is ever closed");
                return;
            }
        };
        match closed_order(&claim.value) {
            Ok(Some(order)) if key.as_ref().is_some_and(|key| same_key(key, &order.key)) => {}
            Ok(_) => problems.add(Kind::ClaimMisplaced, at(), "its outcome is another key's"),
            Err(error) => problems.add(Kind::Damaged, at(), error.to_string()),
        }
        if let Some(order) = self.orders.get_mut(&name)
            && order.closed
        {
            order.claim_found = true;
        }
    }

    /// Takes an index row.
    pub(super) fn index(
        &mut self,
        share: Share,
        row: &IndexRow,
        found: (&mut Counts, &mut Danglers),
        problems: &mut Problems,
    ) {
        let (counts, danglers) = found;
        let outbox = row.key.table == IndexTable::Outbox;
        let name = if outbox {
            event_name(&row.partition, &row.row)
        } else {
            order_name(&row.partition, &row.row.key)
        };
        if !share.has(name) {
            return;
        }
        counts.index_rows = counts.index_rows.saturating_add(1);
        let order = self
            .orders
            .get_mut(&name)
            .filter(|order| row.row.kind == RowKind::Order && order.partition == fingerprint(&row.partition));
        let explained = match row.key.table {
            IndexTable::Outbox => outbox_row(self.events.get_mut(&name), row, danglers),
            IndexTable::OrderNumber => number_row(order, row, danglers),
            IndexTable::SellerDay => day_row(order, row, danglers),
        };
        if !explained {
            problems.add(
                Kind::IndexMisplaced,
                place::of_index(&row.key),
                format!("{:?}", row.partition),
            );
        }
    }

    /// What of these names lacks something; empty: nothing does.
    pub(super) fn lacking(self) -> Lacking {
        let mut lacking = HashMap::new();
        for (name, order) in self.orders {
            let numbered = || std::iter::once(&order.own).chain(&order.step);
            let kinds = [
                (order.claim_needed && !order.claim_found, Kind::ClaimMissing),
                (
                    numbered().any(|number| !number.number_found),
                    Kind::OrderNumberMissing,
                ),
                (
                    numbered().any(|number| number.day.is_some() && !number.day_found),
                    Kind::SellerDayMissing,
                ),
            ];
            lack(
                &mut lacking,
                name,
                kinds
                    .into_iter()
                    .filter_map(|(lacks, kind)| lacks.then_some(kind)),
            );
        }
        for (name, _) in self.accounts.into_iter().filter(|(_, claimed)| !claimed) {
            lack(&mut lacking, name, [Kind::ClaimMissing]);
        }
        for (name, mobile) in self.mobiles {
            if mobile.newest.is_none_or(|(_, owner)| owner != mobile.partition) {
                lack(&mut lacking, name, [Kind::ClaimMissing]);
            }
        }
        for (name, _) in self.events.into_iter().filter(|(_, shown)| !shown) {
            lack(&mut lacking, name, [Kind::OutboxMissing]);
        }
        Lacking(lacking)
    }
}

/// What lacks something, by fingerprint.
#[derive(Debug)]
pub(super) struct Lacking(HashMap<Fingerprint, Vec<Kind>>);

impl Lacking {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reports a row that lacks something, by its name.
    pub(super) fn row(&self, row: &BulkRow, problems: &mut Problems) {
        let BulkRow::Row { partition, row } = row else {
            return;
        };
        let name = match row.key.kind {
            RowKind::Order => Some(order_name(partition, &row.key.key)),
            RowKind::Account => Some(account_name(partition, &row.key)),
            RowKind::Outbox => Some(event_name(partition, &row.key)),
            RowKind::Header => mobile_of(row).map(|mobile| mobile_name(&mobile)),
            RowKind::Entry | RowKind::Rule | RowKind::Voucher | RowKind::Item => None,
        };
        for kind in name.and_then(|name| self.0.get(&name)).into_iter().flatten() {
            problems.add(*kind, place::of_row(partition, &row.key), "");
        }
    }
}

fn lack(
    lacking: &mut HashMap<Fingerprint, Vec<Kind>>,
    name: Fingerprint,
    kinds: impl IntoIterator<Item = Kind>,
) {
    for kind in kinds {
        lacking.entry(name).or_default().push(kind);
    }
}

impl OrderLink {
    fn of(partition: &PartitionId, order: &Order) -> Self {
        let paid = paid_seller(order).is_some();
        let numbered = |id: &map_domain::OrderId, at| Numbered {
            id: fingerprint(id),
            day: paid.then(|| business_day(at)),
            number_found: false,
            day_found: false,
        };
        let closed = order.state == OrderState::Closed;
        // A reversal closes a key without knowing what will be asked under it.
        let content = (!closed && order.detail != OrderDetail::Closure).then_some(order.content.0);
        Self {
            partition: fingerprint(partition),
            content,
            closed,
            claim_found: false,
            claim_needed: !matches!(order.key, OrderKey::Pos(_, Slot::Query)),
            claim_day: 0,
            own: numbered(&order.id, order.at),
            step: step(order).map(|step| numbered(&step.id, step.at)),
        }
    }
}

/// Whether the row is where its event belongs; notes the event as shown.
fn outbox_row(event: Option<&mut bool>, row: &IndexRow, danglers: &mut Danglers) -> bool {
    let place = keys::outbox_of_row(&row.partition, &row.row);
    match event {
        Some(shown) if place.as_ref() == Some(&row.key) => *shown = true,
        Some(_) => return false,
        None => danglers.outbox = danglers.outbox.saturating_add(1),
    }
    place.is_some()
}

/// Whether the row points where its place says.
fn is((partition, key): &(PartitionId, RowKey), row: &IndexRow) -> bool {
    *partition == row.partition && *key == row.row
}

/// Whether the row is a readable number; notes it where the order carries it.
fn number_row(order: Option<&mut OrderLink>, row: &IndexRow, danglers: &mut Danglers) -> bool {
    let Some((id, role, target)) = keys::parse_order_number(&row.key.key) else {
        return false;
    };
    if !is(&target, row) {
        return false;
    }
    let numbered = order.and_then(|order| match role {
        NumberRole::Own => Some(&mut order.own),
        NumberRole::Step => order.step.as_mut(),
    });
    match numbered.filter(|numbered| numbered.id == fingerprint(&id)) {
        Some(numbered) => numbered.number_found = true,
        None => danglers.order_numbers = danglers.order_numbers.saturating_add(1),
    }
    row.row.kind == RowKind::Order
}

/// Whether the row is in its own seller's day; notes it where the order belongs there.
fn day_row(order: Option<&mut OrderLink>, row: &IndexRow, danglers: &mut Danglers) -> bool {
    let Some((seller, day, id, target)) = keys::parse_seller_day(&row.key.key) else {
        return false;
    };
    if !is(&target, row) {
        return false;
    }
    let id = fingerprint(&id);
    let numbered = order.and_then(|order| {
        let claimed = order.claim_day;
        if order.own.id == id
            && order
                .own
                .day
                .is_some_and(|own| own == day || (claimed != 0 && claimed == day))
        {
            Some(&mut order.own)
        } else {
            order
                .step
                .as_mut()
                .filter(|step| step.id == id && step.day == Some(day))
        }
    });
    match numbered {
        Some(numbered) => numbered.day_found = true,
        None => danglers.seller_days = danglers.seller_days.saturating_add(1),
    }
    match keys::parse_order(&row.row.key) {
        Some(OrderKey::Pos(key, _)) => key.seller == seller && row.row.kind == RowKind::Order,
        Some(OrderKey::Caller { .. }) | None => false,
    }
}

fn readable(claim: &Claim) -> bool {
    let key = &claim.key.key;
    match claim.key.table {
        ClaimTable::Pos => matches!(keys::parse_order(key), Some(OrderKey::Pos(..))),
        ClaimTable::CallerOrder => matches!(keys::parse_order(key), Some(OrderKey::Caller { .. })),
        ClaimTable::Account => keys::parse_account_claim(key).is_some(),
        ClaimTable::Mobile => keys::parse_mobile_claim(key).is_some(),
        ClaimTable::Secret => key.is_empty(),
        ClaimTable::Proof => keys::parse_proof_claim(key).is_some(),
    }
}

/// One outcome may close all slots of a terminal's key.
fn same_key(claimed: &OrderKey, closed: &OrderKey) -> bool {
    match (claimed, closed) {
        (OrderKey::Pos(claimed, _), OrderKey::Pos(closed, _)) => claimed == closed,
        (OrderKey::Caller { .. } | OrderKey::Pos(..), _) => claimed == closed,
    }
}
