//! Where a release goes, and archives that are the same whenever they are made of the same.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::build;

/// Where a release goes.
pub(super) struct Place {
    /// The finished files.
    pub(super) directory: PathBuf,
    /// What they are made in.
    pub(super) work: PathBuf,
    /// minewall's.
    pub(super) version: &'static str,
    /// Seconds since 1970 of the commit: the time of all files in archives.
    pub(super) epoch: String,
    /// Whether the tree is not what is committed.
    pub(super) is_changed: bool,
}

impl Place {
    /// `target/NAME`, made where it is not there.
    pub(super) fn new(name: &str) -> Result<Self> {
        let target = build::target();
        let (directory, work) = (target.join(name), target.join(format!("{name}-work")));
        for path in [&directory, &work] {
            fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        }
        Ok(Self {
            directory: directory.canonicalize()?,
            work: work.canonicalize()?,
            version: env!("CARGO_PKG_VERSION"),
            epoch: said(git(&["log", "-1", "--format=%ct"]))?.trim().to_owned(),
            is_changed: !said(git(&["status", "--porcelain"]))?.trim().is_empty(),
        })
    }

    /// Takes away all that was made there.
    pub(super) fn clear(&self) -> Result<()> {
        for path in [&self.directory, &self.work] {
            fs::remove_dir_all(path)?;
            fs::create_dir(path)?;
        }
        Ok(())
    }

    /// A finished file's path: the program's name and version, and `rest`.
    pub(super) fn file(&self, rest: &str) -> PathBuf {
        self.directory.join(format!("minewall-{}{rest}", self.version))
    }

    /// An empty directory in `work`.
    pub(super) fn empty(&self, name: &str) -> Result<PathBuf> {
        let path = self.work.join(name);
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Packs a directory of `work`: no owner, no order and no time of this machine gets in.
    pub(super) fn pack(&self, directory: &str, into: &Path) -> Result<()> {
        let tar = into.with_extension("");
        let mut command = Command::new("tar");
        command.args([
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "--mode=go=rX,u+rw",
            "--format=ustar",
        ]);
        command.arg(format!("--mtime=@{}", self.epoch)).arg("-C").arg(&self.work).arg("-cf").arg(&tar).arg(directory);
        said(command)?;
        compress(&tar)
    }

    /// Writes the hashes of all that is there, as `sha256sum -c` reads them.
    pub(super) fn write_sums(&self) -> Result<()> {
        let sums = self.directory.join("SHA256SUMS");
        let mut text = String::new();
        for path in self.finished()? {
            if path != sums {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                writeln!(text, "{}  {name}", sum(&path)?)?;
            }
        }
        fs::write(&sums, text).with_context(|| format!("cannot write {}", sums.display()))
    }

    fn finished(&self) -> Result<Vec<PathBuf>> {
        let mut all = fs::read_dir(&self.directory)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        all.retain(|path| path.is_file() && path.extension().is_none_or(|ending| ending != "minisig"));
        all.sort();
        Ok(all)
    }

    /// Names, sizes and the beginnings of hashes.
    pub(super) fn table(&self, made: &[PathBuf]) -> Result<String> {
        let mut text = String::new();
        for path in made {
            let (bytes, sum) = (fs::metadata(path)?.len(), sum(path)?);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            writeln!(text, "{bytes:>10}  {}..  {name}", sum.get(..12).unwrap_or_default())?;
        }
        writeln!(text, "in {}, with SHA256SUMS of all that is there", self.directory.display())?;
        Ok(text)
    }
}

/// Makes `FILE.gz` of `FILE`: without its name and time.
pub(super) fn compress(file: &Path) -> Result<()> {
    let mut command = Command::new("gzip");
    command.args(["--no-name", "--best", "--force"]).arg(file);
    said(command).map(drop)
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn sum(file: &Path) -> Result<String> {
    let mut command = Command::new("sha256sum");
    command.arg("--").arg(file);
    let text = said(command)?;
    Ok(text.split_whitespace().next().unwrap_or_default().trim_start_matches('\\').to_owned())
}

/// git, in the project.
pub(super) fn git(arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(build::root());
    command
}

/// Runs a command to its end; what it printed.
pub(super) fn said(mut command: Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
