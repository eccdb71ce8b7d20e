//! Programs of others that cargo builds where they are missing: one row each, of one version.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::build;

/// A program on crates.io.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(crate) const DEB: Tool = Tool { name: "cargo-deb", version: "3.8.0" };
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
pub(crate) const CYCLONEDX: Tool = Tool { name: "cargo-cyclonedx", version: "0.5.9" };

impl Tool {
    /// Where it is: on the path in this version, or built below `target/tools`.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        let own = build::target().join("tools");
        let built = own.join("bin").join(self.name);
        for path in [PathBuf::from(self.name), built.clone()] {
            if self.is(&path) {
                return Ok(path);
            }
        }
        eprintln!("building {} {}, which takes some minutes once", self.name, self.version);
        let mut command = build::command();
        command.args(["install", "--quiet", "--locked", "--version", self.version, "--root"]).arg(&own).arg(self.name);
        let status = command.status().context("cannot run cargo")?;
        if !status.success() {
            bail!("{} {} cannot be built; put it on the path", self.name, self.version);
        }
        Ok(built)
    }

    fn is(&self, path: &PathBuf) -> bool {
        let sub_command = self.name.trim_start_matches("cargo-");
        let says = |arguments: &[&str]| {
            let output = Command::new(path).args(arguments).stderr(Stdio::null()).output();
            output.is_ok_and(|output| {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                text.split_whitespace().any(|word| word == self.version)
            })
        };
        says(&["--version"]) || says(&[sub_command, "--version"])
    }
}
