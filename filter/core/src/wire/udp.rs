//! Building UDP packets, for answers given in another's place.

use alloc::vec::Vec;
use core::net::SocketAddr;

use etherparse::{IpNumber, Ipv4Header, Ipv6Header, UdpHeader, ip_number};

/// Hops an answer may take.
const TTL: u8 = 64;

/// A complete IPv4 or IPv6 packet from `src` to `dst` with both checksums right, TTL 64, and no "don't
/// fragment". `None` if the addresses are of different families or the payload is too long (65507
/// octets over IPv4, 65527 over IPv6).
pub fn packet(src: SocketAddr, dst: SocketAddr, payload: &[u8]) -> Option<Vec<u8>> {
    const UDP: IpNumber = ip_number::UDP;
    let length = u16::try_from(payload.len()).ok()?.checked_add(8)?;
    let mut bytes = Vec::with_capacity(48 + payload.len());
    let udp = match (src, dst) {
        (SocketAddr::V4(src), SocketAddr::V4(dst)) => {
            let (from, to) = (src.ip().octets(), dst.ip().octets());
            let mut ip = Ipv4Header::new(length, TTL, UDP, from, to).ok()?;
            ip.dont_fragment = false;
            ip.header_checksum = ip.calc_header_checksum();
            bytes.extend(ip.to_bytes());
            UdpHeader::with_ipv4_checksum(src.port(), dst.port(), &ip, payload).ok()?
        }
        (SocketAddr::V6(src), SocketAddr::V6(dst)) => {
            let ip = Ipv6Header {
                payload_length: length,
                next_header: UDP,
                hop_limit: TTL,
                source: src.ip().octets(),
                destination: dst.ip().octets(),
                ..Ipv6Header::default()
            };
            bytes.extend(ip.to_bytes());
            UdpHeader::with_ipv6_checksum(src.port(), dst.port(), &ip, payload).ok()?
        }
        _ => return None,
    };
    bytes.extend(udp.to_bytes());
    bytes.extend(payload);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::wire::packet::{Packet, Transport};

    /// RFC 1071 section 1: the one's complement sum over octets whose checksum is right is 0xffff.
    fn sum(parts: &[&[u8]]) -> u16 {
        let octets = parts.concat();
        let words = octets.chunks(2).map(|word| {
            let low = word.get(1).copied().unwrap_or(0);
            u64::from(word[0]) << 8 | u64::from(low)
        });
        let mut sum: u64 = words.sum();
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        u16::try_from(sum).unwrap()
    }

    proptest! {
        #[test]
        fn checksums_and_fields(
            src: SocketAddr,
            dst: SocketAddr,
            payload in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let Some(bytes) = packet(src, dst, &payload) else {
                prop_assert_ne!(src.is_ipv4(), dst.is_ipv4());
                return Ok(());
            };
            let read = Packet::from_ip(&bytes).unwrap();
            prop_assert_eq!(read.payload, &payload[..]);
            prop_assert_eq!((read.source, read.destination), (src.ip(), dst.ip()));
            let (src_port, dst_port) = (src.port(), dst.port());
            prop_assert_eq!(read.transport, Transport::Udp { src_port, dst_port });
            prop_assert!(!read.truncated);
            let header = if src.is_ipv4() { 20 } else { 40 };
            let (ip, udp) = bytes.split_at(header);
            let length = u16::try_from(udp.len()).unwrap().to_be_bytes();
            let addresses = &ip[if src.is_ipv4() { 12 } else { 8 }..];
            prop_assert_eq!(sum(&[addresses, &[0, 17], &length, udp]), 0xffff);
            prop_assert_ne!(&udp[6..8], &[0, 0]);
            if src.is_ipv4() {
                prop_assert_eq!(sum(&[ip]), 0xffff);
                prop_assert_eq!((ip[8], ip[6], ip[7]), (64, 0, 0));
            } else {
                prop_assert_eq!(ip[7], 64);
            }
        }
    }

    #[test]
    fn too_long_is_refused() {
        let payload = alloc::vec![0; 65_528];
        for (address, longest) in [("192.0.2.1:53", 65_507), ("[2001:db8::1]:53", 65_527)] {
            let address: SocketAddr = address.parse().unwrap();
            let built = |length: usize| packet(address, address, &payload[..length]);
            assert!(built(longest).is_some() && built(longest + 1).is_none());
        }
    }
}
