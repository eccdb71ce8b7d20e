//! The lab's gateway plain, with a bare queue, with minewall and with Suricata, under the same loads in interleaved rounds.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use minewall_lab::addresses::Family;
use minewall_lab::load::{self, Direction, Measured};
use minewall_lab::{Lab, Minewall, kernel, why_not};

use super::bare::Bare;
use super::suricata::{self, Suricata};

/// One kind of load: its name, unit, and how many of its units make one.
pub(super) struct Load {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    scale: f64,
    measure: fn(&Lab, Duration) -> Result<Measured>,
}

pub(super) const LOADS: &[Load] = &[
    Load {
        name: "bulk TCP, IPv4, one stream down",
        unit: "Gbit/s",
        scale: 8e-9,
        measure: |lab, time| load::bulk(lab, Family::V4, Direction::Down, 1, time),
    },
    Load {
        name: "bulk TCP, IPv6, one stream down",
        unit: "Gbit/s",
        scale: 8e-9,
        measure: |lab, time| load::bulk(lab, Family::V6, Direction::Down, 1, time),
    },
    Load {
        name: "new connections, IPv4",
        unit: "1/s",
        scale: 1.0,
        measure: |lab, time| load::connections(lab, Family::V4, 16, time),
    },
    Load {
        name: "DNS questions, IPv4",
        unit: "1/s",
        scale: 1.0,
        measure: |lab, time| load::questions(lab, Family::V4, 4, time),
    },
    Load {
        name: "pages of nginx by ab, IPv4",
        unit: "1/s",
        scale: 1.0,
        measure: |lab, time| load::pages(lab, Family::V4, 16, time),
    },
    Load {
        name: "questions to knot by dnsperf, IPv4",
        unit: "1/s",
        scale: 1.0,
        measure: |lab, time| load::names(lab, Family::V4, 16, time),
    },
];

/// What stands on the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    Plain,
    Bare,
    Minewall,
    Suricata,
}

const VARIANTS: usize = 4;

/// The medians of one load.
pub(super) struct Row {
    pub(super) load: &'static Load,
    pub(super) plain: f64,
    pub(super) bare: f64,
    pub(super) minewall: f64,
    /// None where Suricata is not installed.
    pub(super) suricata: Option<f64>,
    /// Connections that failed, questions without an answer, streams that stalled: all rounds, in the same order.
    pub(super) errors: [u64; VARIANTS],
}

pub(super) fn perform(binary: &Path, bare: &Path, rounds: usize, seconds: u64) -> Result<Vec<Row>> {
    if let Some(why) = why_not() {
        bail!("{why}");
    }
    let lab = Lab::new()?;
    let configuration = configuration(&lab);
    let with_suricata = suricata::version().is_some();
    let mut variants = vec![Variant::Plain, Variant::Bare, Variant::Minewall];
    if with_suricata {
        variants.push(Variant::Suricata);
    }
    let time = Duration::from_secs(seconds);
    let mut figures = vec![[const { Vec::new() }; VARIANTS]; LOADS.len()];
    let mut errors = vec![[0; VARIANTS]; LOADS.len()];
    for round in 0..rounds {
        for variant in &variants {
            eprintln!("lab: round {} of {rounds}, {variant:?}", round + 1);
            let bare = (*variant == Variant::Bare).then(|| Bare::start(&lab, bare, "nfq")).transpose()?;
            let minewall = (*variant == Variant::Minewall).then(|| Minewall::start(&lab, binary, &configuration));
            let minewall = minewall.transpose()?;
            let suricata = (*variant == Variant::Suricata).then(|| Suricata::start(&lab)).transpose()?;
            for ((load, figures), errors) in LOADS.iter().zip(&mut figures).zip(&mut errors) {
                let measured = once(&lab, load, time)?;
                figures[*variant as usize].push(measured.per_second() * load.scale);
                errors[*variant as usize] += measured.errors;
            }
            minewall.map(|mut minewall| minewall.stop()).transpose()?;
            suricata.map(Suricata::stop).transpose()?;
            bare.map(Bare::stop).transpose()?;
        }
    }
    let rows = LOADS.iter().zip(figures).zip(errors).map(|((load, [plain, bare, minewall, suricata]), errors)| Row {
        load,
        plain: median(plain),
        bare: median(bare),
        minewall: median(minewall),
        suricata: with_suricata.then(|| median(suricata)),
        errors,
    });
    Ok(rows.collect())
}

/// What minewall runs with: as it is shipped, blocking, with a file of records.
pub(super) fn configuration(lab: &Lab) -> String {
    format!(
        "mode = \"block\"\n[runtime]\ndirectory = \"{}\"\n[[sink]]\ntype = \"file\"\npath = \"{}\"\nevents = [\"record\"]\nheld = true\n",
        lab.directory().join("run").display(),
        Minewall::records_file(lab).display(),
    )
}

pub(super) fn once(lab: &Lab, load: &Load, time: Duration) -> Result<Measured> {
    kernel::forget_connections(&lab.gateway)?;
    (load.measure)(lab, time)
}

pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
