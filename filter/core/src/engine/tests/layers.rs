//! What stands around mining is looked through: proxies, HTTP, WebSocket, and one inside the other.

use super::laws::hello;
use super::*;

const SUBSCRIBE: &[u8] = b"{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": [\"cgminer/4.11.1\"]}\n";
const NOTIFY: &[u8] = b"{\"id\":null,\"method\":\"mining.set_difficulty\",\"params\":[1024]}\n";

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Host,
    Far,
}
use Who::{Far, Host};

/// A conversation: who says what, in order.
type Talk = Vec<(Who, Vec<u8>)>;

/// What a conversation led to: layer and destination's domain of the records, and whether it was cut.
struct Led {
    records: Vec<Record>,
    /// The message that was cut, and how many of its octets had passed.
    cut: Option<(usize, usize)>,
    last: Verdict,
    counters: Counters,
}

/// Holds a conversation, each message in pieces of `size`.
fn hold(mode: Mode, talk: &[(Who, Vec<u8>)], size: usize) -> Led {
    let mut engine = engine(mode);
    let (host, far) = ends(false);
    let (mut said, mut records, mut cut, mut last) = ([0_u32, 0], Vec::new(), None, Verdict::Look);
    'talk: for (place, (who, message)) in talk.iter().enumerate() {
        let (from, to, base, at) = match who {
            Host => (host, far, 1_000_u32, &mut said[0]),
            Far => (far, host, 900_000, &mut said[1]),
        };
        for (piece, part) in message.chunks(size).enumerate() {
            let outcome = give(&mut engine, &segment(from, to, base + *at, DATA, part));
            *at += part.len() as u32;
            records.extend(outcome.record.map(|record| *record));
            last = outcome.verdict;
            if last == Verdict::Cut {
                cut = Some((place, piece * size));
                break 'talk;
            }
        }
    }
    Led { records, cut, last, counters: engine.counters() }
}

fn text(who: Who, text: &str) -> (Who, Vec<u8>) {
    (who, text.as_bytes().to_vec())
}

fn connect(target: &str) -> Talk {
    vec![
        text(Host, &format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: curl/8\r\n\r\n")),
        text(Far, "HTTP/1.1 200 Connection established\r\n\r\n"),
    ]
}

/// A SOCKS 5 greeting, with user and password if asked for.
fn socks5(target: &[u8], port: u16, auth: bool) -> Talk {
    let mut talk: Talk = if auth {
        vec![
            (Host, b"\x05\x02\x00\x02".to_vec()),
            (Far, b"\x05\x02".to_vec()),
            (Host, b"\x01\x03bob\x06s3cret".to_vec()),
            (Far, b"\x01\x00".to_vec()),
        ]
    } else {
        vec![(Host, b"\x05\x01\x00".to_vec()), (Far, b"\x05\x00".to_vec())]
    };
    talk.push((Host, [b"\x05\x01\x00", target, &port.to_be_bytes()].concat()));
    talk.push((Far, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00".to_vec()));
    talk
}

fn socks4(name: Option<&str>) -> Talk {
    let request = match name {
        Some(name) => [b"\x04\x01\x0d\x05\x00\x00\x00\x01user\x00", name.as_bytes(), b"\0"].concat(),
        None => b"\x04\x01\x0d\x05\xcb\x00\x71\x07\x00".to_vec(),
    };
    vec![(Host, request), (Far, b"\x00\x5a\x0d\x05\xcb\x00\x71\x07".to_vec())]
}

fn named(name: &str) -> Vec<u8> {
    [&[3, name.len() as u8], name.as_bytes()].concat()
}

/// What may stand in front, none of it listed.
fn wrappings() -> Vec<(&'static str, Talk)> {
    vec![
        ("nothing", vec![]),
        ("connect", connect("proxy.example:3333")),
        ("socks4", socks4(None)),
        ("socks4a", socks4(Some("mine.example"))),
        ("socks5", socks5(&named("mine.example"), 3333, false)),
        ("socks5 with password", socks5(&named("mine.example"), 3333, true)),
        ("socks5 v6", socks5(b"\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", 3333, false)),
        ("PROXY v1", vec![text(Host, "PROXY TCP4 10.0.0.5 203.0.113.7 40000 3333\r\n")]),
        (
            "PROXY v2",
            vec![(Host, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\x0a\0\0\x05\xcb\0\x71\x07\x9c\x40\x0d\x05".to_vec())],
        ),
        ("socks5 behind PROXY", {
            let mut talk = vec![text(Host, "PROXY UNKNOWN\r\n")];
            talk.extend(socks5(&named("mine.example"), 3333, false));
            talk
        }),
        ("connect through socks5", {
            let mut talk = socks5(&named("proxy.example"), 8080, false);
            talk.extend(connect("mine.example:3333"));
            talk
        }),
    ]
}

#[test]
fn a_login_is_heard_through_whatever_stands_in_front() {
    for (name, front) in wrappings() {
        for size in [1, 3, 16, 4_000] {
            let talk = [front.clone(), vec![(Host, SUBSCRIBE.to_vec())]].concat();
            let led = hold(Mode::Block, &talk, size);
            let (place, passed) = led.cut.unwrap_or_else(|| panic!("{name} in pieces of {size}"));
            assert_eq!(place, front.len(), "{name}: the login is cut, not what stands before it");
            assert!(passed < SUBSCRIBE.len() - 1, "{name}: the line passed");
            assert_eq!(led.records.len(), 1);
            assert_eq!(led.records[0].finding.dialect, Some("stratum-v1"), "{name}");
            assert_eq!(led.records[0].source, Endpoint { ip: ends(false).0.ip(), port: 40_000 }, "{name}");
        }
    }
}

#[test]
fn a_pool_is_heard_through_whatever_stands_in_front_by_its_own_words_alone() {
    for (name, front) in wrappings() {
        for one_way in [false, true] {
            let seen = front.iter().filter(|(who, _)| !one_way || *who == Far).cloned();
            let talk: Talk = seen.chain([(Far, NOTIFY.to_vec())]).collect();
            for size in [1, 7, 4_000] {
                let led = hold(Mode::Block, &talk, size);
                assert!(led.cut.is_some(), "{name}, one way {one_way}, in pieces of {size}");
            }
        }
    }
}

#[test]
fn the_target_asked_of_a_proxy_is_looked_up() {
    let address = b"\x01\xc0\x00\x02\x09";
    for (name, talk, protocol, domain) in [
        ("connect", connect("eu.pool.example.org:3333"), "http-connect", Some("eu.pool.example.org")),
        ("connect to an address", connect("192.0.2.9:3333"), "http-connect", None),
        (
            "absolute form",
            vec![text(Host, "POST http://pool.example.org:8332/ HTTP/1.1\r\nHost: x\r\n\r\n")],
            "http-proxy",
            Some("pool.example.org"),
        ),
        ("socks4a", socks4(Some("pool.example.org")), "socks4a", Some("pool.example.org")),
        ("socks5", socks5(&named("a.pool.example.org"), 443, true), "socks5", Some("a.pool.example.org")),
        ("socks5 to an address", socks5(address, 3333, false), "socks5", None),
    ] {
        for size in [1, 5, 4_000] {
            let led = hold(Mode::Block, &talk, size);
            assert!(led.cut.is_some(), "{name}");
            let record = &led.records[0];
            assert_eq!((record.finding.layer, record.protocol), (Layer::Proxy, protocol), "{name}");
            assert_eq!(record.destination_domain.as_deref(), domain, "{name}");
            assert!(record.finding.reason.contains(protocol), "{}", record.finding.reason);
        }
    }
    let other_port = socks5(address, 3334, false);
    assert!(hold(Mode::Block, &other_port, 4_000).cut.is_none(), "an address is listed with its port only");
    let ends = vec![text(Host, "PROXY TCP4 10.0.0.5 192.0.2.9 40000 3333\r\n")];
    assert!(hold(Mode::Block, &ends, 4_000).cut.is_some(), "what a balancer says of the connection");
}

#[test]
fn a_host_named_in_a_request_is_looked_up() {
    let talk = vec![text(Host, "GET /stats HTTP/1.1\r\nHost: www.pool.example.org\r\n\r\n")];
    let led = hold(Mode::Block, &talk, 4_000);
    assert_eq!(led.records[0].finding.layer, Layer::Http);
    assert_eq!(led.records[0].destination_domain.as_deref(), Some("www.pool.example.org"));
    let talk =
        vec![text(Host, "GET /stats HTTP/1.1\r\nHost: www.example.org\r\nReferer: http://pool.example.org/\r\n\r\n")];
    assert!(hold(Mode::Block, &talk, 4_000).records.is_empty(), "where one comes from is no crime");
}

#[test]
fn tls_inside_a_tunnel_is_read_for_its_name() {
    for (name, front) in wrappings() {
        for (server, listed) in [("eu.pool.example.org", true), ("www.example.org", false)] {
            let talk = [front.clone(), vec![(Host, hello(server))]].concat();
            let led = hold(Mode::Block, &talk, 50);
            assert_eq!(led.cut.is_some(), listed, "{name}: {server}");
            if listed {
                assert_eq!(led.records[0].finding.layer, Layer::Sni, "{name}");
            } else {
                assert_eq!(led.last, Verdict::Clear, "{name}: what is encrypted is let go");
            }
        }
    }
}

#[test]
fn a_proxy_s_connection_is_looked_at_beyond_its_first_request() {
    let request = |host: &str| format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>";
    let talk =
        vec![text(Host, &request("www.example.org")), text(Far, answer), text(Host, &request("eu.pool.example.org"))];
    for size in [1, 4_000] {
        assert_eq!(hold(Mode::Block, &talk, size).cut.map(|cut| cut.0), Some(2), "in pieces of {size}");
    }
}

/// A WebSocket frame.
fn frame(first: u8, mask: Option<[u8; 4]>, content: &[u8]) -> Vec<u8> {
    let flag = if mask.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    if content.len() < 126 {
        bytes.push(flag | content.len() as u8);
    } else {
        bytes.push(flag | 126);
        bytes.extend((content.len() as u16).to_be_bytes());
    }
    let mask = match mask {
        Some(mask) => {
            bytes.extend(mask);
            mask
        }
        None => [0; 4],
    };
    bytes.extend(content.iter().enumerate().map(|(place, octet)| octet ^ mask[place % 4]));
    bytes
}

fn upgrade() -> Talk {
    vec![
        text(
            Host,
            "GET /proxy HTTP/1.1\r\nHost: ws.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://infected.example\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
        ),
        text(
            Far,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: y\r\n\r\n",
        ),
    ]
}

const AUTH: &[u8] = br#"{"type":"auth","params":{"site_key":"kR8sT0aBcDeFgHiJkLmNoPqRsTuVwXyZ","type":"anonymous","user":null,"goal":0}}"#;
const AUTHED: &[u8] = br#"{"type":"authed","params":{"token":"","hashes":0}}"#;

#[test]
fn web_miners_are_heard_in_frames() {
    let mask = Some([1, 2, 3, 4]);
    let fragments =
        [frame(0x01, mask, &AUTH[..20]), frame(0x89, mask, b"ping"), frame(0x80, Some([9, 8, 7, 6]), &AUTH[20..])];
    let auth = [frame(0x81, mask, AUTH)].concat();
    for size in [1, 11, 4_000] {
        for (name, message) in
            [("whole", auth.clone()), ("fragments", fragments.concat()), ("binary", frame(0x82, mask, AUTH))]
        {
            let talk = [upgrade(), vec![(Host, message)]].concat();
            let led = hold(Mode::Block, &talk, size);
            assert_eq!(led.cut.map(|cut| cut.0), Some(2), "{name} in pieces of {size}");
            let record = &led.records[0];
            assert_eq!((record.finding.dialect, record.protocol), (Some("web-miner"), "websocket"));
        }
        let talk = [upgrade(), vec![(Far, frame(0x81, None, AUTHED))]].concat();
        assert!(hold(Mode::Block, &talk, size).cut.is_some(), "from the server's side");
        assert!(hold(Mode::Block, &talk[1..], size).cut.is_some(), "from the server's side alone");
        let middle = vec![(Host, frame(0x81, mask, br#"{"x":1}"#)), (Host, auth.clone())];
        assert!(hold(Mode::Block, &middle, size).cut.is_some(), "picked up in the middle");
    }
}

#[test]
fn compressed_messages_are_counted() {
    let talk = [upgrade(), vec![(Host, frame(0xc1, Some([1, 2, 3, 4]), b"\xaa\x56\x4a\x2e"))]].concat();
    let led = hold(Mode::Block, &talk, 4_000);
    assert!(led.records.is_empty());
    assert_eq!(led.counters.skipped(Skipped::Compressed), 1);
}

fn post(path: &str, body: &str) -> (Who, Vec<u8>) {
    let length = body.len();
    text(
        Host,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: node.example\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

#[test]
fn calls_over_http_are_heard_and_quotes_are_not() {
    let work = format!(r#"{{"method":"getwork","params":["{}"],"id":1}}"#, "0a".repeat(128));
    let chunked = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{work}\r\n0\r\n\r\n",
        work.len()
    );
    for size in [1, 100, 4_000] {
        for (name, talk) in [
            ("root", vec![post("/", &work)]),
            ("elsewhere", vec![post("/api/node", &work)]),
            ("chunked", vec![text(Host, &chunked)]),
            ("second", vec![post("/", r#"{"method":"getinfo","params":[]}"#), post("/", &work)]),
            ("stratum at the root", vec![post("/", core::str::from_utf8(SUBSCRIBE).unwrap())]),
        ] {
            let led = hold(Mode::Block, &talk, size);
            assert!(led.cut.is_some(), "{name} in pieces of {size}");
            assert_eq!(led.records[0].protocol, "http", "{name}");
        }
        let quoted = post("/docs", core::str::from_utf8(SUBSCRIBE).unwrap());
        assert!(hold(Mode::Block, &[quoted], size).records.is_empty());
    }
}

#[test]
fn results_over_http_are_heard_unless_a_page_was_asked_for() {
    let result = format!(
        r#"{{"result":{{"midstate":"","data":"{}","target":"{}"}},"error":null,"id":1}}"#,
        "0a".repeat(128),
        "ff".repeat(32)
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{result}",
        result.len()
    );
    let call = post("/", r#"{"method":"getwork","params":[],"id":1}"#);
    for size in [1, 100, 4_000] {
        assert!(hold(Mode::Block, &[call.clone(), text(Far, &answer)], size).cut.is_some());
        assert!(hold(Mode::Block, &[text(Far, &answer)], size).cut.is_some(), "one way");
        let page = text(Host, "GET /getwork.json HTTP/1.1\r\nHost: docs.example\r\n\r\n");
        let led = hold(Mode::Block, &[page, text(Far, &answer)], size);
        assert!(led.records.is_empty());
        assert_eq!(led.last, Verdict::Clear);
    }
}

#[test]
fn a_second_copy_of_a_proxy_s_header_hides_nothing() {
    // The first copy names an innocent target and ends elsewhere; the receiver may take either.
    let first = b"CONNECT innocent.example:443 HTTP/1.1\r\nX: 0123456789abcdefghijklmnopqrstuvwxyz\r\n";
    let mut second = b"CONNECT pool.example.org:3333 HTTP/1.1\r\n\r\n".to_vec();
    second.resize(first.len(), b' ');
    let mut engine = engine(Mode::Block);
    let (host, far) = ends(false);
    let _ = give(&mut engine, &segment(host, far, 1, DATA, first));
    let outcome = give(&mut engine, &segment(host, far, 1, DATA, &second));
    assert_eq!(outcome.verdict, Verdict::Cut);
    assert_eq!(outcome.record.unwrap().finding.layer, Layer::Proxy);
}

#[test]
fn in_observe_both_the_target_and_the_login_are_written_down() {
    let talk = [connect("pool.example.org:3333"), vec![(Host, LOGIN.as_bytes().to_vec())]].concat();
    let led = hold(Mode::Observe, &talk, 4_000);
    let layers: Vec<_> = led.records.iter().map(|record| record.finding.layer).collect();
    assert_eq!(layers, [Layer::Proxy, Layer::Payload]);
    assert_eq!(led.records[1].destination_domain.as_deref(), Some("pool.example.org"));
}

#[test]
fn a_tunnel_with_a_silent_end_is_let_go() {
    let mut talk = socks5(&named("files.example"), 20, false);
    talk.extend((0..40).map(|_| (Far, vec![0x7f; 1_000])));
    assert_eq!(hold(Mode::Block, &talk, 1_000).last, Verdict::Clear);
}

#[test]
fn an_upgrade_that_is_refused_opens_nothing() {
    let page =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{}", core::str::from_utf8(SUBSCRIBE).unwrap());
    let led = hold(Mode::Block, &[upgrade()[0].clone(), text(Far, &page)], 4_000);
    assert!(led.records.is_empty());
    let work = format!(r#"{{"method":"getwork","params":["{}"],"id":1}}"#, "0a".repeat(128));
    let talk = [
        vec![connect("mine.example:8332")[0].clone()],
        vec![text(Far, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")],
        connect("mine.example:8332"),
        vec![post("/", "{}"), text(Far, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), post("/", &work)],
    ]
    .concat();
    assert_eq!(hold(Mode::Block, &talk, 4_000).cut.map(|cut| cut.0), Some(6));
}

#[test]
fn a_head_too_long_to_be_read_still_tells_its_target() {
    let head = format!(
        "CONNECT pool.example.org:3333 HTTP/1.1\r\nHost: pool.example.org\r\nProxy-Authorization: Negotiate {}\r\n\r\n",
        "A".repeat(9_000)
    );
    let led = hold(Mode::Block, &[text(Host, &head)], 1_400);
    assert_eq!(led.records[0].finding.layer, Layer::Proxy);
    assert_eq!(hold(Mode::Observe, &[text(Host, &head)], 1_400).counters.skipped(Skipped::Oversize), 1);
}

#[test]
fn a_scan_from_outside_accuses_no_server_inside() {
    let (server, scanner) = ("10.0.0.5:80".parse().unwrap(), "203.0.113.9:40000".parse().unwrap());
    let mut engine = engine(Mode::Block);
    let scan = b"CONNECT pool.example.org:3333 HTTP/1.1\r\nHost: pool.example.org\r\n\r\n";
    let outcome = give(&mut engine, &segment(scanner, server, 1, DATA, scan));
    assert!(outcome.record.is_none());
}
