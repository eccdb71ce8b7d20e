//! The journal's directory.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::lock;

/// Makes it if need be; nobody but its owner and group may look in.
pub(super) fn make(path: &Path) -> io::Result<()> {
    let told = |error: io::Error| {
        let remedy = "set journal.directory to a place this user may write to";
        io::Error::new(error.kind(), format!("cannot make the directory {}: {error}; {remedy}", path.display()))
    };
    DirBuilder::new().recursive(true).mode(0o750).create(path).map_err(told)
}

/// Whether a journal may be kept there by this process.
///
/// # Errors
/// The directory cannot be made, or another process writes there, with the remedy.
pub(crate) fn check(path: &Path) -> Result<()> {
    make(path)?;
    if let Some(holder) = lock::holder(path).filter(|holder| *holder != std::process::id()) {
        bail!("process {holder} writes the journal in {}; stop it first, or name another directory", path.display());
    }
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK)
        .with_context(|| format!("let the user that runs minewall write to {}", path.display()))
}
