//! Random first payloads.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use minewall_catalogue::Random;
use minewall_core::engine::{Meta, Verdict};
use minewall_core::now::Now;
use minewall_core::policy::Mode;

use super::talk::engine;
use crate::cli::wire::{self, DATA};

const PAYLOADS: u64 = 10_000_000;
const THREADS: u64 = 2;

/// Words of ordinary JSON, among them those that mining has in common with it.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"id\":",
    "\"method\":",
    "\"params\":",
    "\"result\":",
    "\"jsonrpc\":\"2.0\",",
    "\"login\"",
    "\"submit\"",
    "\"job\"",
    "\"job_id\":",
    "\"blob\":",
    "\"target\":",
    "\"nonce\":",
    "\"pass\":\"x\"",
    "\"agent\":",
    "\"height\":",
    "\"worker\":",
    "\"status\":\"OK\"",
    "true",
    "null",
    "1",
    "42",
    "\"0x0\"",
    "\"deadbeef\"",
    "\"abc\"",
    "\"type\":\"auth\"",
    "\\u0061",
    " ",
    "\n",
];

const LETTERS: &[u8] = b"etaoinshrdlucmfw ypvbgkjqxz.,:;-_/()'\"0123456789ETAOIN\r\n";

/// One payload of a kind: octets, text, JSON in pieces, something like TLS, something like HTTP.
fn payload(random: &mut Random, into: &mut Vec<u8>) {
    into.clear();
    let length = 1 + random.below(120);
    match random.below(5) {
        0 => fill(random, length, into),
        1 => into.extend((0..length).map(|_| LETTERS[random.below(LETTERS.len())])),
        2 => {
            into.push(b'{');
            for _ in 0..length / 5 {
                into.extend(WORDS[random.below(WORDS.len())].bytes());
            }
        }
        3 => {
            into.extend([0x16, 3, 1]);
            into.extend((length as u16).to_be_bytes());
            into.extend([1, 0]);
            fill(random, length, into);
        }
        _ => {
            into.extend([&b"GET /"[..], b"POST /", b"HTTP/1.1 200 OK\r\nX: ", b"CONNECT ", b"PRI * "][random.below(5)]);
            into.extend((0..length).map(|_| LETTERS[random.below(LETTERS.len())]));
            into.extend(b" HTTP/1.1\r\nHost: a\r\n\r\n");
        }
    }
}

fn fill(random: &mut Random, length: usize, into: &mut Vec<u8>) {
    for _ in 0..length.div_ceil(8) {
        into.extend(random.draw().to_le_bytes());
    }
}

/// Alarms of so many connections, each of one payload.
fn alarms(seed: u64, count: u64) -> Vec<String> {
    let mut random = Random::from_text(&format!("noise {seed}"));
    let mut engine = engine(Mode::Block, 1 << 14);
    let mut alarms = Vec::new();
    let mut bytes = Vec::new();
    for number in 0..count {
        payload(&mut random, &mut bytes);
        let [_, a, b, c] = (number as u32).to_be_bytes();
        let host = SocketAddr::from((Ipv4Addr::new(10, a, b, c), 40_000 + seed as u16));
        let server = SocketAddr::from(([203, 0, 113, 9], [443, 3333, 80][random.below(3)]));
        let (from, to) = if random.below(4) == 0 { (server, host) } else { (host, server) };
        let packet = wire::tcp(from, to, random.draw() as u32, DATA, &bytes);
        let now = Now::from_wall_us(1_767_225_600_000_000 + number as i64 * 20);
        let outcome = engine.on_ip(now, Meta::default(), &packet);
        if outcome.record.is_some() || outcome.verdict == Verdict::Cut {
            alarms.push(format!("{number}: {}", String::from_utf8_lossy(&bytes)));
        }
    }
    alarms
}

#[test]
fn ten_million_random_first_payloads_raise_nothing() {
    let threads: Vec<_> = (0..THREADS).map(|seed| thread::spawn(move || alarms(seed, PAYLOADS / THREADS))).collect();
    let alarms: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}
