//! The name of a flow: both ends in a fixed order, so that both directions bear the same name.

use core::net::{IpAddr, Ipv6Addr};

use crate::endpoint::{Endpoint, Protocol};

/// Which end of a flow sent a packet; the ends are ordered by address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The end with the higher address and port.
    High,
    /// The end with the lower address and port.
    Low,
}

impl Side {
    /// The place of this side in an array of two.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::High => 1,
            Self::Low => 0,
        }
    }

    /// The far side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::High => Self::Low,
            Self::Low => Self::High,
        }
    }
}

/// Both ends and the transport protocol of a flow, in 56 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey {
    low: End,
    high: End,
    protocol: Protocol,
}

/// An address and port in whole numbers, which are ordered and hashed faster than bytes; IPv4 addresses stand as
/// `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    network: u64,
    interface: u64,
    port: u16,
}

impl From<Endpoint> for End {
    fn from(Endpoint { ip, port }: Endpoint) -> Self {
        let (network, interface) = match ip {
            IpAddr::V4(ip) => (0, 0xffff_0000_0000 | u64::from(ip.to_bits())),
            IpAddr::V6(ip) => ((ip.to_bits() >> 64) as u64, ip.to_bits() as u64),
        };
        Self { network, interface, port }
    }
}

impl FlowKey {
    /// The key of the flow this packet belongs to, and the side that sent it.
    #[must_use]
    pub fn of(source: Endpoint, destination: Endpoint, protocol: Protocol) -> (Self, Side) {
        let (source, destination) = (End::from(source), End::from(destination));
        if source <= destination {
            (Self { low: source, high: destination, protocol }, Side::Low)
        } else {
            (Self { low: destination, high: source, protocol }, Side::High)
        }
    }

    /// The end on this side.
    #[must_use]
    pub fn end(&self, side: Side) -> Endpoint {
        let End { network, interface, port } = match side {
            Side::High => self.high,
            Side::Low => self.low,
        };
        let ip = Ipv6Addr::from_bits(u128::from(network) << 64 | u128::from(interface));
        Endpoint { ip: ip.to_canonical(), port }
    }

    /// The transport protocol.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// A hash that cannot be steered without knowing the secret: folded multiplications over both ends.
    #[must_use]
    pub const fn hash(&self, secret: Secret) -> u64 {
        let Secret([a, b, c, d, e]) = secret;
        // Both halves of an address go in, each beside a part of the secret; the ports only where the addresses are
        // mixed already: beside an address of IPv4 they would take the place of its bits.
        let ports = (self.low.port as u64) << 16 | self.high.port as u64 | (self.protocol as u64) << 32;
        let low = fold(self.low.interface ^ a, self.low.network ^ b);
        let high = fold(self.high.interface ^ c, self.high.network ^ d);
        fold(fold(low ^ ports, high ^ e) ^ b, a | 1)
    }
}

/// What the hash of flows depends on besides the flow. Each part stands where no address can take it away: a factor that
/// an address could make 0 would let a host give all its flows one hash.
#[derive(Clone, Copy, Debug)]
pub struct Secret([u64; 5]);

impl Secret {
    /// From a random seed; one that is no secret will do where nobody attacks.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // The odd constants of splitmix64, whose finaliser this is.
        const fn mix(state: u64) -> u64 {
            let state = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let state = (state ^ state >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            state ^ state >> 31
        }
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let next = |times: u64| mix(seed.wrapping_add(GOLDEN.wrapping_mul(times)));
        Self([next(1), next(2), next(3), next(4), next(5)])
    }
}

const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_bear_one_name() {
        let a = Endpoint { ip: "10.0.0.2".parse().unwrap(), port: 40_000 };
        let b = Endpoint { ip: "203.0.113.9".parse().unwrap(), port: 3333 };
        let (there, from_a) = FlowKey::of(a, b, Protocol::Tcp);
        let (back, from_b) = FlowKey::of(b, a, Protocol::Tcp);
        assert_eq!(there, back);
        assert_eq!(from_a, from_b.other());
        assert_eq!((there.end(from_a), there.end(from_b)), (a, b));
        let (seven, eight) = (Secret::new(7), Secret::new(8));
        assert_eq!(there.hash(seven), back.hash(seven));
        assert_ne!(there.hash(seven), there.hash(eight));
        assert_ne!(there.hash(seven), FlowKey::of(a, b, Protocol::Udp).0.hash(seven));
    }

    /// As flows are: neighbouring hosts, neighbouring ports of one server or of neighbouring ones.
    #[test]
    fn flows_that_resemble_each_other_have_hashes_of_their_own() {
        let secret = Secret::new(7);
        for (inside, outside) in [("10.0.0.0", "203.0.113.9"), ("fd00::", "2001:db8::9")] {
            let mut hashes = std::collections::HashSet::new();
            let plus = |ip: &str, more: u32| match ip.parse().unwrap() {
                IpAddr::V4(ip) => IpAddr::from((u32::from(ip) + more).to_be_bytes()),
                IpAddr::V6(ip) => IpAddr::from((u128::from(ip) + u128::from(more)).to_be_bytes()),
            };
            let mut count = 0;
            for host in 0..256 {
                for (from, to, server) in (0_u16..16).flat_map(|n| (0..32).flat_map(move |m| [(n, m, 0), (n, 0, m)])) {
                    let host = Endpoint { ip: plus(inside, host), port: 40_000 + from };
                    let server = Endpoint { ip: plus(outside, u32::from(server)), port: 3333 + to };
                    count += usize::from(hashes.insert((
                        FlowKey::of(host, server, Protocol::Tcp).0.hash(secret) | 1,
                        host,
                        server,
                    )));
                }
            }
            let distinct: std::collections::HashSet<_> = hashes.iter().map(|(hash, ..)| hash).collect();
            assert_eq!(distinct.len(), count, "{inside}");
        }
    }

    #[test]
    fn a_key_is_small() {
        assert_eq!(size_of::<FlowKey>(), 56);
    }
}
