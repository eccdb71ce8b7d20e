//! Addresses that speak for nobody: under one of them stand the sites of many, or nothing at all. What a name of a pool
//! leads to for an hour must not take them along.

use alloc::collections::{BTreeMap, BTreeSet};
use core::net::IpAddr;
use ipnet::IpNet;

/// The prefixes of `data/never-address.txt`: prefix, kind, owner, date; the longest that holds an address speaks for it.
pub const SHIPPED_ADDRESS_GUARD: &str = include_str!("../data/never-address.txt");

/// Prefixes of which no address is ever blocked by itself.
#[derive(Clone, Debug, Default)]
pub struct NeverAddress {
    prefixes: BTreeMap<IpNet, (&'static str, &'static str)>,
    /// The lengths met, so that a look-up costs a probe for each.
    lengths: BTreeSet<u8>,
}

/// Why an address is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The longest prefix that holds it.
    pub prefix: IpNet,
    /// `bogon`, `cdn`, `anycast`, `platform`, `shared`, `resolver` or `parking`.
    pub kind: &'static str,
    /// Whose it is, or what it is for.
    pub owner: &'static str,
}

impl NeverAddress {
    /// The shipped ones.
    #[must_use]
    pub fn shipped() -> Self {
        let mut all = Self::default();
        for line in SHIPPED_ADDRESS_GUARD.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            if let (Some(Ok(prefix)), Some(kind), Some(owner)) =
                (columns.next().map(str::parse), columns.next(), columns.next())
            {
                all.add(prefix, kind, owner);
            }
        }
        all
    }

    /// Adds a prefix; it speaks before shorter ones.
    pub fn add(&mut self, prefix: IpNet, kind: &'static str, owner: &'static str) {
        self.lengths.insert(prefix.prefix_len());
        self.prefixes.insert(prefix.trunc(), (kind, owner));
    }

    /// Why the address is never to be blocked, if it is held. One of IPv4 within IPv6 is taken as IPv4.
    #[must_use]
    pub fn why(&self, address: IpAddr) -> Option<Held> {
        let address = address.to_canonical();
        self.lengths.iter().rev().find_map(|&length| {
            let prefix = IpNet::new(address, length).ok()?.trunc();
            self.prefixes.get(&prefix).map(|&(kind, owner)| Held { prefix, kind, owner })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{string::ToString, vec::Vec};

    fn why(address: &str) -> Option<(&'static str, &'static str)> {
        NeverAddress::shipped().why(address.parse().unwrap()).map(|held| (held.kind, held.owner))
    }

    #[test]
    fn every_line_is_a_prefix_with_a_known_kind_a_source_and_a_date() {
        let (mut lines, mut source) = (0, "");
        for line in SHIPPED_ADDRESS_GUARD.lines() {
            if let Some(comment) = line.strip_prefix('#') {
                source = comment;
                continue;
            }
            assert!(source.len() > 20, "{line} stands under no source");
            let [prefix, kind, owner, date] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let net: IpNet = prefix.parse().unwrap();
            assert_eq!(net.trunc(), net, "{prefix}: bits beyond the prefix");
            assert!(["bogon", "cdn", "anycast", "platform", "shared", "resolver", "parking"].contains(&kind), "{line}");
            assert!(!owner.is_empty() && date.starts_with("202"), "{line}");
            lines += 1;
        }
        let entries = SHIPPED_ADDRESS_GUARD.lines().find_map(|line| line.strip_prefix("# entries: "));
        assert_eq!(entries, Some(&*lines.to_string()));
        assert_eq!(NeverAddress::shipped().prefixes.len(), lines, "none stands twice");
    }

    #[test]
    fn what_many_share_is_held_and_hosters_are_not() {
        for (address, kind, owner) in [
            ("104.16.0.1", "cdn", "Cloudflare"),
            ("2606:4700::1111", "cdn", "Cloudflare"),
            ("151.101.1.1", "cdn", "Fastly"),
            ("23.32.0.1", "cdn", "Akamai"),
            ("13.32.1.1", "cdn", "CloudFront"),
            ("76.223.26.96", "anycast", "AWS Global Accelerator"),
            ("142.250.1.1", "platform", "Google"),
            ("8.8.8.8", "platform", "Google"),
            ("1.1.1.1", "resolver", "Cloudflare"),
            ("223.5.5.5", "resolver", "AliDNS"),
            ("199.59.243.228", "parking", "Bodis"),
            ("10.0.0.1", "bogon", "private"),
            ("0.0.0.0", "bogon", "this network"),
            ("127.0.0.1", "bogon", "loopback"),
            ("::1", "bogon", "loopback"),
            ("203.0.113.2", "bogon", "documentation"),
            ("2001:db8::2", "bogon", "documentation"),
            ("::ffff:104.16.0.1", "cdn", "Cloudflare"),
        ] {
            assert_eq!(why(address), Some((kind, owner)), "{address}");
        }
        // Hosters of pools: the listed addresses of 2026, and others of theirs.
        for address in
            ["116.202.3.220", "142.4.211.28", "65.108.57.232", "206.189.2.17", "94.23.23.52", "2a01:4f8:c0c::52"]
        {
            assert_eq!(why(address), None, "{address}");
        }
    }

    #[test]
    fn the_longest_prefix_speaks() {
        let mut guard = NeverAddress::shipped();
        guard.add("94.23.0.0/16".parse().unwrap(), "inside", "wide");
        guard.add("94.23.23.0/24".parse().unwrap(), "inside", "narrow");
        let owner = |guard: &NeverAddress, address: &str| guard.why(address.parse().unwrap()).map(|held| held.owner);
        assert_eq!(owner(&guard, "94.23.23.52"), Some("narrow"));
        assert_eq!(owner(&guard, "94.23.24.52"), Some("wide"));
        assert_eq!(owner(&guard, "94.24.0.1"), None);
    }
}
