//! What a packet costs the engine: settled flows, first packets of new ones, DNS questions, logins.
//!
//! Each bench runs over packets of many flows made beforehand, so that the flow table is met as on a busy link.

mod packets;

use divan::{Bencher, counter::ItemsCount};
use minewall_core::config::Config;
use minewall_core::engine::{Engine, Meta, Verdict};
use minewall_core::now::Now;
use minewall_core::policy::Mode;
use minewall_lists::Builder;
use packets::{JSON, LOGIN, REQUEST, hello, question, segment};

fn main() {
    divan::main();
}

/// Flows of one bench.
const FLOWS: u32 = 10_000;

fn engine() -> Engine {
    let mut builder = Builder::new();
    builder.shipped();
    let config = Config { mode: Mode::Block, ..Config::default() };
    let settings = config.settings(builder.build(), "bench");
    Engine::new(settings, config.look.flows, 0x6d69_6e65.into())
}

fn give_all(engine: &mut Engine, packets: &[Vec<u8>]) -> usize {
    let now = Now::from_wall_us(1_700_000_000_000_000);
    let judged = packets.iter().map(|packet| engine.on_ip(now, Meta::default(), packet));
    judged.filter(|outcome| outcome.verdict == Verdict::Look).count()
}

/// Packets of flows the engine has never met: each round has a new engine.
fn first_packets(bencher: Bencher<'_, '_>, packet: impl Fn(u32) -> Vec<u8>) {
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
