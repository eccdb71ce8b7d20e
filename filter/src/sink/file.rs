//! A file of JSON lines: appended to, one write a line, opened anew on demand.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Error, Result};
use rustix::fs::OFlags;

use super::{Event, Outlet, Taken, Writer};

pub(super) struct File {
    path: PathBuf,
    file: Option<fs::File>,
    /// The file ends within a line: the next one begins with a line feed.
    is_torn: bool,
    /// What a line says.
    line: fn(&Event) -> String,
}

impl File {
    /// # Errors
    /// When the file cannot be opened for appending, with the remedy.
    pub(super) fn new(path: &str, line: fn(&Event) -> String) -> Result<Self> {
        let mut file = Self { path: PathBuf::from(path), file: None, is_torn: false, line };
        match file.open() {
            Ok(()) => Ok(file),
            Err(error) => {
                let message = format!("cannot append to the record file {path}; {}", remedy(&error, &file.path));
                Err(Error::new(error).context(message))
            }
        }
    }
}

impl Outlet for File {
    fn open(&mut self) -> io::Result<()> {
        self.file = None;
        let mut options = OpenOptions::new();
        // Without O_NONBLOCK a named pipe that nobody reads would hold the thread for ever.
        let nonblock = OFlags::NONBLOCK.bits().cast_signed();
        let file = options.append(true).create(true).mode(0o640).custom_flags(nonblock).open(&self.path)?;
        self.is_torn = ends_within_a_line(&self.path).unwrap_or(false);
        self.file = Some(file);
        Ok(())
    }

    fn deliver(&mut self, messages: &[Arc<str>]) -> io::Result<Taken> {
        let Some(message) = messages.first() else { return Ok(Taken::default()) };
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        if file.metadata()?.nlink() == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the file was removed"));
        }
        let mut line = format!("{message}\n");
        if self.is_torn {
            line.insert(0, '\n');
        }
        let written = loop {
            match file.write(line.as_bytes()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if let Some(last) = line.as_bytes()[..written].last() {
            self.is_torn = *last != b'\n';
        }
        if written < line.len() {
            return Err(io::Error::new(io::ErrorKind::WriteZero, "only a part of the line was written"));
        }
        Ok(Taken::ONE)
    }

    fn writer(&self) -> Writer {
        Box::new(self.line)
    }

    fn reopens(&self) -> bool {
        true
    }
}

/// Whether there is a place for the file; it is neither opened nor made.
///
/// # Errors
/// The directory is missing, or the path is one, with the remedy.
pub(super) fn check(path: &str) -> Result<()> {
    let path = Path::new(path);
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let wrong = match (path.is_dir(), directory.is_dir()) {
        (true, _) => io::Error::from(io::ErrorKind::IsADirectory),
        (false, false) => io::Error::from(io::ErrorKind::NotFound),
        (false, true) => return Ok(()),
    };
    let message = format!("cannot append to the record file {}; {}", path.display(), remedy(&wrong, path));
    Err(Error::new(wrong).context(message))
}

fn ends_within_a_line(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    fs::File::open(path)?.read_exact_at(&mut last, metadata.len() - 1)?;
    Ok(last != *b"\n")
}

fn remedy(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            let directory = path.parent().unwrap_or(path);
            format!("create the directory {}", directory.display())
        }
        io::ErrorKind::PermissionDenied => "let the user that runs minewall write there".to_owned(),
        io::ErrorKind::IsADirectory => "name a file in it".to_owned(),
        _ => "name a file that can be written".to_owned(),
    }
}
