//! Debian's stock kernels: downloaded, unpacked beside what cargo builds, never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::said;
use crate::unavailable::Unavailable;

/// A series, and the package of Debian 12 that depends on its newest kernel.
pub(super) const SERIES: [(&str, &str); 2] = [("6.12", "linux-image-6.12-amd64"), ("6.1", "linux-image-amd64")];

/// A kernel on disk.
pub(super) struct Kernel {
    pub(super) image: PathBuf,
    /// `lib/modules/RELEASE`, with the index that modprobe reads.
    pub(super) modules: PathBuf,
    pub(super) release: String,
    /// Where it was unpacked.
    root: PathBuf,
}

impl Kernel {
    /// The newest kernel of a series that Debian has; downloaded only once.
    pub(super) fn fetch(series: &str, cache: &Path) -> Result<Self> {
        let package = package(series)?;
        let root = cache.join(&package);
        let complete = root.join("complete");
        if !complete.exists() {
            eprintln!("downloading from Debian: {package}");
            let _ = fs::remove_dir_all(&root);
            fs::create_dir_all(&root)?;
            let mut download = Command::new("apt-get");
            download.args(["-qq", "-oAPT::Sandbox::User=root", "download", &package]).current_dir(&root);
            said(&mut download).map_err(|error| Unavailable::kernel(error.context(package.clone())))?;
            unpack(&root)?;
            let kernel = Self::unpacked(root.clone())?;
            said(Command::new("/sbin/depmod").arg("-b").arg(&root).arg(&kernel.release))?;
            fs::write(complete, "")?;
        }
        Self::unpacked(root)
    }

    fn unpacked(root: PathBuf) -> Result<Self> {
        let entry = fs::read_dir(root.join("lib/modules"))?.next().context("the package holds no modules")??;
        let release = entry.file_name().into_string().ok().context("a release is text")?;
        let image = root.join("boot").join(format!("vmlinuz-{release}"));
        Ok(Self { image, modules: entry.path(), release, root })
    }

    /// The files of modules and of those they need, in the order they are to be loaded. What is built in has none.
    pub(super) fn files(&self, modules: &[&str]) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for module in modules {
            let mut show = Command::new("/sbin/modprobe");
            show.arg("-d").arg(&self.root).args(["-S", &self.release, "--show-depends", module]);
            for line in said(&mut show)?.lines() {
                let file = line.strip_prefix("insmod ").map(|rest| PathBuf::from(rest.trim()));
                files.extend(file.filter(|file| !files.contains(file)));
            }
        }
        Ok(files)
    }
}

/// The package of a series; asks Debian for its lists where this machine has none or old ones.
fn package(series: &str) -> Result<String> {
    let Some((_, meta)) = SERIES.iter().find(|(name, _)| *name == series) else {
        bail!("no kernel series {series} is known: {}", super::known().join(", "));
    };
    let find = || {
        let depends = said(Command::new("apt-cache").args(["depends", meta])).ok()?;
        let mut packages = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
        packages.find(|package| package.starts_with(&format!("linux-image-{series}."))).map(str::to_owned)
    };
    if let Some(package) = find() {
        return Ok(package);
    }
    let updated = said(Command::new("apt-get").args(["-qq", "update"]));
    let why = updated.err().map_or_else(String::new, |error| format!(": {error:#}"));
    Ok(find()
        .ok_or_else(|| Unavailable::kernel(format!("apt-cache knows no kernel {series} by the name of {meta}{why}")))?)
}

/// Unpacks the package that lies in `root` there, and removes it.
fn unpack(root: &Path) -> Result<()> {
    let packages = fs::read_dir(root)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut packages = packages.filter(|path| path.extension().is_some_and(|ending| ending == "deb"));
    let package = packages.next().context("apt-get left no package")?;
    said(Command::new("dpkg-deb").arg("-x").arg(&package).arg(root))?;
    Ok(fs::remove_file(package)?)
}
