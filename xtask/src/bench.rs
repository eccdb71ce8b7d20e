//! `cargo xtask bench`: the engine, its growth, its instructions, and the lab plain, with a bare queue, with minewall and with Suricata.

mod bare;
mod chart;
mod compare;
mod curves;
mod readers;
mod reload;
mod results;
mod suricata;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::{build, install};

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Rounds of the lab; each measures the gateway plain, with minewall and with Suricata
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of one measurement
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Only the lab, and no results file
    #[arg(long)]
    only_lab: bool,
    /// Only what needs neither root nor a lab, and no results file
    #[arg(long, conflicts_with = "only_lab")]
    only_engine: bool,
    /// Only what a reload costs, and no results file
    #[arg(long, conflicts_with_all = ["only_lab", "only_engine"])]
    only_reload: bool,
    /// Only what it matters how the queue is read, and no results file
    #[arg(long, conflicts_with_all = ["only_lab", "only_engine", "only_reload"])]
    only_readers: bool,
    /// Measure this program in the lab instead of the one built here
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Leave out the engine's divan benches, whose figures are only printed
    #[arg(long)]
    without_divan: bool,
    /// Coarse figures in a few minutes: one short round, small curves, no engine benches, no results file
    #[arg(long)]
    quick: bool,
    /// Write the instruction counts just measured as the new baseline
    #[arg(long)]
    new_baseline: bool,
}

impl Bench {
    pub(crate) fn perform(&self) -> Result<()> {
        install::packages(install::BENCHES)?;
        let (mut points, mut counts) = (Vec::new(), Vec::new());
        if !(self.only_lab || self.only_reload || self.only_readers) {
            if !(self.quick || self.without_divan) {
                build::cargo(&["bench", "--package", "minewall", "--locked", "--bench", "engine"])?;
            }
            let program = curves::program("curves")?;
            points = curves::points(&curves::program("lists")?, self.quick)?;
            points.extend(curves::points(&program, self.quick)?);
            counts = curves::instructions(&program)?;
            print!("{}{}", results::curves(&points), results::instructions(&counts));
            if self.new_baseline {
                curves::write_baseline(&counts)?;
            }
        }
        if self.only_engine {
            return Ok(());
        }
        let binary = self.program.clone().map_or_else(|| build::minewall(true), Ok)?;
        let (rounds, seconds) = if self.quick { (1, 2) } else { (self.rounds, self.seconds) };
        if self.only_readers {
            print!("{}", readers::perform([&binary, &curves::program("bare")?], rounds, seconds)?);
            return Ok(());
        }
        if !self.only_reload {
            install::suricata();
        }
        let reload = reload::perform(&binary, rounds, Duration::from_secs(3 * seconds))?;
        let reload = reload::table(&reload, rounds, 3 * seconds);
        print!("{reload}");
        if self.only_reload {
            return Ok(());
        }
        let rows = compare::perform([&binary, &curves::program("bare")?], rounds, seconds)?;
        print!("{}", results::lab(&rows, rounds, seconds));
        if !(self.only_lab || self.quick) {
            results::write(&rows, &reload, (rounds, seconds), &points, &counts)?;
        }
        Ok(())
    }
}
