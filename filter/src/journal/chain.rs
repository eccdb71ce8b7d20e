//! One chain while it is written: its open segment and where it stands.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::key::Key;
use super::line::{self, Checkpoint, Class, GENESIS, Head, Kind, Line, Seal, Span};
use super::segment::{self, Segment, Text};

/// The version of the form of lines.
const FORMAT: u32 = 1;
const DAY_US: i64 = 86_400_000_000;

/// What lines of the journal's own need.
pub(super) struct Hand<'a> {
    pub(super) observer: &'a str,
    pub(super) key: &'a Key,
    pub(super) now_us: i64,
}

impl Hand<'_> {
    pub(super) fn time(&self) -> Timestamp {
        time(self.now_us)
    }
}

pub(super) fn time(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A chain, open for writing.
pub(super) struct Chain {
    pub(super) class: Class,
    pub(super) segment: Segment,
    file: File,
    /// The number of the next line.
    pub(super) next: u64,
    /// The hash of the last line.
    pub(super) last: String,
    pub(super) bytes: u64,
    pub(super) entries: u64,
    since_us: i64,
    until_us: i64,
}

/// What stands at the end of a chain that was written before.
struct Tail {
    next: u64,
    last: String,
    /// Bytes of whole lines that follow one another.
    bytes: u64,
    entries: u64,
    since_us: i64,
    until_us: i64,
    torn: usize,
    is_damaged: bool,
    is_clean: bool,
}

/// What was found when a chain was opened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub(super) torn: u64,
    pub(super) is_damaged: bool,
    pub(super) is_clean: bool,
}

impl Chain {
    /// Goes on where the last writer ended, however it did.
    pub(super) fn open(directory: &Path, class: Class, hand: &Hand<'_>) -> io::Result<(Self, Found)> {
        let mut segments = segment::list(directory, class)?;
        let mut torn = 0;
        while let Some(segment) = segments.pop() {
            let tail = scan(&segment, hand.now_us)?;
            torn += tail.torn as u64;
            if tail.bytes == 0 && !tail.is_damaged {
                // Not even its head was written.
                fs::remove_file(&segment.path)?;
                continue;
            }
            let found = Found { torn, is_damaged: tail.is_damaged, is_clean: tail.is_clean && torn == 0 };
            if tail.is_damaged || segment.is_packed {
                let before = tail.span(segment.first);
                // Of a segment without any line that can be read, the name is taken all the same.
                let next = tail.next.max(segment.first + 1);
                return Ok((Self::begin(directory, class, next, tail.last, Some(before), hand)?, found));
            }
            let file = OpenOptions::new().append(true).open(&segment.path)?;
            if tail.torn > 0 {
                file.set_len(tail.bytes)?;
                file.sync_data()?;
            }
            let Tail { next, last, bytes, entries, since_us, until_us, .. } = tail;
            return Ok((Self { class, segment, file, next, last, bytes, entries, since_us, until_us }, found));
        }
        let found = Found { torn, is_damaged: false, is_clean: torn == 0 };
        Ok((Self::begin(directory, class, 1, GENESIS.to_owned(), None, hand)?, found))
    }

    /// Begins a segment.
    fn begin(
        directory: &Path,
        class: Class,
        next: u64,
        last: String,
        before: Option<Span>,
        hand: &Hand<'_>,
    ) -> io::Result<Self> {
        let segment = Segment::new(directory, class, next);
        let file = OpenOptions::new().append(true).create_new(true).mode(0o640).open(&segment.path)?;
        let (since_us, until_us) = (hand.now_us, hand.now_us);
        let previous = last.clone();
        let mut chain = Self { class, segment, file, next, last, bytes: 0, entries: 0, since_us, until_us };
        let (observer, key) = (hand.observer.to_owned(), hand.key.public().to_owned());
        let head = Head { format: FORMAT, class, observer, time: hand.time(), key, previous, before };
        chain.sign(Kind::Head, &head, hand)?;
        chain.sync()?;
        segment::sync(directory)?;
        Ok(chain)
    }

    /// Begins the next segment, behind a checkpoint; gives the one that is closed.
    pub(super) fn rotate(&mut self, directory: &Path, hand: &Hand<'_>) -> io::Result<Segment> {
        let span = Span {
            from: self.segment.first,
            to: self.next - 1,
            since: time(self.since_us),
            until: time(self.until_us),
        };
        let new = Self::begin(directory, self.class, self.next, self.last.clone(), Some(span), hand)?;
        Ok(std::mem::replace(self, new).segment)
    }

    pub(super) fn append(&mut self, time_us: i64, json: &str) -> io::Result<()> {
        let written = line::entry(&self.last, self.next, json);
        self.put(written.text.as_bytes(), written.hash)?;
        if self.entries == 0 {
            (self.since_us, self.until_us) = (time_us, time_us);
        }
        self.since_us = self.since_us.min(time_us);
        self.until_us = self.until_us.max(time_us);
        self.entries += 1;
        Ok(())
    }

    /// Writes a signed line; gives its number and what goes elsewhere of it.
    pub(super) fn sign(&mut self, kind: Kind, body: &impl Serialize, hand: &Hand<'_>) -> io::Result<(u64, Seal)> {
        let seq = self.next;
        let written = line::signed(&self.last, self.class, seq, kind, body, hand.key);
        self.put(written.text.as_bytes(), written.hash)?;
        let seal = written.seal.ok_or_else(|| io::Error::other("an entry is not signed"))?;
        Ok((seq, seal))
    }

    fn put(&mut self, text: &[u8], hash: String) -> io::Result<()> {
        self.file.write_all(text)?;
        self.bytes += text.len() as u64;
        self.next += 1;
        self.last = hash;
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Whether an entry of this time belongs to a later day than those in the segment.
    pub(super) fn is_of_a_former_day(&self, time_us: i64) -> bool {
        self.entries > 0 && time_us.div_euclid(DAY_US) > self.until_us.div_euclid(DAY_US)
    }
}

impl Tail {
    fn span(&self, from: u64) -> Span {
        Span { from, to: self.next.saturating_sub(1).max(from), since: time(self.since_us), until: time(self.until_us) }
    }
}

/// Reads a segment to its end. Its lines are followed up to the first that does not fit.
fn scan(segment: &Segment, now_us: i64) -> io::Result<Tail> {
    let previous = segment.head().map_or_else(|| GENESIS.to_owned(), |head| head.previous);
    let mut tail = Tail {
        next: segment.first,
        last: previous,
        bytes: 0,
        entries: 0,
        since_us: now_us,
        until_us: now_us,
        torn: 0,
        is_damaged: false,
        is_clean: false,
    };
    let mut lines = segment.lines()?;
    loop {
        let text = match lines.next() {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(tail),
            // A compressed segment that cannot be read to its end.
            Err(_) if segment.is_packed => {
                tail.is_damaged = true;
                return Ok(tail);
            }
            Err(error) => return Err(error),
        };
        match text {
            Text::Whole(text) => tail.take(text),
            Text::Torn(bytes) => tail.torn = bytes,
            Text::Unreadable(_) => tail.is_damaged = true,
        }
    }
}

impl Tail {
    fn take(&mut self, text: &str) {
        let Some(line) = Line::parse(text) else {
            self.is_damaged = true;
            return;
        };
        self.is_damaged |= line.seq != self.next || !line.follows(&self.last);
        self.next = self.next.max(line.seq + 1);
        line.hash.clone_into(&mut self.last);
        self.bytes += text.len() as u64 + 1;
        let stop = |checkpoint: Checkpoint| checkpoint.why == super::write::STOP;
        self.is_clean = line.kind == Kind::Checkpoint && line.read().is_some_and(stop);
        let Some(at) = (if line.kind == Kind::Entry { super::read::time_us(line.body) } else { None }) else { return };
        if self.entries == 0 {
            (self.since_us, self.until_us) = (at, at);
        }
        self.since_us = self.since_us.min(at);
        self.until_us = self.until_us.max(at);
        self.entries += 1;
    }
}
