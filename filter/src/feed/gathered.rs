//! The lists of one category of a signed feed as one text, for a `[[lists.feed]]` with `keys`.

use std::fs::{self, File as Written};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use minewall_lists::{Category, Confidence};
use sha2::{Digest, Sha256};

use super::{File, Got, Last, Refused, Signed, Source, Taken, Wrong, count, fetch_signed};

/// What stands in the text.
#[derive(Clone, Debug)]
pub(crate) struct Gathered {
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
    /// The least of those its lists state.
    pub(crate) confidence: Option<Confidence>,
    /// To be kept, and given as [`Source::last`] the next time.
    pub(crate) last: Last,
}

/// Fetches a signed feed and writes its lists of one category, one behind the other, to the file `into`, which is made.
/// `None`: they are as they were the last time. Its files are worked on in the directory `parts`, which is made and
/// removed.
///
/// # Errors
/// The manifest or one of these lists did not come or is not to be trusted: nothing of the feed is taken, and there is
/// no such file.
pub(crate) fn gather(
    source: &Source<'_>,
    category: Category,
    now: Timestamp,
    parts: &Path,
    into: &Path,
) -> Result<Option<Gathered>, Wrong> {
    let parts = Parts::make(parts)?;
    let source = Source { only: Some(category), ..*source };
    let Signed::Taken(taken) = fetch_signed(&source, now, &parts.0, &mut count)? else { return Ok(None) };
    let taken = match source.last.filter(|last| !is_same(&taken, last)) {
        // A text is made of all of its lists, so that those which are as they were must come too.
        Some(last) if taken.files.iter().any(|got| matches!(got, Ok(Got::Same))) => {
            let all = Last { etag: None, modified: None, files: Default::default(), ..last.clone() };
            match fetch_signed(&Source { last: Some(&all), ..source }, now, &parts.0, &mut count)? {
                Signed::Taken(taken) => taken,
                Signed::Unchanged => return Ok(None),
            }
        }
        None if source.last.is_some() => return Ok(None),
        _ => taken,
    };
    let last = taken.keep(None);
    let lists = lists(taken, category)?;
    let written = write(&lists, into, source.limits.bytes);
    let (bytes, sha256) = written.map_err(|why| {
        let _ = fs::remove_file(into);
        Refused::List { name: category.to_string(), why }
    })?;
    let confidence = lists.iter().filter_map(|(file, _)| file.confidence.parse().ok()).min();
    Ok(Some(Gathered { bytes, sha256, confidence, last }))
}

/// Whether all lists that are wanted are those of the last time, and no other.
fn is_same(taken: &Taken, last: &Last) -> bool {
    let mut wanted = taken.files.iter().filter(|got| !matches!(got, Ok(Got::Other)));
    let count = wanted.clone().count();
    count > 0 && count == last.files.len() && wanted.all(|got| matches!(got, Ok(Got::Same)))
}

/// The lists that came, all of one format: in one text nothing would tell where another begins.
fn lists(taken: Taken, category: Category) -> Result<Vec<(File, PathBuf)>, Wrong> {
    let mut lists = Vec::new();
    for (file, got) in taken.manifest.files.into_iter().zip(taken.files) {
        if let Got::New(path) = got? {
            lists.push((file, path));
        }
    }
    let refused = |name: &str, why: String| Wrong::Refused(Refused::List { name: name.to_owned(), why });
    let Some((first, _)) = lists.first() else {
        let why = format!("the feed has no list of category {category}; set the category of the feed to one it has");
        return Err(refused(&taken.manifest.feed, why));
    };
    if let Some((other, _)) = lists.iter().find(|(file, _)| file.format != first.format) {
        let why = format!("it is of format {}, and {} of {}", other.format, first.name, first.format);
        return Err(refused(&other.name, format!("{why}; lists of one category must be of one format")));
    }
    Ok(lists)
}

fn write(lists: &[(File, PathBuf)], into: &Path, most: u64) -> Result<(u64, [u8; 32]), String> {
    let at = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    let mut out = Written::create(into).map_err(|error| at(into, error))?;
    let (mut bytes, mut hash, mut buffer) = (0_u64, Sha256::new(), vec![0; 16 << 10]);
    let mut put = |part: &[u8]| -> Result<(), String> {
        bytes += part.len() as u64;
        if bytes > most {
            return Err(format!("together they are longer than {most} bytes; if that is right, allow more"));
        }
        hash.update(part);
        out.write_all(part).map_err(|error| at(into, error))
    };
    for (_, path) in lists {
        let mut list = Written::open(path).map_err(|error| at(path, error))?;
        let mut ends_line = true;
        loop {
            let count = list.read(&mut buffer).map_err(|error| at(path, error))?;
            let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
            put(part)?;
            ends_line = part.ends_with(b"\n");
        }
        if !ends_line {
            put(b"\n")?;
        }
    }
    Ok((bytes, hash.finalize().into()))
}

/// A directory for the time of one fetch.
struct Parts(PathBuf);

impl Parts {
    fn make(path: &Path) -> Result<Self, Wrong> {
        let _ = fs::remove_dir_all(path);
        fs::create_dir_all(path)
            .map(|()| Self(path.to_owned()))
            .map_err(|error| Refused::List { name: path.display().to_string(), why: error.to_string() }.into())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
