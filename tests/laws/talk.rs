//! A conversation given to an engine in any pieces.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use minewall_catalogue::{Case, Corpus, Random, Side, Transport};
use minewall_core::config::Config;
use minewall_core::engine::{Engine, Meta, Outcome, Verdict};
use minewall_core::evidence::Record;
use minewall_core::now::Now;
use minewall_core::policy::Mode;
use minewall_lists::{Builder, Category, ListMeta};

use crate::cli::wire::{self, ACK, DATA, SYN};

/// The conversations over TCP: names in datagrams have tests of their own.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Corpus::cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    cases.retain(|case| case.conversation.transport != Transport::Udp);
    assert!(cases.len() > 100, "the catalogue was not read");
    cases
}

pub(super) fn engine(mode: Mode, flows: usize) -> Engine {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("corpus", Category::Pool), "pool.example.org\n198.51.100.99:3333\n");
    let config = Config { mode, ..Config::default() };
    let settings = config.settings(builder.build(), "laws");
    Engine::new(settings, flows, 7.into())
}

/// What one side says before the other speaks.
#[derive(Clone)]
pub(super) struct Burst {
    pub(super) side: Side,
    pub(super) octets: Vec<u8>,
    /// Where each of its messages begins and ends, with its number in the conversation.
    pub(super) messages: Vec<(usize, std::ops::Range<usize>)>,
}

pub(super) fn bursts(case: &Case) -> Vec<Burst> {
    let mut bursts: Vec<Burst> = Vec::new();
    for (number, message) in case.conversation.messages.iter().enumerate() {
        if bursts.last().is_none_or(|burst| burst.side != message.side) {
            bursts.push(Burst { side: message.side, octets: Vec::new(), messages: Vec::new() });
        }
        let burst = bursts.last_mut().unwrap();
        let begin = burst.octets.len();
        burst.octets.extend(&message.octets);
        burst.messages.push((number, begin..burst.octets.len()));
    }
    bursts
}

/// What was found last: everything a record says of the mining itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) layer: &'static str,
    pub(super) dialect: Option<&'static str>,
    pub(super) words: [Option<String>; 4],
}

impl From<&Record> for Found {
    fn from(record: &Record) -> Self {
        let said = record.finding.said.clone();
        Self {
            layer: record.finding.layer.as_str(),
            dialect: record.finding.dialect,
            words: [said.coin, said.wallet, said.worker, said.agent],
        }
    }
}

/// How a conversation is carried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    pub(super) v6: bool,
    /// Whether the connection's SYN was seen.
    pub(super) syn: bool,
    /// The sequence numbers of the first octets.
    pub(super) begin: [u32; 2],
}

/// A conversation under way, between ends the engine has not met.
pub(super) struct Talk<'e> {
    engine: &'e mut Engine,
    ends: [SocketAddr; 2],
    carried: Carried,
    /// Octets of each side in the bursts that are over.
    over: [usize; 2],
    now_us: i64,
    pub(super) found: Option<Found>,
}

const fn place(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

impl<'e> Talk<'e> {
    pub(super) fn new(case: &Case, engine: &'e mut Engine, carried: Carried) -> Self {
        let [_, high, middle, low] = (engine.counters().flows as u32).to_be_bytes();
        let ends: [IpAddr; 2] = if carried.v6 {
            let number = u16::from_be_bytes([middle, low]);
            let outside = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9);
            [Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, high.into(), number).into(), outside.into()]
        } else {
            [Ipv4Addr::new(10, high, middle, low).into(), Ipv4Addr::new(203, 0, 113, 9).into()]
        };
        let ends = [SocketAddr::new(ends[0], 40_000), SocketAddr::new(ends[1], case.conversation.server.port())];
        let now_us = 1_767_225_600_000_000;
        let mut talk = Self { engine, ends, carried, over: [0; 2], now_us, found: None };
        if carried.syn && case.conversation.transport == Transport::Tcp {
            let [client, server] = carried.begin.map(|begin| begin.wrapping_sub(1));
            let _ = talk.give(Side::Client, client, SYN, b"");
            let _ = talk.give(Side::Server, server, SYN | ACK, b"");
            let _ = talk.give(Side::Client, client.wrapping_add(1), ACK, b"");
        }
        talk
    }

    /// One packet.
    fn give(&mut self, side: Side, seq: u32, flags: u8, payload: &[u8]) -> Outcome {
        let [host, server] = self.ends;
        let (from, to) = if side == Side::Client { (host, server) } else { (server, host) };
        self.now_us += 1_000;
        let packet = wire::tcp(from, to, seq, flags, payload);
        let outcome = self.engine.on_ip(Now::from_wall_us(self.now_us), Meta::default(), &packet);
        if let Some(record) = &outcome.record {
            self.found = Some(Found::from(&**record));
        }
        outcome
    }

    /// Octets of a burst, from this place in it on.
    pub(super) fn say(&mut self, side: Side, at: usize, octets: &[u8]) -> Verdict {
        let seq = self.carried.begin[place(side)].wrapping_add((self.over[place(side)] + at) as u32);
        self.give(side, seq, DATA, octets).verdict
    }

    /// The burst is over: the next one's octets come behind it.
    pub(super) fn end(&mut self, burst: &Burst) {
        self.over[place(burst.side)] += burst.octets.len();
    }

    /// Octets of an earlier burst again: a retransmission that comes late.
    pub(super) fn again(&mut self, burst: &Burst, ago: usize, at: usize, octets: &[u8]) -> Verdict {
        let side = place(burst.side);
        let seq = self.carried.begin[side].wrapping_add((self.over[side] - ago + at) as u32);
        self.give(burst.side, seq, DATA, octets).verdict
    }
}

/// As the catalogue has it: one segment a message.
pub(super) fn plainly(case: &Case, engine: &mut Engine) -> (Option<Found>, Option<usize>) {
    let carried = Carried { v6: false, syn: true, begin: [1_000, 77_000] };
    let mut talk = Talk::new(case, engine, carried);
    let mut telling = None;
    for burst in bursts(case) {
        for (number, range) in &burst.messages {
            let verdict = talk.say(burst.side, range.start, &burst.octets[range.clone()]);
            if talk.found.is_some() && telling.is_none() {
                telling = Some(*number);
            }
            if verdict == Verdict::Cut {
                return (talk.found, telling);
            }
        }
        talk.end(&burst);
    }
    (talk.found, telling)
}

/// Pieces of what is so long, cut at so many random places.
pub(super) fn pieces(length: usize, cuts: usize, random: &mut Random) -> Vec<std::ops::Range<usize>> {
    let mut cuts: Vec<_> = (0..cuts).map(|_| random.below(length)).chain([0, length]).collect();
    cuts.extend((0..length).step_by(1_400));
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|window| window[0]..window[1]).collect()
}
