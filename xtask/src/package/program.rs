//! The program for routers, static, so that it runs on any Linux of its processor.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::place::{Place, said};
use crate::build;

/// A processor it is built for.
pub(crate) struct Machine {
    /// In file names.
    pub(super) name: &'static str,
    pub(crate) target: &'static str,
    /// Runs it here; empty: nothing is needed.
    pub(super) emulator: &'static str,
}

pub(crate) const X86_64: Machine = Machine { name: "x86_64", target: "x86_64-unknown-linux-musl", emulator: "" };

pub(super) const AARCH64: Machine =
    Machine { name: "aarch64", target: "aarch64-unknown-linux-musl", emulator: "qemu-aarch64-static" };

/// 32-bit, without atomics of 64 bits; Rust has no libraries for it, only their source.
const MIPS: &str = "mipsel-unknown-linux-musl";

/// It ends where it panics, without a word: words for each place are a seventh of the program, tables for unwinding another.
/// Linked by Rust's own linker, for no compiler of another processor is here: what is there twice is kept once, and `relr` packs
/// the places that are set when it is loaded.
const SMALLER: &[&str] = &[
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Cforce-unwind-tables=no",
    // What many functions do in the same words becomes a function of its own, which LLVM does for ARM only if not asked.
    "-Cllvm-args=-enable-machine-outliner=always",
    "-Cllvm-args=-machine-outliner-reruns=2",
    "-Clinker=rust-lld",
    "-Clink-arg=--icf=all",
    "-Clink-arg=--pack-dyn-relocs=relr",
];

/// Rust's own libraries are built too, for size and without unwinding: as they come, they bring both.
const OWN_STD: &[&str] = &["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

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
    // musl itself, and how a program begins.
    has_target(machine.target)?;
    let directory = place.work.join("cargo");
    let mut command = cargo("build", machine.target, &directory)?;
    command.env("CARGO_ENCODED_RUSTFLAGS", flags(SMALLER)?).env("SOURCE_DATE_EPOCH", &place.epoch);
    said(command)?;
    Ok(directory.join(machine.target).join("router/minewall"))
}

/// Whether it compiles for a processor of 32 bits that has no atomics of 64, as many routers are. Nothing is linked.
pub(super) fn compiles_for_mips(place: &Place) -> Result<()> {
    let mut command = cargo("check", MIPS, &place.work.join("cargo"))?;
    command.env("CARGO_ENCODED_RUSTFLAGS", flags(&[])?);
    said(command)?;
    eprintln!("package: it compiles for {MIPS}");
    Ok(())
}

/// cargo, of the program for routers and of Rust's own libraries.
fn cargo(what: &str, target: &str, directory: &Path) -> Result<Command> {
    has_source()?;
    let mut command = build::command();
    command.args([what, "--locked", "--package", "minewall", "--profile", "router"]).args(OWN_STD);
    command.args(["--no-default-features", "--features", "router", "--target", target]);
    command.arg("--target-dir").arg(directory);
    // To build Rust's own libraries is not stable yet; the compiler is the stable one all the same.
    command.env("RUSTC_BOOTSTRAP", "1");
    Ok(command)
}

/// Paths of this machine are no part of a program that others are to make as well.
pub(super) fn flags(more: &[&str]) -> Result<String> {
    let root = build::root().canonicalize()?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=/minewall", root.display())];
    flags.extend(home.map(|home| format!("--remap-path-prefix={}=/cargo", home.display())));
    flags.push(format!("--remap-path-prefix={}=/rust", sysroot()?.display()));
    flags.extend(more.iter().map(|&flag| flag.to_owned()));
    // Between flags, as cargo wants it: paths may have spaces.
    Ok(flags.join("\u{1f}"))
}

fn sysroot() -> Result<PathBuf> {
    let mut command = Command::new("rustc");
    command.args(["--print", "sysroot"]).current_dir(build::root());
    Ok(PathBuf::from(said(command)?.trim()))
}

/// Installs the source of Rust's own libraries, where it is missing.
fn has_source() -> Result<()> {
    let there = sysroot()?.join("lib/rustlib/src/rust/library/Cargo.lock");
    if there.is_file() {
        return Ok(());
    }
    let mut command = Command::new("rustup");
    command.args(["component", "add", "rust-src"]);
    said(command).map(drop).context("the source of Rust's libraries is missing; install it")?;
    if !there.is_file() {
        bail!("{} is not there after rustup component add rust-src", there.display());
    }
    Ok(())
}

/// Installs Rust's own libraries for a target, where they are missing.
pub(crate) fn has_target(target: &str) -> Result<()> {
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
