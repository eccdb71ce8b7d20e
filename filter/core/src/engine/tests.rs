//! The path from packets to verdicts and records.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use core::net::{IpAddr, SocketAddr};

use minewall_lists::{Builder, Category, ListMeta};
use proptest::prelude::*;

use super::*;
use crate::evidence::Action;
use crate::finding::Layer;
use crate::policy::{Categories, DnsAnswer, Exempt, Inside, Mode, parse_prefix};
use crate::wire::udp;

const LOGIN: &str = concat!(
    r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":""#,
    "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD",
    r#"","pass":"s3cret","agent":"XMRig/6.26.0"}}"#,
    "\n"
);

fn settings(mode: Mode, exempt: Vec<Exempt>) -> Settings {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("test", Category::Pool), "pool.example.org\n192.0.2.9:3333\n");
    let policy = Policy::new(mode, Categories::default(), DnsAnswer::Nxdomain, Inside::default(), exempt);
    Settings {
        lists: Arc::new(builder.build()),
        policy: Arc::new(policy),
        observer: "gw".into(),
        look_packets: 16,
        look_bytes: 4096,
    }
}

fn engine(mode: Mode) -> Engine {
    Engine::new(settings(mode, Vec::new()), 1024, Seed::from(7))
}

fn engine_anew() -> Engine {
    engine(Mode::Block)
}

/// A TCP segment without checksums: nothing in the engine asks for them.
fn segment(from: SocketAddr, to: SocketAddr, seq: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut tcp = Vec::new();
    tcp.extend(from.port().to_be_bytes());
    tcp.extend(to.port().to_be_bytes());
    tcp.extend(seq.to_be_bytes());
    tcp.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(payload);
    let length = tcp.len() as u16;
    let mut packet = Vec::new();
    match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            packet.extend([0x45, 0]);
            packet.extend((length + 20).to_be_bytes());
            packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
            packet.extend(from.octets());
            packet.extend(to.octets());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            packet.extend([0x60, 0, 0, 0]);
            packet.extend(length.to_be_bytes());
            packet.extend([6, 64]);
            packet.extend(from.octets());
            packet.extend(to.octets());
        }
        _ => panic!("one family"),
    }
    packet.extend(tcp);
    packet
}

const DATA: u8 = 0x18;
const SYN: u8 = 0x02;

fn ends(v6: bool) -> (SocketAddr, SocketAddr) {
    if v6 {
        ("[fd00::5]:40000".parse().unwrap(), "[2001:db8::9]:3333".parse().unwrap())
    } else {
        ("10.0.0.5:40000".parse().unwrap(), "203.0.113.9:3333".parse().unwrap())
    }
}

fn give(engine: &mut Engine, packet: &[u8]) -> Outcome {
    let meta = Meta { ingress: 3, source_mac: Some([2, 0, 0, 0, 0, 5]), ..Meta::default() };
    engine.on_ip(Now::from_wall_us(1_700_000_000_000_000), meta, packet)
}

/// Sends a text in pieces; the record, and how many bytes passed before the cut.
fn send(engine: &mut Engine, v6: bool, pieces: &[(usize, &[u8])]) -> (Option<Record>, Vec<usize>) {
    let (host, pool) = ends(v6);
    let mut record = None;
    let mut passed = Vec::new();
    for (at, piece) in pieces {
        let outcome = give(engine, &segment(host, pool, 1000 + *at as u32, DATA, piece));
        if let Some(new) = outcome.record {
            assert!(record.replace(*new).is_none(), "one record of one flow that is cut");
        }
        if !matches!(outcome.verdict, Verdict::Cut) {
            passed.extend(*at..*at + piece.len());
        }
    }
    (record, passed)
}

#[test]
fn a_login_is_cut_and_its_record_names_the_host() {
    let (record, passed) = send(&mut engine(Mode::Block), false, &[(0, LOGIN.as_bytes())]);
    let record = record.unwrap();
    assert!(passed.is_empty());
    assert_eq!(record.action, Action::Blocked);
    assert_eq!(record.source.to_string(), "10.0.0.5:40000");
    assert_eq!(record.source_mac, Some([2, 0, 0, 0, 0, 5]));
    assert_eq!(record.destination.to_string(), "203.0.113.9:3333");
    assert_eq!(record.finding.dialect, Some("cryptonote"));
    assert_eq!(record.finding.said.coin.as_deref(), Some("XMR"));
    assert_eq!(record.finding.said.agent.as_deref(), Some("XMRig/6.26.0"));
    let excerpt = String::from_utf8(record.finding.excerpt).unwrap();
    assert!(excerpt.contains(r#""pass":"******""#) && !excerpt.contains("s3cret"), "{excerpt}");
}

#[test]
fn a_pool_that_speaks_first_betrays_the_host_inside() {
    let mut engine = engine(Mode::Block);
    let (host, pool) = ends(false);
    let notify = b"{\"id\":null,\"method\":\"mining.notify\",\"params\":[\"1\",true]}\n";
    let outcome = give(&mut engine, &segment(pool, host, 9, DATA, notify));
    assert_eq!(outcome.verdict, Verdict::Cut);
    let record = outcome.record.unwrap();
    assert_eq!((record.source.ip, record.destination.port), (host.ip(), 3333));
    let farewell = outcome.farewell.unwrap();
    let reset = Packet::from_ip(&farewell).unwrap();
    assert_eq!((reset.source, reset.destination), (host.ip(), pool.ip()), "the host takes its leave");
    let again = give(&mut engine, &segment(host, pool, 5, DATA, b"harmless"));
    assert_eq!(again.verdict, Verdict::Cut, "a cut flow stays cut");
    assert!(again.record.is_none());
    let farewell = again.farewell.unwrap();
    let reset = Packet::from_ip(&farewell).unwrap();
    assert_eq!((reset.source, reset.destination), (host.ip(), pool.ip()), "the host takes its leave");
    let Transport::Tcp { seq, flags, .. } = reset.transport else { panic!() };
    assert!(seq == 5 && flags.rst);
}

#[test]
fn a_session_picked_up_in_the_middle_of_a_line_is_heard_at_the_next() {
    let tail = b"c\",\"20000000\",true]}\n{\"method\":\"mining.notify\",\"params\":[]}\n";
    let (record, _) = send(&mut engine(Mode::Block), true, &[(0, tail)]);
    assert_eq!(record.unwrap().finding.rule, "mining.notify");
}

#[test]
fn weak_tokens_of_both_directions_add_up() {
    let mut engine = engine(Mode::Block);
    let (host, pool) = ends(false);
    let work = give(&mut engine, &segment(host, pool, 1, DATA, b"{\"method\":\"eth_getWork\",\"params\":[]}\n"));
    assert_eq!(work.verdict, Verdict::Look);
    let hash = "ab".repeat(32);
    let rate = format!("{{\"method\":\"eth_submitHashrate\",\"params\":[\"0x5\",\"0x{hash}\"]}}\n");
    let outcome = give(&mut engine, &segment(host, pool, 38, DATA, rate.as_bytes()));
    assert_eq!(outcome.verdict, Verdict::Cut);
    let reason = outcome.record.unwrap().finding.reason;
    assert!(reason.contains("eth_getWork") && reason.contains("eth_submitHashrate"), "{reason}");
}

#[test]
fn observing_passes_and_tells_what_more_is_heard() {
    let mut engine = engine(Mode::Observe);
    let (host, pool) = ends(false);
    let subscribe = b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4\"]}\n";
    let first = give(&mut engine, &segment(host, pool, 0, DATA, subscribe));
    assert_eq!(first.verdict, Verdict::Watch);
    assert_eq!(first.record.unwrap().action, Action::Observed);
    let authorize = b"{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"acc.rig\",\"pw\"]}\n";
    let second = give(&mut engine, &segment(host, pool, subscribe.len() as u32, DATA, authorize));
    let said = second.record.unwrap().finding.said;
    assert_eq!((said.wallet.as_deref(), said.worker.as_deref()), (Some("acc"), Some("rig")));
    assert_eq!(said.agent.as_deref(), Some("cgminer/4"));
}

#[test]
fn an_exempted_host_is_written_down_with_its_exemption() {
    let exempt = Exempt {
        prefix: parse_prefix("10.0.0.5").unwrap(),
        owner: "lab".into(),
        reason: "study".into(),
        expires: Some("2030-01-01".parse().unwrap()),
    };
    let mut engine = Engine::new(settings(Mode::Block, vec![exempt]), 1024, Seed::from(7));
    let (record, passed) = send(&mut engine, false, &[(0, LOGIN.as_bytes())]);
    assert_eq!(passed.len(), LOGIN.len());
    assert_eq!(record.unwrap().exemption.unwrap().owner, "lab");
}

#[test]
fn a_listed_address_is_cut_at_its_first_bytes() {
    let mut engine = engine(Mode::Block);
    let to = "192.0.2.9:3333".parse().unwrap();
    let outcome = give(&mut engine, &segment(ends(false).0, to, 1, DATA, &[0; 64]));
    assert_eq!(outcome.verdict, Verdict::Cut);
    assert_eq!(outcome.record.unwrap().finding.layer, Layer::Address);
}

/// The kernel refuses the attempt anyway; what it is asked for is the record.
#[test]
fn a_connection_to_a_listed_address_is_not_let_begin_where_mining_is_cut() {
    let to = "192.0.2.9:3333".parse().unwrap();
    let syn = segment(ends(false).0, to, 1, SYN, &[]);
    let mut observing = engine(Mode::Observe);
    let mut engine = engine(Mode::Block);
    for _ in 0..2 {
        let outcome = give(&mut engine, &syn);
        assert_eq!(outcome.verdict, Verdict::Cut);
        assert_eq!(outcome.record.unwrap().finding.layer, Layer::Address, "each attempt is written down");
    }
    let outcome = give(&mut observing, &syn);
    assert_eq!(outcome.verdict, Verdict::Look);
    assert!(outcome.record.is_none(), "more may be said");
}

/// A question as dig would ask it.
fn query(name: &str) -> Vec<u8> {
    let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0]);
    message
}

#[test]
fn a_listed_question_is_answered_in_the_server_s_name() {
    for (host, server) in [("10.0.0.5:5353", "9.9.9.9:53"), ("[fd00::5]:5353", "[2620:fe::fe]:53")] {
        let mut engine = engine(Mode::Block);
        let packet = udp::packet(host.parse().unwrap(), server.parse().unwrap(), &query("Pool.eXample.org")).unwrap();
        let outcome = give(&mut engine, &packet);
        let Verdict::Answer(answer) = outcome.verdict else { panic!("{:?}", outcome.verdict) };
        let answer = Packet::from_ip(&answer).unwrap();
        assert_eq!(answer.source_socket(), server.parse().unwrap());
        assert_eq!(answer.destination_socket(), host.parse().unwrap());
        assert_eq!(answer.payload[..2], [0xab, 0xcd]);
        assert_eq!(answer.payload[3] & 15, 3, "NXDOMAIN");
        let record = outcome.record.unwrap();
        assert_eq!(record.question.unwrap().name, "pool.example.org");
        assert_eq!(record.finding.layer, Layer::Dns);
        let other = udp::packet(host.parse().unwrap(), server.parse().unwrap(), &query("www.example.org")).unwrap();
        assert_eq!(give(&mut engine, &other).verdict, Verdict::Look);
    }
}

#[test]
fn questions_over_tcp_are_read_one_after_another_for_ever() {
    let mut engine = engine(Mode::Block);
    let (host, server) = ("10.0.0.5:4000".parse().unwrap(), "9.9.9.9:53".parse().unwrap());
    let frame = |name: &str| {
        let message = query(name);
        [&(message.len() as u16).to_be_bytes()[..], &message].concat()
    };
    let mut seq = 77;
    for _ in 0..200 {
        let fine = frame("www.example.org");
        assert_eq!(give(&mut engine, &segment(host, server, seq, DATA, &fine)).verdict, Verdict::Look);
        seq += fine.len() as u32;
    }
    let listed = frame("a.pool.example.org");
    for (index, byte) in listed.iter().enumerate() {
        let outcome = give(&mut engine, &segment(host, server, seq + index as u32, DATA, &[*byte]));
        let last = index + 1 == listed.len();
        assert_eq!(outcome.verdict == Verdict::Cut, last, "byte {index}");
        assert_eq!(outcome.record.is_some(), last);
    }
}

#[test]
fn a_question_to_the_gateway_over_tcp_is_reset_at_both_ends() {
    let mut engine = engine(Mode::Block);
    let (host, server) = ("10.0.0.5:4000".parse().unwrap(), "10.0.0.1:53".parse().unwrap());
    let message = query("pool.example.org");
    let frame = [&(message.len() as u16).to_be_bytes()[..], &message].concat();
    let meta = Meta { at_gateway: true, ..Meta::default() };
    for _ in 0..2 {
        let outcome = engine.on_ip(Now::default(), meta, &segment(host, server, 77, DATA, &frame));
        let Verdict::Reset(resets) = outcome.verdict else { panic!("{:?}", outcome.verdict) };
        assert_eq!(Packet::from_ip(&resets.onward).unwrap().destination_socket(), server);
        assert_eq!(Packet::from_ip(&resets.back).unwrap().destination_socket(), host);
    }
}

#[test]
fn plain_flows_are_cleared_when_the_look_is_spent() {
    let mut engine = engine(Mode::Block);
    let (host, server) = ends(false);
    let mut verdicts = Vec::new();
    for index in 0..16 {
        verdicts.push(give(&mut engine, &segment(host, server, index * 10, DATA, b"0123456789")).verdict);
    }
    assert!(verdicts[..15].iter().all(|verdict| *verdict == Verdict::Look));
    assert_eq!(verdicts[15], Verdict::Clear);
    let mut engine = engine_anew();
    assert_eq!(give(&mut engine, &segment(host, server, 0, DATA, &[b'x'; 5000])).verdict, Verdict::Clear);
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut engine = engine_anew();
    assert_eq!(give(&mut engine, &segment(host, server, 0, DATA, &get[..20])).verdict, Verdict::Look);
    assert_eq!(give(&mut engine, &segment(host, server, 20, DATA, &get[20..])).verdict, Verdict::Clear, "a page");
    assert_eq!(give(&mut engine, &segment(server, host, 0, DATA, b"HTTP/1.1 200 OK\r\n")).verdict, Verdict::Clear);
}

proptest! {
    /// Any cut of a login into segments, in order or rotated, over v4 and v6, in any flow state: one record, and the
    /// pool never gets the whole line.
    #[test]
    fn any_segmentation_is_cut_before_the_line_is_complete(
        cuts in prop::collection::vec(1usize..LOGIN.len(), 0..4), turn in 0usize..4, v6 in any::<bool>(),
    ) {
        let mut cuts: Vec<_> = cuts.into_iter().chain([0, LOGIN.len()]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut pieces: Vec<_> = cuts.windows(2).map(|w| (w[0], &LOGIN.as_bytes()[w[0]..w[1]])).collect();
        let turn = turn % pieces.len();
        pieces.rotate_left(turn);
        let (record, mut passed) = send(&mut engine(Mode::Block), v6, &pieces);
        let record = record.expect("found");
        prop_assert_eq!(record.finding.said.agent.as_deref(), Some("XMRig/6.26.0"));
        passed.sort_unstable();
        passed.dedup();
        prop_assert!(passed.len() < LOGIN.len());
    }

    #[test]
    fn any_bytes_get_one_verdict_and_random_payloads_no_finding(
        bytes in prop::collection::vec(any::<u8>(), 0..200), seq in any::<u32>(),
    ) {
        let mut engine = engine(Mode::Block);
        let _ = give(&mut engine, &bytes);
        let (host, server) = ends(false);
        let outcome = give(&mut engine, &segment(host, server, seq, DATA, &bytes));
        prop_assert!(outcome.record.is_none());
        prop_assert!(!matches!(outcome.verdict, Verdict::Cut));
    }

    #[test]
    fn every_prefix_of_a_login_gets_a_verdict(at in 0usize..LOGIN.len()) {
        let (record, _) = send(&mut engine(Mode::Block), false, &[(0, &LOGIN.as_bytes()[..at])]);
        // The closing brace makes the object; the line's end is not waited for.
        prop_assert_eq!(record.is_some(), at >= LOGIN.len() - 1);
    }
}

#[test]
fn byte_by_byte_is_cut_at_the_closing_brace() {
    let pieces: Vec<_> = (0..LOGIN.len()).map(|at| (at, &LOGIN.as_bytes()[at..=at])).collect();
    let (record, passed) = send(&mut engine(Mode::Block), false, &pieces);
    assert!(record.is_some());
    assert_eq!(passed.len(), LOGIN.len() - 2, "brace and line end never pass");
}

#[test]
fn same_packets_times_and_seed_give_the_same_records() {
    let run = || send(&mut engine(Mode::Block), false, &[(0, LOGIN.as_bytes())]).0;
    assert_eq!(run(), run());
}

mod answers;
mod ease;
mod evasion;
mod follow;
mod grace;
mod laws;
mod layers;
mod learned;
mod padding;
mod peace;
mod quic;
mod resolvers;
