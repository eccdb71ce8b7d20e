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

/// What stands on the gateway, and how it reads its queues (minewall's `queue.reader`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Gateway {
    Plain,
    Bare(&'static str),
    Minewall(&'static str),
    Suricata,
}

/// Under one load, in the order of the gateways.
pub(super) struct Figures {
    pub(super) load: &'static Load,
    pub(super) medians: Vec<f64>,
    /// Connections that failed, questions without an answer, streams that stalled: all rounds.
    pub(super) errors: Vec<u64>,
}

/// The medians of one load.
pub(super) struct Row {
    pub(super) load: &'static Load,
    pub(super) plain: f64,
    pub(super) bare: f64,
    pub(super) minewall: f64,
    /// None where Suricata is not installed.
    pub(super) suricata: Option<f64>,
    pub(super) errors: Vec<u64>,
}

/// minewall and a bare queue by `nfq`, beside the plain gateway and Suricata.
pub(super) fn perform(programs: [&Path; 2], rounds: usize, seconds: u64) -> Result<Vec<Row>> {
    let mut gateways = vec![Gateway::Plain, Gateway::Bare("nfq"), Gateway::Minewall("nfq")];
    if suricata::version().is_some() {
        gateways.push(Gateway::Suricata);
    }
    let figures = measure(programs, &gateways, LOADS.iter(), rounds, seconds)?;
    let row = |Figures { load, medians, errors }| {
        let median = |at: usize| medians.get(at).copied();
        let [plain, bare, minewall] = [0, 1, 2].map(|at| median(at).unwrap_or_default());
        Row { load, plain, bare, minewall, suricata: median(3), errors }
    };
    Ok(figures.into_iter().map(row).collect())
}

/// Measures the gateways in interleaved rounds; `programs`: minewall, and the bare queue.
pub(super) fn measure(
    [binary, bare]: [&Path; 2],
    gateways: &[Gateway],
    loads: impl Iterator<Item = &'static Load>,
    rounds: usize,
    seconds: u64,
) -> Result<Vec<Figures>> {
    if let Some(why) = why_not() {
        bail!("{why}");
    }
    let lab = Lab::new()?;
    let none = vec![(Vec::new(), 0); gateways.len()];
    let mut all: Vec<_> = loads.map(|load| (load, none.clone())).collect();
    for round in 0..rounds {
        for (at, gateway) in gateways.iter().enumerate() {
            eprintln!("lab: round {} of {rounds}, {gateway:?}", round + 1);
            let (mut queue, mut minewall, mut other) = (None, None, None);
            match gateway {
                Gateway::Plain => {}
                Gateway::Bare(reader) => queue = Some(Bare::start(&lab, bare, reader)?),
                Gateway::Minewall(reader) => {
                    minewall = Some(Minewall::start(&lab, binary, &configuration(&lab, reader))?)
                }
                Gateway::Suricata => other = Some(Suricata::start(&lab)?),
            }
            for (load, figures) in &mut all {
                let measured = once(&lab, load, Duration::from_secs(seconds))?;
                figures[at].0.push(measured.per_second() * load.scale);
                figures[at].1 += measured.errors;
            }
            minewall.map(|mut minewall| minewall.stop()).transpose()?;
            other.map(Suricata::stop).transpose()?;
            queue.map(Bare::stop).transpose()?;
        }
    }
    let medians = |(load, figures): (_, Vec<(Vec<f64>, u64)>)| {
        let (figures, errors): (Vec<_>, Vec<_>) = figures.into_iter().unzip();
        Figures { load, medians: figures.into_iter().map(median).collect(), errors }
    };
    Ok(all.into_iter().map(medians).collect())
}

/// What minewall runs with: as it is shipped, blocking, with a file of records.
fn configuration(lab: &Lab, reader: &str) -> String {
    format!(
        "queue.reader = \"{reader}\"\nmode = \"block\"\n[runtime]\ndirectory = \"{}\"\n[[sink]]\ntype = \"file\"\npath = \"{}\"\nevents = [\"record\"]\nheld = true\n",
        lab.directory().join("run").display(),
        Minewall::records_file(lab).display(),
    )
}

fn once(lab: &Lab, load: &Load, time: Duration) -> Result<Measured> {
    kernel::forget_connections(&lab.gateway)?;
    (load.measure)(lab, time)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
