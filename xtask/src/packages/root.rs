//! The files of a fresh Debian 12, fetched once and kept as an archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::build;
use crate::deb::said;

const SUITE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";

/// What the package depends on and what it works with, so that a run needs no network; systemd as process 1.
const PACKAGES: &str = "systemd-sysv,nftables,iptables,rsyslog,logrotate";

/// The archive; it is made if need be.
///
/// # Errors
/// Debian's servers cannot be reached, or debootstrap fails.
pub(super) fn fetch() -> Result<PathBuf> {
    let directory = build::target().join("packages");
    fs::create_dir_all(&directory)?;
    let directory = directory.canonicalize()?;
    let archive = directory.join(format!("{SUITE}.tar"));
    if archive.exists() {
        return Ok(archive);
    }
    eprintln!("fetching Debian 12 (once)");
    let root = Root(directory.join("making"));
    let include = format!("--include={PACKAGES}");
    said(Command::new("debootstrap").args(["--variant=minbase", &include, SUITE]).arg(&root.0).arg(MIRROR))?;
    let made = directory.join("making.tar");
    said(
        Command::new("tar")
            .arg("-C")
            .arg(&root.0)
            .arg("-cf")
            .arg(&made)
            .args(["--exclude=./var/cache/apt/archives/*", "."]),
    )?;
    fs::rename(&made, &archive)?;
    Ok(archive)
}

/// A directory of such files, removed with the value.
pub(super) struct Root(PathBuf);

impl Root {
    /// Unpacks the archive.
    ///
    /// # Errors
    /// There is no room, or `tar` fails.
    pub(super) fn unpack(archive: &Path) -> Result<Self> {
        let path = build::target().join("packages").join(format!("root-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let root = Self(path.canonicalize()?);
        said(Command::new("tar").arg("-C").arg(&root.0).arg("-xf").arg(archive))?;
        Ok(root)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
