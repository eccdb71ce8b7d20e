//! `cargo xtask fuzz`: bytes that break a law of the readers, looked for on stable Rust.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Args;
use minewall_fuzz::{law, search};

use crate::build;

#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// For how long
    #[arg(default_value_t = 60, value_name = "SECONDS")]
    seconds: u64,
    /// Begin with this number instead of the clock: the same inputs come in the same order
    #[arg(long)]
    seed: Option<u64>,
}

impl Fuzz {
    /// Of this length, with numbers from the clock.
    pub(crate) fn short(seconds: u64) -> Self {
        Self { seconds, seed: None }
    }

    /// An input that breaks the law is kept below target/fuzz.
    pub(crate) fn perform(&self) -> Result<()> {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let seed = self.seed.unwrap_or_else(clock);
        let cases = build::root().join("lists/tests/formats");
        let seeds = search::seeds(&cases).with_context(|| format!("cannot read {}", cases.display()))?;
        let seen = search::run(law::lists, seeds, seed, Duration::from_secs(self.seconds));
        if let Some(input) = seen.broken {
            let directory = build::target().join("fuzz");
            std::fs::create_dir_all(&directory)?;
            let path = directory.join(format!("lists-{seed}"));
            std::fs::write(&path, &input)?;
            bail!("input {} with --seed {seed} breaks the law; it is kept as {}", seen.tried, path.display());
        }
        println!("fuzz: {} inputs of list texts on {} ways, seed {seed}: the laws hold", seen.tried, seen.ways);
        Ok(())
    }
}
