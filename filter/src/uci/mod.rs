//! `minewall uci`: the configuration of OpenWrt as minewall.toml.
//!
//! | module | what |
//! |---|---|
//! | `parse` | the text of UCI |
//! | `table` | every option |
//! | `form` | what values may be |
//! | `convert` | sections to TOML, and what is wrong with them |
//! | `show` | the options as JSON |

mod convert;
mod form;
mod parse;
mod show;
mod table;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::Args;

use crate::output;

/// Where OpenWrt keeps it.
const FILE: &str = "/etc/config/minewall";

#[derive(Debug, Args)]
pub(crate) struct Uci {
    /// The UCI file, or what `uci export minewall` printed; -: standard input
    #[arg(value_name = "FILE", default_value = FILE)]
    file: PathBuf,
    /// Only say whether minewall takes it
    #[arg(long)]
    check: bool,
    /// Print every option as JSON
    #[arg(long, hide = true)]
    options: bool,
}

impl Uci {
    /// Prints the configuration in TOML, once everything it names was read.
    ///
    /// # Errors
    /// Each option whose value cannot be, with its section and what may stand there.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        if self.options {
            output::write(&show::json()?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let made = convert::make(&read(&self.file)?, true).map_err(|told| {
            let lines: Vec<_> = told.iter().map(ToString::to_string).collect();
            anyhow!("{}", lines.join("\nminewall: "))
        })?;
        for warning in &made.warnings {
            eprintln!("minewall: {warning}");
        }
        output::write(if self.check { "the configuration is sound\n" } else { &made.toml })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn read(file: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        bytes = std::fs::read(file)
            .with_context(|| format!("cannot read {}", file.display()))
            .context("name the UCI file, or - and pipe `uci export minewall`")?;
    }
    String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        anyhow!("{}: line {line} is not UTF-8; write it anew", file.display())
    })
}
