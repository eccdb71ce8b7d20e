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
#[derive(Clone, Copy, Debug, Eq)]
pub struct FlowKey {
    low: ([u8; 16], u16),
    high: ([u8; 16], u16),
    protocol: Protocol,
}

impl PartialEq for FlowKey {
    /// By whole numbers: byte by byte it is a call for each address.
    fn eq(&self, other: &Self) -> bool {
        let whole = |end: ([u8; 16], u16)| (u128::from_ne_bytes(end.0), end.1);
        whole(self.low) == whole(other.low) && whole(self.high) == whole(other.high) && self.protocol == other.protocol
    }
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

    /// A hash that cannot be steered without knowing the seed: two folded multiplications over both ends.
    #[must_use]
    pub fn hash(&self, seed: u64) -> u64 {
        let ports = u64::from(self.low.1) << 16 | u64::from(self.high.1) | (self.protocol as u64) << 32;
        let mut hash = seed ^ ports;
        for ip in [self.low.0, self.high.0] {
            let whole = u128::from_ne_bytes(ip);
            let (upper, lower) = ((whole >> 64) as u64, (whole & u128::from(u64::MAX)) as u64);
            hash = fold(hash ^ lower, upper ^ 0x9e37_79b9_7f4a_7c15);
        }
        fold(hash, seed | 1)
    }
}

fn flat(end: Endpoint) -> ([u8; 16], u16) {
    let ip = match end.ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    (ip.octets(), end.port)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    (product & u128::from(u64::MAX)) as u64 ^ (product >> 64) as u64
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
        assert_eq!(there.hash(7), back.hash(7));
        assert_ne!(there.hash(7), there.hash(8));
        assert_ne!(there.hash(7), FlowKey::of(a, b, Protocol::Udp).0.hash(7));
    }

    #[test]
    fn a_key_is_small() {
        assert_eq!(size_of::<FlowKey>(), 38);
    }
}
