//! Where a terminal's request comes from, as the catalogue knows it.

use super::Ledger;
use super::tries::Halt;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::validate::TerminalKey;
use map_domain::{NetworkId, Order, OrderDetail, PosKey, StoreId};

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
        let place = catalogue
            .terminal(&key.seller, &key.terminal)
            .ok_or(Failure::TerminalUnknown)?;
        Ok(Place {
            key: PosKey {
                seller: key.seller.clone(),
                terminal: key.terminal.clone(),
                generation: place.terminal.generation,
                batch: key.batch.clone(),
                serial: key.serial.clone(),
            },
            network: place.terminal.network.clone(),
            store: place.store.id.clone(),
            seller_active: place.seller.active,
            terminal_active: place.terminal_active(),
        })
    }
}

impl Place {
    /// Refuses a caller that may not act for the terminal's network.
    pub(super) fn require_network(&self, caller: &Caller) -> Result<(), Failure> {
        self.require_visible(None, caller)
    }

    /// Refuses to show, give back or fence what is another network's (decision 16). An order
    /// that names no network, and no order, are of the terminal's.
    pub(super) fn require_visible(&self, order: Option<&Order>, caller: &Caller) -> Result<(), Failure> {
        let named = order.and_then(|order| match &order.detail {
            OrderDetail::Payment(payment) => Some(&payment.network),
            OrderDetail::Cancellation(cancellation) => Some(&cancellation.network),
            OrderDetail::Opening(_)
            | OrderDetail::Transfer(_)
            | OrderDetail::Closure
            | OrderDetail::Act
            | OrderDetail::GenerationRaised(_)
            | OrderDetail::Provisioned(_) => None,
        });
        if caller.acts_for(named.unwrap_or(&self.network)) {
            Ok(())
        } else {
            Err(Failure::NetworkNotAllowed)
        }
    }

    /// Refuses to answer with an order of another network, but never whoever made it: its repeat is told what
    /// became of it, though its network was withdrawn since.
    pub(super) fn require_answerable(&self, order: &Order, caller: &Caller) -> Result<(), Halt> {
        if order.caller == caller.id {
            return Ok(());
        }
        self.require_visible(Some(order), caller).map_err(Halt::Final)
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
