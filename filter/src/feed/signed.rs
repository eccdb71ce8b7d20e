//! Fetching a signed feed: the manifest, its signature, and what of its files is new.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use minewall_lists::Category;

use super::manifest::{self, Hash};
use super::{File, Key, Last, MANIFEST, Manifest, Refused, SIGNATURE};
use crate::fetch::{Body, Failed, Fetched, Fetcher, Limits, Request, Unfit, Url, fetch};

/// Bytes of a manifest and of a signature.
const MANIFEST_BYTES: u64 = 256 << 10;
const SIGNATURE_BYTES: u64 = 4 << 10;

/// A feed, and how it is fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// Of the manifest.
    pub(crate) url: &'a str,
    /// Any of them may have signed it.
    pub(crate) keys: &'a [Key],
    pub(crate) fetcher: Fetcher,
    pub(crate) authorities: Option<&'a Path>,
    /// For each file; a manifest is much smaller.
    pub(crate) limits: Limits,
    /// What was taken of it last.
    pub(crate) last: Option<&'a Last>,
    /// Of it, the lists of this category alone.
    pub(crate) only: Option<Category>,
}

/// What became of a feed.
#[derive(Debug)]
pub(crate) enum Signed {
    /// The manifest taken last still stands, and has time left.
    Unchanged,
    Taken(Taken),
}

/// A manifest that is to be trusted, and what became of each of its files, in its order.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) manifest: Manifest,
    pub(crate) files: Vec<Result<Got, Wrong>>,
    etag: Option<String>,
    modified: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// Of a category that was not wanted.
    Other,
    /// As it was taken last.
    Same,
    /// It stands here.
    New(PathBuf),
}

/// Why something was not taken.
#[derive(Clone, Debug)]
pub(crate) enum Wrong {
    /// It did not come.
    Failed(Failed),
    /// It came, and is not to be trusted.
    Refused(Refused),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failed) => failed.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

impl std::error::Error for Wrong {}

impl From<Failed> for Wrong {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<Refused> for Wrong {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Taken {
    /// The files with what became of them.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&File, &Result<Got, Wrong>)> {
        self.manifest.files.iter().zip(&self.files)
    }

    /// What to keep for the next time. Of a file that was not taken, what stood before; the manifest is then fetched
    /// again whether or not it has changed.
    pub(crate) fn keep(&self, before: Option<&Last>) -> Last {
        let hash = |(file, got): (&File, &Result<Got, Wrong>)| {
            let old = before.and_then(|last| last.files.get(&file.name)).copied();
            let hash = if matches!(got, Ok(Got::Same | Got::New(_))) { Some(Hash(file.sha256)) } else { old };
            Some((file.name.clone(), hash?))
        };
        let whole = self.files.iter().all(Result::is_ok);
        Last {
            feed: self.manifest.feed.clone(),
            version: self.manifest.version,
            valid_until: self.manifest.valid_until,
            etag: self.etag.clone().filter(|_| whole),
            modified: self.modified.clone().filter(|_| whole),
            files: self.each().filter_map(hash).collect(),
        }
    }
}

/// Fetches a feed into the directory `into`: its manifest and signature, and the files that are not those of the last
/// time. `count` reads a file that has come and says how many entries of it can be used; a file with another number
/// than its maker stated is refused. Files that are not taken do not keep the others from being taken, and leave
/// nothing behind.
///
/// # Errors
/// The manifest did not come or is not to be trusted: nothing of the feed is taken.
pub(crate) fn fetch_signed(
    source: &Source<'_>,
    now: Timestamp,
    into: &Path,
    count: &mut dyn FnMut(&File, &Path) -> Result<u64, String>,
) -> Result<Signed, Wrong> {
    let path = into.join(MANIFEST);
    let request = Request {
        url: source.url,
        etag: source.last.and_then(|last| last.etag.as_deref()),
        modified: source.last.and_then(|last| last.modified.as_deref()),
        authorities: source.authorities,
        limits: Limits { bytes: MANIFEST_BYTES, ..source.limits },
    };
    let body = match (fetch(source.fetcher, &request, &path)?, source.last) {
        (Fetched::Body(body), _) => body,
        (Fetched::Unchanged, Some(last)) => {
            // Who always says "unchanged" holds back what is newer.
            manifest::in_time(last.valid_until, now)?;
            return Ok(Signed::Unchanged);
        }
        (Fetched::Unchanged, None) => return Err(Refused::Unreadable("it is said to be unchanged".to_owned()).into()),
    };
    let manifest = trusted(source, now, &path)?;
    let files = manifest.files.iter().map(|file| take(source, file, into, count)).collect();
    let Body { etag, modified, .. } = body;
    Ok(Signed::Taken(Taken { manifest, files, etag, modified }))
}

/// The manifest that has come to `path`, with its signature fetched beside it.
fn trusted(source: &Source<'_>, now: Timestamp, path: &Path) -> Result<Manifest, Wrong> {
    let signature = path.with_file_name(format!("{MANIFEST}{SIGNATURE}"));
    let url = format!("{}{SIGNATURE}", source.url);
    let request = Request {
        url: &url,
        etag: None,
        modified: None,
        authorities: source.authorities,
        limits: Limits { bytes: SIGNATURE_BYTES, ..source.limits },
    };
    fetch(source.fetcher, &request, &signature)?;
    let read = |path: &Path| fs::read(path).map_err(|error| Refused::Unreadable(error.to_string()));
    let (text, signature) = (read(path)?, read(&signature)?);
    let signature = String::from_utf8_lossy(&signature);
    Ok(manifest::verify(&text, &signature, source.keys, now, source.last)?)
}

fn take(
    source: &Source<'_>,
    file: &File,
    into: &Path,
    count: &mut dyn FnMut(&File, &Path) -> Result<u64, String>,
) -> Result<Got, Wrong> {
    if source.only.is_some_and(|only| only.as_str() != file.category) {
        return Ok(Got::Other);
    }
    if source.last.and_then(|last| last.files.get(&file.name)) == Some(&Hash(file.sha256)) {
        return Ok(Got::Same);
    }
    let unreadable = |error: Unfit| Refused::Unreadable(error.to_string());
    let url = Url::parse(source.url).and_then(|url| url.join(&file.name)).map_err(unreadable)?;
    let request = Request {
        url: url.as_str(),
        etag: None,
        modified: None,
        authorities: source.authorities,
        limits: Limits { bytes: source.limits.bytes.min(file.bytes), ..source.limits },
    };
    let path = into.join(&file.name);
    let checked = match fetch(source.fetcher, &request, &path)? {
        Fetched::Body(body) if body.sha256 == file.sha256 && body.bytes == file.bytes => count(file, &path)
            .map_err(|why| Refused::List { name: file.name.clone(), why })
            .and_then(|counted| file.agrees(counted)),
        _ => Err(Refused::Hash(file.name.clone())),
    };
    match checked {
        Ok(()) => Ok(Got::New(path)),
        Err(refused) => {
            let _ = fs::remove_file(&path);
            Err(refused.into())
        }
    }
}
