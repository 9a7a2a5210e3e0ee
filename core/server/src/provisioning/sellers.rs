//! The sellers of a document with their stores and terminals.

use super::errors::Errors;
use map_domain::catalogue::{Seller, Store, Terminal};
use map_domain::{NetworkId, SellerId, StoreId, TerminalId};
use map_proto::catalog::v1 as wire;
use std::collections::BTreeSet;

/// The generation of a terminal that nobody has replaced or reset.
const FIRST_GENERATION: u32 = 1;

/// The sellers; what is wrong with them goes to `errors`.
pub(super) fn sellers(
    sellers: &[wire::Seller],
    networks: &BTreeSet<&str>,
    errors: &mut Errors,
) -> Vec<Seller> {
    let ids = sellers
        .iter()
        .enumerate()
        .map(|(n, seller)| (format!("sellers[{n}]"), &seller.seller_id));
    errors.unique(ids, "the same identifier");
    let read = |(n, seller): (usize, &wire::Seller)| one(&format!("sellers[{n}]"), seller, networks, errors);
    sellers.iter().enumerate().filter_map(read).collect()
}

fn one(at: &str, seller: &wire::Seller, networks: &BTreeSet<&str>, errors: &mut Errors) -> Option<Seller> {
    let id = errors.id(&format!("{at}.seller_id"), &seller.seller_id, SellerId::parse);
    errors.text(&format!("{at}.name"), &seller.name, false);
    let ids = seller
        .stores
        .iter()
        .enumerate()
        .map(|(n, store)| (format!("{at}.stores[{n}]"), &store.store_id));
    errors.unique(ids, "the same identifier");
    errors.unique(
        seller.stores.iter().enumerate().flat_map(|(s, store)| {
            let terminals = store.terminals.iter().enumerate();
            terminals
                .map(move |(t, terminal)| (format!("{at}.stores[{s}].terminals[{t}]"), &terminal.terminal_id))
        }),
        "the same identifier, which is unique for the seller,",
    );
    let mut stores = Vec::new();
    for (n, store) in seller.stores.iter().enumerate() {
        let at = format!("{at}.stores[{n}]");
        errors.text(&format!("{at}.name"), &store.name, false);
        let id = errors.id(&format!("{at}.store_id"), &store.store_id, StoreId::parse);
        let terminals = terminals(&at, store, networks, errors);
        stores.extend(id.map(|id| Store {
            id,
            name: store.name.clone(),
            active: true,
            terminals,
        }));
    }
    Some(Seller {
        id: id?,
        name: seller.name.clone(),
        active: seller.active,
        stores,
    })
}

fn terminals(at: &str, store: &wire::Store, networks: &BTreeSet<&str>, errors: &mut Errors) -> Vec<Terminal> {
    let mut read = Vec::new();
    for (n, terminal) in store.terminals.iter().enumerate() {
        let at = format!("{at}.terminals[{n}]");
        let id = errors.id(
            &format!("{at}.terminal_id"),
            &terminal.terminal_id,
            TerminalId::parse,
        );
        let network = errors.id(
            &format!("{at}.network_id"),
            &terminal.network_id,
            NetworkId::parse,
        );
        errors.require(
            networks.contains(terminal.network_id.as_str()),
            &format!("{at}.network_id"),
            "no POS network of this document has this identifier",
        );
        errors.require(
            terminal.generation == 0,
            &format!("{at}.generation"),
            "is raised by an operator, not set here",
        );
        if let (Some(id), Some(network)) = (id, network) {
            read.push(Terminal {
                id,
                network,
                active: terminal.active,
                generation: FIRST_GENERATION,
            });
        }
    }
    read
}

/// What a seller becomes: as the document says, with every generation kept, and what the
/// document no longer names deactivated. A terminal that moved to another store of the seller
/// is in the new one only.
pub(super) fn merged(stored: &Seller, wanted: &Seller) -> Seller {
    let mut merged = wanted.clone();
    let named: BTreeSet<&TerminalId> = wanted
        .stores
        .iter()
        .flat_map(|s| &s.terminals)
        .map(|t| &t.id)
        .collect();
    for old in &stored.stores {
        let gone = old
            .terminals
            .iter()
            .filter(|terminal| !named.contains(&terminal.id));
        let gone = gone.map(|terminal| Terminal {
            active: false,
            ..terminal.clone()
        });
        match merged.stores.iter_mut().find(|store| store.id == old.id) {
            Some(store) => store.terminals.extend(gone),
            None => {
                let terminals = gone.collect();
                merged.stores.push(Store {
                    active: false,
                    terminals,
                    ..old.clone()
                });
            }
        }
    }
    for terminal in merged.stores.iter_mut().flat_map(|store| &mut store.terminals) {
        let before = stored
            .stores
            .iter()
            .flat_map(|store| &store.terminals)
            .find(|old| old.id == terminal.id);
        if let Some(before) = before {
            terminal.generation = before.generation;
        }
    }
    // One order whatever the document's: the same document again changes nothing.
    merged.stores.sort_by(|one, other| one.id.cmp(&other.id));
    for store in &mut merged.stores {
        store.terminals.sort_by(|one, other| one.id.cmp(&other.id));
    }
    merged
}

/// A seller that the document does not name.
pub(super) fn retired(stored: &Seller) -> Seller {
    let nothing = Seller {
        active: false,
        stores: Vec::new(),
        ..stored.clone()
    };
    merged(stored, &nothing)
}
