//! The source archive, and OpenWrt's feed, which names the archive's hash.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::place::{Place, compress, git, said, sum};

/// `minewall-VERSION.tar.gz`: what is committed, with Cargo.lock.
pub(super) fn archive(place: &Place) -> Result<Vec<PathBuf>> {
    let into = place.file(".tar.gz");
    let tar = into.with_extension("");
    let mut command = git(&["archive", "--format=tar", "HEAD"]);
    command.arg(format!("--prefix=minewall-{}/", place.version)).arg("-o").arg(&tar);
    said(command)?;
    compress(&tar)?;
    Ok(vec![into])
}

/// `minewall-VERSION-openwrt-feed.tar.gz`: `openwrt/` as it is committed, its package naming the hash of the source archive.
pub(super) fn feed(place: &Place) -> Result<Vec<PathBuf>> {
    let source = archive(place)?;
    let hash = sum(source.first().context("there is no source archive")?)?;
    let name = format!("minewall-{}-openwrt-feed", place.version);
    let directory = place.empty(&name)?;
    let tar = place.work.join("feed.tar");
    let mut command = git(&["archive", "--format=tar", "HEAD:openwrt"]);
    command.arg("-o").arg(&tar);
    said(command)?;
    let mut command = std::process::Command::new("tar");
    command.arg("-C").arg(&directory).arg("-xf").arg(&tar);
    said(command)?;
    let makefile = directory.join("minewall/Makefile");
    let text = fs::read_to_string(&makefile).with_context(|| format!("cannot read openwrt/{}", "minewall/Makefile"))?;
    let is_hash = |line: &&str| line.starts_with("PKG_HASH:=");
    let Some(line) = text.lines().find(is_hash) else { bail!("openwrt/minewall/Makefile has no line PKG_HASH:=") };
    let is_version = |line: &str| line.strip_prefix("PKG_VERSION:=") == Some(place.version);
    if !text.lines().any(is_version) {
        bail!("openwrt/minewall/Makefile has another PKG_VERSION than Cargo.toml, which is {}", place.version);
    }
    fs::write(&makefile, text.replacen(line, &format!("PKG_HASH:={hash}"), 1))?;
    let into = place.file("-openwrt-feed.tar.gz");
    place.pack(&name, &into)?;
    Ok(vec![into])
}
