//! How the queue is read: a packet a system call by `nfq`, or in bursts; by minewall, and by nobody who looks (docs/decisions/0018).

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use super::compare::{Figures, Gateway, LOADS, measure};

const GATEWAYS: [(&str, Gateway); 5] = [
    ("plain", Gateway::Plain),
    ("bare queue, nfq", Gateway::Bare("nfq")),
    ("bare queue, bursts", Gateway::Bare("burst")),
    ("minewall, nfq", Gateway::Minewall("nfq")),
    ("minewall, bursts", Gateway::Minewall("burst")),
];

/// Measures all in interleaved rounds; a table of medians, as parts of the plain gateway's, and what failed.
pub(super) fn perform(programs: [&Path; 2], rounds: usize, seconds: u64) -> Result<String> {
    // Bulk is settled in the kernel whoever reads.
    let loads = LOADS.iter().filter(|load| load.unit == "1/s");
    let all = measure(programs, &GATEWAYS.map(|(_, gateway)| gateway), loads, rounds, seconds)?;
    let mut text = format!("\n| load |{} errors |\n|---|", GATEWAYS.map(|(name, _)| format!(" {name} |")).concat());
    text += &"---|".repeat(GATEWAYS.len() + 1);
    for Figures { load, medians, errors } in all {
        let Some((plain, others)) = medians.split_first() else { continue };
        let parts: String = others.iter().map(|other| format!(" {:.3} |", other / plain)).collect();
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        let _ = write!(text, "\n| {} | {plain:.0} {} |{parts} {} |", load.name, load.unit, errors.join(" / "));
    }
    Ok(text + "\n\n")
}
