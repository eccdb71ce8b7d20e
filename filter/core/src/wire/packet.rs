//! One packet, from the link layer to the transport payload, as a borrowed view.
//!
//! Lax on purpose (an inspector reads the part that is there): a packet cut by a snap length or by the
//! queue's copy range is read as far as it goes and marked [`Packet::truncated`]. The IP length is
//! respected, so Ethernet padding is not payload; a length of zero means "use what is there" (BIG TCP,
//! segmentation offload). Fragments are not put together again: they are said, and not inspected.

use core::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use etherparse::{
    LaxIpPayloadSlice, LaxIpSlice, TcpSlice, UdpSlice,
    err::{ip::LaxHeaderSliceError, ipv6_exts::HeaderSliceError},
    ip_number,
};

mod link;

pub use link::linktype;

use link::Link;

/// A TCP segment or UDP datagram with its addresses; borrows the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// IP source address.
    pub source: IpAddr,
    /// IP destination address.
    pub destination: IpAddr,
    /// TCP or UDP header fields.
    pub transport: Transport,
    /// Bytes behind the transport header, as far as they were captured.
    pub payload: &'a [u8],
    /// The length fields promised more bytes than were given.
    pub truncated: bool,
    /// VLAN identifier (1..=4095) of the outermost 802.1Q or 802.1ad tag. A priority tag
    /// (identifier 0, IEEE 802.1Q 9.6) names no VLAN and is `None`.
    pub vlan: Option<u16>,
    /// VLAN identifier of the innermost tag, when there were several.
    pub inner_vlan: Option<u16>,
    /// Link address of the sender, where the link layer has one.
    pub source_mac: Option<[u8; 6]>,
    /// Link address of the receiver; cooked captures do not carry it.
    pub destination_mac: Option<[u8; 6]>,
}

/// The transport header's fields that the layers above ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP, RFC 9293 section 3.1.
    Tcp {
        /// Source port.
        src_port: u16,
        /// Destination port.
        dst_port: u16,
        /// Sequence number of the first payload byte, or of the SYN.
        seq: u32,
        /// Acknowledgment number; meaningful with [`TcpFlags::ack`] only.
        ack: u32,
        /// Control bits.
        flags: TcpFlags,
    },
    /// UDP, RFC 768.
    Udp {
        /// Source port.
        src_port: u16,
        /// Destination port.
        dst_port: u16,
    },
}

/// TCP control bits, RFC 9293 section 3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags {
    /// No more bytes from the sender.
    pub fin: bool,
    /// Synchronise sequence numbers.
    pub syn: bool,
    /// Reset the connection.
    pub rst: bool,
    /// The acknowledgment number is significant.
    pub ack: bool,
    /// Push.
    pub psh: bool,
}

/// Why a packet has no [`Packet`] view. Counted and told, never a reason to drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotInspected {
    /// A part of a fragmented IP packet, first or later.
    Fragment,
    /// A header contradicts itself.
    Malformed {
        /// Where.
        layer: Layer,
    },
    /// Not IPv4 or IPv6: the EtherType, or the length field of an 802.3 frame (below 0x0600), or the
    /// address family of a loopback capture (low 16 bits).
    NotIp(u16),
    /// A link type that [`Packet::from_linktype`] does not read.
    OtherLinkType(u16),
    /// Neither TCP nor UDP: the IP protocol number.
    OtherProtocol(u8),
    /// The bytes end inside this header.
    Truncated {
        /// Where.
        layer: Layer,
    },
}

/// A layer of a packet, for [`NotInspected`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// Link layer header or VLAN tag.
    Link,
    /// IPv4 or IPv6 header.
    Ip,
    /// Authentication header or IPv6 extension header.
    IpExtension,
    /// TCP header.
    Tcp,
    /// UDP header.
    Udp,
}

impl<'a> Packet<'a> {
    /// Reads what a netfilter queue gives: bytes from the IP header on.
    ///
    /// # Errors
    /// [`NotInspected`], every packet that is not a whole TCP segment or UDP datagram's start.
    pub fn from_ip(bytes: &'a [u8]) -> Result<Self, NotInspected> {
        Link::default().read_ip(bytes)
    }

    /// Reads an Ethernet II frame, without its checksum, through 802.1Q and 802.1ad tags.
    ///
    /// # Errors
    /// As [`Packet::from_ip`]; [`NotInspected::NotIp`] for other EtherTypes.
    pub fn from_ethernet(bytes: &'a [u8]) -> Result<Self, NotInspected> {
        link::read_ethernet(bytes)
    }

    /// Reads a captured packet of one of the [`linktype`] values.
    ///
    /// # Errors
    /// As [`Packet::from_ethernet`]; [`NotInspected::OtherLinkType`] for all other link types.
    pub fn from_linktype(linktype: u16, bytes: &'a [u8]) -> Result<Self, NotInspected> {
        link::read(linktype, bytes)
    }

    /// Source address and port.
    pub fn source_socket(&self) -> SocketAddr {
        SocketAddr::new(self.source, self.transport.source_port())
    }

    /// Destination address and port.
    pub fn destination_socket(&self) -> SocketAddr {
        SocketAddr::new(self.destination, self.transport.destination_port())
    }
}

impl Transport {
    /// Source port of either protocol.
    pub fn source_port(&self) -> u16 {
        match *self {
            Self::Tcp { src_port, .. } | Self::Udp { src_port, .. } => src_port,
        }
    }

    /// Destination port of either protocol.
    pub fn destination_port(&self) -> u16 {
        match *self {
            Self::Tcp { dst_port, .. } | Self::Udp { dst_port, .. } => dst_port,
        }
    }

    /// Whether this is TCP.
    pub fn is_tcp(&self) -> bool {
        matches!(self, Self::Tcp { .. })
    }
}

impl fmt::Display for NotInspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fragment => f.write_str("ip fragment"),
            Self::Malformed { layer } => write!(f, "malformed {layer} header"),
            Self::NotIp(number) => write!(f, "not ip (type 0x{number:04x})"),
            Self::OtherLinkType(number) => write!(f, "unknown link type {number}"),
            Self::OtherProtocol(number) => write!(f, "neither tcp nor udp (ip protocol {number})"),
            Self::Truncated { layer } => write!(f, "cut inside the {layer} header"),
        }
    }
}

impl core::error::Error for NotInspected {}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "link",
            Self::Ip => "ip",
            Self::IpExtension => "ip extension",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// Header fields and payload of the transport layer; whether it promised more than is there.
type Segment<'a> = (Transport, &'a [u8], bool);

impl Link {
    fn read_ip(self, bytes: &[u8]) -> Result<Packet<'_>, NotInspected> {
        let (ip, stopped) = LaxIpSlice::from_slice(bytes).map_err(|error| match error {
            LaxHeaderSliceError::Len(_) => truncated(Layer::Ip),
            LaxHeaderSliceError::Content(_) => malformed(Layer::Ip),
        })?;
        if ip.is_fragmenting_payload() {
            return Err(NotInspected::Fragment);
        }
        if let LaxIpSlice::Ipv4(v4) = &ip {
            let total = usize::from(v4.header().total_len());
            // Zero is segmentation offload; anything else below the header's own length is a lie.
            if total != 0 && total < v4.header().slice().len() {
                return Err(malformed(Layer::Ip));
            }
        }
        let body = match &ip {
            LaxIpSlice::Ipv4(v4) => v4.payload(),
            LaxIpSlice::Ipv6(v6) => v6.payload(),
        };
        match stopped {
            Some((HeaderSliceError::Len(_), _)) if body.incomplete => {
                return Err(truncated(Layer::IpExtension));
            }
            Some(_) => return Err(malformed(Layer::IpExtension)),
            None => {}
        }
        let (transport, payload, short) = read_transport(body)?;
        Ok(Packet {
            source: ip.source_addr(),
            destination: ip.destination_addr(),
            transport,
            payload,
            truncated: body.incomplete || short,
            vlan: self.vlan,
            inner_vlan: self.inner_vlan,
            source_mac: self.source_mac,
            destination_mac: self.destination_mac,
        })
    }
}

fn read_transport<'a>(body: &LaxIpPayloadSlice<'a>) -> Result<Segment<'a>, NotInspected> {
    match body.ip_number {
        ip_number::TCP => read_tcp(body),
        ip_number::UDP => read_udp(body),
        other => Err(NotInspected::OtherProtocol(other.0)),
    }
}

fn read_tcp<'a>(body: &LaxIpPayloadSlice<'a>) -> Result<Segment<'a>, NotInspected> {
    use etherparse::err::tcp::HeaderSliceError;
    let tcp = TcpSlice::from_slice(body.payload).map_err(|error| match error {
        HeaderSliceError::Len(_) if body.incomplete => truncated(Layer::Tcp),
        HeaderSliceError::Len(_) | HeaderSliceError::Content(_) => malformed(Layer::Tcp),
    })?;
    let transport = Transport::Tcp {
        src_port: tcp.source_port(),
        dst_port: tcp.destination_port(),
        seq: tcp.sequence_number(),
        ack: tcp.acknowledgment_number(),
        flags: TcpFlags { fin: tcp.fin(), syn: tcp.syn(), rst: tcp.rst(), ack: tcp.ack(), psh: tcp.psh() },
    };
    Ok((transport, tcp.payload(), false))
}

fn read_udp<'a>(body: &LaxIpPayloadSlice<'a>) -> Result<Segment<'a>, NotInspected> {
    let udp = UdpSlice::from_slice_lax(body.payload)
        .map_err(|_| if body.incomplete { truncated(Layer::Udp) } else { malformed(Layer::Udp) })?;
    // Zero is a jumbogram (RFC 2675 section 4); 1..=7 cannot hold the header.
    if (1..8).contains(&udp.length()) {
        return Err(malformed(Layer::Udp));
    }
    let transport = Transport::Udp { src_port: udp.source_port(), dst_port: udp.destination_port() };
    let short = usize::from(udp.length()) > body.payload.len();
    Ok((transport, udp.payload(), short))
}

fn truncated(layer: Layer) -> NotInspected {
    NotInspected::Truncated { layer }
}

fn malformed(layer: Layer) -> NotInspected {
    NotInspected::Malformed { layer }
}

#[cfg(test)]
mod tests;
