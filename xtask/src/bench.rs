//! `cargo xtask bench`: the engine, and the lab with minewall on and off in interleaved rounds.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use minewall_lab::addresses::Family;
use minewall_lab::load::{self, Direction, Measured};
use minewall_lab::{Lab, Minewall, kernel, why_not};

use crate::{build, install};

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Rounds of the lab; each measures off and on
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of one measurement
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Leave the engine's benches out
    #[arg(long)]
    only_lab: bool,
}

/// One kind of load: its name, unit, and how many of its units make one.
struct Load {
    name: &'static str,
    unit: &'static str,
    scale: f64,
    measure: fn(&Lab, Duration) -> Result<Measured>,
}

const LOADS: &[Load] = &[
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
];

impl Bench {
    pub(crate) fn perform(&self) -> Result<()> {
        install::packages(false)?;
        if !self.only_lab {
            build::cargo(&["bench", "--package", "minewall", "--locked"])?;
        }
        if let Some(why) = why_not() {
            bail!("{why}");
        }
        let binary = build::minewall(true)?;
        let lab = Lab::new()?;
        let configuration = format!(
            "mode = \"block\"\n[runtime]\ndirectory = \"{}\"\n[[sink]]\ntype = \"file\"\npath = \"{}\"\n",
            lab.directory().join("run").display(),
            Minewall::records_file(&lab).display(),
        );
        let time = Duration::from_secs(self.seconds);
        println!(
            "{} rounds, each of {} s off and {} s on, interleaved; medians",
            self.rounds, self.seconds, self.seconds
        );
        println!("{:<34} {:>12} {:>12} {:>7}", "load", "off", "on", "on/off");
        for load in LOADS {
            let (mut off, mut on) = (Vec::new(), Vec::new());
            for _ in 0..self.rounds {
                off.push(once(&lab, load, time)?);
                let mut minewall = Minewall::start(&lab, &binary, &configuration)?;
                on.push(once(&lab, load, time)?);
                minewall.stop()?;
            }
            let (off, on) = (median(off), median(on));
            println!(
                "{:<34} {:>12} {:>12} {:>7.2}",
                load.name,
                figure(off, load.unit),
                figure(on, load.unit),
                on / off
            );
        }
        Ok(())
    }
}

fn once(lab: &Lab, load: &Load, time: Duration) -> Result<f64> {
    kernel::forget_connections(&lab.gateway)?;
    let measured = (load.measure)(lab, time)?;
    Ok(measured.per_second() * load.scale)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn figure(figure: f64, unit: &str) -> String {
    if figure < 100.0 { format!("{figure:.2} {unit}") } else { format!("{figure:.0} {unit}") }
}
