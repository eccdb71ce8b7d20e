#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use alloc::{
    format,
    string::{String, ToString},
    vec,
};

use proptest::prelude::*;

use super::*;

fn request(bytes: &[u8]) -> Request<'_> {
    match Http::read(bytes) {
        Http::Request(request) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn response(bytes: &[u8]) -> Response<'_> {
    match Http::read(bytes) {
        Http::Response(response) => response,
        other => panic!("no response: {other:?}"),
    }
}

fn is_not_http(bytes: &[u8]) -> bool {
    matches!(Http::read(bytes), Http::NotHttp)
}

fn text(authority: Option<Authority>) -> Option<(String, Option<u16>)> {
    authority.map(|authority| (authority.host.to_string(), authority.port))
}

fn some(host: &str, port: u16) -> Option<(String, Option<u16>)> {
    Some((host.into(), Some(port)))
}

const POST: &[u8] = b"POST /json_rpc HTTP/1.1\r\nhost:  Node.Example:18081 \r\nContent-Type: application/json\r\n\
content-LENGTH: 7\r\n\r\n{\"id\":1";

#[test]
fn a_request() {
    let more = [POST, b"GET /"].concat();
    let request = request(&more);
    assert_eq!((request.method, request.target, request.message.minor), (&b"POST"[..], &b"/json_rpc"[..], 1));
    assert_eq!(text(request.host()), some("node.example", 18081));
    assert_eq!(request.proxied(), None);
    assert_eq!(request.message.field("CONTENT-type"), Some(&b"application/json"[..]));
    assert_eq!(request.message.fields().count(), 3);
    assert_eq!(request.framing(), Framing::Length(7));
    let mut scratch = Vec::new();
    let body = request.body(&mut scratch);
    assert_eq!(body, Body { content: b"{\"id\":1", whole: true, consumed: 7, broken: false });
    assert_eq!(request.message.body_at + body.consumed, POST.len());
}

#[test]
fn truncation_at_every_length() {
    let reply = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    for (bytes, body) in [(POST, 7), (&reply[..], 2)] {
        for length in 0..bytes.len() {
            let mut scratch = Vec::new();
            let read = match Http::read(&bytes[..length]) {
                Http::Incomplete => None,
                Http::Request(request) => Some(request.body(&mut scratch)),
                Http::Response(response) => Some(response.body(&mut scratch)),
                other => panic!("length {length}: {other:?}"),
            };
            assert_eq!(read.is_some(), length >= bytes.len() - body, "length {length}");
            assert!(read.is_none_or(|body| !body.whole && body.consumed == body.content.len()));
        }
    }
}

#[test]
fn whom_a_proxy_is_asked_for() {
    for (line, host, port) in [
        ("CONNECT Pool.Example:443", "pool.example", Some(443)),
        ("CONNECT 192.0.2.1:3333", "192.0.2.1", Some(3333)),
        ("CONNECT [2001:db8::1]:3333", "2001:db8::1", Some(3333)),
        ("POST http://u:p@Pool.Example:8332/a?b", "pool.example", Some(8332)),
        ("GET http://[::1]", "::1", None),
    ] {
        let bytes = format!("{line} HTTP/1.1\r\nHost: other.example\r\n\r\n{{}}");
        let request = request(bytes.as_bytes());
        assert_eq!(text(request.proxied()), Some((host.into(), port)), "{line}");
        assert_eq!(request.is_connect(), line.starts_with("CONNECT"));
    }
    let bytes = b"CONNECT a.example:443 HTTP/1.1\nContent-Length: 9\n\ninner";
    assert_eq!((request(bytes).framing(), &bytes[request(bytes).message.body_at..]), (Framing::Empty, &b"inner"[..]));
    for target in ["/a", "*", "/http://a.example/"] {
        assert_eq!(request(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes()).proxied(), None);
    }
}

#[test]
fn websocket_upgrades() {
    let ask = "GET /proxy HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
               Origin: https://Page.Example\r\nReferer: https://no.example/\r\n\r\n";
    assert!(request(ask.as_bytes()).is_websocket());
    assert_eq!(text(request(ask.as_bytes()).page()), Some(("page.example".into(), None)));
    let ask = ask.replace("Origin: https://Page.Example", "Origin: null").replace("WebSocket", "h2c");
    assert!(!request(ask.as_bytes()).is_websocket());
    assert_eq!(text(request(ask.as_bytes()).page()), Some(("no.example".into(), None)));
    assert!(response(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c, websocket\r\n\r\n\x81").is_websocket());
    assert!(!response(b"HTTP/1.1 200 OK\r\nupgrade: websocket\r\n\r\n").is_websocket());
}

/// `wallet.rig:secret` and others; the password is never decoded.
#[test]
fn users_of_basic_authentication() {
    for (value, user) in [
        ("Basic d2FsbGV0LnJpZzpzZWNyZXQ=", Some(&b"wallet.rig"[..])),
        ("bAsIc d2FsbGV0LnJpZzpzZWNyZXQ", Some(b"wallet.rig")),
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Some(b"Aladdin")), // RFC 7617 section 2
        ("Basic Og==", Some(b"")),
        ("Basic d2FsbGV0", None),
        ("Basic d2F*bGV0Og==", None),
        ("Bearer d2FsbGV0LnJpZzpzZWNyZXQ=", None),
        ("", None),
    ] {
        let bytes = format!("POST / HTTP/1.1\r\nAuthorization: {value}\r\nProxy-Authorization: Basic dTpw\r\n\r\n");
        let mut scratch = Vec::new();
        assert_eq!(request(bytes.as_bytes()).user(&mut scratch), user, "{value}");
        assert!(scratch.len() <= 10);
        assert_eq!(request(bytes.as_bytes()).proxy_user(&mut scratch), Some(&b"u"[..]));
    }
    let long = format!("POST / HTTP/1.1\r\nAuthorization: Basic {}Og==\r\n\r\n", "QUFB".repeat(200));
    assert_eq!(request(long.as_bytes()).user(&mut Vec::new()), Some(&[b'A'; 256][..]));
}

const CHUNKED: &[u8] = b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 3\r\n\r\n\
5;x=y\r\n{\"id\"\r\n00A\r\n:1,\"a\": 2}\r\n0\r\nX: y\r\n\r\n";

#[test]
fn chunks_are_joined() {
    let mut scratch = Vec::new();
    let more = [CHUNKED, b"GET"].concat();
    let request_whole = request(&more);
    let body = request_whole.body(&mut scratch);
    assert_eq!((body.content, body.whole, body.broken), (&b"{\"id\":1,\"a\": 2}"[..], true, false));
    assert_eq!(request_whole.message.body_at + body.consumed, CHUNKED.len());
    let start = request_whole.message.body_at;
    for length in start..CHUNKED.len() {
        let part = request(&CHUNKED[..length]);
        let body = part.body(&mut scratch);
        assert!(!body.whole && !body.broken && b"{\"id\":1,\"a\": 2}".starts_with(body.content), "length {length}");
        assert_eq!(body.consumed, length - start);
    }
    let head = &CHUNKED[..start];
    for (tail, content) in [
        (&b"{"[..], &b""[..]),
        (b"\r\n", b""),
        (b"-1\r\n", b""),
        (b"ffffffffffffffffff\r\n", b""),
        (b"3\r\nabcX", b"abc"),
        (b"1\nab", b"a"),
    ] {
        let bytes = [head, tail].concat();
        let body = request(&bytes);
        let body = body.body(&mut scratch);
        assert_eq!((body.content, body.whole, body.broken), (content, false, true), "{tail:?}");
    }
    let bytes = [head, &[b'1'; 256]].concat();
    assert!(request(&bytes).body(&mut scratch).broken);
    let bytes = [head, b"20000\r\n", &[b'x'; 0x20000], b"\r\n0\r\n\r\n"].concat();
    let body = request(&bytes);
    let body = body.body(&mut scratch);
    assert_eq!((body.content.len(), body.whole), (65_536, true));
}

#[test]
fn framings_of_responses() {
    for (head, framing) in [
        ("204 No Content\r\nContent-Length: 5", Framing::Empty),
        ("101 Switching", Framing::Empty),
        ("304 Not Modified", Framing::Empty),
        ("200 OK", Framing::UntilClose),
        ("200\r\nContent-Length: 5", Framing::Length(5)),
        ("200 OK\r\nContent-Length: -5", Framing::UntilClose),
        ("200 OK\r\nTransfer-Encoding: chunked", Framing::Chunked),
    ] {
        let bytes = format!("HTTP/1.1 {head}\r\n\r\n{{}}");
        assert_eq!(response(bytes.as_bytes()).framing(), framing, "{head}");
    }
    assert_eq!(request(b"GET / HTTP/1.0\r\n\r\n").framing(), Framing::Empty);
}

/// Each of these is refused at its last octet, and not before.
#[test]
fn what_is_not_http_is_told_at_once() {
    for bytes in [
        &b"{"[..],
        b"\x16",
        b"g",
        b" ",
        b"EHLO\r",
        b"USER root\r",
        b"SSH-2",
        b"GET / R",
        b"GET / HTTP/2",
        b"GET / HTTP/1.x",
        b"GET / HTTP/1.1 ",
        b"GET /a\x01",
        b"GET  ",
        b"PRI * HTTP/2",
        b"HTTP/1.1 2x",
        b"HTTP/1.1 2000",
        b"HTTP/1.1 099 ",
        b"ABCDEFGHIJKLMNOPQRSTUVWXY",
    ] {
        assert!(is_not_http(bytes), "{bytes:?}");
        assert!(matches!(Http::read(&bytes[..bytes.len() - 1]), Http::Incomplete), "{bytes:?}");
    }
    assert!(is_not_http(b"OPTIONS rtsp://a/b RTSP/1.0\r\n"));
    assert!(is_not_http(b"INVITE sip:a@b SIP/2.0\r\n"));
}

#[test]
fn heads_are_bounded() {
    let long = [&b"GET / HTTP/1.1\r\nX: "[..], &vec![b'x'; 16_384]].concat();
    assert!(matches!(Http::read(&long), Http::TooLong));
    assert!(matches!(Http::read(&long[..16_383]), Http::Incomplete));
    assert!(matches!(Http::read(&[&b"GET /"[..], &[b'x'; 17_000]].concat()), Http::TooLong));
    let many = format!("GET / HTTP/1.1\r\n{}Host: a.example\r\n\r\n", "X: y\r\n".repeat(64));
    assert_eq!((request(many.as_bytes()).message.fields().count(), request(many.as_bytes()).host()), (64, None));
    let odd = b"GET / HTTP/1.1\nno field\n folded: x\n: y\nHost: a.example\n\nbody";
    assert_eq!(request(odd).message.fields().count(), 1);
    assert_eq!(&odd[request(odd).message.body_at..], b"body");
}

proptest! {
    #[test]
    fn any_bytes(start in prop_oneof![Just("GET / HTTP/1.1\r\n"), Just("HTTP/1.1 200 "), Just("POST "), Just("")],
                 tail in "(\\PC|\r\n|[a-f0-9:]){0,80}") {
        let bytes = format!("{start}{tail}");
        let mut scratch = Vec::new();
        match Http::read(bytes.as_bytes()) {
            Http::Request(request) => {
                let body = request.body(&mut scratch);
                prop_assert!(request.message.body_at + body.consumed <= bytes.len());
            }
            Http::Response(response) => {
                let body = response.body(&mut scratch);
                prop_assert!(response.message.body_at + body.consumed <= bytes.len());
            }
            _ => {}
        }
    }

    /// Any content in any chunks comes out as it went in.
    #[test]
    fn any_chunks(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8)) {
        let mut bytes = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for chunk in &chunks {
            bytes.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
        }
        bytes.extend(b"0\r\n\r\n");
        let (mut scratch, request) = (Vec::new(), request(&bytes));
        let body = request.body(&mut scratch);
        prop_assert_eq!((body.content, body.whole, body.consumed), (&chunks.concat()[..], true, bytes.len() - request.message.body_at));
    }

    #[test]
    fn users_come_out_as_they_went_in(user in "[^:]{0,60}", password in "\\PC{0,20}") {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits: String = format!("{user}:{password}").bytes().map(|octet| format!("{octet:08b}")).collect();
        let value: String = bits.as_bytes().chunks(6).map(|chunk| {
            let digits = format!("{:0<6}", core::str::from_utf8(chunk).unwrap());
            char::from(ALPHABET[usize::from_str_radix(&digits, 2).unwrap()])
        }).collect();
        let bytes = format!("GET / HTTP/1.1\r\nAuthorization: Basic {value}\r\n\r\n");
        let mut scratch = Vec::new();
        prop_assert_eq!(request(bytes.as_bytes()).user(&mut scratch), Some(user.as_bytes()));
    }
}
