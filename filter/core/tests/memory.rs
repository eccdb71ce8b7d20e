//! Memory of the engine: nothing is allocated for a packet in steady state, and everything is bounded.

use allocation_counter::{AllocationInfo, measure};
use minewall_core::config::Config;
use minewall_core::engine::{Engine, Meta, Settings, Verdict};
use minewall_core::limits::{FLOWS, OPEN_FLOWS};
use minewall_core::now::Now;
use minewall_core::policy::Mode;
use minewall_lists::Builder;

#[allow(dead_code, reason = "the benches use the rest")]
#[path = "../../../benches/packets.rs"]
mod packets;

use packets::{JSON, REQUEST, hello, opening, question, segment};

const NOW: Now = Now::from_wall_us(1_700_000_000_000_000);

/// Flows of one measurement.
const COUNT: u32 = 1_000;

fn settings() -> (Settings, usize) {
    let mut builder = Builder::new();
    builder.shipped();
    let config = Config { mode: Mode::Block, ..Config::default() };
    let settings = config.settings(builder.build(), "test");
    (settings, config.look.flows)
}

fn engine() -> Engine {
    let (settings, flows) = settings();
    Engine::new(settings, flows, 7.into())
}

/// Sends a flow what settles it.
fn settle(engine: &mut Engine, flow: u32) {
    let noise = segment(flow, &[0xfe; 5000]);
    let settled = (0..16).any(|_| engine.on_ip(NOW, Meta::default(), &noise).verdict == Verdict::Clear);
    assert!(settled, "flow {flow}");
}

/// What the engine allocates for these packets.
fn allocated(engine: &mut Engine, packets: &[Vec<u8>]) -> AllocationInfo {
    measure(|| {
        for packet in packets {
            let _ = engine.on_ip(NOW, Meta::default(), packet);
        }
    })
}

/// Packets of flows not met before, once as many others like them were settled or forgotten: their memory is there.
fn allocated_by_new_flows(payload: &[u8]) -> AllocationInfo {
    let mut engine = engine();
    for flow in 0..COUNT {
        let _ = engine.on_ip(NOW, Meta::default(), &segment(flow, payload));
        settle(&mut engine, flow);
    }
    // Each is settled before the next begins, so that one state serves all; hence here too.
    let mut sum = AllocationInfo::default();
    for flow in COUNT..2 * COUNT {
        sum += allocated(&mut engine, &[segment(flow, payload)]);
        settle(&mut engine, flow);
    }
    sum
}

#[test]
fn a_packet_of_a_settled_flow_allocates_nothing() {
    let mut engine = engine();
    (0..COUNT).for_each(|flow| settle(&mut engine, flow));
    let packets: Vec<_> = (0..COUNT).map(|flow| segment(flow, &[b'x'; 1400])).collect();
    assert_eq!(allocated(&mut engine, &packets).count_total, 0);
}

#[test]
fn an_opening_allocates_nothing() {
    let mut engine = engine();
    settle(&mut engine, 0);
    let packets: Vec<_> = (1..COUNT).map(opening).collect();
    // As many flows as are undecided at a time have their memory made once.
    assert!(allocated(&mut engine, &packets).count_total > 0);
    assert_eq!(allocated(&mut engine, &packets).count_total, 0);
}

#[test]
fn a_question_that_passes_allocates_nothing() {
    let mut engine = engine();
    let packets: Vec<_> = (0..COUNT).map(|flow| question(flow, &format!("www{flow}.example.org"))).collect();
    allocated(&mut engine, &packets[..10]);
    assert_eq!(allocated(&mut engine, &packets).count_total, 0);
}

#[test]
fn a_first_packet_of_a_known_form_allocates_nothing() {
    for (form, payload) in [("HTTP", REQUEST.to_vec()), ("TLS", hello("www.example.org"))] {
        let info = allocated_by_new_flows(&payload);
        assert_eq!((info.count_total, info.bytes_total), (0, 0), "{form}: {info:?} for {COUNT} packets");
    }
}

#[test]
fn a_line_that_is_no_mining_allocates_nothing() {
    let info = allocated_by_new_flows(JSON);
    assert_eq!(info.count_total, 0, "{info:?}");
}

#[test]
fn flows_cost_what_the_budget_says() {
    let (settings, _) = settings();
    let mut engine = None;
    let made = measure(|| engine = Some(Engine::new(settings.clone(), FLOWS, 7.into())));
    let mut engine = engine.unwrap();
    let settled = made.bytes_current as f64 / FLOWS as f64;
    // All that is looked at, sent both ways by the hosts of as many flows as may be undecided.
    let count = OPEN_FLOWS as u32;
    let half = [b'{'; 2000];
    let packets: Vec<_> = (0..count).map(|flow| segment(flow, &half)).collect();
    let open = allocated(&mut engine, &packets).bytes_current as f64 / f64::from(count);
    println!("bytes a place of the table: {settled:.1}; bytes an undecided flow with 2,000 bytes heard: {open:.0}");
    assert!(settled <= 64.0, "{settled} bytes a settled flow");
    assert!(open <= 9.0 * 1024.0, "{open} bytes an undecided flow");
}

#[test]
fn a_flood_of_openings_and_a_million_flows_stay_within_bounds() {
    let mut engine = engine();
    let flood = measure(|| {
        for flow in 0..1_000_000 {
            let _ = engine.on_ip(NOW, Meta::default(), &opening(flow));
        }
    });
    let flows = measure(|| {
        for flow in 0..1_000_000 {
            let _ = engine.on_ip(NOW, Meta::default(), &segment(flow, REQUEST));
        }
    });
    let most = (flood.bytes_max + flows.bytes_max) as f64 / f64::from(1 << 20);
    println!(
        "flood of 1,000,000 SYN: {:.1} MiB at most, {:.1} MiB kept; 1,000,000 flows with a request: {:.1} MiB more at most",
        flood.bytes_max as f64 / f64::from(1 << 20),
        flood.bytes_current as f64 / f64::from(1 << 20),
        flows.bytes_max as f64 / f64::from(1 << 20)
    );
    assert!(most <= 24.0, "{most} MiB");
    let counters = engine.counters();
    assert!(counters.flows >= 1_000_000 && counters.forgotten_settled + counters.forgotten_undecided > 0);
}
