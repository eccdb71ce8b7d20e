//! The layers below IP: Ethernet II with VLAN tags, and what capture files have in its place.

use etherparse::{Ethernet2Slice, SingleVlanSlice, ether_type};

use super::{Layer, NotInspected, Packet, truncated};
use crate::wire::limits::VLAN_TAGS_MAX;

/// `LINKTYPE_` values of capture files (IETF draft-ietf-opsawg-pcaplinktype) that
/// [`Packet::from_linktype`] reads.
pub mod linktype {
    /// BSD loopback: address family in the byte order of the capturing machine.
    pub const NULL: u16 = 0;
    /// Ethernet II.
    pub const ETHERNET: u16 = 1;
    /// Raw IP as `DLT_RAW` of most systems, found in some files.
    pub const DLT_RAW: u16 = 12;
    /// Raw IP as `DLT_RAW` of OpenBSD.
    pub const DLT_RAW_OPENBSD: u16 = 14;
    /// Raw IP, version by the first nibble.
    pub const RAW: u16 = 101;
    /// OpenBSD loopback: address family in network byte order.
    pub const LOOP: u16 = 108;
    /// Linux cooked capture v1 (16 octets).
    pub const LINUX_SLL: u16 = 113;
    /// Raw IPv4.
    pub const IPV4: u16 = 228;
    /// Raw IPv6.
    pub const IPV6: u16 = 229;
    /// Linux cooked capture v2 (20 octets).
    pub const LINUX_SLL2: u16 = 276;
}

/// What the link layer said.
#[derive(Clone, Copy, Default)]
pub(super) struct Link {
    pub(super) vlan: Option<u16>,
    pub(super) inner_vlan: Option<u16>,
    pub(super) source_mac: Option<[u8; 6]>,
    pub(super) destination_mac: Option<[u8; 6]>,
}

/// Reads a packet of a capture by its link type.
pub(super) fn read(linktype: u16, bytes: &[u8]) -> Result<Packet<'_>, NotInspected> {
    match linktype {
        linktype::ETHERNET => read_ethernet(bytes),
        linktype::RAW | linktype::DLT_RAW | linktype::DLT_RAW_OPENBSD | linktype::IPV4 | linktype::IPV6 => {
            Packet::from_ip(bytes)
        }
        linktype::LINUX_SLL => from_cooked_v1(bytes),
        linktype::LINUX_SLL2 => from_cooked_v2(bytes),
        linktype::NULL | linktype::LOOP => from_loopback(bytes),
        other => Err(NotInspected::OtherLinkType(other)),
    }
}

/// Reads an Ethernet II frame without its checksum.
pub(super) fn read_ethernet(bytes: &[u8]) -> Result<Packet<'_>, NotInspected> {
    let frame = Ethernet2Slice::from_slice_without_fcs(bytes).map_err(|_| truncated(Layer::Link))?;
    let link = Link { source_mac: Some(frame.source()), destination_mac: Some(frame.destination()), ..Link::default() };
    let payload = frame.payload();
    link.read_ether_type(payload.ether_type.0, payload.payload)
}

impl Link {
    /// Looks through VLAN tags to the IP header.
    fn read_ether_type<'a>(mut self, ether_type: u16, bytes: &'a [u8]) -> Result<Packet<'a>, NotInspected> {
        let (mut number, mut rest) = (ether_type, bytes);
        for tags in 0..=VLAN_TAGS_MAX {
            match etherparse::EtherType(number) {
                ether_type::IPV4 | ether_type::IPV6 => return self.read_ip(rest),
                ether_type::VLAN_TAGGED_FRAME
                | ether_type::PROVIDER_BRIDGING
                | ether_type::VLAN_DOUBLE_TAGGED_FRAME
                    if tags < VLAN_TAGS_MAX =>
                {
                    let tag = SingleVlanSlice::from_slice(rest).map_err(|_| truncated(Layer::Link))?;
                    self.note_vlan(tag.vlan_identifier().value());
                    (number, rest) = (tag.ether_type().0, tag.payload_slice());
                }
                _ => break,
            }
        }
        Err(NotInspected::NotIp(number))
    }

    fn note_vlan(&mut self, identifier: u16) {
        if identifier == 0 {
            return;
        }
        if self.vlan.is_none() {
            self.vlan = Some(identifier);
        } else {
            self.inner_vlan = Some(identifier);
        }
    }
}

/// Linux cooked capture v1: packet type (2), ARPHRD (2), address length (2), address (8), protocol (2).
fn from_cooked_v1(bytes: &[u8]) -> Result<Packet<'_>, NotInspected> {
    let (header, rest) = bytes.split_first_chunk::<16>().ok_or_else(|| truncated(Layer::Link))?;
    let link =
        Link { source_mac: ethernet_address(field(header, 2), field(header, 4), field(header, 6)), ..Link::default() };
    link.read_ether_type(u16::from_be_bytes(field(header, 14)), rest)
}

/// Linux cooked capture v2: protocol (2), reserved (2), interface (4), ARPHRD (2), packet type (1),
/// address length (1), address (8).
fn from_cooked_v2(bytes: &[u8]) -> Result<Packet<'_>, NotInspected> {
    let (header, rest) = bytes.split_first_chunk::<20>().ok_or_else(|| truncated(Layer::Link))?;
    let [length] = field(header, 11);
    let link =
        Link { source_mac: ethernet_address(field(header, 8), [0, length], field(header, 12)), ..Link::default() };
    link.read_ether_type(u16::from_be_bytes(field(header, 0)), rest)
}

/// The sender's address if the captured interface is Ethernet (ARPHRD 1, 6 octets).
fn ethernet_address(arphrd: [u8; 2], length: [u8; 2], address: [u8; 6]) -> Option<[u8; 6]> {
    (arphrd == [0, 1] && length == [0, 6]).then_some(address)
}

/// `N` octets of a header; zeros behind its end, where no caller asks.
fn field<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    header.get(at..).and_then(|tail| tail.first_chunk()).copied().unwrap_or([0; N])
}

/// NULL and LOOP: an address family of 4 octets in either byte order, then IP. The family of IPv6
/// differs between systems (10, 24, 28, 30), so the version nibble decides.
fn from_loopback(bytes: &[u8]) -> Result<Packet<'_>, NotInspected> {
    let (family, rest) = bytes.split_first_chunk::<4>().ok_or_else(|| truncated(Layer::Link))?;
    match *family {
        [n, 0, 0, 0] | [0, 0, 0, n] if matches!(n, 2 | 10 | 24 | 28 | 30) => Link::default().read_ip(rest),
        [0, 0, high, low] | [low, high, _, _] => Err(NotInspected::NotIp(u16::from_be_bytes([high, low]))),
    }
}
