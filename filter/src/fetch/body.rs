//! The body to the file: decompressed, counted and hashed on the way, never whole in memory.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::zstd::{Frames, MAGIC as ZSTD};
use super::{Answer, Body, Failed, Fetched, Kind, Limits};

/// How gzip begins (RFC 1952): its magic and the only method there is.
const GZIP: &[u8] = &[0x1f, 0x8b, 8];

/// What cannot be compressed becomes longer by this and a little for each block.
const OVERHEAD: u64 = 4 << 10;

/// Read at once.
const CHUNK: usize = 16 << 10;

/// Writes the body of `answer` to `into`; there is no such file when this fails.
pub(super) fn save(answer: Answer, limits: Limits, into: &Path) -> Result<Fetched, Failed> {
    let head = &answer.head;
    let (etag, modified) = (head.get("etag").map(str::to_owned), head.get("last-modified").map(str::to_owned));
    let encoding = head.get("content-encoding").map(str::to_ascii_lowercase);
    let most = limits.bytes.saturating_add(limits.bytes / 64).saturating_add(OVERHEAD);
    let wire = Wire { inner: answer.body, expected: head.length(), seen: 0, most, told: limits.bytes, failed: None };
    let saved = open(wire, encoding.as_deref()).and_then(|body| write(body, limits.bytes, into));
    match saved {
        Ok((bytes, sha256)) => Ok(Fetched::Body(Body { bytes, etag, modified, sha256 })),
        Err(failed) => {
            let _ = fs::remove_file(into);
            Err(failed)
        }
    }
}

fn too_large(most: u64) -> Failed {
    Failed::new(Kind::Large, format!("more than {most} bytes"))
}

/// What comes from the client: as long as was promised and no longer than is allowed.
struct Wire {
    inner: Box<dyn Read>,
    expected: Option<u64>,
    seen: u64,
    most: u64,
    /// How much that is, but for what compression may add.
    told: u64,
    /// Said again at every later reading: a decoder may hide the first word in words of its own.
    failed: Option<Failed>,
}

impl Wire {
    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, Failed> {
        if self.expected.is_some_and(|expected| expected > self.most) {
            return Err(too_large(self.told));
        }
        let count = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(Failed::reading)?,
            }
        };
        self.seen = self.seen.saturating_add(count as u64);
        if self.seen > self.most {
            return Err(too_large(self.told));
        }
        match self.expected {
            Some(expected) if count == 0 && !buffer.is_empty() && self.seen != expected => {
                Err(Failed::new(Kind::Short, format!("{} of {expected} bytes", self.seen)))
            }
            _ => Ok(count),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = match &self.failed {
            Some(failed) => Err(failed.clone()),
            None => self.take(buffer),
        };
        taken.map_err(|failed| {
            self.failed = Some(failed.clone());
            io::Error::other(failed)
        })
    }
}

type Bytes = Box<dyn BufRead>;

/// Takes off what the server says it put on, then what the file itself begins with.
fn open(wire: Wire, encoding: Option<&str>) -> Result<Bytes, Failed> {
    let wire = buffered(wire);
    let mut body: Bytes = match encoding {
        None | Some("identity") => wire,
        Some("gzip" | "x-gzip") => buffered(MultiGzDecoder::new(wire)),
        Some("zstd") => buffered(Frames::new(wire)),
        Some(other) => return Err(Failed::new(Kind::Encoding, format!("it is encoded as {other}, not asked for"))),
    };
    let start = body.fill_buf().map_err(Failed::reading)?;
    Ok(if start.starts_with(GZIP) {
        buffered(MultiGzDecoder::new(body))
    } else if start.starts_with(ZSTD) {
        buffered(Frames::new(body))
    } else {
        body
    })
}

fn buffered(reader: impl Read + 'static) -> Bytes {
    Box::new(BufReader::with_capacity(CHUNK, Whole(reader)))
}

/// A reader that gives at least the length of a magic number at first, if there is so much.
struct Whole<R>(R);

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < GZIP.len().max(ZSTD.len()) {
            let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) else { break };
            match self.0.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

fn write(mut body: Bytes, most: u64, into: &Path) -> Result<(u64, [u8; 32]), Failed> {
    let wrong = |error: io::Error| Failed::new(Kind::Write, format!("{}: {error}", into.display()));
    let mut file = File::create(into).map_err(wrong)?;
    let (mut bytes, mut hash) = (0_u64, Sha256::new());
    loop {
        let chunk = match body.fill_buf() {
            Ok([]) => break,
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failed::reading(error)),
        };
        bytes = bytes.saturating_add(chunk.len() as u64);
        if bytes > most {
            return Err(too_large(most));
        }
        file.write_all(chunk).map_err(wrong)?;
        hash.update(chunk);
        let length = chunk.len();
        body.consume(length);
    }
    Ok((bytes, hash.finalize().into()))
}
