//! The engine's cost against list entries, live flows and dialects whose anchors stand in a line.

use std::time::Instant;

use minewall_core::config::Config;
use minewall_core::dialect::TABLE;
use minewall_core::engine::{Engine, Meta, Verdict};
use minewall_core::limits::OPEN_FLOWS;

use crate::packets::{REQUEST, hello, question, segment};
use crate::{NOW, engine, names, point};

/// Packets of one measurement: shorter than the time slices of a busy machine. And how often it is repeated.
const PACKETS: u32 = 500;
const ROUNDS: u32 = 60;

/// Flows settled before.
const SETTLED: u32 = 10_000;

/// Rounds after which as many flows are undecided as may be; those before only warm up.
const WARM: u32 = OPEN_FLOWS as u32 / PACKETS + 1;

/// Flows from here on are met for the first time.
const FRESH: u32 = 2_000_000;

/// Sends a flow what settles it.
pub(crate) fn settle(engine: &mut Engine, flow: u32) {
    let noise = segment(flow, &[0xfe; 5000]);
    for _ in 0..16 {
        if engine.on_ip(NOW, Meta::default(), &noise).verdict == Verdict::Clear {
            return;
        }
    }
    panic!("flow {flow} was not settled");
}

/// The engine's settled flow, first packets and questions with lists of so many names.
pub(crate) fn by_names(count: usize) {
    const WHAT: &str = "list entries";
    let mut engine = engine(names::generated(count), Config::default().look.flows);
    (0..SETTLED).for_each(|flow| settle(&mut engine, flow));
    let mut put = |curve, packets: &dyn Fn(u32, u32) -> Vec<u8>| {
        point(curve, "ns", WHAT, count, cost(&mut engine, packets));
    };
    put("settled flow", &|round, nth| segment((round * PACKETS + nth) % SETTLED, &[b'x'; 1400]));
    put("first HTTP request", &|round, nth| segment(FRESH + round * PACKETS + nth, REQUEST));
    put("first TLS hello", &|round, nth| {
        segment(2 * FRESH + round * PACKETS + nth, &hello(&format!("www{}.example.org", nth % 1000)))
    });
    put("DNS question", &|_, nth| question(nth, &format!("www{}.example.org", nth % 1000)));
}

/// The same with so many settled flows in a table that has room for all of them.
pub(crate) fn by_flows(count: u32) {
    const WHAT: &str = "live flows";
    let room = Config::default().look.flows.max(2 * count as usize);
    let mut engine = engine(names::shipped(), room);
    (0..count).for_each(|flow| settle(&mut engine, flow));
    let mut put = |curve, packets: &dyn Fn(u32, u32) -> Vec<u8>| {
        point(curve, "ns", WHAT, count as usize, cost(&mut engine, packets));
    };
    put("settled flow", &|round, nth| {
        segment(((u64::from(round * PACKETS + nth) * 7919) % u64::from(count)) as u32, &[b'x'; 100])
    });
    put("first HTTP request", &|round, nth| segment(FRESH + round * PACKETS + nth, REQUEST));
}

/// A line of JSON in which the anchors of no, half and all dialects stand, as the value of a key nobody uses.
pub(crate) fn by_dialects() {
    const WHAT: &str = "dialects whose anchors stand in a line";
    let mut engine = engine(names::shipped(), Config::default().look.flows);
    for count in [0, TABLE.len() / 2, TABLE.len()] {
        let anchors: Vec<_> = TABLE.iter().take(count).filter_map(|dialect| dialect.anchors.first()).collect();
        let mut line = "{\"id\":7,\"note\":\"a line as long as the others".to_owned();
        anchors.iter().for_each(|anchor| line += &anchor.replace(['"', '\\'], " "));
        // Anchors with quotation marks are keys or values.
        line += "\"";
        for anchor in anchors.iter().filter(|anchor| anchor.contains('"')) {
            line += &format!(",\"{}\":null", anchor.trim_matches(|c: char| !c.is_alphanumeric()));
        }
        line += "}\n";
        let cost = cost(&mut engine, &|round, nth| {
            segment((count as u32 + 1) * FRESH / 8 + round * PACKETS + nth, line.as_bytes())
        });
        point("first line", "ns", WHAT, count, cost);
        point("the line's length", "B", WHAT, count, line.len() as f64);
    }
}

/// Nanoseconds a packet: the best of the rounds, since whatever disturbs only adds.
fn cost(engine: &mut Engine, packet: &dyn Fn(u32, u32) -> Vec<u8>) -> f64 {
    let mut best = f64::INFINITY;
    for round in 0..WARM + ROUNDS {
        let packets: Vec<_> = (0..PACKETS).map(|nth| packet(round, nth)).collect();
        let start = Instant::now();
        for packet in &packets {
            let _ = std::hint::black_box(engine.on_ip(NOW, Meta::default(), packet));
        }
        let took = start.elapsed().as_secs_f64() * 1e9 / f64::from(PACKETS);
        if round >= WARM {
            best = best.min(took);
        }
    }
    best
}
