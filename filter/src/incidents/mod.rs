//! `minewall incidents`: which hosts mine, where and how much.
//!
//! | module | what |
//! |---|---|
//! | `filter` | which incidents are asked for |
//! | `place` | where they come from: the running daemon, a journal, files |
//! | `table` `csv` | how they are written |
//! | `figures` | figures as people read them |

mod csv;
pub(crate) mod figures;
mod filter;
mod place;
mod table;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use minewall_core::incident::Incident;

use crate::output;
use crate::report::when::When;

pub(crate) use filter::{Chosen, Filter, choose};
pub(crate) use place::{Found, Place};
pub(crate) use table::Width;

/// `minewall incidents`.
#[derive(Args, Debug)]
pub(crate) struct Incidents {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    filter: Filter,
    /// How they are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// How incidents are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people, as wide as the terminal
    Table,
    /// One object a line: all that is known of an incident
    Json,
    /// One line each, with a header
    Csv,
}

impl Incidents {
    /// Writes them, the one seen last first.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = self.place.config()?;
        let now = Timestamp::now();
        let range = self.when.range(now, &config.incident.utc_offset)?;
        let Found { mut incidents, .. } = self.place.find(&config, &self.filter)?;
        // An incident that lasts past either end has its part in the stretch.
        incidents.retain(|incident| incident.first_us < range.until_us && incident.last_us >= range.since_us);
        incidents.sort_by(|a, b| (b.last_us, &b.id).cmp(&(a.last_us, &a.id)));
        let text = match self.format {
            Format::Table => table::text(&incidents, &range, now.as_microsecond(), Width::of_terminal()),
            Format::Json => incidents.iter().map(json).collect::<Result<_>>()?,
            Format::Csv => csv::all(&incidents)?,
        };
        output::write(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn json(incident: &Incident) -> Result<String> {
    Ok(serde_json::to_string(incident).context("an incident cannot be written")? + "\n")
}
