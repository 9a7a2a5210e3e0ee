//! How many connections each source address has.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Of an IPv6 address the network counts: whoever has one address has all of its /64.
const NETWORK: u128 = !0 << 64;

/// The connections of a listener by where they come from.
pub(super) struct Addresses {
    most: usize,
    open: Mutex<HashMap<IpAddr, Open>>,
}

/// The connections of one address.
#[derive(Default)]
struct Open {
    count: usize,
    /// Whether one was refused since the first of them came: it is told once.
    refused: bool,
}

/// A connection's part of what its address may have; given back with it.
pub(super) struct Entry {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

/// An address has as many connections as it may.
pub(super) struct Crowded {
    /// Whether this was not told before.
    pub(super) news: bool,
}

impl Addresses {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            open: Mutex::default(),
        })
    }

    /// One more from this address.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Entry, Crowded> {
        let address = counted(address);
        let mut all = self.lock();
        let open = all.entry(address).or_default();
        if open.count >= self.most {
            let news = !std::mem::replace(&mut open.refused, true);
            return Err(Crowded { news });
        }
        open.count = open.count.saturating_add(1);
        drop(all);
        Ok(Entry {
            addresses: Arc::clone(self),
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut all = self.addresses.lock();
        let Some(open) = all.get_mut(&self.address) else {
            return;
        };
        open.count = open.count.saturating_sub(1);
        if open.count == 0 {
            all.remove(&self.address);
        }
    }
}

/// What is counted together. IPv4 in IPv6 counts as IPv4.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_no_more_until_it_gives_back() {
        let addresses = Addresses::new(2);
        let enter = |address: &str| addresses.enter(address.parse().unwrap());
        let first = enter("10.0.0.1").ok();
        let second = enter("::ffff:10.0.0.1").ok();
        assert!(first.is_some() && second.is_some());
        assert!(enter("10.0.0.1").is_err_and(|crowded| crowded.news));
        assert!(enter("10.0.0.1").is_err_and(|crowded| !crowded.news));
        assert!(enter("10.0.0.2").is_ok());
        drop(first);
        assert!(enter("10.0.0.1").is_ok());
        drop(second);
        assert!(addresses.lock().is_empty());
    }

    #[test]
    fn of_ipv6_the_network_is_counted() {
        let addresses = Addresses::new(1);
        let enter = |address: &str| addresses.enter(address.parse().unwrap());
        let _one = enter("2001:db8:0:1::1").ok();
        assert!(enter("2001:db8:0:1:ffff::2").is_err());
        assert!(enter("2001:db8:0:2::1").is_ok());
    }
}
