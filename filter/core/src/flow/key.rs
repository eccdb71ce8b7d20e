//! The name of a flow: both ends in a fixed order, so that both directions bear the same name.

use core::net::IpAddr;

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

/// Both ends and the transport protocol of a flow, in 38 bytes; IPv4 addresses stand as `::ffff:a.b.c.d`
/// (RFC 4291 section 2.5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowKey {
    low: ([u8; 16], u16),
    high: ([u8; 16], u16),
    protocol: Protocol,
}

impl FlowKey {
    /// The key of the flow this packet belongs to, and the side that sent it.
    #[must_use]
    pub fn of(source: Endpoint, destination: Endpoint, protocol: Protocol) -> (Self, Side) {
        let (source, destination) = (flat(source), flat(destination));
        let order = |end: ([u8; 16], u16)| (u128::from_be_bytes(end.0), end.1);
        if order(source) <= order(destination) {
            (Self { low: source, high: destination, protocol }, Side::Low)
        } else {
            (Self { low: destination, high: source, protocol }, Side::High)
        }
    }

    /// The end on this side.
    #[must_use]
    pub fn end(&self, side: Side) -> Endpoint {
        let (ip, port) = match side {
            Side::High => self.high,
            Side::Low => self.low,
        };
        Endpoint { ip: IpAddr::from(ip).to_canonical(), port }
    }

    /// The transport protocol.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// A hash that cannot be steered without knowing the secret: folded multiplications over both ends.
    #[must_use]
    pub const fn hash(&self, secret: Secret) -> u64 {
        let Secret([a, b, c]) = secret;
        let ports = (self.low.1 as u64) << 16 | self.high.1 as u64 | (self.protocol as u64) << 32;
        let ends = fold_whole(fold_whole(ports ^ a, self.low.0, b), self.high.0, c);
        fold(ends ^ c, a | 1)
    }
}

/// What the hash of flows depends on besides the flow. Each part stands where no address can take it away: a factor that
/// an address could make 0 would let a host give all its flows one hash.
#[derive(Clone, Copy, Debug)]
pub struct Secret([u64; 3]);

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
        Self([next(1), next(2), next(3)])
    }
}

fn flat(end: Endpoint) -> ([u8; 16], u16) {
    let ip = match end.ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    (ip.octets(), end.port)
}

/// Both halves of an address go in, each beside a part of the secret.
const fn fold_whole(hash: u64, address: [u8; 16], secret: u64) -> u64 {
    let whole = u128::from_ne_bytes(address);
    fold(hash ^ whole as u64, (whole >> 64) as u64 ^ secret)
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

    #[test]
    fn a_key_is_small() {
        assert_eq!(size_of::<FlowKey>(), 38);
    }
}
