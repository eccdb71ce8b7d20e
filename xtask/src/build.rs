//! Runs cargo.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The project's root.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The cargo that runs this, in the project's root. What `cargo run` told this program of its own package is taken out of
/// the environment: some crates (ring) are built anew when that changes, and all that needs them, each time one goes from
/// `cargo xtask` to cargo.
pub(crate) fn command() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(&name);
        }
    }
    command.current_dir(root());
    command
}

/// Runs a command to its end; what it printed.
pub(crate) fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        bail!("{command:?} failed ({}): {}{}", output.status, text(&output.stdout), text(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs cargo in the project's root, showing what it says.
pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    let status = command().args(arguments).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("cargo {} failed: {status}", arguments.join(" "));
    }
    Ok(())
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Builds all tests, and tells where those inside a program are, and those in the file that bears its name.
pub(crate) fn tests(program: &str) -> Result<(PathBuf, PathBuf)> {
    let mut command = command();
    // As the tests themselves are run, or cargo would build dependencies with other features.
    command.args(["test", "--workspace", "--locked", "--no-run", "--message-format=json-render-diagnostics"]);
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the tests do not build: {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let find = |kind: &str| {
        let of = |message: &&Value| {
            let target = &message["target"];
            target["name"] == program && target["kind"][0] == kind && message["profile"]["test"] == true
        };
        let executable = messages.iter().find(of).and_then(|message| message["executable"].as_str());
        executable.map(PathBuf::from).with_context(|| format!("cargo built no tests of {program} ({kind})"))
    };
    Ok((find("bin")?, find("test")?))
}

/// Builds `minewall` and tells where it is.
pub(crate) fn minewall(release: bool) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--locked", "--package", "minewall"];
    if release {
        arguments.push("--release");
    }
    cargo(&arguments)?;
    let binary = target().join(if release { "release" } else { "debug" }).join("minewall");
    binary.canonicalize().with_context(|| format!("{} was not built", binary.display()))
}
