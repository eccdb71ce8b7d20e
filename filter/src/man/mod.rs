//! `minewall man` and `minewall completions`: what packages install beside the program, made of the command line and of
//! the example configuration.
//!
//! | module | what |
//! |---|---|
//! | `page` | the manual page of one command |
//! | `settings` | that of the configuration file |
//! | `completions` | for shells |
//! | `text` | what stands between the sections: troff |

mod completions;
mod page;
mod settings;
mod text;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use jiff::Timestamp;

pub(crate) use completions::Completions;

/// The section of commands for administrators, and that of files.
const COMMANDS: &str = "8";
const FILES: &str = "5";

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Where they are written to; it is made if need be
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl Man {
    /// Writes the pages of `command`, the whole command line.
    pub(crate) fn perform(self, command: clap::Command) -> Result<ExitCode> {
        let directory = &self.directory;
        fs::create_dir_all(directory).with_context(|| format!("cannot make the directory {}", directory.display()))?;
        let date = date()?;
        let mut pages = page::all(command, &date)?;
        pages.push((format!("{}.{FILES}", settings::NAME), settings::page(&date)?));
        for (name, text) in &pages {
            let path = directory.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The day the pages bear: of `SOURCE_DATE_EPOCH` where packages are built anew and must come out the same, else today.
fn date() -> Result<String> {
    let time = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            let wrong = || format!("SOURCE_DATE_EPOCH is {text:?}: write seconds since 1970, or unset it");
            text.parse().ok().and_then(|second| Timestamp::from_second(second).ok()).with_context(wrong)?
        }
        Err(_) => Timestamp::now(),
    };
    Ok(time.strftime("%F").to_string())
}
