//! `minewall`: finds cryptocurrency mining in the traffic of a gateway, cuts it and writes the evidence.
//!
//! The process is thin: it holds the system calls, files, clocks and threads; what is judged is judged by
//! `minewall-core`.

use std::process::ExitCode;

use clap::Parser;

mod capability;
mod check;
mod cli;
mod clock;
mod control;
mod doctor;
mod features;
mod feed;
mod fetch;
mod hex;
mod identity;
mod incidents;
mod inject;
mod journal;
mod kernel;
mod lists;
mod lock;
mod log;
mod lookup;
#[cfg(feature = "man")]
mod man;
mod metrics;
mod netlink;
mod orders;
mod output;
mod progress;
mod queue;
mod replay;
mod report;
mod resolve;
mod routes;
mod run;
mod self_test;
mod settings;
mod show;
mod sink;
mod stamp;
mod status;
#[cfg(feature = "top")]
mod top;
mod tree;
#[cfg(feature = "uci")]
mod uci;
mod update;

/// The exit code of a failure; 1 belongs to `check`, where it means "not listed".
const FAILURE: u8 = 2;

fn main() -> ExitCode {
    let cli = cli::Cli::try_parse().unwrap_or_else(|error| features::explain(error).exit());
    match cli.perform() {
        Ok(code) => code,
        Err(error) if matches!(error.downcast_ref(), Some(output::Unwritable::Closed)) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("minewall: {error:#}");
            ExitCode::from(FAILURE)
        }
    }
}
