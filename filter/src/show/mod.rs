//! `minewall show`: all that is known of one incident, for people. `text` says it, `sheet` lays it out, `record` reads
//! what a record shows.

mod record;
mod sheet;
mod text;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::incidents::{Place, Width};
use crate::{output, report};

pub(crate) use text::text;

/// `minewall show`.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The incident's id; its beginning is enough
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    place: Place,
    /// The offset from UTC of times, such as +08:00 [default: incident.utc_offset]
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    offset: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How an incident is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people, as wide as the terminal
    Text,
    /// One object: the incident, and its records as they were written
    Json,
}

impl Show {
    /// Shows it.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = self.place.config()?;
        let offset = report::when::offset(self.offset.as_deref().unwrap_or(&config.incident.utc_offset))?;
        let (incident, records) = self.place.one(&config, &self.id)?;
        let text = match self.format {
            Format::Text => text(&incident, &records, offset, Width::of_terminal()),
            Format::Json => format!("{}\n", json!({ "incident": incident, "records": records })),
        };
        output::write(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
