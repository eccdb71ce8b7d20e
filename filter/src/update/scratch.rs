//! Where texts are worked on, best in memory: flash wears.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use minewall_core::config::Config;

/// What a working directory is called, before its process.
const PREFIX: &str = "work-";

/// A directory of this process' own; it goes away in the end.
#[derive(Debug)]
pub(crate) struct Scratch {
    work: PathBuf,
}

impl Scratch {
    /// Where it is, and where the attempts are kept.
    pub(crate) fn directory(config: &Config) -> PathBuf {
        match config.lists.update.scratch.as_str() {
            "" => Path::new(&config.runtime.directory).join("lists"),
            path => path.into(),
        }
    }

    /// Makes one, and removes those of processes that are gone.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn make(config: &Config) -> Result<Self> {
        let directory = Self::directory(config);
        let remedy = "set lists.update.scratch to a place that this user may write to";
        let work = directory.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display())).context(remedy)?;
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok());
            if process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(Self { work })
    }

    /// The file in which a feed's text is worked on.
    pub(crate) fn text(&self, feed: &str) -> PathBuf {
        self.work.join(format!("{feed}.list"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.work);
    }
}
