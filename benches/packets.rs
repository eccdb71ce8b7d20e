//! Packets of the benches, and what they say.

use std::net::{IpAddr, SocketAddr};

use minewall_core::wire::udp;

/// ACK and PSH.
const DATA: u8 = 0x18;

/// A small request.
pub(crate) const REQUEST: &[u8] =
    b"GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n";
/// Lines of JSON that are no mining.
pub(crate) const JSON: &[u8] =
    b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"server.version\",\"params\":[\"electrum/4.5\",\"1.4\"]}\n";
/// XMRig's login.
pub(crate) const LOGIN: &[u8] = b"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD\",\"pass\":\"x\",\"agent\":\"XMRig/6.26.0\",\"algo\":[\"rx/0\",\"cn/2\"]}}\n";

/// The host of a flow: one of 2^24 addresses, and one of a thousand ports.
fn host(flow: u32) -> SocketAddr {
    let [_, a, b, c] = flow.to_be_bytes();
    SocketAddr::from(([10, a, b, c], 40_000 + (flow % 1000) as u16))
}

/// A TCP segment of a flow with this payload, from the host.
pub(crate) fn segment(flow: u32, payload: &[u8]) -> Vec<u8> {
    flagged(flow, DATA, payload)
}

/// A SYN of a flow.
#[allow(dead_code, reason = "not every bench opens connections")]
pub(crate) fn opening(flow: u32) -> Vec<u8> {
    flagged(flow, 0x02, b"")
}

fn flagged(flow: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let server = SocketAddr::from(([203, 0, 113, 9], 443));
    let host = host(flow);
    let mut packet = vec![0x45, 0];
    packet.extend((40 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    for end in [host, server] {
        let IpAddr::V4(ip) = end.ip() else { continue };
        packet.extend(ip.octets());
    }
    packet.extend(host.port().to_be_bytes());
    packet.extend(server.port().to_be_bytes());
    packet.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

/// A ClientHello as OpenSSL 3 writes it, with this server name.
pub(crate) fn hello(name: &str) -> Vec<u8> {
    let mut extensions = Vec::new();
    let entry = [&[0][..], &(name.len() as u16).to_be_bytes(), name.as_bytes()].concat();
    let list = [&(entry.len() as u16).to_be_bytes()[..], &entry].concat();
    for (kind, body) in [(0_u16, list), (10, vec![0, 4, 0, 29, 0, 23]), (43, vec![4, 3, 4, 3, 3]), (51, vec![0; 40])] {
        extensions.extend(kind.to_be_bytes());
        extensions.extend((body.len() as u16).to_be_bytes());
        extensions.extend(body);
    }
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(32);
    body.extend([9; 32]);
    body.extend([0, 6, 0x13, 1, 0x13, 2, 0x13, 3, 1, 0]);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    let mut record = vec![22, 3, 1];
    record.extend((4 + body.len() as u16).to_be_bytes());
    record.extend([1, 0]);
    record.extend((body.len() as u16).to_be_bytes());
    record.extend(body);
    record
}

/// A question for a name.
pub(crate) fn question(flow: u32, name: &str) -> Vec<u8> {
    let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    udp::packet(host(flow), SocketAddr::from(([9, 9, 9, 9], 53)), &message).unwrap_or_default()
}
