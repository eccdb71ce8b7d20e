//! One conversation in which everything is said: questions over UDP and TCP, a login in pieces, a TLS hello.

use std::net::SocketAddr;

use serde_json::Value;

use super::wire::{self, ACK, DATA, SYN};

/// The nanosecond since 1970 of the first packet: 2026-11-23T20:01:02.123456789Z.
pub(super) const BEGIN_NS: u64 = 1_795_464_062_123_456_789;

const WALLET: &str = "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";

/// One packet: when, from which side, and its bytes from the IP header on.
pub(super) struct Shot {
    pub(super) time_ns: u64,
    pub(super) from_host: bool,
    pub(super) packet: Vec<u8>,
}

/// Who talks.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) host: &'static str,
    pub(super) server: &'static str,
}

pub(super) const V4: Ends = Ends { host: "10.1.2.3", server: "203.0.113.7" };
pub(super) const V6: Ends = Ends { host: "[fd00:1::3]", server: "[2001:db8:ffff::7]" };

pub(super) fn login() -> String {
    format!(
        "{{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{{\"login\":\"{WALLET}\",\"pass\":\"s3cret\",\
         \"agent\":\"XMRig/6.26.0\"}}}}\n"
    )
}

/// The packets, 1.001234567 s apart.
pub(super) fn shots(ends: Ends) -> Vec<Shot> {
    let at = |address: &str, port: u16| wire::socket(&format!("{address}:{port}"));
    let (host, server) = (|port| at(ends.host, port), |port| at(ends.server, port));
    let mut packets = vec![
        (true, wire::udp(host(40000), server(53), &wire::question("PooL.example.org", 28))),
        (true, wire::udp(host(40001), server(53), &wire::question("www.example.org", 1))),
    ];
    let asked = wire::framed(&wire::question("a.pool.example.org", 1));
    packets.extend(handshake(host(40002), server(53)));
    packets.extend(pieces(host(40002), server(53), &asked, &[0..1, 1..5, 5..asked.len()]));
    // The login: the last piece first, a piece twice, one over the seam.
    let login = login();
    let length = login.len();
    packets.extend(handshake(host(40003), server(3333)));
    packets.extend(pieces(
        host(40003),
        server(3333),
        login.as_bytes(),
        &[100..length, 0..30, 0..30, 60..100, 20..60, 0..length],
    ));
    let hello = wire::hello("b.pool.example.org");
    packets.extend(handshake(host(40004), server(443)));
    packets.extend(pieces(host(40004), server(443), &hello, &[0..3, 3..50, 50..hello.len()]));
    let time = |number: usize| BEGIN_NS + number as u64 * 1_001_234_567;
    let shot = |(number, (from_host, packet))| Shot { time_ns: time(number), from_host, packet };
    packets.into_iter().enumerate().map(shot).collect()
}

fn handshake(host: SocketAddr, server: SocketAddr) -> [(bool, Vec<u8>); 3] {
    [
        (true, wire::tcp(host, server, 999, SYN, &[])),
        (false, wire::tcp(server, host, 4999, SYN | ACK, &[])),
        (true, wire::tcp(host, server, 1000, ACK, &[])),
    ]
}

fn pieces(from: SocketAddr, to: SocketAddr, text: &[u8], ranges: &[std::ops::Range<usize>]) -> Vec<(bool, Vec<u8>)> {
    let piece = |range: &std::ops::Range<usize>| {
        (true, wire::tcp(from, to, 1000 + range.start as u32, DATA, &text[range.clone()]))
    };
    ranges.iter().map(piece).collect()
}

/// What is to be found, in order: the number of the telling shot and the words of the record.
pub(super) const FOUND: [(usize, &str); 4] = [
    (0, "dns udp pool.example.org AAAA"),
    (7, "dns tcp a.pool.example.org A"),
    (15, "payload tcp cryptonote XMR XMRig/6.26.0"),
    (22, "sni tcp b.pool.example.org"),
];

/// The words of a record that do not depend on the container or the link.
pub(super) fn words(record: &Value) -> String {
    let text = |path: &str| record.pointer(path).and_then(Value::as_str);
    let paths = [
        "/minewall/layer",
        "/network/transport",
        "/minewall/dialect",
        "/minewall/coin",
        "/minewall/agent",
        "/dns/question/name",
        "/dns/question/type",
        "/tls/client/server_name",
    ];
    paths.into_iter().filter_map(text).collect::<Vec<_>>().join(" ")
}

/// The time a record has to name for a shot: cut to the microsecond.
pub(super) fn timestamp(time_ns: u64) -> String {
    let micros = time_ns / 1000;
    // 2026-11-23T20:01:02Z and so many seconds, all on the same day.
    let seconds = micros / 1_000_000 - BEGIN_NS / 1_000_000_000 + 20 * 3600 + 62;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("2026-11-23T{hours:02}:{minutes:02}:{:02}.{:06}Z", seconds % 60, micros % 1_000_000)
}
