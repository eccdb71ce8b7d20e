//! `minewall status`: how the running daemon fares, in one look. `table` lays it out for people.

mod table;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::control::{Absent, Caller, Request, Status};
use crate::incidents::Width;
use crate::{output, settings};

/// The exit code where none runs: that of `systemctl status` and of LSB init scripts.
const ABSENT: u8 = 3;

/// `minewall status`.
#[derive(Args, Debug)]
pub(crate) struct Command {
    /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, as wide as the terminal
    Table,
    /// One object (docs/status.md)
    Json,
    /// The metrics of docs/metrics.md, as Prometheus reads them
    Prometheus,
}

impl Command {
    /// Tells it.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = settings::own(self.config.as_deref())?;
        let mut caller = match Caller::connect(&config) {
            Ok(caller) => caller,
            Err(error) if error.is::<Absent>() => {
                eprintln!("minewall: {error}");
                if self.format == Format::Json {
                    output::write(&format!("{}\n", json!({ "running": false })))?;
                }
                return Ok(ExitCode::from(ABSENT));
            }
            Err(error) => return Err(error),
        };
        let text = match self.format {
            Format::Table => table::text(&caller.tell(&Request::new("status"))?, Width::of_terminal()),
            Format::Json => object(&caller.tell(&Request::new("status"))?)?,
            Format::Prometheus => caller.tell(&Request::new("metrics"))?,
        };
        output::write(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What the socket tells, and that one runs.
fn object(status: &Status) -> Result<String> {
    let mut value = serde_json::to_value(status).context("the status cannot be written")?;
    if let Some(object) = value.as_object_mut() {
        object.insert("running".to_owned(), Value::Bool(true));
    }
    Ok(format!("{value}\n"))
}
