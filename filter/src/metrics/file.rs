//! The file for the textfile collector: whole at any time, since another takes its place at once.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Result, bail};

/// The file's mode, whatever the umask: the collector runs as another user.
const READABLE: u32 = 0o644;

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
    // Made anew, never opened: the directory may belong to a user who laid a link there.
    remove(&beside)?;
    let written = File::create_new(&beside).and_then(|mut new| {
        new.set_permissions(Permissions::from_mode(READABLE))?;
        new.write_all(text.as_bytes())
    });
    written.and_then(|()| fs::rename(&beside, file)).inspect_err(|_| _ = fs::remove_file(&beside))
}

/// Takes the file away: figures of a process that is gone are none.
pub(crate) fn remove(file: &str) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn beside(file: &str) -> String {
    format!("{file}.new")
}
