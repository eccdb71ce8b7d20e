//! HTTP/1.x messages (RFC 9110, RFC 9112) from a prefix of a stream: whom a request means and what it
//! carries.

use alloc::vec::Vec;
use core::iter::FusedIterator;

use super::{
    host::Authority,
    limits::{HTTP_FIELDS_FIRST, HTTP_FIELDS_MAX, HTTP_HEAD_MAX, HTTP_METHOD_MAX},
};

mod body;

pub use body::{Body, Framing};

/// What a stream's prefix is.
#[derive(Clone, Copy, Debug)]
pub enum Http<'a> {
    /// A request with its whole head.
    Request(Request<'a>),
    /// A response with its whole head.
    Response(Response<'a>),
    /// A head as far as it goes, or nothing yet. More octets are needed.
    Incomplete,
    /// A head of more than 16 KiB: HTTP, and not read.
    TooLong,
    /// Something else, told at the first octet that cannot be.
    NotHttp,
}

/// A request, RFC 9112 section 3.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Method, such as `POST`.
    pub method: &'a [u8],
    /// Target as it was sent: `/path`, `http://host/path`, `host:port` of CONNECT, or `*`.
    pub target: &'a [u8],
    /// Header fields and body.
    pub message: Message<'a>,
}

/// A response, RFC 9112 section 4.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// Status code, 100 to 999.
    pub status: u16,
    /// Header fields and body.
    pub message: Message<'a>,
}

/// What requests and responses share, RFC 9112 section 2.1.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Minor version: 0 of HTTP/1.0, 1 of HTTP/1.1.
    pub minor: u8,
    /// Octets of the head; the body, or the inner stream of CONNECT and Upgrade, begins here.
    pub body_at: usize,
    fields: Head<'a>,
    rest: &'a [u8],
}

impl<'a> Http<'a> {
    /// Reads the start of a stream, or what is behind the message before. Nothing is allocated. Lines
    /// may end without CR (RFC 9112 section 2.2).
    pub fn read(bytes: &'a [u8]) -> Self {
        match read_head(bytes) {
            Ok(http) => http,
            Err(Stop::Incomplete) if bytes.len() >= HTTP_HEAD_MAX => Self::TooLong,
            Err(Stop::Incomplete) => Self::Incomplete,
            Err(Stop::NotHttp) => Self::NotHttp,
        }
    }
}

impl<'a> Request<'a> {
    /// Whether a tunnel is asked for, RFC 9110 section 9.3.6.
    pub fn is_connect(&self) -> bool {
        self.method == b"CONNECT"
    }

    /// Whom a proxy is asked for: the target of CONNECT, or of a target in absolute form (RFC 9112
    /// sections 3.2.2 and 3.2.3). `None` for requests to the server itself.
    pub fn proxied(&self) -> Option<Authority> {
        if self.is_connect() { Authority::read(self.target) } else { Authority::of_uri(self.target) }
    }

    /// The Host field, RFC 9110 section 7.2.
    pub fn host(&self) -> Option<Authority> {
        self.message.field("host").and_then(Authority::read)
    }

    /// The host of the Origin field (RFC 6454 section 7), else of Referer (RFC 9110 section 10.1.3): the
    /// page that asks.
    pub fn page(&self) -> Option<Authority> {
        let host = |name| self.message.field(name).and_then(Authority::of_uri);
        host("origin").or_else(|| host("referer"))
    }

    /// Whether a WebSocket is asked for, RFC 6455 section 4.1.
    pub fn is_websocket(&self) -> bool {
        self.method == b"GET" && self.message.upgrades_to_websocket()
    }

    /// The user of `Authorization: Basic` (RFC 7617), decoded into `scratch`; at most its first 256
    /// octets. The password is not decoded.
    pub fn user<'s>(&self, scratch: &'s mut Vec<u8>) -> Option<&'s [u8]> {
        body::basic_user(self.message.field("authorization")?, scratch)
    }

    /// The user of `Proxy-Authorization: Basic`, like [`Request::user`].
    pub fn proxy_user<'s>(&self, scratch: &'s mut Vec<u8>) -> Option<&'s [u8]> {
        body::basic_user(self.message.field("proxy-authorization")?, scratch)
    }

    /// How the body ends. CONNECT has none.
    pub fn framing(&self) -> Framing {
        match self.message.framing() {
            _ if self.is_connect() => Framing::Empty,
            Framing::UntilClose => Framing::Empty,
            framing => framing,
        }
    }

    /// The body as far as it is there; chunks are joined in `scratch`.
    pub fn body<'s>(&self, scratch: &'s mut Vec<u8>) -> Body<'s>
    where
        'a: 's,
    {
        Body::read(self.framing(), self.message.rest, scratch)
    }
}

impl<'a> Response<'a> {
    /// Whether the server switches to WebSocket, RFC 6455 section 4.2.2.
    pub fn is_websocket(&self) -> bool {
        self.status == 101 && self.message.upgrades_to_websocket()
    }

    /// How the body ends, if it did not answer HEAD or CONNECT (RFC 9112 section 6.3).
    pub fn framing(&self) -> Framing {
        match self.status {
            100..=199 | 204 | 304 => Framing::Empty,
            _ => self.message.framing(),
        }
    }

    /// The body as far as it is there; chunks are joined in `scratch`.
    pub fn body<'s>(&self, scratch: &'s mut Vec<u8>) -> Body<'s>
    where
        'a: 's,
    {
        Body::read(self.framing(), self.message.rest, scratch)
    }
}

impl<'a> Message<'a> {
    /// The header fields in order, the first 64: name and value without white space around it. Lines
    /// that are no field are left out.
    pub fn fields(&self) -> Fields<'_, 'a> {
        let first = self.fields.first.get(..self.fields.count).unwrap_or_default().iter();
        Fields { first, rest: self.fields.rest, left: HTTP_FIELDS_MAX - HTTP_FIELDS_FIRST }
    }

    /// The value of the first field of this name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.fields().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// Whether a field lists this word (RFC 9110 section 5.6.1), whatever the case.
    fn lists(&self, name: &str, word: &str) -> bool {
        let named = self.fields().filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()));
        let mut words = named.flat_map(|(_, value)| value.split(|octet| *octet == b','));
        words.any(|found| found.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    }

    fn upgrades_to_websocket(&self) -> bool {
        self.lists("upgrade", "websocket")
    }

    /// RFC 9112 section 6.3: chunked goes before a length.
    fn framing(&self) -> Framing {
        if self.lists("transfer-encoding", "chunked") {
            return Framing::Chunked;
        }
        let length = self.field("content-length").filter(|value| value.iter().all(u8::is_ascii_digit));
        let length = length.and_then(|value| core::str::from_utf8(value).ok()?.parse().ok());
        length.map_or(Framing::UntilClose, Framing::Length)
    }
}

/// The header fields of one head. The first few are taken apart once and for all, for every question about a head asks
/// for several.
#[derive(Clone, Copy, Debug)]
struct Head<'a> {
    first: [Field<'a>; HTTP_FIELDS_FIRST],
    count: usize,
    /// The lines behind them.
    rest: &'a [u8],
}

/// Name and value.
type Field<'a> = (&'a [u8], &'a [u8]);

impl<'a> Head<'a> {
    const NONE: Self = Self { first: [(&[], &[]); HTTP_FIELDS_FIRST], count: 0, rest: &[] };

    /// Keeps a line taken apart; false if there is no more room.
    fn keep(&mut self, line: &'a [u8]) -> bool {
        let Some(slot) = self.first.get_mut(self.count) else { return false };
        if let Some(field) = read_field(line) {
            *slot = field;
            self.count += 1;
        }
        true
    }
}

/// Iterator over header fields, see [`Message::fields`].
#[derive(Clone, Debug)]
pub struct Fields<'m, 'a> {
    first: core::slice::Iter<'m, Field<'a>>,
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Fields<'_, 'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(field) = self.first.next() {
            return Some(*field);
        }
        loop {
            self.left = self.left.checked_sub(1)?;
            let end = memchr::memchr(b'\n', self.rest)?;
            let (line, rest) = self.rest.split_at_checked(end + 1)?;
            self.rest = rest;
            if let Some(field) = read_field(line) {
                return Some(field);
            }
        }
    }
}

/// Name and value of a line that is a field.
fn read_field(line: &[u8]) -> Option<Field<'_>> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    let is_field = !name.is_empty() && name.iter().all(is_token);
    is_field.then(|| (name, value.get(1..).unwrap_or_default().trim_ascii()))
}

impl FusedIterator for Fields<'_, '_> {}

/// Why reading ended early.
enum Stop {
    Incomplete,
    NotHttp,
}

type Step<T> = Result<T, Stop>;

fn read_head(bytes: &[u8]) -> Step<Http<'_>> {
    let head = bytes.get(..HTTP_HEAD_MAX).unwrap_or(bytes);
    let mut line = Line { bytes: head, at: 0 };
    match line.exactly(b"HTTP/1.") {
        Ok(()) => {
            let (minor, status) = line.read_status()?;
            let message = read_fields(bytes, head, line.at, minor)?;
            Ok(Http::Response(Response { status, message }))
        }
        Err(Stop::Incomplete) => Err(Stop::Incomplete),
        Err(Stop::NotHttp) => {
            let method = line.word(HTTP_METHOD_MAX, |octet| octet.is_ascii_uppercase() || b"-_".contains(octet))?;
            let target = line.word(HTTP_HEAD_MAX, |octet| *octet > b' ' && *octet != 0x7f)?;
            line.exactly(b"HTTP/1.")?;
            let minor = line.digit()?;
            line.end()?;
            let message = read_fields(bytes, head, line.at, minor)?;
            Ok(Http::Request(Request { method, target, message }))
        }
    }
}

/// The fields from `start` to the empty line.
fn read_fields<'a>(bytes: &'a [u8], head: &'a [u8], start: usize, minor: u8) -> Step<Message<'a>> {
    let mut fields = Head::NONE;
    let (mut at, mut kept) = (start, start);
    loop {
        let rest = head.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).ok_or(Stop::Incomplete)?;
        let line = rest.get(..end).unwrap_or_default();
        if line.is_empty() || line == b"\r" {
            fields.rest = head.get(kept..at).unwrap_or_default();
            at += end + 1;
            return Ok(Message { minor, body_at: at, fields, rest: bytes.get(at..).unwrap_or_default() });
        }
        at += end + 1;
        if fields.keep(line) {
            kept = at;
        }
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet)
}

/// Reads a start line.
struct Line<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Line<'a> {
    /// Passes over this text; stays if it is another.
    fn exactly(&mut self, text: &[u8]) -> Step<()> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(text) {
            self.at += text.len();
            Ok(())
        } else if text.starts_with(rest) {
            Err(Stop::Incomplete)
        } else {
            Err(Stop::NotHttp)
        }
    }

    /// Octets of this kind, 1 to `max`, and the space behind them.
    fn word(&mut self, max: usize, fits: impl Fn(&u8) -> bool) -> Step<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().take(max + 1).take_while(|octet| fits(octet)).count();
        match rest.get(length) {
            _ if length > max => Err(Stop::NotHttp),
            None => Err(Stop::Incomplete),
            Some(b' ') if length > 0 => {
                self.at += length + 1;
                Ok(rest.get(..length).unwrap_or_default())
            }
            Some(_) => Err(Stop::NotHttp),
        }
    }

    fn digit(&mut self) -> Step<u8> {
        let octet = self.bytes.get(self.at).ok_or(Stop::Incomplete)?;
        self.at += 1;
        if octet.is_ascii_digit() { Ok(octet - b'0') } else { Err(Stop::NotHttp) }
    }

    /// CR LF or LF.
    fn end(&mut self) -> Step<()> {
        match self.exactly(b"\r\n") {
            Err(Stop::NotHttp) => self.exactly(b"\n"),
            read => read,
        }
    }

    /// Minor version, status code, and whatever reason.
    fn read_status(&mut self) -> Step<(u8, u16)> {
        let minor = self.digit()?;
        self.exactly(b" ")?;
        let [a, b, c] = [self.digit()?, self.digit()?, self.digit()?].map(u16::from);
        let status = a * 100 + b * 10 + c;
        let next = self.bytes.get(self.at).ok_or(Stop::Incomplete)?;
        if status < 100 || !matches!(next, b' ' | b'\r' | b'\n') {
            return Err(Stop::NotHttp);
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += memchr::memchr(b'\n', rest).ok_or(Stop::Incomplete)? + 1;
        Ok((minor, status))
    }
}

#[cfg(test)]
mod tests;
