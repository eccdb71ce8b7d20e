//! `cargo xtask corpus`: the corpus written from its catalogue, or compared with it.

use anyhow::{Result, bail};
use clap::Args;
use minewall_catalogue::Task;

use crate::build;

#[derive(Debug, Args)]
pub(crate) struct Corpus {
    /// Compare only; write nothing
    #[arg(long)]
    check: bool,
}

impl Corpus {
    pub(crate) fn perform(&self) -> Result<()> {
        let corpus =
            minewall_catalogue::Corpus { root: build::root().canonicalize()?, program: build::minewall(false)? };
        let wrong = corpus.perform(if self.check { Task::Check } else { Task::Write })?;
        for line in &wrong {
            println!("{line}");
        }
        if !wrong.is_empty() {
            bail!("{} things are wrong; a case that disagrees with the program has no expected.jsonl", wrong.len());
        }
        Ok(())
    }
}
