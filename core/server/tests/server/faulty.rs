//! The store with faults by script: what it may do to those who call it, one after the other.

use map_store::faulty::{Call, Choose, Fault};
use map_store::{PartitionId, keys};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The store in memory, with faults as they are scripted.
pub(crate) type FaultyStore = map_store::faulty::FaultyStore<Script>;

/// Applied before the next commit or claim arrives, not now, and nobody knows.
pub(crate) const UNKNOWN_LATE: Fault = Fault::UnknownLate(1);

/// What becomes of the next commits of a customer's or a mobile number's partition, of an event's, or of the
/// catalogue's, and of the next claims.
#[derive(Default)]
pub(crate) struct Script {
    customers: Mutex<VecDeque<Fault>>,
    sms: Mutex<VecDeque<Fault>>,
    events: Mutex<VecDeque<Fault>>,
    catalogue: Mutex<VecDeque<Fault>>,
    claims: Mutex<VecDeque<Fault>>,
    /// No commit is taken, and the store says so.
    pub(crate) sick: AtomicBool,
}

impl Script {
    /// The next commits of customers meet these, one each; later ones nothing.
    pub(crate) fn script(&self, faults: &[Fault]) {
        *self.customers.lock().unwrap() = faults.iter().copied().collect();
    }

    /// The next commits of SMS codes meet these, one each; later ones nothing.
    pub(crate) fn script_sms(&self, faults: &[Fault]) {
        *self.sms.lock().unwrap() = faults.iter().copied().collect();
    }

    /// The next commits of events without a customer meet these, one each; later ones nothing.
    pub(crate) fn script_events(&self, faults: &[Fault]) {
        *self.events.lock().unwrap() = faults.iter().copied().collect();
    }

    /// The next commits of the catalogue meet these, one each; later ones nothing.
    pub(crate) fn script_catalogue(&self, faults: &[Fault]) {
        *self.catalogue.lock().unwrap() = faults.iter().copied().collect();
    }

    /// The next claims that are asked for by themselves meet these, one each; later ones nothing.
    pub(crate) fn script_claims(&self, faults: &[Fault]) {
        *self.claims.lock().unwrap() = faults.iter().copied().collect();
    }

    /// How many scripted faults were not met yet.
    pub(crate) fn unmet(&self) -> usize {
        [
            &self.customers,
            &self.sms,
            &self.events,
            &self.catalogue,
            &self.claims,
        ]
        .map(|script| script.lock().unwrap().len())
        .iter()
        .sum()
    }
}

impl Choose for Script {
    fn fault(&self, call: Call<'_>) -> Fault {
        let script = match call {
            Call::Read => return Fault::Fine,
            Call::Commit(_) | Call::Claim(_) if self.sick.load(Ordering::SeqCst) => return Fault::NotApplied,
            Call::Claim(_) => &self.claims,
            Call::Commit(commit) => match &commit.partition {
                PartitionId::Customer(_) => &self.customers,
                PartitionId::Sms(_) => &self.sms,
                PartitionId::Catalogue => &self.catalogue,
                events @ PartitionId::Audit(_) if *events != keys::operator_acts() => &self.events,
                _ => return Fault::Fine,
            },
        };
        script.lock().unwrap().pop_front().unwrap_or(Fault::Fine)
    }

    fn is_well(&self) -> bool {
        !self.sick.load(Ordering::SeqCst)
    }
}
