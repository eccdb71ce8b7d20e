//! One file of a spool: a head, which says what writes such messages and how far they have been read; then entries, each
//! with its length and checksum.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The bytes of the head; in it, at `PLACE`, that of the first entry not read yet.
pub(super) const HEAD: u64 = 64;
pub(super) const PLACE: u64 = 48;
const MAGIC: &str = "minewall-spool-1 ";

/// The head of an entry: its length and its checksum.
const ENTRY: usize = 8;

/// The longest entry. No sink writes such a message; a length beyond is damage.
const LONGEST: usize = 1 << 20;

/// A file of messages.
pub(super) struct Segment {
    pub(super) number: u64,
    /// Where the next entry to be read begins, and where the last whole one ends.
    pub(super) read: u64,
    pub(super) end: u64,
    /// Entries between.
    pub(super) entries: usize,
}

/// Whether a segment holds messages of this kind, as far as can be told.
pub(super) fn check(path: &Path, kind: &str) -> io::Result<()> {
    let mut head = [0; HEAD as usize];
    match File::open(path)?.read_exact_at(&mut head, 0) {
        Ok(()) => is_of(&head, kind),
        Err(_) => Ok(()),
    }
}

pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.mode(0o600).open(path)
}

pub(super) fn create(path: &Path, kind: &str) -> io::Result<File> {
    let file = open(path, OpenOptions::new().create(true).truncate(true).write(true))?;
    let mut head = format!("{MAGIC}{kind}").into_bytes();
    head.resize(PLACE as usize, b' ');
    head.extend_from_slice(&placed(HEAD));
    head.resize(HEAD as usize, 0);
    if let Err(error) = file.write_all_at(&head, 0) {
        remove(path)?;
        return Err(error);
    }
    Ok(file)
}

pub(super) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:020}.spool"))
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The segments there are, oldest first.
pub(super) fn numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_suffix(".spool")?.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn is_of(head: &[u8], kind: &str) -> io::Result<()> {
    let mut expected = format!("{MAGIC}{kind}").into_bytes();
    expected.resize(PLACE as usize, b' ');
    if head.starts_with(&expected) {
        return Ok(());
    }
    let words = "it holds messages of another kind of sink; name another directory, or empty this one";
    Err(io::Error::new(ErrorKind::InvalidData, words))
}

/// A place with its checksum.
pub(super) fn placed(place: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    let (number, check) = bytes.split_at_mut(8);
    number.copy_from_slice(&place.to_le_bytes());
    check.copy_from_slice(&crc32fast::hash(&place.to_le_bytes()).to_le_bytes());
    bytes
}

/// Finds what is whole in a segment, and how many entries are not.
pub(super) fn scan(path: &Path, number: u64, kind: &str) -> io::Result<(Segment, usize)> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut segment = Segment { number, read: HEAD, end: HEAD, entries: 0 };
    let mut head = [0; HEAD as usize];
    match file.read_exact_at(&mut head, 0) {
        // A crash right after it was made.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok((segment, 0)),
        other => other?,
    }
    is_of(&head, kind)?;
    let (place, check) = head.get(PLACE as usize..PLACE as usize + 12).unwrap_or_default().split_at(8);
    if let (Ok(place), Ok(check)) = (<[u8; 8]>::try_from(place), <[u8; 4]>::try_from(check))
        && crc32fast::hash(&place) == u32::from_le_bytes(check)
    {
        segment.read = u64::from_le_bytes(place).max(HEAD);
    }
    segment.end = segment.read;
    while let Some((_, end)) = read(&file, segment.end, length)? {
        segment.end = end;
        segment.entries += 1;
    }
    let torn = usize::from(segment.end < length);
    Ok((segment, torn))
}

pub(super) fn entry(message: &str) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut check = crc32fast::Hasher::new();
    check.update(&length);
    check.update(message.as_bytes());
    let mut entry = Vec::with_capacity(ENTRY + message.len());
    entry.extend_from_slice(&length);
    entry.extend_from_slice(&check.finalize().to_le_bytes());
    entry.extend_from_slice(message.as_bytes());
    entry
}

/// The entry at a place, and where it ends; none if it is not whole.
pub(super) fn read(file: &File, place: u64, limit: u64) -> io::Result<Option<(Arc<str>, u64)>> {
    let mut head = [0; ENTRY];
    if place + ENTRY as u64 > limit {
        return Ok(None);
    }
    file.read_exact_at(&mut head, place)?;
    let [a, b, c, d, check @ ..] = head;
    let length = [a, b, c, d];
    let bytes = u32::from_le_bytes(length) as usize;
    let end = place + (ENTRY + bytes) as u64;
    if bytes > LONGEST || end > limit {
        return Ok(None);
    }
    let mut message = vec![0; bytes];
    file.read_exact_at(&mut message, place + ENTRY as u64)?;
    let mut sum = crc32fast::Hasher::new();
    sum.update(&length);
    sum.update(&message);
    let is_whole = sum.finalize() == u32::from_le_bytes(check);
    Ok(String::from_utf8(message).ok().filter(|_| is_whole).map(|message| (message.into(), end)))
}
