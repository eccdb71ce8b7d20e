//! The machine that is looked at: its files, below a root, and its programs. Tests put recorded ones in their place.

use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::{Error, Result};

use crate::kernel;

/// Runs a program: what it printed.
type Runner = Box<dyn Fn(&str, &[&str]) -> Result<String>>;

/// Files and programs.
pub(super) struct Machine {
    root: PathBuf,
    runner: Runner,
    /// Whether root looks.
    pub(super) is_root: bool,
    /// Whether this is the machine that the process runs on.
    pub(super) is_own: bool,
}

impl Machine {
    /// The one this process runs on.
    pub(super) fn own() -> Self {
        let runner = |program: &str, arguments: &[&str]| kernel::ask(program, arguments);
        let is_root = rustix::process::geteuid().is_root();
        Self { root: "/".into(), runner: Box::new(runner), is_root, is_own: true }
    }

    /// One of files below `root` and programs whose answers are known.
    #[cfg(test)]
    pub(super) fn recorded(root: PathBuf, runner: Runner) -> Self {
        Self { root, runner, is_root: true, is_own: false }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// A file's text.
    pub(super) fn read(&self, path: &str) -> io::Result<String> {
        fs::read(self.path(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A file's text; empty where it cannot be read.
    pub(super) fn text(&self, path: &str) -> String {
        self.read(path).unwrap_or_default()
    }

    /// The number that stands in a file.
    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.read(path).ok()?.trim().parse().ok()
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// What is in a directory, in the order of the names.
    pub(super) fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Where a link leads.
    pub(super) fn link(&self, path: &str) -> Option<String> {
        fs::read_link(self.path(path)).ok().map(|target| target.to_string_lossy().into_owned())
    }

    /// What a program printed.
    ///
    /// # Errors
    /// It is missing, or failed; then what it said.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        (self.runner)(program, arguments)
    }
}

/// Whether the error says that there is no such program.
pub(super) fn is_missing(error: &Error) -> bool {
    error.to_string().starts_with("there is no program")
}
