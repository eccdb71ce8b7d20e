//! `minewall lists update`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use minewall_core::config::{Config, Feed};

use super::{ATTENTION, tell};
use crate::progress::{self, Progress};
use crate::update::{self, End, Options};
use crate::{output, settings};

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// These feeds only
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = settings::CONFIG)]
    config: PathBuf,
    /// Write nothing; say what would change
    #[arg(long)]
    dry_run: bool,
    /// Try feeds again that are left alone after failures
    #[arg(long)]
    force: bool,
    /// Take the named feeds now, although they have shrunk or grown, hold many names that are never blocked or that cannot
    /// be used, list what lists.allow holds, or were rolled back
    #[arg(long, requires = "names")]
    accept: bool,
    /// Say only what went wrong
    #[arg(short, long)]
    quiet: bool,
    /// Wait for this machine's own time first, up to lists.update.jitter seconds, unless on a terminal
    #[arg(long)]
    jitter: bool,
}

impl Update {
    /// Fetches, and says what became of each feed.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = settings::read(&self.config)?;
        // What would change is worked out in the same place, so for that too.
        update::go_on_as_owner(Path::new(&config.lists.update.directory))?;
        let feeds = self.feeds(&config)?;
        if feeds.is_empty() {
            self.say("no feed is configured ([[lists.feed]]); there is nothing to fetch")?;
            return Ok(ExitCode::SUCCESS);
        }
        if self.jitter && !std::io::stderr().is_terminal() {
            std::thread::sleep(update::wait(config.lists.update.jitter));
        }
        let options = Options { dry_run: self.dry_run, force: self.force, accept: self.accept };
        let mut update = update::Update::begin(&config, options)?;
        let bar = progress(feeds.len(), self.quiet);
        let mut ends = Vec::new();
        for feed in feeds {
            bar.say(&feed.name);
            ends.push((feed.name.as_str(), update.take(feed)));
            bar.inc(1);
        }
        bar.say("looking for well-known pools");
        let refused = update.look_for_canaries()?;
        for (name, end) in refused {
            ends.retain(|(other, _)| *other != name);
            ends.push((name, end));
        }
        let finished = update.finish();
        bar.finish();
        for (name, end) in &ends {
            match end {
                End::Kept(..) => eprintln!("minewall: {name}: {end}"),
                _ => self.say(&format!("{name}: {end}"))?,
            }
        }
        if finished? {
            let told = tell(&config);
            self.say(&format!("the lists have changed{told}"))?;
        }
        let all_well = !ends.iter().any(|(_, end)| matches!(end, End::Kept(..)));
        Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::from(ATTENTION) })
    }

    fn feeds<'a>(&self, config: &'a Config) -> Result<Vec<&'a Feed>> {
        let feeds = &config.lists.feed;
        if let Some(unknown) = self.names.iter().find(|name| !feeds.iter().any(|feed| feed.name == **name)) {
            let known: Vec<_> = feeds.iter().map(|feed| feed.name.as_str()).collect();
            let known = if known.is_empty() { "none is".to_owned() } else { known.join(", ") };
            bail!("no feed is called {unknown:?}; configured ([[lists.feed]]): {known}");
        }
        let wanted = |feed: &&Feed| self.names.is_empty() || self.names.contains(&feed.name);
        Ok(feeds.iter().filter(wanted).collect())
    }

    fn say(&self, text: &str) -> Result<()> {
        if self.quiet { Ok(()) } else { Ok(output::write(&format!("{text}\n"))?) }
    }
}

/// A bar over the feeds, on a terminal only.
fn progress(feeds: usize, quiet: bool) -> Progress {
    if quiet || !std::io::stderr().is_terminal() {
        return Progress::hidden();
    }
    Progress::over(feeds as u64, progress::STEPS).ticks()
}
