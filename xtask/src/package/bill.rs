//! What libraries are in each build, as CycloneDX: of their sources, versions, licences and hashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::place::{Place, said};
use super::tool;
use crate::build;

/// A build: its name in files, what is built, for what.
const BUILDS: &[(&str, &[&str], &str)] = &[
    ("debian", &[], "x86_64-unknown-linux-gnu"),
    ("router", &["--no-default-features", "--features", "router"], "x86_64-unknown-linux-musl"),
];

/// Where the workspace's crates are: beside each of their Cargo.toml it may write.
const MEMBERS: [&str; 7] = ["lists", "filter/core", "filter", "tests/catalogue", "tests/fuzz", "tests/lab", "xtask"];

/// `minewall-VERSION-BUILD.cdx.json`, one for each build.
pub(super) fn make(place: &Place) -> Result<Vec<PathBuf>> {
    let program = tool::CYCLONEDX.path()?;
    let made = BUILDS.iter().map(|(name, features, target)| {
        let mut command = Command::new(&program);
        command.args(["cyclonedx", "--format", "json", "--spec-version", "1.5", "--describe", "binaries"]);
        command.args(["--manifest-path", "filter/Cargo.toml", "--target", target]).args(*features);
        command.current_dir(build::root()).env("SOURCE_DATE_EPOCH", &place.epoch);
        said(command)?;
        // It writes beside each Cargo.toml, and can be told nothing else.
        let left = left()?;
        let own = left.iter().find(|path| path.ends_with("filter/minewall_bin.cdx.json"));
        let own = own.context("cargo-cyclonedx wrote no filter/minewall_bin.cdx.json")?;
        let into = place.file(&format!("-{name}.cdx.json"));
        fs::copy(own, &into).with_context(|| format!("cannot copy {}", own.display()))?;
        left.iter().try_for_each(fs::remove_file)?;
        Ok(into)
    });
    made.collect()
}

/// Files that were written beside a Cargo.toml.
fn left() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let directories = MEMBERS.map(|name| Path::new(build::root()).join(name));
    for directory in directories {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(".cdx.json") {
                found.push(path);
            }
        }
    }
    Ok(found)
}
