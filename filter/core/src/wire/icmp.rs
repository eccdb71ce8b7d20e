//! Building ICMP messages, for hosts whose datagrams are refused.

use alloc::vec::Vec;
use core::net::IpAddr::{V4, V6};

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::icmpv6::DestUnreachableCode;
use etherparse::{Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Type, Ipv4Header, Ipv6Header, ip_number};

use super::packet::{Packet, Transport};

/// Hops a message may take.
const TTL: u8 = 64;

/// How much of a datagram is sent back: its headers, by which its sender knows the flow (RFC 792, RFC 4443 section 3.1).
const QUOTED: usize = 128;

/// To the sender of a datagram, in the receiver's name: its port is unreachable. `None` if the packet is not UDP; `bytes`
/// begin with its IP header.
#[must_use]
pub fn port_unreachable(packet: &Packet<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
    let Transport::Udp { .. } = packet.transport else { return None };
    let quoted = bytes.get(..QUOTED).unwrap_or(bytes);
    let length = u16::try_from(quoted.len()).ok()?.checked_add(8)?;
    let mut message = Vec::with_capacity(48 + QUOTED);
    match (packet.destination, packet.source) {
        (V4(from), V4(to)) => {
            let mut ip = Ipv4Header::new(length, TTL, ip_number::ICMP, from.octets(), to.octets()).ok()?;
            ip.header_checksum = ip.calc_header_checksum();
            let kind = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Port);
            message.extend(ip.to_bytes());
            message.extend(Icmpv4Header::with_checksum(kind, quoted).to_bytes());
        }
        (V6(from), V6(to)) => {
            let (source, destination) = (from.octets(), to.octets());
            let ip = Ipv6Header {
                payload_length: length,
                next_header: ip_number::IPV6_ICMP,
                hop_limit: TTL,
                source,
                destination,
                ..Ipv6Header::default()
            };
            let kind = Icmpv6Type::DestinationUnreachable(DestUnreachableCode::Port);
            message.extend(ip.to_bytes());
            message.extend(Icmpv6Header::with_checksum(kind, source, destination, quoted).ok()?.to_bytes());
        }
        _ => return None,
    }
    message.extend(quoted);
    Some(message)
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddr;

    use super::*;
    use crate::wire::{tcp, udp};

    /// The checksum over octets whose checksum is right (RFC 1071 section 1).
    fn sum(parts: &[&[u8]]) -> u32 {
        let octets = parts.concat();
        let words = octets.chunks(2).map(|word| u32::from(word[0]) << 8 | word.get(1).copied().map_or(0, u32::from));
        let sum: u32 = words.sum();
        (sum & 0xffff) + (sum >> 16)
    }

    #[test]
    fn the_sender_is_told_which_port() {
        for (from, to, header, own) in
            [("10.0.0.5:4000", "192.0.2.1:443", 20, [3, 3]), ("[fd00::5]:4000", "[2001:db8::1]:443", 40, [1, 4])]
        {
            let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
            let datagram = udp::packet(from, to, &[7; 1200]).unwrap();
            let told = port_unreachable(&Packet::from_ip(&datagram).unwrap(), &datagram).unwrap();
            let (ip, icmp) = told.split_at(header);
            assert_eq!(icmp[..2], own);
            assert_eq!(icmp[8..], datagram[..QUOTED]);
            if from.is_ipv4() {
                assert_eq!((sum(&[ip]), sum(&[icmp])), (0xffff, 0xffff));
                assert_eq!((ip[9], &ip[12..16], &ip[16..20]), (1, &[192, 0, 2, 1][..], &[10, 0, 0, 5][..]));
            } else {
                let length = u32::try_from(icmp.len()).unwrap().to_be_bytes();
                assert_eq!(sum(&[&ip[8..40], &length, &[0, 0, 0, 58], icmp]), 0xffff);
                assert_eq!((ip[6], &ip[24..40]), (58, &datagram[8..24]));
            }
        }
    }

    #[test]
    fn a_segment_is_answered_otherwise() {
        let mut datagram =
            udp::packet("10.0.0.5:1".parse().unwrap(), "192.0.2.1:2".parse().unwrap(), &[0; 32]).unwrap();
        datagram[9] = 6;
        datagram[32] = 0x50;
        let packet = Packet::from_ip(&datagram).unwrap();
        assert!(tcp::resets(&packet).is_some());
        assert_eq!(port_unreachable(&packet, &datagram), None);
    }
}
