//! How many connections each source address has.
//!
//! An address may have a part of all places, and the same part of what the others leave of them. So the one that is
//! alone has what its bound says, and the scarcer places become the less a greedy one gets: where
//! the part is a half, eight of them leave a ninth four places of 1,024.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Of an IPv6 address the network counts: whoever has one address has all of its /64.
const NETWORK: u128 = !0 << 64;

/// The connections of a listener by where they come from.
pub(super) struct Addresses {
    /// What an address may have that is alone.
    most: usize,
    /// All places.
    places: usize,
    open: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_address: HashMap<IpAddr, Open>,
    /// The sum over all addresses.
    count: usize,
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
    pub(super) fn new(most: usize, places: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            places,
            open: Mutex::default(),
        })
    }

    /// One more from this address.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Entry, Crowded> {
        let address = counted(address);
        let mut state = self.lock();
        let all = state.count;
        let open = state.by_address.entry(address).or_default();
        let others = all.saturating_sub(open.count);
        if open.count >= self.part_of(self.places.saturating_sub(others)) {
            let news = !std::mem::replace(&mut open.refused, true);
            return Err(Crowded { news });
        }
        open.count = open.count.saturating_add(1);
        state.count = all.saturating_add(1);
        drop(state);
        Ok(Entry {
            addresses: Arc::clone(self),
            address,
        })
    }

    /// What an address may have where the others leave so many places: never none of one that is free.
    fn part_of(&self, left: usize) -> usize {
        let wide = |number| u128::try_from(number).unwrap_or(u128::MAX);
        let part = wide(self.most).saturating_mul(wide(left));
        usize::try_from(part.div_ceil(wide(self.places.max(1)))).unwrap_or(usize::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.addresses.lock();
        state.count = state.count.saturating_sub(1);
        let Some(open) = state.by_address.get_mut(&self.address) else {
            return;
        };
        open.count = open.count.saturating_sub(1);
        if open.count == 0 {
            state.by_address.remove(&self.address);
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
        let addresses = Addresses::new(2, 100);
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
        let state = addresses.lock();
        assert!(state.by_address.is_empty() && state.count == 0);
    }

    /// How many connections each of these addresses gets that takes what it can, one after the other.
    fn greedy(most: usize, places: usize, addresses: u8) -> Vec<usize> {
        let all = &Addresses::new(most, places);
        let take = |from: u8| std::iter::from_fn(|| all.enter([10, 0, 0, from].into()).ok()).collect();
        let held: Vec<Vec<Entry>> = (0..addresses).map(take).collect();
        held.iter().map(Vec::len).collect()
    }

    #[test]
    fn each_gets_the_same_part_of_what_the_others_leave() {
        assert_eq!(
            greedy(512, 1024, 12),
            [512, 256, 128, 64, 32, 16, 8, 4, 2, 1, 1, 0]
        );
        assert_eq!(greedy(16, 64, 9), [16, 12, 9, 7, 5, 4, 3, 2, 2]);
        assert_eq!(greedy(64, 64, 2), [64, 0], "a proxy may have them all");
        assert_eq!(greedy(1, 1, 1), [1]);
        let without_end = Addresses::new(usize::MAX / 2, usize::MAX);
        assert_eq!(without_end.part_of(usize::MAX), usize::MAX / 2);
    }

    #[test]
    fn of_ipv6_the_network_is_counted() {
        let addresses = Addresses::new(1, 100);
        let enter = |address: &str| addresses.enter(address.parse().unwrap());
        let _one = enter("2001:db8:0:1::1").ok();
        assert!(enter("2001:db8:0:1:ffff::2").is_err());
        assert!(enter("2001:db8:0:2::1").is_ok());
    }
}
