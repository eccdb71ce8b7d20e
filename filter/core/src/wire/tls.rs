//! The first message of a TLS client (RFC 8446 section 4.1.2), from a prefix of its stream.

use alloc::vec::Vec;

use super::{
    limits::{CLIENT_HELLO_MAX, SERVER_NAME_MAX},
    name::Name,
};

/// What a stream's prefix is.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "lives on the stack for the time of one question")]
pub enum Tls<'a> {
    /// A whole ClientHello.
    Hello(ClientHello<'a>),
    /// A ClientHello as far as it goes, or nothing yet. More bytes are needed.
    Incomplete,
    /// Something else, told at the first octet that cannot be. Older hellos in the SSLv2 form (RFC 5246
    /// appendix E.2) count as something else.
    NotTls,
}

/// What a ClientHello says in the clear.
#[derive(Clone, Debug)]
pub struct ClientHello<'a> {
    /// The first `host_name` of the server_name extension (RFC 6066 section 3), its first 255 octets.
    /// Not checked to be a host name: see [`Name::is_hostname`].
    pub server_name: Option<Name>,
    /// The first protocol offered (ALPN, RFC 7301 section 3.1), such as `h2`.
    pub alpn: Option<&'a [u8]>,
    /// An encrypted_client_hello extension is there (RFC 9849): the server name is the public one of a
    /// provider, not the one meant. Clients also send it without meaning (GREASE ECH).
    pub ech: bool,
    /// `legacy_version`, 0x0301 to 0x0303 for most.
    pub legacy_version: u16,
    /// Cipher suites offered.
    pub ciphers: usize,
    /// Extensions, of whatever type.
    pub extensions: usize,
}

impl<'a> ClientHello<'a> {
    /// Reads the start of the client's stream. The records' content is joined in `scratch`, at most
    /// 80 KiB; use it again and again. Time is linear in the hello.
    pub fn read(bytes: &[u8], scratch: &'a mut Vec<u8>) -> Tls<'a> {
        scratch.clear();
        let joined = join_records(bytes, scratch);
        let read = read_handshake(scratch);
        match (joined, read) {
            (_, Ok(hello)) => Tls::Hello(hello),
            (_, Err(Stop::NotTls)) | (Err(Stop::NotTls), _) => Tls::NotTls,
            (_, Err(Stop::Incomplete)) => Tls::Incomplete,
        }
    }

    /// Reads the start of a handshake that came without records, as QUIC carries it (RFC 9001 section 4).
    pub(super) fn read_message(message: &'a [u8]) -> Tls<'a> {
        match read_handshake(message) {
            Ok(hello) => Tls::Hello(hello),
            Err(Stop::NotTls) => Tls::NotTls,
            Err(Stop::Incomplete) => Tls::Incomplete,
        }
    }
}

/// Why reading ended before the hello did.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Incomplete,
    NotTls,
}

type Step<T> = Result<T, Stop>;

/// Content type and message type, RFC 8446 sections 5.1 and 4.
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// Extension types (IANA "TLS ExtensionType Values").
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;

/// Puts the handshake messages' octets into `message` until the first message is whole, RFC 8446
/// section 5.1. Nothing else may stand between its records.
fn join_records(bytes: &[u8], message: &mut Vec<u8>) -> Step<()> {
    let mut records = Cursor::prefix(bytes);
    loop {
        if let Some([kind, length @ ..]) = message.first_chunk::<4>() {
            let [a, b, c] = length.map(usize::from);
            let length = a << 16 | b << 8 | c;
            if *kind != CLIENT_HELLO || length > CLIENT_HELLO_MAX {
                return Err(Stop::NotTls);
            }
            if message.len() >= 4 + length {
                return Ok(());
            }
        }
        let length = read_record(&mut records)?;
        let content = records.available(length);
        message.extend_from_slice(content);
        if content.len() < length {
            return Err(Stop::Incomplete);
        }
    }
}

/// Reads a record's header; gives the length of its content, 1 to 2^14 (RFC 8446 section 5.1).
fn read_record(records: &mut Cursor<'_>) -> Step<usize> {
    require(records.u8()? == HANDSHAKE)?;
    require(records.u8()? == 3)?;
    require(records.u8()? <= 4)?;
    let high = usize::from(records.u8()?);
    require(high <= 0x40)?;
    let length = high << 8 | usize::from(records.u8()?);
    require((1..=0x4000).contains(&length))?;
    Ok(length)
}

fn read_handshake(message: &[u8]) -> Step<ClientHello<'_>> {
    let mut header = Cursor::prefix(message);
    require(header.u8()? == CLIENT_HELLO)?;
    let [a, b, c] = [header.u8()?, header.u8()?, header.u8()?].map(usize::from);
    let promised = a << 16 | b << 8 | c;
    require(promised <= CLIENT_HELLO_MAX)?;
    read_hello(Cursor { bytes: header.bytes, promised })
}

fn read_hello(mut body: Cursor<'_>) -> Step<ClientHello<'_>> {
    require(body.u8()? == 3)?;
    let minor = body.u8()?;
    require(minor <= 4)?;
    body.take(32)?;
    let session = body.u8()?;
    require(session <= 32)?;
    body.take(session.into())?;
    let ciphers = body.u16()?;
    require(ciphers >= 2 && ciphers % 2 == 0)?;
    body.take(ciphers.into())?;
    let compressions = body.u8()?;
    require(compressions >= 1)?;
    body.take(compressions.into())?;
    let mut hello = ClientHello {
        server_name: None,
        alpn: None,
        ech: false,
        legacy_version: u16::from_be_bytes([3, minor]),
        ciphers: usize::from(ciphers / 2),
        extensions: 0,
    };
    if body.promised > 0 {
        let length = body.u16()?;
        require(usize::from(length) == body.promised)?;
    }
    while body.promised > 0 {
        let kind = body.u16()?;
        let length = body.u16()?;
        hello.read_extension(kind, Cursor::whole(body.take(length.into())?));
    }
    Ok(hello)
}

impl<'a> ClientHello<'a> {
    /// Notes an extension. One whose content is broken says nothing; the server will refuse it.
    fn read_extension(&mut self, kind: u16, content: Cursor<'a>) {
        self.extensions += 1;
        match kind {
            SERVER_NAME if self.server_name.is_none() => {
                self.server_name = read_server_name(content).ok();
            }
            ALPN if self.alpn.is_none() => self.alpn = read_alpn(content).ok(),
            ENCRYPTED_CLIENT_HELLO => self.ech = true,
            _ => {}
        }
    }
}

fn read_server_name(mut content: Cursor<'_>) -> Step<Name> {
    require(usize::from(content.u16()?) == content.promised)?;
    loop {
        let kind = content.u8()?;
        let length = content.u16()?;
        let text = content.take(length.into())?;
        if kind == 0 && !text.is_empty() {
            let mut name = Name::new();
            name.push_text(text.get(..SERVER_NAME_MAX).unwrap_or(text));
            return Ok(name);
        }
    }
}

fn read_alpn(mut content: Cursor<'_>) -> Step<&[u8]> {
    require(usize::from(content.u16()?) == content.promised)?;
    let length = content.u8()?;
    content.take(length.into())
}

fn require(holds: bool) -> Step<()> {
    if holds { Ok(()) } else { Err(Stop::NotTls) }
}

/// Reads bytes of which some may not have arrived.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    /// Those that have.
    bytes: &'a [u8],
    /// Length of all. A field that reaches behind it is an error, not a reason to wait; octets behind
    /// it belong to others.
    promised: usize,
}

impl<'a> Cursor<'a> {
    /// The start of something with no end in sight.
    fn prefix(bytes: &'a [u8]) -> Self {
        Self { bytes, promised: usize::MAX }
    }

    /// Something that is all there.
    fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, promised: bytes.len() }
    }

    fn take(&mut self, length: usize) -> Step<&'a [u8]> {
        let promised = self.promised.checked_sub(length).ok_or(Stop::NotTls)?;
        let (head, rest) = self.bytes.split_at_checked(length).ok_or(Stop::Incomplete)?;
        (self.bytes, self.promised) = (rest, promised);
        Ok(head)
    }

    /// At most `length` octets, as many as there are.
    fn available(&mut self, length: usize) -> &'a [u8] {
        let length = length.min(self.bytes.len());
        self.take(length).unwrap_or_default()
    }

    fn u8(&mut self) -> Step<u8> {
        let [octet] = self.octets()?;
        Ok(octet)
    }

    fn u16(&mut self) -> Step<u16> {
        self.octets().map(u16::from_be_bytes)
    }

    fn octets<const N: usize>(&mut self) -> Step<[u8; N]> {
        let head = self.take(N)?;
        head.first_chunk().copied().ok_or(Stop::Incomplete)
    }
}

#[cfg(test)]
mod tests;
