//! One file from elsewhere into a file here. For now of `file://` alone.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use minewall_core::config::Fetcher;
use sha2::{Digest, Sha256};

/// What one fetch may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    #[expect(dead_code, reason = "no connection is made yet")]
    pub(crate) connect: Duration,
    #[expect(dead_code, reason = "no connection is made yet")]
    pub(crate) total: Duration,
    /// Bytes, unpacked.
    pub(crate) bytes: u64,
}

/// What is wanted, and what is there already.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) url: &'a str,
    #[expect(dead_code, reason = "files have none")]
    pub(crate) etag: Option<&'a str>,
    #[expect(dead_code, reason = "files are read anew")]
    pub(crate) modified: Option<&'a str>,
    pub(crate) limits: Limits,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// It is as it was.
    #[expect(dead_code, reason = "files are read anew")]
    Unchanged,
    /// It stands in the file.
    Body(Body),
}

/// What is known of a file that came.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: u64,
    pub(crate) etag: Option<String>,
    pub(crate) modified: Option<String>,
    pub(crate) sha256: [u8; 32],
}

/// Why nothing came.
#[derive(Debug)]
pub(crate) struct Failed(String);

impl Failed {
    /// How long the server wants to be left alone.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        None
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

/// Fetches into a file that is made; none is left behind by a failure.
///
/// # Errors
/// What went wrong, and what helps.
pub(crate) fn fetch(_with: Fetcher, request: &Request<'_>, into: &Path) -> Result<Fetched, Failed> {
    let Some(path) = request.url.strip_prefix("file://") else {
        return Err(Failed(format!("{} cannot be fetched by this build; use file://", request.url)));
    };
    let copied = copy(Path::new(path), into, request.limits.bytes);
    copied
        .inspect_err(|_| _ = std::fs::remove_file(into))
        .map_err(|error| Failed(format!("cannot read {path}: {error}")))
}

fn copy(from: &Path, into: &Path, most: u64) -> io::Result<Fetched> {
    let (mut from, mut into) = (File::open(from)?, File::create(into)?);
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 64 << 10]);
    loop {
        let count = from.read(&mut buffer)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        bytes += count as u64;
        if bytes > most {
            return Err(io::Error::other(format!("it is larger than {most} bytes (lists.update.bytes)")));
        }
        hash.update(part);
        into.write_all(part)?;
    }
    Ok(Fetched::Body(Body { bytes, etag: None, modified: None, sha256: hash.finalize().into() }))
}
