//! `minewall lists`: what is done with lists beside looking names up.

mod report;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell how much of a yardstick the lists find, and what they would wrongly refuse
    ///
    /// Exit code 0: at least --least percent were found and no benign name is listed; 1: less, or one is; 2: error.
    #[command(
        after_help = "Examples:\n  minewall lists report --yardstick pools.csv --where confidence=high --least 98\n  minewall lists report --benign top-1m.csv --show 100"
    )]
    Report(report::Report),
}

impl Command {
    /// Does what was asked for.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        match self {
            Self::Report(report) => report.perform(),
        }
    }
}
