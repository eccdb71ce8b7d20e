//! `minewall lists rollback`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::tell;
use crate::update::{self, Store, date};
use crate::{output, settings};

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = settings::CONFIG)]
    config: PathBuf,
}

impl Rollback {
    /// Puts the former generation to use.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = settings::read(&self.config)?;
        update::go_on_as_owner(Path::new(&config.lists.update.directory))?;
        let store = Store::new(&config.lists.update.directory);
        let state = store.roll_back().context("nothing is rolled back")?;
        let told = tell(&config);
        let mut text = format!("the former lists are in use again{told}\n");
        for (name, kept) in &state.feeds {
            text += &format!("{name}: {} entries of {}\n", kept.entries, date(kept.fetched));
        }
        for name in state.unwanted.keys() {
            text += &format!("{name}: what was rolled back is not taken again until it has changed\n");
        }
        output::write(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
