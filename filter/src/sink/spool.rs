//! Messages on disk, in order, bounded: written at the end, read at the front.
//!
//! A directory holds segments, numbered files (`segment`). One is removed once all of it has been read. Only the
//! youngest is written to, and never one of an earlier run: what a crash left unfinished stays at the end of its segment,
//! where it is found by its checksum and counted. When the bytes allowed are used up, the oldest segment goes.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};

use super::segment::{self, HEAD, PLACE, Segment, create, entry, numbers, path, placed, read, remove};

/// The number of the first segment of an empty spool: there is room before it and behind.
const FIRST: u64 = 1 << 40;

/// A spool has about so many segments when it is full; none is longer than this.
const SEGMENTS: u64 = 16;
const SEGMENT_BYTES: u64 = 4 << 20;

/// Messages on disk.
pub(super) struct Spool {
    directory: PathBuf,
    kind: &'static str,
    bytes: u64,
    /// Oldest first.
    segments: VecDeque<Segment>,
    /// The file of the youngest, where this run has begun it.
    writer: Option<File>,
    /// The file of the oldest, once it is read.
    reader: Option<File>,
    /// Where the entries last looked at end, those of the oldest segment.
    seen: Vec<u64>,
    is_synced: bool,
    /// Nobody else works here as long as it is held.
    _lock: File,
}

/// What an earlier run left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) entries: usize,
    /// Entries cut off or damaged.
    pub(super) torn: usize,
}

impl Spool {
    /// Opens the spool, which is made where it is not there. `kind` names who writes and reads such messages.
    ///
    /// # Errors
    /// The directory cannot be used; [`ErrorKind::WouldBlock`] when somebody else works there.
    pub(super) fn open(directory: &Path, kind: &'static str, bytes: u64) -> io::Result<(Self, Found)> {
        make(directory)?;
        let lock = segment::open(&directory.join("lock"), OpenOptions::new().create(true).write(true))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        remove(&directory.join("front"))?;
        let (mut segments, mut found) = (VecDeque::new(), Found::default());
        for number in numbers(directory)? {
            let path = path(directory, number);
            let (segment, torn) = segment::scan(&path, number, kind)?;
            found.torn += torn;
            found.entries += segment.entries;
            if segment.entries == 0 {
                remove(&path)?;
            } else {
                segments.push_back(segment);
            }
        }
        let directory = directory.to_owned();
        let (writer, reader, seen) = (None, None, Vec::new());
        let spool = Self { directory, kind, bytes, segments, writer, reader, seen, is_synced: true, _lock: lock };
        Ok((spool, found))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    fn used(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum()
    }

    /// Adds a message at the end. How many of the oldest had to go for it.
    ///
    /// # Errors
    /// It could not be written, and is not there.
    pub(super) fn push(&mut self, message: &str) -> io::Result<usize> {
        let entry = entry(message);
        let dropped = self.make_room(entry.len() as u64 + HEAD)?;
        let limit = (self.bytes / SEGMENTS).min(SEGMENT_BYTES);
        if self.segments.back().is_none_or(|segment| segment.end >= limit) {
            self.sync()?;
            self.writer = None;
        }
        if self.writer.is_none() {
            let number = self.segments.back().map_or(FIRST, |segment| segment.number + 1);
            self.writer = Some(create(&path(&self.directory, number), self.kind)?);
            self.segments.push_back(Segment { number, read: HEAD, end: HEAD, entries: 0 });
        }
        let (Some(file), Some(segment)) = (&self.writer, self.segments.back_mut()) else {
            return Err(ErrorKind::NotFound.into());
        };
        if let Err(error) = file.write_all_at(&entry, segment.end) {
            // What was written of it would stand in the way of the next one.
            let cut = file.set_len(segment.end);
            if cut.is_err() || segment.entries == 0 {
                self.writer = None;
            }
            self.drop_if_read(self.segments.len() - 1);
            return Err(error);
        }
        segment.end += entry.len() as u64;
        segment.entries += 1;
        self.is_synced = false;
        Ok(dropped)
    }

    /// Puts messages before all others: whole, or not at all. How many of the oldest had to go for them.
    ///
    /// # Errors
    /// They could not be written, and are not there.
    pub(super) fn push_front<'a>(&mut self, messages: impl Iterator<Item = &'a str>) -> io::Result<usize> {
        let number = self.segments.front().map_or(FIRST, |segment| segment.number - 1);
        let unfinished = self.directory.join("front");
        let file = create(&unfinished, self.kind)?;
        let mut segment = Segment { number, read: HEAD, end: HEAD, entries: 0 };
        let write = || {
            for message in messages {
                let entry = entry(message);
                file.write_all_at(&entry, segment.end)?;
                segment.end += entry.len() as u64;
                segment.entries += 1;
            }
            file.sync_data()?;
            fs::rename(&unfinished, path(&self.directory, number))
        };
        if let Err(error) = write() {
            remove(&unfinished)?;
            return Err(error);
        }
        (self.reader, self.seen) = (None, Vec::new());
        if self.segments.is_empty() {
            self.writer = None;
        }
        self.segments.push_front(segment);
        self.make_room(0)
    }

    /// The oldest messages, `most` at the most; they stay. Also how many were found damaged, which are gone.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn front(&mut self, most: usize) -> io::Result<(Vec<Arc<str>>, usize)> {
        let (mut messages, mut torn) = (Vec::new(), 0);
        self.seen.clear();
        while let (true, Some(segment)) = (messages.is_empty(), self.segments.front()) {
            if self.reader.is_none() {
                let path = path(&self.directory, segment.number);
                match OpenOptions::new().read(true).write(true).open(path) {
                    Ok(file) => self.reader = Some(file),
                    // Somebody removed it; what is behind it goes on.
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        torn += segment.entries;
                        self.drop_oldest()?;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            let (Some(file), mut place) = (&self.reader, segment.read) else { break };
            while messages.len() < most && place < segment.end {
                let Some((message, end)) = read(file, place, segment.end).ok().flatten() else { break };
                messages.push(message);
                self.seen.push(end);
                place = end;
            }
            if messages.is_empty() {
                torn += segment.entries;
                self.drop_oldest()?;
            }
        }
        Ok((messages, torn))
    }

    /// The first `count` of those last looked at are done with. How many of them were still there.
    pub(super) fn advance(&mut self, count: usize) -> usize {
        let count = count.min(self.seen.len());
        let (Some(place), Some(segment)) =
            (count.checked_sub(1).and_then(|at| self.seen.get(at)), self.segments.front_mut())
        else {
            return 0;
        };
        segment.read = *place;
        segment.entries = segment.entries.saturating_sub(count);
        self.seen.drain(..count);
        if !self.drop_if_read(0)
            && let (Some(file), Some(segment)) = (&self.reader, self.segments.front())
        {
            // Where this fails, a crash has some messages sent twice.
            let _ = file.write_all_at(&placed(segment.read), PLACE);
        }
        count
    }

    /// Has the disk keep what was written, also through a power failure.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.unsynced()?.map_or(Ok(()), |file| file.sync_data())
    }

    /// The file that the disk is to keep, if there is news in it: that may take long.
    pub(super) fn unsynced(&mut self) -> io::Result<Option<File>> {
        let file = self.writer.as_ref().filter(|_| !self.is_synced);
        let file = file.map(File::try_clone).transpose()?;
        self.is_synced = true;
        Ok(file)
    }

    fn make_room(&mut self, bytes: u64) -> io::Result<usize> {
        let mut dropped = 0;
        while self.used() + bytes > self.bytes && !self.segments.is_empty() {
            dropped += self.segments.front().map_or(0, |segment| segment.entries);
            self.drop_oldest()?;
        }
        Ok(dropped)
    }

    fn drop_oldest(&mut self) -> io::Result<()> {
        (self.reader, self.seen) = (None, Vec::new());
        let Some(segment) = self.segments.pop_front() else { return Ok(()) };
        if self.segments.is_empty() {
            self.writer = None;
        }
        remove(&path(&self.directory, segment.number))
    }

    /// Removes a segment of which nothing is left to be read.
    fn drop_if_read(&mut self, at: usize) -> bool {
        let Some(segment) = self.segments.get(at).filter(|segment| segment.entries == 0) else { return false };
        // Where it cannot be removed it is found empty by the next run.
        let path = path(&self.directory, segment.number);
        let file = OpenOptions::new().write(true).open(&path);
        let _ = file.and_then(|file| file.write_all_at(&placed(segment.end), PLACE));
        let _ = remove(&path);
        if at + 1 == self.segments.len() {
            self.writer = None;
        }
        if at == 0 {
            (self.reader, self.seen) = (None, Vec::new());
        }
        self.segments.remove(at);
        true
    }
}

/// Whether a spool can be there, and holds what this sink can read. Nothing is made.
///
/// # Errors
/// It cannot, with the remedy in its words.
pub(super) fn check(directory: &Path, kind: &str) -> io::Result<()> {
    let there = directory.ancestors().find(|path| path.exists()).unwrap_or(directory);
    if !there.is_dir() {
        let words = format!("{} is no directory; name another place", there.display());
        return Err(io::Error::new(ErrorKind::NotADirectory, words));
    }
    rustix::fs::access(there, rustix::fs::Access::WRITE_OK).map_err(|error| {
        let words = format!("{} cannot be written to; let the user that runs minewall do so", there.display());
        io::Error::new(io::Error::from(error).kind(), words)
    })?;
    if directory.is_dir() {
        for number in numbers(directory)? {
            segment::check(&path(directory, number), kind)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", directory.display())))?;
        }
    }
    Ok(())
}

/// Makes the directory and those above it.
pub(super) fn make(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}
