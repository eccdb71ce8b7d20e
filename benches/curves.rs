//! What grows with what: `whole` or `quick` prints one point a line (curve, unit, what grows, how much, cost);
//! `cases` names the fixed packets, `case NAME COUNT` judges so many of one, for callgrind. `cargo xtask bench` runs it.

#[path = "curves/grown.rs"]
mod grown;
#[path = "curves/names.rs"]
mod names;
mod packets;

use std::process::ExitCode;

use minewall_core::config::Config;
use minewall_core::engine::{Engine, Meta};
use minewall_core::now::Now;
use minewall_core::policy::Mode;
use minewall_lists::Lists;

/// The moment every packet is seen.
const NOW: Now = Now::from_wall_us(1_700_000_000_000_000);

/// A packet that is always the same but for its flow.
struct Case {
    name: &'static str,
    packet: fn(u32) -> Vec<u8>,
    /// Whether all of them belong to one flow, which the first has settled.
    settled: bool,
}

const CASES: &[Case] = &[
    Case { name: "settled-flow", packet: |flow| packets::segment(flow, &[b'x'; 1400]), settled: true },
    Case { name: "opening", packet: packets::opening, settled: false },
    Case { name: "first-http-request", packet: |flow| packets::segment(flow, packets::REQUEST), settled: false },
    Case {
        name: "first-tls-hello",
        packet: |flow| packets::segment(flow, &packets::hello("www.example.org")),
        settled: false,
    },
    Case { name: "first-json", packet: |flow| packets::segment(flow, packets::JSON), settled: false },
    Case { name: "login", packet: |flow| packets::segment(flow, packets::LOGIN), settled: false },
    Case { name: "dns-question", packet: |flow| packets::question(flow, "www.example.org"), settled: false },
    Case {
        name: "dns-question-refused",
        packet: |flow| packets::question(flow, "pool.supportxmr.com"),
        settled: false,
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["whole"] => points(6),
        ["quick"] => points(4),
        ["cases"] => CASES.iter().for_each(|case| println!("{}", case.name)),
        ["case", name, count] => {
            let (Some(case), Ok(count)) = (CASES.iter().find(|case| case.name == name), count.parse()) else {
                eprintln!("there is no case {name}, or {count} is no number");
                return ExitCode::FAILURE;
            };
            judge(case, count);
        }
        _ => {
            eprintln!("curves whole | quick | cases | case NAME COUNT");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Every curve, up to this power of ten.
fn points(most: u32) {
    for power in 3..=most {
        names::look_ups(10_usize.pow(power));
        grown::by_names(10_usize.pow(power));
    }
    for power in 2..=most {
        grown::by_flows(10_u32.pow(power));
    }
    grown::by_dialects();
}

fn point(curve: &str, unit: &str, what: &str, x: usize, y: f64) {
    println!("{curve}\t{unit}\t{what}\t{x}\t{y:.2}");
}

fn engine(lists: Lists, flows: usize) -> Engine {
    let config = Config { mode: Mode::Block, ..Config::default() };
    let settings = config.settings(lists, "bench");
    Engine::new(settings, flows, 0x6d69_6e65.into())
}

/// The packets of one case, as callgrind counts them: of one packet only the host
/// differs, so that little but the engine is counted.
fn judge(case: &Case, count: u32) {
    let mut engine = engine(names::shipped(), Config::default().look.flows);
    if case.settled {
        grown::settle(&mut engine, 0);
    }
    let mut packet = (case.packet)(0);
    for flow in 0..count {
        if !case.settled {
            // The last octets of the host's address.
            packet[13..16].copy_from_slice(&flow.to_be_bytes()[1..]);
        }
        let outcome = engine.on_ip(NOW, Meta::default(), &packet);
        let _ = std::hint::black_box(outcome);
    }
}
