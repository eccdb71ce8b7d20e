//! Running the programs that load rules: no shell, text by standard input, answers in English.

use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// Where such programs are on systems whose search path leaves out the administrator's directories.
const SYSTEM_DIRECTORIES: [&str; 2] = ["/usr/sbin", "/sbin"];

/// A program of this name on the search path or in the administrator's directories.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(SYSTEM_DIRECTORIES.map(PathBuf::from));
    directories.map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// What a program printed that is given nothing.
///
/// # Errors
/// As of [`run`].
pub(crate) fn ask(program: &str, arguments: &[&str]) -> Result<String> {
    run(program, arguments, "")
}

/// Feeds `input` to the program and gives what it printed.
///
/// # Errors
/// The program is missing, cannot be run, or fails; then the error is what it said.
pub(super) fn run(program: &str, arguments: &[&str], input: &str) -> Result<String> {
    let Some(file) = find(program) else { bail!("there is no program {program:?}; install its package") };
    let mut command = Command::new(file);
    command.args(arguments).env("LC_ALL", "C");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {program}"))?;
    let written = match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(input.as_bytes()),
        None => Ok(()),
    };
    let output = child.wait_with_output().with_context(|| format!("cannot wait for {program}"))?;
    if !output.status.success() {
        bail!("{program}: {}", said(&output.stderr, output.status));
    }
    // a program that stops reading early says why by its status; only a successful one must have read all
    written.with_context(|| format!("{program} did not read the rules"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a failed program said, without blank lines, warnings about tables of others and advice on its options.
fn said(stderr: &[u8], status: ExitStatus) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#') && !line.starts_with("Try `"))
        .collect();
    if lines.is_empty() { format!("it said nothing ({status})") } else { lines.join("\n") }
}

/// Whether an error says that the process lacks the right to change rules.
pub(super) fn not_permitted(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    ["Operation not permitted", "Permission denied", "you must be root"].iter().any(|part| text.contains(part))
}
