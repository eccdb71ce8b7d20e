//! The program for routers, static, so that it runs on any Linux of its processor.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::place::{Place, said};
use crate::build;

/// A processor it is built for.
pub(super) struct Machine {
    /// In file names.
    pub(super) name: &'static str,
    pub(super) target: &'static str,
    /// How it is linked: `relr` packs the places that are set when it is loaded. ARM's by Rust's own linker, for no compiler of that
    /// processor is here.
    link: &'static [&'static str],
    /// Runs it here; empty: nothing is needed.
    pub(super) emulator: &'static str,
}

pub(super) const X86_64: Machine = Machine {
    name: "x86_64",
    target: "x86_64-unknown-linux-musl",
    link: &["-Clink-arg=-Wl,-z,pack-relative-relocs"],
    emulator: "",
};

pub(super) const AARCH64: Machine = Machine {
    name: "aarch64",
    target: "aarch64-unknown-linux-musl",
    link: &["-Clinker=rust-lld", "-Clink-arg=--pack-dyn-relocs=relr"],
    emulator: "qemu-aarch64-static",
};

/// It ends where it panics: there is nothing to unwind.
const SMALLER: &[&str] = &["-Cforce-unwind-tables=no"];

/// What stands beside the program.
const BESIDE: &[&str] =
    &["filter/minewall.toml", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "SECURITY.md", "CHANGELOG.md"];

/// `minewall-VERSION-router-MACHINE.tar.gz`.
pub(super) fn make(place: &Place, machine: &Machine) -> Result<Vec<PathBuf>> {
    let program = compile(place, machine)?;
    let name = format!("minewall-{}-router-{}", place.version, machine.name);
    let directory = place.empty(&name)?;
    fs::copy(&program, directory.join("minewall")).with_context(|| format!("cannot copy {}", program.display()))?;
    for file in BESIDE {
        let to = directory.join(Path::new(file).file_name().unwrap_or_default());
        fs::copy(build::root().join(file), to).with_context(|| format!("cannot copy {file}"))?;
    }
    let into = place.directory.join(format!("{name}.tar.gz"));
    place.pack(&name, &into)?;
    Ok(vec![into])
}

/// Where the program was packed from.
pub(super) fn packed(place: &Place, machine: &Machine) -> PathBuf {
    place.work.join(format!("minewall-{}-router-{}", place.version, machine.name)).join("minewall")
}

fn compile(place: &Place, machine: &Machine) -> Result<PathBuf> {
    has_target(machine.target)?;
    let directory = place.work.join("cargo");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--locked", "--package", "minewall", "--profile", "router"]);
    command.args(["--no-default-features", "--features", "router", "--target", machine.target]);
    command.arg("--target-dir").arg(&directory).current_dir(build::root());
    command
        .env("CARGO_ENCODED_RUSTFLAGS", flags(&[SMALLER, machine.link].concat())?)
        .env("SOURCE_DATE_EPOCH", &place.epoch);
    said(command)?;
    Ok(directory.join(machine.target).join("router/minewall"))
}

/// Paths of this machine are no part of a program that others are to make as well.
pub(super) fn flags(more: &[&str]) -> Result<String> {
    let root = build::root().canonicalize()?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=/minewall", root.display())];
    flags.extend(home.map(|home| format!("--remap-path-prefix={}=/cargo", home.display())));
    flags.extend(more.iter().map(|&flag| flag.to_owned()));
    // Between flags, as cargo wants it: paths may have spaces.
    Ok(flags.join("\u{1f}"))
}

/// Installs Rust's own libraries for a target, where they are missing.
pub(super) fn has_target(target: &str) -> Result<()> {
    let mut command = Command::new("rustc");
    command.args(["--print", "target-libdir", "--target", target]);
    let there = said(command)?;
    if Path::new(there.trim()).is_dir() {
        return Ok(());
    }
    let mut command = Command::new("rustup");
    command.args(["target", "add", target]);
    said(command).map(drop).with_context(|| format!("Rust's libraries for {target} are missing; install them"))?;
    if !Path::new(there.trim()).is_dir() {
        bail!("{} is not there after rustup target add {target}", there.trim());
    }
    Ok(())
}
