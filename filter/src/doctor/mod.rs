//! `minewall doctor`: whether this gateway looks at its traffic, and what stands in the way (docs/doctor.md).
//!
//! | module | what |
//! |---|---|
//! | `table` | every check: its name, what it looks at, how, what helps |
//! | `check` | one check and what comes of it |
//! | `scene` `machine` `sample` | what checks look at: configuration, daemon, rules; files and programs; traffic at two moments |
//! | `settings` `kernel` `queues` `rules` `offload` `marks` `traffic` `machine_state` `evidence` `sinks` | the checks |
//! | `show` | results as a table and as JSON |

mod check;
mod evidence;
mod kernel;
mod machine;
mod machine_state;
mod marks;
mod offload;
mod queues;
mod rules;
mod sample;
mod scene;
mod settings;
mod show;
mod sinks;
mod table;
#[cfg(test)]
mod tests;
mod traffic;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::incidents::Width;
use crate::output::{self, Format};
pub(crate) use check::{Outcome, State};
use machine::Machine;
use scene::Scene;
pub(crate) use show::{Row, json as show_json, text as show_text};

/// The exit code for "something is not as it should be".
const ATTENTION: u8 = 1;

/// Seconds that traffic is looked at, unless told otherwise.
const SECONDS: u64 = 3;

/// `minewall doctor`.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = crate::settings::CONFIG)]
    config: PathBuf,
    /// How it is told
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Only this check; again for more (docs/doctor.md names them)
    #[arg(long, value_name = "ID")]
    check: Vec<String>,
    /// Tell which checks there are: what each looks at, how, and what helps
    #[arg(long)]
    list: bool,
    /// Look at traffic for so many seconds, 1 to 3600
    #[arg(long, value_name = "SECONDS", default_value_t = SECONDS, value_parser = clap::value_parser!(u64).range(1..=3600))]
    watch: u64,
    /// Give each sink a line that says it is a test
    #[arg(long)]
    send_test: bool,
}

impl Doctor {
    /// Looks at everything.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        if self.list {
            output::write(&table::list())?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut checks = Vec::new();
        for id in &self.check {
            checks.push(
                table::find(id).with_context(|| format!("there is no check {id:?}; there are: {}", table::names()))?,
            );
        }
        if checks.is_empty() {
            checks.extend(table::TABLE);
        }
        let is_sampled = checks.iter().any(|check| check.samples);
        let wait = if is_sampled { Duration::from_secs(self.watch) } else { Duration::ZERO };
        let machine = Machine::own();
        machine.read("/proc/self/status").context("cannot look: /proc is not there; mount it")?;
        let scene = Scene::of(machine, &self.config, wait, self.send_test);
        let look = |check: &'static check::Check| {
            let check::Check { id, what, look, .. } = check;
            look(&scene).into_iter().map(move |outcome| Row { id, what, outcome })
        };
        let results: Vec<_> = checks.into_iter().flat_map(look).collect();
        match self.format {
            Format::Json => output::write(&format!("{}\n", show_json(&results, Some(scene.seconds()))))?,
            Format::Table => output::write(&show_text(&results, Width::of_terminal()))?,
        }
        let is_wrong = results.iter().any(|result| matches!(result.outcome.state, State::Fail | State::Warn));
        Ok(if is_wrong { ExitCode::from(ATTENTION) } else { ExitCode::SUCCESS })
    }
}
