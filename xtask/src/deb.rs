//! `cargo xtask deb`: the Debian package. What is made of the program (manual pages, completions) and of the example
//! configuration is made first, then cargo-deb puts all together as filter/Cargo.toml says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::package::tool;
use crate::{build, install};

/// What the package's configuration sets where the example sets nothing: a first day's records can be read.
const CONFIGURED: &[(&str, &str)] = &[
    (
        "# [[sink]]                 # where records, incidents and notices go; without any, nowhere (docs/sinks.md)\n",
        "[[sink]]                   # where records, incidents and notices go; without any, nowhere (docs/sinks.md)\n\
         type = \"file\"              # one JSON object a line; opened anew on SIGHUP\n\
         path = \"/var/log/minewall/records.jsonl\"\n\n\
         # [[sink]]                 # with /etc/rsyslog.d/30-minewall.conf: \"unix:/run/rsyslog-minewall/log\"\n",
    ),
    (
        "directory = \"\"             # such as \"/var/lib/minewall/journal\"; empty: none is kept\n",
        "directory = \"/var/lib/minewall/journal\"  # empty: none is kept\n",
    ),
];

/// Completions: the shell, and the file as the package has it.
const COMPLETIONS: &[(&str, &str)] = &[("bash", "minewall.bash"), ("zsh", "_minewall"), ("fish", "minewall.fish")];

#[derive(Debug, Args)]
pub(crate) struct Deb {
    /// Of the program as the tests build it: quick, for trying
    #[arg(long)]
    debug: bool,
    /// The revision of the package of this version
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    revision: String,
}

impl Deb {
    /// Makes it and says where it is.
    pub(crate) fn perform(self) -> Result<()> {
        let package = make(!self.debug, &self.revision)?;
        let size = fs::metadata(&package)?.len();
        println!("{} ({} KiB)", package.display(), size / 1024);
        Ok(())
    }
}

/// Makes the package of this machine's architecture; where it is.
///
/// # Errors
/// The program does not build, cargo-deb cannot be had, or it refuses.
pub(crate) fn make(release: bool, revision: &str) -> Result<PathBuf> {
    install::debian()?;
    let cargo_deb = tool::DEB.path()?;
    let binary = build::minewall(release)?;
    let date = date()?;
    prepare(&binary, &date)?;
    let directory = build::target().join("deb");
    let mut command = Command::new(cargo_deb);
    command.args(["deb", "--no-build", "--manifest-path", "filter/Cargo.toml", "--deb-revision", revision, "--output"]);
    command.arg(&directory).env("SOURCE_DATE_EPOCH", &date);
    if !release {
        command.args(["--profile", "dev", "--fast"]);
    }
    let printed = said(&mut command)?;
    let package = printed.lines().rev().map(|line| PathBuf::from(line.trim())).find(|path| path.is_file());
    package.with_context(|| format!("cargo-deb names no package: {printed}"))
}

/// The time of the last commit: what is made of it bears that date.
fn date() -> Result<String> {
    let text = said(Command::new("git").args(["log", "-1", "--format=%ct"]))?;
    Ok(text.trim().to_owned())
}

/// Writes what filter/Cargo.toml takes from target/deb-parts.
pub(crate) fn prepare(binary: &Path, date: &str) -> Result<()> {
    let parts = build::root().join("target/deb-parts");
    let _ = fs::remove_dir_all(&parts);
    fs::create_dir_all(&parts).with_context(|| format!("cannot make {}", parts.display()))?;
    said(Command::new(binary).arg("man").arg(parts.join("man")).env("SOURCE_DATE_EPOCH", date))?;
    for (shell, name) in COMPLETIONS {
        let text = said(Command::new(binary).args(["completions", shell]))?;
        fs::write(parts.join(name), text)?;
    }
    let changes = Command::new("gzip").args(["-9nc", "CHANGELOG.md"]).current_dir(build::root()).output();
    let changes = changes.context("cannot run gzip")?;
    ensure!(changes.status.success(), "gzip failed: {}", String::from_utf8_lossy(&changes.stderr).trim());
    fs::write(parts.join("changelog.gz"), changes.stdout)?;
    let configuration = parts.join("minewall.toml");
    fs::write(&configuration, configured(&fs::read_to_string(build::root().join("filter/minewall.toml"))?)?)?;
    Ok(())
}

/// The example configuration with [`CONFIGURED`].
fn configured(example: &str) -> Result<String> {
    let mut text = example.to_owned();
    for (from, to) in CONFIGURED {
        ensure!(
            text.matches(from).count() == 1,
            "filter/minewall.toml no longer says {from:?}: see CONFIGURED in {}",
            file!()
        );
        text = text.replace(from, to);
    }
    Ok(text)
}

/// Runs a command in the project's root to its end; what it printed.
pub(crate) fn said(command: &mut Command) -> Result<String> {
    build::said(command.current_dir(build::root()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packages_configuration_is_the_example_with_a_sink_and_a_journal() {
        let example = include_str!("../../filter/minewall.toml");
        let text = configured(example).unwrap();
        assert!(text.contains("\n[[sink]]") && text.contains("\"/var/log/minewall/records.jsonl\"\n"));
        assert!(text.contains("\ndirectory = \"/var/lib/minewall/journal\""));
        let error = configured("mode = \"observe\"\n").unwrap_err().to_string();
        assert!(error.contains("filter/minewall.toml") && error.contains("CONFIGURED"), "{error}");
    }
}
