//! Packets and link layers of our own making. Checksums are left out: nothing in minewall asks for them.

use std::net::{IpAddr, SocketAddr};

pub(crate) const SYN: u8 = 2;
pub(crate) const ACK: u8 = 16;
pub(crate) const DATA: u8 = 24;

/// The host's hardware address and that of the gateway.
pub(super) const HOST_MAC: [u8; 6] = [0x02, 0x11, 0x22, 0xaa, 0xbb, 0x01];
pub(super) const GATEWAY_MAC: [u8; 6] = [0x02, 0x11, 0x22, 0xaa, 0xbb, 0xfe];

pub(super) fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn tcp(from: SocketAddr, to: SocketAddr, seq: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    segment.extend(seq.to_be_bytes());
    segment.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    ip(from.ip(), to.ip(), 6, &segment)
}

pub(crate) fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut datagram = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    datagram.extend((payload.len() as u16 + 8).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    ip(from.ip(), to.ip(), 17, &datagram)
}

fn ip(from: IpAddr, to: IpAddr, protocol: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u16;
    let mut packet = Vec::new();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            packet.extend([0x45, 0]);
            packet.extend((length + 20).to_be_bytes());
            packet.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
            packet.extend(from.octets());
            packet.extend(to.octets());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            packet.extend([0x60, 0, 0, 0]);
            packet.extend(length.to_be_bytes());
            packet.extend([protocol, 64]);
            packet.extend(from.octets());
            packet.extend(to.octets());
        }
        _ => panic!("{from} and {to} are of two families"),
    }
    packet.extend(body);
    packet
}

/// An IPv6 packet with a hop-by-hop and a destination options header put in (RFC 8200 section 4).
pub(super) fn with_extensions(packet: &[u8]) -> Vec<u8> {
    let mut long = packet[..40].to_vec();
    let protocol = std::mem::replace(&mut long[6], 0);
    let length = u16::from_be_bytes([packet[4], packet[5]]) + 8 + 16;
    long[4..6].copy_from_slice(&length.to_be_bytes());
    long.extend([60, 0, 1, 4, 0, 0, 0, 0]);
    long.extend([protocol, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    long.extend(&packet[40..]);
    long
}

/// The first or a later part of a fragmented IPv4 packet.
pub(super) fn fragment(packet: &[u8], is_first: bool) -> Vec<u8> {
    let mut part = packet.to_vec();
    part[6..8].copy_from_slice(if is_first { &[0x20, 0] } else { &[0, 2] });
    part
}

/// A question (RFC 1035 section 4).
pub(super) fn question(name: &str, kind: u16) -> Vec<u8> {
    let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    message
}

/// A message over TCP (RFC 1035 section 4.2.2).
pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}

/// A ClientHello with this server name (RFC 8446 section 4.1.2), in one record.
pub(super) fn hello(name: &str) -> Vec<u8> {
    let sized = |bytes: &[u8]| framed(bytes);
    let entry = [&[0][..], &sized(name.as_bytes())].concat();
    let extensions = [&[0, 0][..], &sized(&sized(&entry))].concat();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    body.extend(sized(&extensions));
    let message = [&[1, 0][..], &sized(&body)].concat();
    [&[0x16, 3, 1][..], &sized(&message)].concat()
}

/// A link layer: its number in captures, and how it carries a packet of the host (or to it).
#[derive(Clone, Copy, Debug)]
pub(super) enum Link {
    Ethernet,
    Vlan(u16),
    /// 802.1ad outside, 802.1Q inside.
    QinQ(u16, u16),
    Raw,
    Cooked,
    Cooked2,
    Null,
}

impl Link {
    pub(super) const ALL: [Self; 7] =
        [Self::Ethernet, Self::Vlan(120), Self::QinQ(7, 120), Self::Raw, Self::Cooked, Self::Cooked2, Self::Null];

    pub(super) fn number(self) -> u16 {
        match self {
            Self::Ethernet | Self::Vlan(_) | Self::QinQ(..) => 1,
            Self::Raw => 101,
            Self::Cooked => 113,
            Self::Cooked2 => 276,
            Self::Null => 0,
        }
    }

    /// The VLAN that records name.
    pub(super) fn vlan(self) -> Option<String> {
        match self {
            Self::Vlan(id) | Self::QinQ(id, _) => Some(id.to_string()),
            _ => None,
        }
    }

    /// Whether the host's hardware address can be seen.
    pub(super) fn has_mac(self) -> bool {
        !matches!(self, Self::Raw | Self::Null)
    }

    pub(super) fn frame(self, packet: &[u8], from_host: bool) -> Vec<u8> {
        let is_v6 = packet[0] >> 4 == 6;
        let kind = if is_v6 { [0x86, 0xdd] } else { [8, 0] };
        let (from, to) = if from_host { (HOST_MAC, GATEWAY_MAC) } else { (GATEWAY_MAC, HOST_MAC) };
        let ethernet = |tags: &[u8]| [&to[..], &from, tags, &kind].concat();
        let header = match self {
            Self::Ethernet => ethernet(&[]),
            Self::Vlan(id) => ethernet(&tag([0x81, 0], id)),
            Self::QinQ(outer, inner) => ethernet(&[tag([0x88, 0xa8], outer), tag([0x81, 0], inner)].concat()),
            Self::Raw => Vec::new(),
            Self::Cooked => [&[0, 0, 0, 1, 0, 6][..], &from, &[0, 0], &kind].concat(),
            Self::Cooked2 => [&kind[..], &[0, 0, 0, 0, 0, 2, 0, 1, 0, 6], &from, &[0, 0]].concat(),
            Self::Null => vec![if is_v6 { 30 } else { 2 }, 0, 0, 0],
        };
        let mut frame = [&header[..], packet].concat();
        if self.number() == 1 {
            // Ethernet pads short frames; the padding must not be read as payload.
            frame.resize(frame.len().max(60), 0xee);
        }
        frame
    }
}

fn tag(kind: [u8; 2], id: u16) -> Vec<u8> {
    [kind, id.to_be_bytes()].concat()
}
