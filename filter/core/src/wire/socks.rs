//! SOCKS 4 and 4a (the notes of Ying-Da Lee), SOCKS 5 (RFC 1928) with user and password (RFC 1929):
//! what a client asks a proxy for, and whether it gets it.
//!
//! SOCKS has no magic number, so every field is held to what clients send; passwords are passed over
//! and never given out.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    host::Host,
    limits::{HOST_TEXT_MAX, SOCKS_USER_MAX},
};

/// What the prefix of a client's stream is.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "lives on the stack for the time of one question")]
pub enum Socks<'a> {
    /// A whole request.
    Request(SocksRequest<'a>),
    /// A request as far as it goes, or nothing yet; says what comes next.
    Incomplete(Awaited),
    /// A negotiation that is SOCKS 5 and cannot be looked through: GSSAPI or a private method.
    Opaque,
    /// Something else, told at the first octet that cannot be.
    NotSocks,
}

/// What a request still lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Awaited {
    /// More octets of the message begun.
    Rest,
    /// The messages so far are whole. The client may wait for the server's word (RFC 1928 section 3,
    /// RFC 1929 section 2) before it sends user and password, or the request.
    Next,
}

/// What the client wants, RFC 1928 section 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocksRequest<'a> {
    /// Version of the protocol.
    pub version: SocksVersion,
    /// What to do.
    pub command: SocksCommand,
    /// Where to go.
    pub host: Host,
    /// The port there.
    pub port: u16,
    /// The user, as it was sent: the USERID of SOCKS 4, UNAME of RFC 1929. Not empty.
    pub user: Option<&'a [u8]>,
    /// Octets of the negotiation and the request; the inner stream begins here.
    pub consumed: usize,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocksVersion {
    /// SOCKS 4, addresses only.
    V4,
    /// SOCKS 4a, names.
    V4a,
    /// SOCKS 5.
    V5,
}

/// What to do, RFC 1928 section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocksCommand {
    /// Open a TCP connection.
    Connect,
    /// Take a TCP connection.
    Bind,
    /// Relay UDP datagrams; SOCKS 5 only.
    Associate,
    /// Tor's name and address resolution (0xf0, 0xf1 of its socks-extensions); SOCKS 5 only.
    Resolve,
}

/// What the prefix of a server's stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocksReply {
    /// The way is open; the inner stream begins behind `consumed` octets.
    Granted {
        /// Octets of the replies.
        consumed: usize,
    },
    /// The server says no.
    Refused {
        /// REP of RFC 1928 section 6, CD of SOCKS 4, STATUS of RFC 1929, or 0xff: no acceptable method.
        code: u8,
    },
    /// Replies as far as they go, or nothing yet.
    Incomplete,
    /// The method chosen cannot be looked through.
    Opaque,
    /// Something else.
    NotSocks,
}

impl<'a> Socks<'a> {
    /// Reads the start of the client's stream. Nothing is allocated; a request has at most 1 042 octets.
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut stream = Stream { bytes, at: 0 };
        let read = match bytes.first() {
            Some(4) => read_v4(&mut stream),
            Some(5) => read_v5(&mut stream),
            Some(_) => Err(Stop::NotSocks),
            None => Err(Stop::Rest),
        };
        match read {
            Ok(request) => Self::Request(request),
            Err(Stop::Rest) => Self::Incomplete(Awaited::Rest),
            Err(Stop::Next) => Self::Incomplete(Awaited::Next),
            Err(Stop::Opaque) => Self::Opaque,
            Err(Stop::NotSocks) => Self::NotSocks,
        }
    }
}

impl SocksReply {
    /// Reads the start of the server's stream: SOCKS 4 if it begins with 0, SOCKS 5 if with 5.
    pub fn read(bytes: &[u8]) -> Self {
        let mut stream = Stream { bytes, at: 0 };
        let read = match bytes.first() {
            Some(0) => read_reply_v4(&mut stream),
            Some(5) => read_reply_v5(&mut stream),
            Some(_) => Err(Stop::NotSocks),
            None => Err(Stop::Rest),
        };
        match read {
            Ok(None) => Self::Granted { consumed: stream.at },
            Ok(Some(code)) => Self::Refused { code },
            Err(Stop::Rest | Stop::Next) => Self::Incomplete,
            Err(Stop::Opaque) => Self::Opaque,
            Err(Stop::NotSocks) => Self::NotSocks,
        }
    }
}

/// Why reading ended early.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Rest,
    Next,
    Opaque,
    NotSocks,
}

type Step<T> = Result<T, Stop>;

/// Methods of RFC 1928 section 3; those assigned by IANA end at 9, private ones are 0x80 to 0xfe.
const NO_AUTHENTICATION: u8 = 0;
const GSSAPI: u8 = 1;
const USER_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

fn read_v4<'a>(stream: &mut Stream<'a>) -> Step<SocksRequest<'a>> {
    require(!is_dns_query(stream.bytes))?;
    stream.u8()?;
    let command = match stream.u8()? {
        1 => SocksCommand::Connect,
        2 => SocksCommand::Bind,
        _ => return Err(Stop::NotSocks),
    };
    let port = stream.u16()?;
    require(port != 0)?;
    let address = Ipv4Addr::from(stream.octets::<4>()?);
    let named = matches!(address.octets(), [0, 0, 0, 1..=255]);
    require(named || is_reachable(address.into()))?;
    let user = stream.text(SOCKS_USER_MAX)?;
    let (version, host) = if named {
        let name = stream.text(HOST_TEXT_MAX)?;
        (SocksVersion::V4a, read_name(name)?)
    } else {
        (SocksVersion::V4, Host::Address(address.into()))
    };
    let user = Some(user).filter(|user| !user.is_empty());
    Ok(SocksRequest { version, command, host, port, user, consumed: stream.at })
}

fn read_v5<'a>(stream: &mut Stream<'a>) -> Step<SocksRequest<'a>> {
    stream.u8()?;
    let methods = read_methods(stream)?;
    let mut user = None;
    match stream.u8().map_err(|_| Stop::Next)? {
        5 => {}
        1 if methods.contains(&USER_PASSWORD) => {
            user = Some(read_user(stream)?);
            require(stream.u8().map_err(|_| Stop::Next)? == 5)?;
        }
        1 if methods.contains(&GSSAPI) => return Err(Stop::Opaque),
        _ if methods.iter().any(|method| *method >= 0x80) => return Err(Stop::Opaque),
        _ => return Err(Stop::NotSocks),
    }
    let command = match stream.u8()? {
        1 => SocksCommand::Connect,
        2 => SocksCommand::Bind,
        3 => SocksCommand::Associate,
        0xf0 | 0xf1 => SocksCommand::Resolve,
        _ => return Err(Stop::NotSocks),
    };
    require(stream.u8()? == 0)?;
    let host = read_address(stream)?;
    let port = stream.u16()?;
    if command == SocksCommand::Connect {
        require(port != 0 && host.address().is_none_or(is_reachable))?;
    }
    Ok(SocksRequest { version: SocksVersion::V5, command, host, port, user, consumed: stream.at })
}

/// A DNS query of 1025 or 1026 octets over TCP (RFC 1035 section 4.2.2): flags and counts read as an
/// address such as 1.0.0.1, with no user and a stream of zeros behind.
fn is_dns_query(bytes: &[u8]) -> bool {
    matches!(bytes, [4, 1 | 2, _, _, 0 | 1, flags, 0, 1, 0, 0, 0, 0, 0, 0 | 1, ..] if flags & 0x8f == 0)
}

/// RFC 1928 section 3. Clients offer few methods, each once.
fn read_methods<'a>(stream: &mut Stream<'a>) -> Step<&'a [u8]> {
    let count = stream.u8()?;
    require((1..=10).contains(&count))?;
    let (methods, rest) = stream.available(count.into());
    for (place, method) in methods.iter().enumerate() {
        let earlier = methods.get(..place).unwrap_or_default();
        require(matches!(method, 0..=9 | 0x80..=0xfe) && !earlier.contains(method))?;
    }
    if rest > 0 { Err(Stop::Rest) } else { Ok(methods) }
}

/// RFC 1929 section 2. The password is passed over.
fn read_user<'a>(stream: &mut Stream<'a>) -> Step<&'a [u8]> {
    let length = stream.u8()?;
    require(length > 0)?;
    let user = stream.take(length.into())?;
    let length = stream.u8()?;
    stream.take(length.into())?;
    Ok(user)
}

/// ATYP and address, RFC 1928 section 5.
fn read_address(stream: &mut Stream<'_>) -> Step<Host> {
    match stream.u8()? {
        1 => Ok(Host::Address(Ipv4Addr::from(stream.octets::<4>()?).into())),
        3 => {
            let length = stream.u8()?;
            require(length > 0)?;
            let (name, rest) = stream.available(length.into());
            require(name.iter().all(is_host_octet))?;
            if rest > 0 { Err(Stop::Rest) } else { read_name(name) }
        }
        4 => Ok(IpAddr::from(Ipv6Addr::from(stream.octets::<16>()?)).into()),
        _ => Err(Stop::NotSocks),
    }
}

fn read_name(text: &[u8]) -> Step<Host> {
    require(text.iter().all(is_host_octet))?;
    Host::read(text).ok_or(Stop::NotSocks)
}

/// Octets of names and addresses in text, internationalised ones included.
fn is_host_octet(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._:".contains(octet) || *octet >= 0x80
}

/// Nobody connects to these.
fn is_reachable(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 0 || v4.is_broadcast());
    !(broadcast || address.is_unspecified() || address.is_multicast())
}

/// The reply of SOCKS 4; the code if it is no.
fn read_reply_v4(stream: &mut Stream<'_>) -> Step<Option<u8>> {
    stream.u8()?;
    let code = stream.u8()?;
    require((90..=93).contains(&code))?;
    stream.take(6)?;
    Ok((code != 90).then_some(code))
}

/// The replies of SOCKS 5; the code if one is no.
fn read_reply_v5(stream: &mut Stream<'_>) -> Step<Option<u8>> {
    stream.u8()?;
    match stream.u8()? {
        NO_AUTHENTICATION => {}
        USER_PASSWORD => {
            require(stream.u8()? == 1)?;
            let status = stream.u8()?;
            if status != 0 {
                return Ok(Some(status));
            }
        }
        NONE_ACCEPTABLE => return Ok(Some(NONE_ACCEPTABLE)),
        1 | 3..=9 | 0x80.. => return Err(Stop::Opaque),
        _ => return Err(Stop::NotSocks),
    }
    require(stream.u8()? == 5)?;
    let code = stream.u8()?;
    require(stream.u8()? == 0)?;
    if code != 0 {
        return Ok(Some(code));
    }
    read_bound(stream)?;
    Ok(None)
}

/// BND.ADDR and BND.PORT, RFC 1928 section 6; some servers send an empty name.
fn read_bound(stream: &mut Stream<'_>) -> Step<()> {
    let length = match stream.u8()? {
        1 => 4,
        3 => stream.u8()?.into(),
        4 => 16,
        _ => return Err(Stop::NotSocks),
    };
    stream.take(length + 2).map(drop)
}

fn require(holds: bool) -> Step<()> {
    if holds { Ok(()) } else { Err(Stop::NotSocks) }
}

struct Stream<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Stream<'a> {
    fn take(&mut self, length: usize) -> Step<&'a [u8]> {
        let end = self.at + length;
        let taken = self.bytes.get(self.at..end).ok_or(Stop::Rest)?;
        self.at = end;
        Ok(taken)
    }

    /// At most `length` octets, as many as there are, and how many are missing.
    fn available(&mut self, length: usize) -> (&'a [u8], usize) {
        let there = length.min(self.bytes.len() - self.at.min(self.bytes.len()));
        (self.take(there).unwrap_or_default(), length - there)
    }

    fn octets<const N: usize>(&mut self) -> Step<[u8; N]> {
        self.take(N)?.first_chunk().copied().ok_or(Stop::Rest)
    }

    fn u8(&mut self) -> Step<u8> {
        self.octets().map(|[octet]| octet)
    }

    fn u16(&mut self) -> Step<u16> {
        self.octets().map(u16::from_be_bytes)
    }

    /// Text with a NUL behind it, of at most `max` octets and without control characters.
    fn text(&mut self, max: usize) -> Step<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|octet| *octet == 0);
        let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        require(text.len() <= max && !text.iter().any(u8::is_ascii_control))?;
        end.ok_or(Stop::Rest)?;
        self.at += text.len() + 1;
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
