//! What a packet costs the engine: settled flows, first packets of new ones, DNS questions, logins.
//!
//! Each bench runs over packets of many flows made beforehand, so that the flow table is met as on a busy link.

use std::net::SocketAddr;
use std::sync::Arc;

use divan::{Bencher, counter::ItemsCount};
use minewall_core::config::Config;
use minewall_core::engine::{Engine, Meta, Settings, Verdict};
use minewall_core::now::Now;
use minewall_core::policy::Mode;
use minewall_core::wire::udp;
use minewall_lists::Builder;

fn main() {
    divan::main();
}

/// Flows of one bench.
const FLOWS: u16 = 10_000;

/// ACK and PSH.
const DATA: u8 = 0x18;

const REQUEST: &[u8] =
    b"GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n";
const JSON: &[u8] =
    b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"server.version\",\"params\":[\"electrum/4.5\",\"1.4\"]}\n";
const LOGIN: &[u8] = b"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD\",\"pass\":\"x\",\"agent\":\"XMRig/6.26.0\",\"algo\":[\"rx/0\",\"cn/2\"]}}\n";

fn engine() -> Engine {
    let mut builder = Builder::new();
    builder.shipped();
    let config = Config { mode: Mode::Block, ..Config::default() };
    let settings = Settings {
        lists: Arc::new(builder.build()),
        policy: Arc::new(config.policy()),
        observer: "bench".into(),
        look_packets: config.look.packets,
        look_bytes: config.look.bytes,
    };
    Engine::new(settings, config.look.flows, 0x6d69_6e65.into())
}

fn host(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, (port >> 8) as u8, port as u8], 40_000 + port % 1000))
}

fn segment(port: u16, payload: &[u8]) -> Vec<u8> {
    let server = SocketAddr::from(([203, 0, 113, 9], 443));
    let host = host(port);
    let mut packet = vec![0x45, 0];
    packet.extend((40 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    for end in [host, server] {
        let std::net::IpAddr::V4(ip) = end.ip() else { continue };
        packet.extend(ip.octets());
    }
    packet.extend(host.port().to_be_bytes());
    packet.extend(server.port().to_be_bytes());
    packet.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, DATA, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

/// A ClientHello as OpenSSL 3 writes it, with this server name.
fn hello(name: &str) -> Vec<u8> {
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

fn question(port: u16, name: &str) -> Vec<u8> {
    let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    udp::packet(host(port), SocketAddr::from(([9, 9, 9, 9], 53)), &message).unwrap_or_default()
}

fn give_all(engine: &mut Engine, packets: &[Vec<u8>]) -> usize {
    let now = Now::from_wall_us(1_700_000_000_000_000);
    let judged = packets.iter().map(|packet| engine.on_ip(now, Meta::default(), packet));
    judged.filter(|outcome| outcome.verdict == Verdict::Look).count()
}

/// Packets of flows the engine has never met: each round has a new engine.
fn first_packets(bencher: Bencher<'_, '_>, packet: impl Fn(u16) -> Vec<u8>) {
    let packets: Vec<_> = (0..FLOWS).map(packet).collect();
    let fresh = || {
        let mut engine = engine();
        // The pool of undecided flows is grown beforehand: on a busy link it is.
        give_all(&mut engine, &(0..FLOWS).map(|flow| segment(flow ^ 0x8000, b"?")).collect::<Vec<_>>());
        engine
    };
    bencher
        .counter(ItemsCount::new(packets.len()))
        .with_inputs(fresh)
        .bench_local_refs(|engine| give_all(engine, &packets));
}

#[divan::bench]
fn settled_flow(bencher: Bencher<'_, '_>) {
    let mut engine = engine();
    let packets: Vec<_> = (0..FLOWS).map(|flow| segment(flow, &[b'x'; 1400])).collect();
    for _ in 0..4 {
        give_all(&mut engine, &(0..FLOWS).map(|flow| segment(flow, &[b'x'; 5000])).collect::<Vec<_>>());
    }
    bencher.counter(ItemsCount::new(packets.len())).bench_local(|| give_all(&mut engine, &packets));
}

#[divan::bench]
fn first_http_request(bencher: Bencher<'_, '_>) {
    first_packets(bencher, |flow| segment(flow, REQUEST));
}

#[divan::bench]
fn first_tls_hello(bencher: Bencher<'_, '_>) {
    first_packets(bencher, |flow| segment(flow, &hello("www.example.org")));
}

#[divan::bench]
fn first_json_of_no_miner(bencher: Bencher<'_, '_>) {
    first_packets(bencher, |flow| segment(flow, JSON));
}

#[divan::bench]
fn login_cut(bencher: Bencher<'_, '_>) {
    first_packets(bencher, |flow| segment(flow, LOGIN));
}

#[divan::bench]
fn dns_question(bencher: Bencher<'_, '_>) {
    let mut engine = engine();
    let packets: Vec<_> = (0..FLOWS).map(|flow| question(flow, "www.example.org")).collect();
    bencher.counter(ItemsCount::new(packets.len())).bench_local(|| give_all(&mut engine, &packets));
}

#[divan::bench]
fn dns_question_refused(bencher: Bencher<'_, '_>) {
    let mut engine = engine();
    let packets: Vec<_> = (0..FLOWS).map(|flow| question(flow, "pool.supportxmr.com")).collect();
    bencher.counter(ItemsCount::new(packets.len())).bench_local(|| give_all(&mut engine, &packets));
}
