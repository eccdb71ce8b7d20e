//! The packages for Debian: filter/Cargo.toml says what is in them, cargo-deb makes them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::place::{Place, said};
use super::tool;
use crate::{build, deb, install};

/// For this machine's kind, linked with Debian's C library.
pub(super) fn amd64(place: &Place) -> Result<Vec<PathBuf>> {
    make(place, "amd64", "x86_64-unknown-linux-gnu", &[])
}

/// For ARM, by Debian's cross compiler: one of TLS's libraries has parts in C and assembler.
pub(super) fn arm64(place: &Place) -> Result<Vec<PathBuf>> {
    install::packages(install::ARM64)?;
    let compiler = "aarch64-linux-gnu-gcc";
    let variables =
        [("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", compiler), ("CC_aarch64_unknown_linux_gnu", compiler)];
    make(place, "arm64", "aarch64-unknown-linux-gnu", &variables)
}

fn make(place: &Place, name: &str, target: &str, variables: &[(&str, &str)]) -> Result<Vec<PathBuf>> {
    install::debian()?;
    super::program::has_target(target)?;
    // The same for every kind of machine, and this one's program can write them.
    deb::prepare(&build::minewall(false)?, &place.epoch)?;
    let into = place.directory.join(format!("minewall_{}_{name}.deb", place.version));
    let mut command = Command::new(tool::DEB.path()?);
    command.args(["deb", "--package", "minewall", "--locked", "--target", target, "--output"]).arg(&into);
    command.envs(variables.iter().copied()).env("SOURCE_DATE_EPOCH", &place.epoch);
    command.env("CARGO_TARGET_DIR", place.work.join("cargo")).current_dir(build::root());
    command.env("CARGO_ENCODED_RUSTFLAGS", super::program::flags(&[])?);
    said(command)?;
    Ok(vec![into])
}
