#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use alloc::{vec, vec::Vec};
use core::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

const LINKTYPES: &[u16] = &[0, 1, 12, 14, 101, 108, 113, 228, 229, 276];
const HOST_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const GATEWAY_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn tcp(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x9c, 0x40, 0x0d, 0x05]; // 40000 -> 3333
    bytes.extend(0x1122_3344_u32.to_be_bytes());
    bytes.extend(0x5566_7788_u32.to_be_bytes());
    bytes.extend([0x60, 0x18, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5, 0xb4]); // PSH ACK, MSS option
    bytes.extend(payload);
    bytes
}

fn udp(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x9c, 0x40, 0, 53];
    bytes.extend(u16::try_from(payload.len() + 8).unwrap().to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(payload);
    bytes
}

fn v4(protocol: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend(u16::try_from(body.len() + 20).unwrap().to_be_bytes());
    bytes.extend([0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 7, 192, 0, 2, 9]);
    bytes.extend(body);
    bytes
}

fn v6(next: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend([next, 64]);
    bytes.extend("2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
    bytes.extend("2001:db8:1::9".parse::<Ipv6Addr>().unwrap().octets());
    bytes.extend(body);
    bytes
}

fn ethernet(tags: &[(u16, u16)], ether_type: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = GATEWAY_MAC.to_vec();
    bytes.extend(HOST_MAC);
    for (kind, identifier) in tags {
        bytes.extend(kind.to_be_bytes());
        bytes.extend((identifier | 0xe000).to_be_bytes()); // priority 7
    }
    bytes.extend(ether_type.to_be_bytes());
    bytes.extend(body);
    bytes
}

fn malformed_at(layer: Layer) -> Result<Packet<'static>, NotInspected> {
    Err(NotInspected::Malformed { layer })
}

#[test]
fn tcp_over_ipv4() {
    let bytes = v4(6, &tcp(b"hello"));
    let packet = Packet::from_ip(&bytes).unwrap();
    let flags = TcpFlags { psh: true, ack: true, ..TcpFlags::default() };
    assert_eq!(
        packet,
        Packet {
            source: Ipv4Addr::new(10, 0, 0, 7).into(),
            destination: Ipv4Addr::new(192, 0, 2, 9).into(),
            transport: Transport::Tcp { src_port: 40000, dst_port: 3333, seq: 0x1122_3344, ack: 0x5566_7788, flags },
            payload: b"hello",
            truncated: false,
            vlan: None,
            inner_vlan: None,
            source_mac: None,
            destination_mac: None,
        }
    );
    assert_eq!(packet.source_socket(), "10.0.0.7:40000".parse().unwrap());
    assert_eq!(packet.destination_socket(), "192.0.2.9:3333".parse().unwrap());
}

#[test]
fn each_control_bit_alone() {
    for bit in 0..8_u32 {
        let mut bytes = v4(6, &tcp(b""));
        bytes[20 + 13] = 1 << bit;
        let Transport::Tcp { flags, .. } = Packet::from_ip(&bytes).unwrap().transport else {
            panic!("tcp became something else");
        };
        let seen = [flags.fin, flags.syn, flags.rst, flags.psh, flags.ack];
        assert_eq!(seen, core::array::from_fn(|i| i == bit as usize));
    }
}

#[test]
fn udp_over_ipv6() {
    let bytes = v6(17, &udp(b"question"));
    let packet = Packet::from_ip(&bytes).unwrap();
    assert_eq!(packet.source, "2001:db8::7".parse::<IpAddr>().unwrap());
    assert_eq!(packet.destination, "2001:db8:1::9".parse::<IpAddr>().unwrap());
    let (src_port, dst_port) = (40000, 53);
    assert_eq!(packet.transport, Transport::Udp { src_port, dst_port });
    assert_eq!(packet.payload, b"question");
    assert!(!packet.transport.is_tcp() && !packet.truncated);
}

#[test]
fn ipv6_extension_headers_are_passed() {
    let mut body = vec![43, 0, 1, 4, 0, 0, 0, 0]; // hop-by-hop, then routing
    body.extend([60, 0, 0, 0, 0, 0, 0, 0]); // routing, then destination options
    body.extend([44, 0, 1, 4, 0, 0, 0, 0]); // destination options, then fragment
    body.extend([51, 0, 0, 0, 0, 0, 0, 9]); // atomic fragment (RFC 6946), then authentication
    body.extend([6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]); // authentication, then tcp
    body.extend(tcp(b"x"));
    let bytes = v6(0, &body);
    assert_eq!(Packet::from_ip(&bytes).unwrap().payload, b"x");
    // Another protocol behind the extension headers is named, not the header before it.
    let mut other = bytes;
    other[40 + 32] = 132;
    assert_eq!(Packet::from_ip(&other), Err(NotInspected::OtherProtocol(132)));
}

#[test]
fn ipv4_options_and_authentication_header() {
    let mut body = vec![17, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
    body.extend(udp(b"x"));
    assert_eq!(Packet::from_ip(&v4(51, &body)).unwrap().payload, b"x");
    let mut options = v4(17, &udp(b"x"));
    options[0] = 0x46;
    options.splice(20..20, [1, 1, 1, 0]);
    options[3] += 4;
    assert_eq!(Packet::from_ip(&options).unwrap().payload, b"x");
    assert_eq!(Packet::from_ip(&v4(51, &[17, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2])), malformed_at(Layer::IpExtension));
}

#[test]
fn fragments_are_not_inspected() {
    for (first, second) in [(0x20, 0), (0x20, 5), (0, 5), (0x1f, 0xff)] {
        let mut bytes = v4(17, &udp(b"x"));
        (bytes[6], bytes[7]) = (first, second);
        assert_eq!(Packet::from_ip(&bytes), Err(NotInspected::Fragment));
    }
    let mut dont = v4(17, &udp(b"x"));
    dont[6] = 0x40;
    assert!(Packet::from_ip(&dont).is_ok());
    for (first, second) in [(0, 1), (0, 8), (0xff, 0xf8)] {
        let mut body = vec![17, 0, first, second, 0, 0, 0, 9];
        body.extend(udp(b"x"));
        assert_eq!(Packet::from_ip(&v6(44, &body)), Err(NotInspected::Fragment));
    }
}

#[test]
fn a_later_fragment_whose_bytes_look_like_a_broken_header_is_a_fragment() {
    let body = [60, 0, 0, 8, 0, 0, 0, 9, 17, 200, 1, 2, 3];
    assert_eq!(Packet::from_ip(&v6(44, &body)), Err(NotInspected::Fragment));
}

#[test]
fn padding_is_not_payload_and_zero_length_means_all() {
    let mut padded = ethernet(&[], 0x0800, &v4(6, &tcp(b"")));
    padded.resize(60, 0xaa);
    assert_eq!(Packet::from_ethernet(&padded).unwrap().payload, b"");
    let mut big = v4(6, &tcp(&[b'x'; 70_000][..1000]));
    big.extend([b'x'; 69_000]);
    (big[2], big[3]) = (0, 0);
    let packet = Packet::from_ip(&big).unwrap();
    assert_eq!((packet.payload.len(), packet.truncated), (70_000, false));
    let mut big = v6(6, &tcp(b"payload"));
    (big[4], big[5]) = (0, 0);
    assert_eq!(Packet::from_ip(&big).unwrap().payload, b"payload");
}

#[test]
fn lying_lengths() {
    let mut bytes = v4(17, &udp(b"x"));
    bytes[3] = 19;
    assert_eq!(Packet::from_ip(&bytes), malformed_at(Layer::Ip));
    bytes[3] = 24;
    assert_eq!(Packet::from_ip(&bytes), malformed_at(Layer::Udp));
    let mut bytes = v4(17, &udp(b"x"));
    bytes[0] = 0x44;
    assert_eq!(Packet::from_ip(&bytes), malformed_at(Layer::Ip));
    bytes[0] = 0x75;
    assert_eq!(Packet::from_ip(&bytes), malformed_at(Layer::Ip));
    for length in 1..8 {
        let mut bytes = v4(17, &udp(b"x"));
        bytes[25] = length;
        assert_eq!(Packet::from_ip(&bytes), malformed_at(Layer::Udp));
    }
    let mut bytes = v4(6, &tcp(b""));
    bytes[32] = 0x40;
    assert_eq!(Packet::from_ip(&bytes), malformed_at(Layer::Tcp));
    bytes[32] = 0xf0;
    assert_eq!(Packet::from_ip(&bytes), malformed_at(Layer::Tcp));
    // A datagram shorter than the IP payload: the rest is not payload.
    let mut bytes = v4(17, &udp(b"xyz"));
    bytes[25] = 9;
    assert_eq!(Packet::from_ip(&bytes).unwrap().payload, b"x");
    // A datagram longer than the IP payload: what is there, marked.
    bytes[25] = 99;
    let packet = Packet::from_ip(&bytes).unwrap();
    assert_eq!((packet.payload, packet.truncated), (&b"xyz"[..], true));
}

#[test]
fn vlan_tags() {
    let ip = v4(6, &tcp(b"x"));
    let read = |tags: &[(u16, u16)]| {
        let bytes = ethernet(tags, 0x0800, &ip);
        let packet = Packet::from_ethernet(&bytes).unwrap();
        assert_eq!(packet.source_mac, Some(HOST_MAC));
        assert_eq!(packet.destination_mac, Some(GATEWAY_MAC));
        assert_eq!(packet.payload, b"x");
        (packet.vlan, packet.inner_vlan)
    };
    assert_eq!(read(&[]), (None, None));
    assert_eq!(read(&[(0x8100, 42)]), (Some(42), None));
    assert_eq!(read(&[(0x8100, 0)]), (None, None));
    assert_eq!(read(&[(0x88a8, 100), (0x8100, 4095)]), (Some(100), Some(4095)));
    assert_eq!(read(&[(0x9100, 1), (0x88a8, 2), (0x8100, 3)]), (Some(1), Some(3)));
    let four = ethernet(&[(0x8100, 1); 4], 0x0800, &ip);
    assert_eq!(Packet::from_ethernet(&four), Err(NotInspected::NotIp(0x8100)));
    let arp = ethernet(&[(0x8100, 1)], 0x0806, &[0; 28]);
    assert_eq!(Packet::from_ethernet(&arp), Err(NotInspected::NotIp(0x0806)));
}

#[test]
fn other_link_types() {
    let ip = v6(6, &tcp(b"x"));
    let cooked = |header: &[u8]| [header, &ip].concat();
    let v1 = cooked(&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x86, 0xdd]);
    let packet = Packet::from_linktype(113, &v1).unwrap();
    assert_eq!((packet.payload, packet.source_mac), (&b"x"[..], Some(HOST_MAC)));
    // The loopback device (ARPHRD 772) has an address of zeros that names nobody.
    let lo = cooked(&[0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd]);
    assert_eq!(Packet::from_linktype(113, &lo).unwrap().source_mac, None);
    let mut v2 = vec![0x81, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    v2.extend([0, 9, 0x86, 0xdd]);
    let v2 = cooked(&v2);
    let packet = Packet::from_linktype(276, &v2).unwrap();
    assert_eq!((packet.vlan, packet.source_mac), (Some(9), Some(HOST_MAC)));
    for family in [[2, 0, 0, 0], [0, 0, 0, 2], [30, 0, 0, 0], [0, 0, 0, 24]] {
        for linktype in [0, 108] {
            let bytes = cooked(&family);
            assert_eq!(Packet::from_linktype(linktype, &bytes).unwrap().payload, b"x");
        }
    }
    let other = cooked(&[23, 0, 0, 0]);
    assert_eq!(Packet::from_linktype(0, &other), Err(NotInspected::NotIp(23)));
    for linktype in [12, 14, 101, 228, 229] {
        assert_eq!(Packet::from_linktype(linktype, &ip).unwrap().payload, b"x");
    }
    assert_eq!(Packet::from_linktype(105, &ip), Err(NotInspected::OtherLinkType(105)));
}

/// Cut at each length, a packet is told to be cut, or its payload is the prefix that is there.
fn check_truncations(linktype: u16, bytes: &[u8], payload: &[u8]) {
    let headers = bytes.len() - payload.len();
    for length in 0..bytes.len() {
        match Packet::from_linktype(linktype, &bytes[..length]) {
            Ok(packet) => {
                assert!(packet.truncated && length >= headers, "length {length}");
                assert_eq!(packet.payload, &bytes[headers..length]);
            }
            Err(NotInspected::Truncated { .. }) => assert!(length < headers, "length {length}"),
            Err(error) => panic!("length {length}: {error}"),
        }
    }
    let whole = Packet::from_linktype(linktype, bytes).unwrap();
    assert_eq!((whole.payload, whole.truncated), (payload, false));
}

#[test]
fn truncation_at_every_length() {
    check_truncations(101, &v4(6, &tcp(b"payload")), b"payload");
    check_truncations(101, &v4(17, &udp(b"payload")), b"payload");
    let mut body = vec![60, 0, 1, 4, 0, 0, 0, 0, 51, 0, 1, 4, 0, 0, 0, 0];
    body.extend([6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
    body.extend(tcp(b"payload"));
    let extended = v6(0, &body);
    check_truncations(101, &extended, b"payload");
    let tagged = ethernet(&[(0x88a8, 5), (0x8100, 6)], 0x86dd, &extended);
    check_truncations(1, &tagged, b"payload");
    let mut cooked = vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
    cooked.extend(v4(17, &udp(b"payload")));
    check_truncations(113, &cooked, b"payload");
    let mut cooked = vec![8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    cooked.extend(v4(17, &udp(b"payload")));
    check_truncations(276, &cooked, b"payload");
    check_truncations(0, &[&[2, 0, 0, 0], &*v4(17, &udp(b"payload"))].concat(), b"payload");
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for linktype in LINKTYPES {
            if let Ok(packet) = Packet::from_linktype(*linktype, &bytes) {
                prop_assert!(packet.payload.len() < bytes.len());
            }
        }
    }

    #[test]
    fn damaged_packets_never_panic(
        at in 0_usize..80,
        value: u8,
        cut in 0_usize..120,
        version: bool,
    ) {
        let mut bytes = if version { v4(6, &tcp(b"payload")) } else { v6(0, &[&[6, 0, 1, 4, 0, 0, 0, 0], &*tcp(b"p")].concat()) };
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(cut);
        let _ = Packet::from_ip(&bytes);
    }

    #[test]
    fn payload_round_trip(payload in prop::collection::vec(any::<u8>(), 0..2000), padding in 0_usize..50) {
        for (protocol, body) in [(6, tcp(&payload)), (17, udp(&payload))] {
            for (ether_type, mut bytes) in [(0x0800, v4(protocol, &body)), (0x86dd, v6(protocol, &body))] {
                bytes.resize(bytes.len() + padding, 0xee);
                let bytes = ethernet(&[], ether_type, &bytes);
                prop_assert_eq!(Packet::from_ethernet(&bytes).unwrap().payload, &payload[..]);
            }
        }
    }
}
