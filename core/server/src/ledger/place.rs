//! Where a terminal's request comes from, as the catalogue knows it.

use super::Ledger;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::validate::TerminalKey;
use map_domain::{NetworkId, PosKey, StoreId};

/// A terminal's place at the time of a request. One view for all its attempts.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The POS key with the terminal's generation.
    pub(super) key: PosKey,
    /// The terminal's network.
    pub(super) network: NetworkId,
    /// The store it stands in, or stood in last.
    store: StoreId,
    /// Whether the seller accepts payments.
    pub(super) seller_active: bool,
    /// Whether the terminal accepts payments.
    pub(super) terminal_active: bool,
}

impl Ledger {
    /// The place of this terminal: one that is or ever was the seller's (decision 17).
    pub(super) fn place(&self, key: &TerminalKey) -> Result<Place, Failure> {
        let catalogue = self.core.catalogue();
        let seller = catalogue
            .sellers
            .get(&key.seller)
            .ok_or(Failure::TerminalUnknown)?;
        // A terminal that moved stands in two stores of the provisioned history; the active one counts.
        let standing = || {
            seller.stores.iter().flat_map(|store| {
                store
                    .terminals
                    .iter()
                    .filter(|terminal| terminal.id == key.terminal)
                    .map(move |t| (store, t))
            })
        };
        let current = standing().find(|(store, terminal)| store.active && terminal.active);
        let (store, terminal) = current
            .or_else(|| standing().next())
            .ok_or(Failure::TerminalUnknown)?;
        Ok(Place {
            key: PosKey {
                seller: key.seller.clone(),
                terminal: key.terminal.clone(),
                generation: terminal.generation,
                batch: key.batch.clone(),
                serial: key.serial.clone(),
            },
            network: terminal.network.clone(),
            store: store.id.clone(),
            seller_active: seller.active,
            terminal_active: current.is_some(),
        })
    }
}

impl Place {
    /// Refuses a caller that may not act for the terminal's network.
    pub(super) fn require_network(&self, caller: &Caller) -> Result<(), Failure> {
        if caller.acts_for(&self.network) {
            Ok(())
        } else {
            Err(Failure::NetworkNotAllowed)
        }
    }

    /// Refuses a store the terminal does not stand in.
    pub(super) fn require_store(&self, store: &StoreId) -> Result<(), Failure> {
        if self.store == *store {
            Ok(())
        } else {
            Err(Failure::TerminalUnknown)
        }
    }
}
