//! What bytes are, told by their beginning.

use crate::wire::proxy::Proxy;

/// What the bytes of a direction are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// DNS messages with their lengths (RFC 7766).
    Dns,
    /// HTTP/1.
    Http,
    /// A PROXY protocol header.
    Proxy,
    /// Records of TLS in the middle of a session: nothing can be read.
    Sealed,
    /// What a client of SOCKS says.
    Socks,
    /// What a server of SOCKS says.
    SocksReply,
    /// Anything else: mining speaks in lines of JSON.
    Text,
    /// TLS from its beginning.
    Tls,
    /// Too few bytes to tell.
    #[default]
    Unknown,
    /// Messages of WebSocket.
    WebSocket,
}

/// How requests begin (RFC 9110 section 9, RFC 9112).
static REQUESTS: &[&[u8]] =
    &[b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"DELETE ", b"PATCH ", b"CONNECT ", b"TRACE "];

/// How answers begin, and how requests end in their first line.
const HTTP: &[u8] = b"HTTP/1.";

/// Length and header of a DNS message over TCP.
const DNS_START: usize = 2 + 12;

/// What a text that begins so is. `asked_as_dns`: it is sent to a name server.
pub(super) fn form_of(prefix: &[u8], asked_as_dns: bool) -> Form {
    match prefix {
        [] => Form::Unknown,
        _ if asked_as_dns && prefix.len() < DNS_START => Form::Unknown,
        _ if asked_as_dns && is_asking(prefix) => Form::Dns,
        // RFC 8446 section 5.1: handshake records first; 20, 21, 23 only later in a session.
        [0x16, 0x03, ..] => Form::Tls,
        [0x14 | 0x15 | 0x17, 0x03, 0x00..=0x04, ..] => Form::Sealed,
        [0x14..=0x17] | [0x14..=0x17, 0x03] => Form::Unknown,
        [4 | 5, ..] => Form::Socks,
        // A reply of SOCKS 4: version 0, codes 90 to 93.
        [0] => Form::Unknown,
        [0, 90..=93, ..] => Form::SocksReply,
        // The first frame of a whole text message, where the upgrade was not seen.
        [0x81, ..] => Form::WebSocket,
        _ if prefix.starts_with(HTTP) => Form::Http,
        _ if REQUESTS.iter().any(|start| prefix.starts_with(start)) => request(prefix),
        _ if REQUESTS.iter().chain([&HTTP]).any(|start| start.starts_with(prefix)) => Form::Unknown,
        [b'P' | b'\r', ..] => proxy(prefix),
        _ => Form::Text,
    }
}

fn proxy(prefix: &[u8]) -> Form {
    match Proxy::read(prefix) {
        Proxy::Header(_) => Form::Proxy,
        Proxy::Incomplete => Form::Unknown,
        Proxy::NotProxy => Form::Text,
    }
}

/// Whether this may be the start of a DNS message that asks: no response, and fewer than 256 questions. Text would
/// count far more.
fn is_asking(prefix: &[u8]) -> bool {
    prefix.first_chunk::<DNS_START>().is_some_and(|start| start[4] & 0x80 == 0 && start[6] == 0)
}

/// A request is told by the end of its first line; without it, a line that only begins like one is text.
fn request(prefix: &[u8]) -> Form {
    let Some(end) = memchr::memchr(b'\n', prefix) else { return Form::Unknown };
    let line = prefix.get(..end).unwrap_or_default();
    if line.windows(HTTP.len()).any(|part| part == HTTP) { Form::Http } else { Form::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_are_told_apart() {
        let cases: &[(&[u8], Form)] = &[
            (b"", Form::Unknown),
            (b"G", Form::Unknown),
            (b"GET / HTTP/1.1\r\n", Form::Http),
            (b"GETWORK", Form::Text),
            (b"GET /a", Form::Unknown),
            (b"GET /a\n", Form::Text),
            (b"HTTP/", Form::Unknown),
            (b"HTTP/1.1 200 OK", Form::Http),
            (b"{\"id\":1", Form::Text),
            (b"\x16", Form::Unknown),
            (b"\x16\x03", Form::Tls),
            (b"\x17\x03\x03", Form::Sealed),
            (b"SSH-2.0-x", Form::Text),
            (b"\x05\x01\x00", Form::Socks),
            (b"\x04\x01", Form::Socks),
            (b"\0", Form::Unknown),
            (b"\0\x5a", Form::SocksReply),
            (b"\0\0\0\x10", Form::Text),
            (b"\x81", Form::WebSocket),
            (b"PROXY TCP4 192.0.2.1", Form::Unknown),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Form::Proxy),
            (b"PROXIMITY", Form::Text),
            (b"\r\n\r\n", Form::Unknown),
            (b"\r\n\r\n{", Form::Text),
            (b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00", Form::Proxy),
        ];
        for (prefix, form) in cases {
            assert_eq!(form_of(prefix, false), *form, "{prefix:?}");
        }
        let asking: &[u8] = b"\x00\x1d\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00";
        assert_eq!(form_of(&asking[..13], true), Form::Unknown);
        assert_eq!(form_of(asking, true), Form::Dns);
        assert_eq!(form_of(asking, false), Form::Text);
        assert_eq!(form_of(b"{\"id\":1,\"metho", true), Form::Text);
        assert_eq!(form_of(b"\r\n{\"id\":1,\"meth", true), Form::Text);
    }
}
