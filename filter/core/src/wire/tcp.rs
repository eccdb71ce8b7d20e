//! Building TCP resets, for connections that end at the gateway itself.

use alloc::vec::Vec;

use etherparse::{Ipv4Header, Ipv6Header, TcpHeader, ip_number};

use super::packet::{Packet, Transport};

/// Hops a reset may take.
const TTL: u8 = 64;

/// A reset for each end of a connection (RFC 9293 section 3.5.2), made from a segment that is held: whole IP packets
/// with checksums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resets {
    /// To the sender, in the receiver's name.
    pub back: Vec<u8>,
    /// To the receiver, in the place of the segment: its sequence number is the one that is waited for.
    pub onward: Vec<u8>,
}

/// The resets for both ends; `None` if the packet is not TCP. Who opens a connection believes a reset only if it
/// acknowledges what was sent.
#[must_use]
pub fn resets(packet: &Packet<'_>) -> Option<Resets> {
    let Transport::Tcp { src_port, dst_port, seq, ack, flags } = packet.transport else { return None };
    let reset = |from, to, seq| {
        let mut tcp = TcpHeader::new(from, to, seq, 0);
        tcp.rst = true;
        tcp
    };
    let onward = whole(packet.source, packet.destination, reset(src_port, dst_port, seq))?;
    let mut back = reset(dst_port, src_port, ack);
    if flags.syn && !flags.ack {
        let length = u32::try_from(packet.payload.len()).ok()?;
        back.sequence_number = 0;
        back.ack = true;
        back.acknowledgment_number = seq.wrapping_add(length).wrapping_add(1);
    }
    let back = whole(packet.destination, packet.source, back)?;
    Some(Resets { back, onward })
}

fn whole(source: core::net::IpAddr, destination: core::net::IpAddr, mut tcp: TcpHeader) -> Option<Vec<u8>> {
    use core::net::IpAddr::{V4, V6};
    let length = tcp.header_len_u16();
    let mut bytes = Vec::with_capacity(60);
    match (source, destination) {
        (V4(source), V4(destination)) => {
            let mut ip = Ipv4Header::new(length, TTL, ip_number::TCP, source.octets(), destination.octets()).ok()?;
            ip.header_checksum = ip.calc_header_checksum();
            tcp.checksum = tcp.calc_checksum_ipv4(&ip, &[]).ok()?;
            bytes.extend(ip.to_bytes());
        }
        (V6(source), V6(destination)) => {
            let ip = Ipv6Header {
                payload_length: length,
                next_header: ip_number::TCP,
                hop_limit: TTL,
                source: source.octets(),
                destination: destination.octets(),
                ..Ipv6Header::default()
            };
            tcp.checksum = tcp.calc_checksum_ipv6(&ip, &[]).ok()?;
            bytes.extend(ip.to_bytes());
        }
        _ => return None,
    }
    bytes.extend(tcp.to_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::packet::TcpFlags;

    fn held(source: &str, destination: &str) -> Packet<'static> {
        let flags = Default::default();
        Packet {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            transport: Transport::Tcp { src_port: 4000, dst_port: 53, seq: 7, ack: 9, flags },
            payload: b"question",
            truncated: false,
            vlan: None,
            inner_vlan: None,
            source_mac: None,
            destination_mac: None,
        }
    }

    #[test]
    fn each_end_gets_the_number_it_waits_for() {
        for (source, destination) in [("10.0.0.5", "10.0.0.1"), ("fd00::5", "fd00::1")] {
            let held = held(source, destination);
            let resets = resets(&held).unwrap();
            for (bytes, from, to, expected) in [
                (&resets.onward, held.source, held.destination, (4000, 53, 7)),
                (&resets.back, held.destination, held.source, (53, 4000, 9)),
            ] {
                let packet = Packet::from_ip(bytes).unwrap();
                assert_eq!((packet.source, packet.destination, packet.payload.len()), (from, to, 0));
                let Transport::Tcp { src_port, dst_port, seq, flags, .. } = packet.transport else { panic!() };
                assert_eq!((src_port, dst_port, seq), expected);
                assert!(flags.rst && !flags.ack && !flags.syn);
            }
        }
    }

    #[test]
    fn who_opens_a_connection_is_acknowledged() {
        let flags = TcpFlags { syn: true, ..TcpFlags::default() };
        let seq = u32::MAX;
        let transport = Transport::Tcp { src_port: 4000, dst_port: 53, seq, ack: 9, flags };
        let back = resets(&Packet { transport, payload: b"", ..held("10.0.0.5", "10.0.0.1") }).unwrap().back;
        let Transport::Tcp { seq, ack, flags, .. } = Packet::from_ip(&back).unwrap().transport else { panic!() };
        assert_eq!((seq, ack), (0, 0), "the number behind the last one");
        assert!(flags.rst && flags.ack && !flags.syn);
    }

    #[test]
    fn udp_is_not_reset() {
        let udp = Packet { transport: Transport::Udp { src_port: 1, dst_port: 2 }, ..held("10.0.0.5", "10.0.0.1") };
        assert_eq!(resets(&udp), None);
    }
}
