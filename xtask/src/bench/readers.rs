//! How the queue is read: a packet a system call by `nfq`, or in bursts; by minewall, and by nobody who looks (docs/decisions/0018).

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use minewall_lab::{Lab, Minewall, why_not};

use super::bare::Bare;
use super::compare::{LOADS, Load, configuration, median, once};

/// Who stands on the gateway, and how it reads.
const GATEWAYS: [(&str, Option<(Who, &str)>); 5] = [
    ("plain", None),
    ("bare queue, nfq", Some((Who::Bare, "nfq"))),
    ("bare queue, bursts", Some((Who::Bare, "burst"))),
    ("minewall, nfq", Some((Who::Minewall, "nfq"))),
    ("minewall, bursts", Some((Who::Minewall, "burst"))),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Bare,
    Minewall,
}

/// Measures all in interleaved rounds; a table of medians, as parts of the plain gateway's, and what failed.
pub(super) fn perform(binary: &Path, bare: &Path, rounds: usize, seconds: u64) -> Result<String> {
    if let Some(why) = why_not() {
        bail!("{why}");
    }
    let lab = Lab::new()?;
    // Bulk is settled in the kernel whoever reads.
    let loads: Vec<&Load> = LOADS.iter().filter(|load| load.unit == "1/s").collect();
    let mut figures = vec![[const { Vec::new() }; GATEWAYS.len()]; loads.len()];
    let mut errors = [0; GATEWAYS.len()];
    for round in 0..rounds {
        for (at, (name, reads)) in GATEWAYS.into_iter().enumerate() {
            eprintln!("lab: round {} of {rounds}, {name}", round + 1);
            let of = |who| reads.filter(|(other, _)| *other == who).map(|(_, reader)| reader);
            let bare = of(Who::Bare).map(|reader| Bare::start(&lab, bare, reader)).transpose()?;
            let minewall = of(Who::Minewall).map(|reader| {
                Minewall::start(&lab, binary, &format!("queue.reader = \"{reader}\"\n{}", configuration(&lab)))
            });
            let minewall = minewall.transpose()?;
            for (load, figures) in loads.iter().zip(&mut figures) {
                let measured = once(&lab, load, Duration::from_secs(seconds))?;
                figures[at].push(measured.per_second());
                errors[at] += measured.errors;
            }
            minewall.map(|mut minewall| minewall.stop()).transpose()?;
            bare.map(Bare::stop).transpose()?;
        }
    }
    Ok(table(&loads, figures, errors))
}

fn table(loads: &[&Load], figures: Vec<[Vec<f64>; GATEWAYS.len()]>, errors: [u64; GATEWAYS.len()]) -> String {
    let mut text = format!("\n| load |{}\n|---|", GATEWAYS.map(|(name, _)| format!(" {name} |")).concat());
    text += &"---|".repeat(GATEWAYS.len());
    for (load, figures) in loads.iter().zip(figures) {
        let [plain, others @ ..] = figures.map(median);
        let parts = others.map(|other| format!(" {:.3} |", other / plain)).concat();
        let _ = write!(text, "\n| {} | {plain:.0} {} |{parts}", load.name, load.unit);
    }
    let _ = write!(text, "\n| errors |{}\n\n", errors.map(|count| format!(" {count} |")).concat());
    text
}
