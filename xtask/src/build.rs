//! Runs cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The project's root.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Runs cargo in the project's root, showing what it says.
pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(program).args(arguments).current_dir(root()).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("cargo {} failed: {status}", arguments.join(" "));
    }
    Ok(())
}

/// Builds `minewall` and tells where it is.
pub(crate) fn minewall(release: bool) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--locked", "--package", "minewall"];
    if release {
        arguments.push("--release");
    }
    cargo(&arguments)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let binary = target.join(if release { "release" } else { "debug" }).join("minewall");
    binary.canonicalize().with_context(|| format!("{} was not built", binary.display()))
}
