//! `cargo xtask audit`: whether what comes from others may be in minewall (deny.toml).

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::build;
use crate::package::tool;

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Fail where the database of advisories cannot be had; otherwise that is said, and the rest is looked at
    #[arg(long)]
    online: bool,
}

impl Audit {
    pub(crate) fn perform(&self) -> Result<()> {
        let program = tool::DENY.path()?;
        let run = |arguments: &[&str], is_quiet: bool| {
            let mut command = Command::new(&program);
            command.args(arguments).current_dir(build::root());
            if is_quiet {
                command.stderr(Stdio::null());
            }
            command.status().with_context(|| format!("cannot run {}", program.display()))
        };
        let rest = run(&["check", "--hide-inclusion-graph", "bans", "licenses", "sources"], false)?;
        let has_database = run(&["fetch", "db"], true)?.success();
        if !has_database && self.online {
            bail!("the database of advisories cannot be fetched; try again with a way to github.com");
        }
        let advisories = if has_database {
            run(&["check", "--disable-fetch", "advisories"], false)?.success()
        } else {
            println!("*** SKIPPED the advisories of RustSec: their database cannot be fetched from here ***");
            true
        };
        if !rest.success() || !advisories {
            bail!("something of others may not be in minewall, as said above; see deny.toml");
        }
        Ok(())
    }
}
