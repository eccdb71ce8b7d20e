//! Laws over every way of sending: segmentation, order, repetition, mutation, truncation.

use alloc::vec::Vec;

use super::*;

const WALLET: &str = "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";
const ETH: &str = "0x52908400098527886e0f7030069857d2e4169ee7";

/// What clients write first (tests/lab/src/login/lines.rs has more): dialect and lines with their ends.
static LOGINS: &[(&str, &str)] = &[
    (
        "stratum-v1",
        "{\"id\": 0, \"method\": \"mining.subscribe\", \"params\": [\"cgminer/4.11.1\"]}\n{\"id\": 1, \"method\": \"mining.authorize\", \"params\": [\"a.b\", \"x\"]}\n",
    ),
    (
        "stratum-v1",
        "{\"id\": 1,\"method\": \"mining.configure\",\"params\": [[\"version-rolling\"],{\"version-rolling.min-bit-count\": 2}]}\n{\"id\": 2,\"method\": \"mining.subscribe\", \"params\": [\"Antminer S19\"]}\n",
    ),
    (
        "stratum-v1",
        "{\"params\": [], \"method\": \"mining.subscribe\", \"id\": 1}\r\n{\"params\": [\"a.b\", \"password\"], \"method\": \"mining.authorize\", \"id\": 2}\r\n",
    ),
    (
        "btccom-agent",
        "{\"id\":\"caps\",\"method\":\"agent.get_capabilities\",\"params\":[\"verrol\"]}\n{\"id\":\"sub\",\"method\":\"mining.subscribe\",\"params\":[\"btccom-agent/2\"]}\n",
    ),
    ("stratum-v1", " { \"id\": 17, \"method\": \"mining\\u002esubscribe\", \"params\": [\"x\", \"y\"]}\n"),
    (
        "cryptonote",
        "{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"<W>\",\"pass\":\"x\",\"agent\":\"XMRig/6.26.0 (Linux x86_64)\",\"rigid\":\"r\",\"algo\":[\"cn/1\",\"rx/0\",\"argon2/chukwa\"]}}\n",
    ),
    (
        "cryptonote",
        "{\"method\": \"login\", \"params\": {\"login\": \"<W>\", \"pass\": \"x\", \"agent\": \"cpuminer-multi/1.3.1\"}, \"id\": 1}\n",
    ),
    (
        "cryptonote",
        "{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"agent\":\"dero-stratum-miner\",\"login\":\"<W>\",\"pass\":\"r\"}}\n",
    ),
    ("cryptonote", "{\"params\": {\"login\": \"<W>\", \"pass\": \"x\"}, \"method\": \"login\", \"id\": 1}\n"),
    (
        "ethproxy",
        "{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"eth_submitLogin\",\"params\":[\"<E>\",\"x\"],\"worker\":\"r\"}\n{\"id\":5,\"jsonrpc\":\"2.0\",\"method\":\"eth_getWork\",\"params\":[]}\n",
    ),
    (
        "ethproxy",
        "{\"worker\": \"eth1.0\", \"jsonrpc\": \"2.0\", \"params\": [\"<E>/r/root@example.org\", \"x\"], \"id\": 2, \"method\": \"eth_submitLogin\"}\n",
    ),
    ("ethproxy", "{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"eth_submitLogin\",\"params\":[\"<E>\"]}\r\n"),
];

fn login(index: usize) -> (&'static str, Vec<u8>) {
    let (dialect, text) = LOGINS[index];
    (dialect, text.replace("<W>", WALLET).replace("<E>", ETH).into_bytes())
}

/// Where the text may be cut, and how its pieces are sent.
fn pieces(text: &[u8], cuts: &[usize]) -> Vec<(usize, usize)> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % text.len()).chain([0, text.len()]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|window| (window[0], window[1])).collect()
}

/// A generator of numbers (xorshift), for cases too many for proptest.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % below.max(1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Any login in any pieces, in any order, some of them twice, on any port, from any sequence number: one record of
    /// that dialect, and the far end never has a whole first line that logs in.
    #[test]
    fn however_it_is_sent_a_login_is_cut(
        index in 0..LOGINS.len(),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
        order in any::<u64>(),
        twice in prop::collection::vec(any::<usize>(), 0..4),
        base in any::<u32>(),
        port in prop::sample::select(vec![53_u16, 80, 443, 3333]),
        syn in any::<bool>(),
    ) {
        let (dialect, text) = login(index);
        let mut pieces = pieces(&text, &cuts);
        let mut numbers = Numbers(order | 1);
        for place in (1..pieces.len()).rev() {
            pieces.swap(place, numbers.next(place + 1));
        }
        for again in twice {
            let piece = pieces[again % pieces.len()];
            pieces.insert(numbers.next(pieces.len() + 1), piece);
        }
        let (host, mut pool) = ends(false);
        pool.set_port(port);
        let mut engine = engine(Mode::Block);
        if syn {
            let _ = give(&mut engine, &segment(host, pool, base.wrapping_sub(1), 2, b""));
        }
        let mut records = Vec::new();
        let mut passed = vec![false; text.len()];
        for (from, to) in pieces {
            let outcome = give(&mut engine, &segment(host, pool, base.wrapping_add(from as u32), DATA, &text[from..to]));
            records.extend(outcome.record);
            if outcome.verdict != Verdict::Cut {
                prop_assert_eq!(outcome.verdict, Verdict::Look);
                passed[from..to].fill(true);
            }
        }
        prop_assert_eq!(records.len(), 1);
        prop_assert_eq!(records[0].finding.dialect, Some(dialect));
        prop_assert_eq!(records[0].source, Endpoint { ip: host.ip(), port: host.port() });
        // The brace that ends the last line that was heard did not pass.
        prop_assert!(passed.contains(&false));
        let first = text.iter().position(|byte| *byte == b'\n').unwrap();
        let is_login = !text[..first].windows(14).any(|part| part == b"get_capabiliti");
        prop_assert!(!is_login || passed[..=first].contains(&false), "the first line passed whole");
    }

    /// The same for every size of segments, however small, with every segment sent twice.
    #[test]
    fn small_segments_and_repetitions_use_nothing_up(index in 0..LOGINS.len(), size in 1usize..9, again in any::<bool>()) {
        let (dialect, text) = login(index);
        let (host, pool) = ends(true);
        let mut engine = engine(Mode::Block);
        let mut record = None;
        for (place, part) in text.chunks(size).enumerate() {
            for _ in 0..=u8::from(again) {
                let packet = segment(host, pool, (place * size) as u32, DATA, part);
                let outcome = give(&mut engine, &packet);
                record = record.or(outcome.record);
            }
        }
        prop_assert_eq!(record.unwrap().finding.dialect, Some(dialect));
    }
}

/// Packets made of logins, hellos, questions and noise, with bytes changed, in flows that mix and turn: no panic, one
/// verdict each, and bounded memory.
#[test]
fn mutated_packets_never_panic() {
    let mut numbers = Numbers(0x6d69_6e65_7761_6c6c);
    let mut engine = Engine::new(settings(Mode::Block, Vec::new()), 64, Seed::from(7));
    let mut observing = Engine::new(settings(Mode::Observe, Vec::new()), 1024, Seed::from(8));
    let mut texts: Vec<Vec<u8>> = (0..LOGINS.len()).map(|index| login(index).1).collect();
    texts.extend([hello("www.example.org"), asking("a.pool.example.org"), vec![b'{'; 900], b"{}".repeat(500)]);
    for round in 0..100_000_u64 {
        let text = &texts[numbers.next(texts.len())];
        let from = [0, 0, numbers.next(text.len())][numbers.next(3)];
        let size = [text.len() - from, numbers.next(text.len() - from + 1)][numbers.next(2)];
        let mut part = text[from..from + size].to_vec();
        for _ in 0..numbers.next(3) {
            let place = numbers.next(part.len());
            if let Some(byte) = part.get_mut(place) {
                *byte = numbers.next(256) as u8;
            }
        }
        let host = SocketAddr::from(([10, 0, 0, 5], 40_000 + numbers.next(40) as u16));
        let server = SocketAddr::from(([203, 0, 113, 9], [53, 443, 3333][numbers.next(3)]));
        let seq = [from as u32, u32::MAX - 50 + from as u32 % 50, numbers.next(1 << 32) as u32][numbers.next(3)];
        let flags = [DATA, DATA, DATA, 2, 0x12, 4, 0x11][numbers.next(7)];
        let (from, to) = if numbers.next(3) == 0 { (server, host) } else { (host, server) };
        let mut packet = segment(from, to, seq, flags, &part);
        if numbers.next(8) == 0 {
            let place = numbers.next(packet.len());
            packet[place] = numbers.next(256) as u8;
            packet.truncate(numbers.next(packet.len() + 1));
        }
        let now = Now::from_wall_us(1_700_000_000_000_000 + round as i64 * 3_000 - numbers.next(200_000) as i64);
        let _ = engine.on_ip(now, Meta::default(), &packet);
        let observed = observing.on_ip(now, Meta::default(), &packet);
        assert!(observed.verdict != Verdict::Cut, "observing never cuts");
        if let Some(record) = observed.record {
            let line = record.to_json();
            assert!(!line.contains('\n') && serde_json::from_str::<serde_json::Value>(&line).is_ok());
        }
    }
    let counters = observing.counters();
    assert!(counters.findings() > 300 && counters.cleared > 300, "{counters:?}");
}

fn asking(name: &str) -> Vec<u8> {
    let message = query(name);
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}

/// A ClientHello with this server name, in one record.
pub(super) fn hello(name: &str) -> Vec<u8> {
    let length = |bytes: &[u8]| (bytes.len() as u16).to_be_bytes();
    let entry = [&[0][..], &length(name.as_bytes()), name.as_bytes()].concat();
    let list = [&length(&entry)[..], &entry].concat();
    let extension = [&[0, 0][..], &length(&list), &list].concat();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    body.extend(length(&extension));
    body.extend(extension);
    let message = [&[1, 0][..], &length(&body), &body].concat();
    [&[22, 3, 1][..], &length(&message), &message].concat()
}

/// A hello and a question, cut at every place: nothing is decided before the end, and then as if it had come whole.
#[test]
fn every_prefix_of_a_hello_and_of_a_question_waits_for_the_rest() {
    for (text, port, layer) in
        [(hello("eu.pool.example.org"), 443, Layer::Sni), (asking("eu.pool.example.org"), 53, Layer::Dns)]
    {
        for at in 1..text.len() {
            let (host, mut server) = ends(false);
            server.set_port(port);
            let mut engine = engine(Mode::Block);
            let first = give(&mut engine, &segment(host, server, 1, DATA, &text[..at]));
            assert_eq!(first.verdict, Verdict::Look, "{at} of {layer:?}");
            let second = give(&mut engine, &segment(host, server, 1 + at as u32, DATA, &text[at..]));
            // A name that stands whole in what was sent is enough.
            assert_eq!(second.verdict, Verdict::Cut, "{at} of {layer:?}");
            assert_eq!(second.record.unwrap().finding.layer, layer);
        }
    }
}
