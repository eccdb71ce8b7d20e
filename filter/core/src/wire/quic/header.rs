//! Long headers (RFC 9000 section 17.2, RFC 9369 section 3.2) and the packets of a datagram.

use core::fmt;

use crate::wire::limits::QUIC_CONNECTION_ID_MAX;

/// A version whose Initial packets can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// Version 1, RFC 9000.
    V1,
    /// Version 2, RFC 9369.
    V2,
}

impl Version {
    /// The number on the wire, RFC 9000 section 15, RFC 9369 section 3.1.
    pub const fn number(self) -> u32 {
        match self {
            Self::V1 => 1,
            Self::V2 => 0x6b33_43cf,
        }
    }

    fn of(number: u32) -> Option<Self> {
        [Self::V1, Self::V2].into_iter().find(|version| version.number() == number)
    }

    /// The packet types, RFC 9000 section 17.2, RFC 9369 section 3.2: Initial and Retry.
    const fn initial_and_retry(self) -> (u8, u8) {
        match self {
            Self::V1 => (0, 3),
            Self::V2 => (1, 0),
        }
    }
}

/// The header of an Initial packet, as far as it is not protected (RFC 9000 section 17.2.2).
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Version of the packet.
    pub version: Version,
    /// Destination Connection ID, 0 to 20 octets.
    pub dcid: &'a [u8],
    /// Source Connection ID, 0 to 20 octets.
    pub scid: &'a [u8],
    /// Token of an earlier connection or a Retry, mostly empty.
    pub token: &'a [u8],
    /// The packet, first octet to last.
    pub(super) packet: &'a [u8],
    /// Where in the packet its number begins.
    pub(super) number_at: usize,
}

/// Why a datagram gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuicError {
    /// A Connection ID longer than 20 octets, which versions 1 and 2 have not.
    BadConnectionId {
        /// Where its length stands, from the start of the datagram.
        at: usize,
    },
    /// Packets of a known version, and no Initial among them.
    NoInitial,
    /// No long header: another protocol, or a QUIC connection that is already up.
    NotQuic,
    /// Another version: 0 is Version Negotiation, others are drafts, greasing (RFC 9000 section 15), or
    /// another protocol.
    OtherVersion(u32),
    /// A packet reaches behind the datagram.
    Truncated {
        /// Where more was needed, from the start of the datagram.
        at: usize,
    },
    /// No Initial packet could be opened: from a server, damaged, or keys of a Connection ID not seen.
    Unauthentic,
}

impl<'a> Header<'a> {
    /// Reads the first Initial packet's header of a datagram.
    ///
    /// # Errors
    /// [`QuicError`], of which `Unauthentic` is not one: nothing is decrypted.
    pub fn read(datagram: &'a [u8]) -> Result<Self, QuicError> {
        Packets::of(datagram).next().unwrap_or(Err(QuicError::NoInitial))
    }
}

/// Iterator over the Initial packets of a datagram (RFC 9000 section 12.2). Packets of other types are
/// skipped; it ends behind the first error.
#[derive(Clone, Debug)]
pub(super) struct Packets<'a> {
    datagram: &'a [u8],
    at: usize,
    over: bool,
}

impl<'a> Packets<'a> {
    pub(super) fn of(datagram: &'a [u8]) -> Self {
        Self { datagram, at: 0, over: false }
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Header<'a>, QuicError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            let mut reader = Reader { bytes: self.datagram, at: self.at };
            let read = read_packet(&mut reader);
            // What follows the first packet need not be one: a short header, or padding.
            let error_counts = self.at == 0;
            self.at = reader.at;
            self.over = self.at >= self.datagram.len();
            match read {
                Ok(Some(header)) => return Some(Ok(header)),
                Ok(None) => {}
                Err(error) => {
                    self.over = true;
                    return error_counts.then_some(Err(error));
                }
            }
        }
        None
    }
}

/// Reads one packet, `None` if it is not an Initial; the reader ends behind it.
fn read_packet<'a>(reader: &mut Reader<'a>) -> Result<Option<Header<'a>>, QuicError> {
    let start = reader.at;
    let first = reader.u8()?;
    if first & 0x80 == 0 {
        return Err(QuicError::NotQuic);
    }
    let number = u32::from_be_bytes(reader.octets()?);
    let version = Version::of(number).ok_or(QuicError::OtherVersion(number))?;
    let dcid = reader.connection_id()?;
    let scid = reader.connection_id()?;
    let kind = first >> 4 & 3;
    let (initial, retry) = version.initial_and_retry();
    if kind == retry {
        reader.at = reader.bytes.len();
        return Ok(None);
    }
    let token = if kind == initial { reader.prefixed()? } else { &[] };
    let length = reader.varint()?;
    let number_at = reader.at.saturating_sub(start);
    reader.take(length)?;
    let packet = reader.bytes.get(start..reader.at).unwrap_or_default();
    Ok((kind == initial).then_some(Header { version, dcid, scid, token, packet, number_at }))
}

/// Reads fields of packets and frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], QuicError> {
        let truncated = QuicError::Truncated { at: self.bytes.len() };
        let length = usize::try_from(length).map_err(|_| truncated)?;
        let end = self.at.checked_add(length).ok_or(truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(truncated)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn octets<const N: usize>(&mut self) -> Result<[u8; N], QuicError> {
        let end = self.bytes.len();
        self.take(N as u64)?.first_chunk().copied().ok_or(QuicError::Truncated { at: end })
    }

    pub(super) fn u8(&mut self) -> Result<u8, QuicError> {
        self.octets().map(|[octet]| octet)
    }

    /// A variable-length integer of 1, 2, 4 or 8 octets, RFC 9000 section 16.
    pub(super) fn varint(&mut self) -> Result<u64, QuicError> {
        let first = self.u8()?;
        let rest = self.take((1 << (first >> 6)) - 1)?;
        Ok(rest.iter().fold(u64::from(first & 0x3f), |value, octet| value << 8 | u64::from(*octet)))
    }

    /// Passes over padding at once: a client pads to 1200 octets (RFC 9000 section 14.1).
    pub(super) fn skip_zeros(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|octet| *octet != 0).unwrap_or(rest.len());
    }

    /// Octets with their length in front.
    pub(super) fn prefixed(&mut self) -> Result<&'a [u8], QuicError> {
        let length = self.varint()?;
        self.take(length)
    }

    fn connection_id(&mut self) -> Result<&'a [u8], QuicError> {
        let at = self.at;
        let length = self.u8()?;
        if usize::from(length) > QUIC_CONNECTION_ID_MAX {
            return Err(QuicError::BadConnectionId { at });
        }
        self.take(length.into())
    }
}

impl fmt::Display for QuicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadConnectionId { at } => write!(f, "quic connection id too long at octet {at}"),
            Self::NoInitial => f.write_str("quic datagram without an initial packet"),
            Self::NotQuic => f.write_str("no quic long header"),
            Self::OtherVersion(number) => write!(f, "quic version 0x{number:08x} is not read"),
            Self::Truncated { at } => write!(f, "quic packet ends at octet {at}"),
            Self::Unauthentic => f.write_str("quic initial packet not of this client or damaged"),
        }
    }
}

impl core::error::Error for QuicError {}
