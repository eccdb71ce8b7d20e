//! The file for the textfile collector: whole at any time, since another takes its place at once.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Whether the file could be written, without writing it.
///
/// # Errors
/// What is wrong with its path.
pub(crate) fn check(file: &str) -> Result<()> {
    let path = Path::new(file);
    if file.is_empty() {
        return Ok(());
    }
    if path.is_dir() {
        bail!("{file} is a directory; name a file in it, such as minewall.prom");
    }
    match path.parent() {
        Some(parent) if !parent.is_dir() => bail!("cannot write {file}; create the directory {}", parent.display()),
        _ => Ok(()),
    }
}

/// Replaces the file. Another name beside it is used first, one that the collector does not read.
pub(crate) fn write(file: &str, text: &str) -> io::Result<()> {
    let beside = beside(file);
    fs::write(&beside, text)?;
    fs::rename(&beside, file).inspect_err(|_| _ = fs::remove_file(&beside))
}

/// Takes the file away: figures of a process that is gone are none.
pub(crate) fn remove(file: &str) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn beside(file: &str) -> PathBuf {
    PathBuf::from(format!("{file}.new"))
}
