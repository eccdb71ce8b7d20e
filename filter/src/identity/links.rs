//! Which addresses were seen with which hardware address: those of one host, or of all behind a router.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use minewall_core::limits::HOSTS;

/// Addresses kept of one hardware address.
const ADDRESSES: usize = 64;

/// How long an address belongs to a host after it was seen last. Temporary addresses are used for a day (RFC 8981).
const LATELY_US: i64 = 86_400 * 1_000_000;

/// Within this time a router shows many addresses; a host that moves about shows one after the other.
const SHORT_US: i64 = 600 * 1_000_000;

/// Seen of one hardware address.
#[derive(Debug, Default)]
struct Link {
    /// Addresses, each with the time it was seen last.
    addresses: Vec<(IpAddr, i64)>,
    /// When it last fronted too many.
    fronts_us: Option<i64>,
    last_us: i64,
}

/// All of them. Bounded: what was seen longest ago is forgotten.
#[derive(Debug)]
pub(super) struct Links {
    links: HashMap<[u8; 6], Link>,
    next_hop: usize,
}

impl Links {
    /// More than `next_hop` addresses of one family make a router.
    pub(super) fn new(next_hop: usize) -> Self {
        Self { links: HashMap::new(), next_hop }
    }

    /// Notes that the address was seen with the hardware address.
    pub(super) fn see(&mut self, mac: [u8; 6], ip: IpAddr, at_us: i64) {
        if self.links.len() >= HOSTS && !self.links.contains_key(&mac) {
            let oldest = self.links.iter().min_by_key(|(_, link)| link.last_us).map(|(mac, _)| *mac);
            oldest.and_then(|oldest| self.links.remove(&oldest));
        }
        let link = self.links.entry(mac).or_default();
        link.last_us = link.last_us.max(at_us);
        match link.addresses.iter_mut().find(|(seen, _)| *seen == ip) {
            Some((_, last_us)) => *last_us = at_us.max(*last_us),
            None => {
                // Room for what makes a router, and for the addresses of a host.
                if link.addresses.len() >= ADDRESSES.max(2 * self.next_hop) {
                    let oldest = link.addresses.iter().enumerate().min_by_key(|(_, (_, last_us))| *last_us);
                    oldest.map(|(at, _)| at).map(|at| link.addresses.swap_remove(at));
                }
                link.addresses.push((ip, at_us));
            }
        }
        if link.fronts(at_us) > self.next_hop {
            link.fronts_us = Some(at_us);
        }
    }

    /// Whether it is of a router between: once it was, for as long as its addresses would be a host's.
    pub(super) fn is_next_hop(&self, mac: [u8; 6], at_us: i64) -> bool {
        let fronts_us = self.links.get(&mac).and_then(|link| link.fronts_us);
        fronts_us.is_some_and(|fronts_us| at_us.saturating_sub(fronts_us) < LATELY_US)
    }

    /// The addresses it was seen with lately.
    pub(super) fn addresses(&self, mac: [u8; 6], at_us: i64) -> impl Iterator<Item = IpAddr> {
        let all = self.links.get(&mac).map(|link| link.addresses.as_slice()).unwrap_or_default();
        all.iter().filter(move |(_, last_us)| (at_us - last_us).abs() < LATELY_US).map(|(ip, _)| *ip)
    }
}

impl Link {
    /// The hosts it fronts, as far as addresses tell: of IPv6 the networks, since one host has many addresses in one.
    fn fronts(&self, at_us: i64) -> usize {
        let now = self.addresses.iter().filter(|(_, last_us)| at_us.saturating_sub(*last_us) < SHORT_US);
        let (mut v4, mut v6) = (0, HashSet::new());
        for (ip, _) in now {
            match ip {
                IpAddr::V4(_) => v4 += 1,
                IpAddr::V6(v6_address) if v6_address.is_unicast_link_local() => {}
                IpAddr::V6(address) => {
                    v6.insert(address.segments().first_chunk::<4>().copied());
                }
            }
        }
        v4.max(v6.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

    #[test]
    fn what_fronts_many_addresses_is_a_router() {
        let mut links = Links::new(8);
        for n in 1..=8 {
            links.see(MAC, IpAddr::from([10, 0, 0, n]), 0);
            assert!(!links.is_next_hop(MAC, 0), "{n}");
        }
        links.see(MAC, IpAddr::from([10, 0, 0, 8]), 1);
        assert!(!links.is_next_hop(MAC, 1), "the same again");
        links.see(MAC, IpAddr::from([10, 0, 0, 9]), 2);
        assert!(links.is_next_hop(MAC, 2));
        assert!(links.is_next_hop(MAC, LATELY_US - 1) && !links.is_next_hop(MAC, 2 * LATELY_US));
        assert!(!links.is_next_hop([9; 6], 2));
    }

    #[test]
    fn one_after_the_other_makes_none() {
        let mut links = Links::new(8);
        for n in 1..=50 {
            links.see(MAC, IpAddr::from([10, 0, 0, n]), i64::from(n) * SHORT_US / 4);
        }
        assert!(!links.is_next_hop(MAC, 13 * SHORT_US));
    }

    #[test]
    fn privacy_addresses_are_of_one_host_and_many_networks_of_a_router() {
        let mut links = Links::new(8);
        let address = |net: u16, host: u16| IpAddr::from([0x2001, 0xdb8, 0, net, 0, 0, 0, host]);
        for host in 0..200 {
            links.see(MAC, address(1, host), i64::from(host));
        }
        links.see(MAC, "fe80::1".parse().unwrap(), 200);
        assert!(!links.is_next_hop(MAC, 200));
        assert_eq!(links.addresses(MAC, 200).count(), ADDRESSES, "the latest are kept");
        for net in 2..=9 {
            assert!(!links.is_next_hop(MAC, 300), "{net}");
            links.see(MAC, address(net, 1), 300);
        }
        assert!(links.is_next_hop(MAC, 300));
    }

    #[test]
    fn it_is_bounded() {
        let mut links = Links::new(8);
        for n in 0..10_000_u32 {
            let [a, b, c, d] = n.to_be_bytes();
            links.see([2, 0, a, b, c, d], IpAddr::from([10, b, c, d]), n.into());
        }
        assert_eq!(links.links.len(), HOSTS);
        assert!(links.links.contains_key(&[2, 0, 0, 0, 39, 15]), "the latest stays");
    }
}
