//! From files to values: the configuration, the lists, what the engines work by.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use minewall_core::config::{Config, ListFiles};
use minewall_core::engine::Settings;
use minewall_lists::{Builder, Category, ListMeta, Lists};

/// Reads and checks a configuration file.
///
/// # Errors
/// Names the file, the line and what may stand there.
pub(crate) fn read(path: &Path) -> Result<Config> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration {}", path.display()))
        .context("name a file with -c FILE")?;
    parse(&text).with_context(|| format!("in the configuration {}", path.display()))
}

fn parse(text: &str) -> Result<Config> {
    let config: Config = toml::from_str(text).map_err(|error| anyhow!("{}", error.to_string().trim_end()))?;
    config.check().map_err(|wrong| anyhow!("{}: {}", wrong.setting, wrong.problem))?;
    Ok(config)
}

/// What one of the operator's files gave.
pub(crate) struct Tally {
    path: String,
    pub(crate) accepted: usize,
    pub(crate) rejected: usize,
    details: String,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} entries taken, {} lines not usable{}", self.path, self.accepted, self.rejected, self.details)
    }
}
