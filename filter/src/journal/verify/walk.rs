//! One chain, line by line.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::super::line::{Checkpoint, Class, GENESIS, Head, Kind, Line, Removed, Started};
use super::super::segment::{self, Segment, Text};
use super::super::write::STOP;
use super::{ChainReport, Finding, Mark, Seen, Wanted, Wants, brief, is_trusted};

/// What good checkpoints of each chain say about the other.
pub(super) fn witnesses(directory: &Path, trusted: &[String], wants: &mut Wants) -> io::Result<()> {
    for class in Class::ALL {
        let mut previous = None;
        for segment in segment::list(directory, class)? {
            let Ok(mut lines) = segment.lines() else { continue };
            while let Ok(Some(text)) = lines.next() {
                let Text::Whole(text) = text else { continue };
                let Some(line) = Line::parse(text) else { continue };
                let before = previous.replace(line.hash.to_owned()).unwrap_or_else(|| GENESIS.to_owned());
                if line.kind != Kind::Checkpoint || !trusted.iter().any(|key| line.is_signed_by(key, class, &before)) {
                    continue;
                }
                let Some(Checkpoint { time, beside: Some(beside), .. }) = line.read() else { continue };
                let told = format!("line {} of the {}, of {time}", line.seq, class.as_str());
                let wanted = Wanted { digest: beside.hash, is_hash: true, told };
                wants[beside.class.index()].entry(beside.seq).or_default().push(wanted);
            }
        }
    }
    Ok(())
}

pub(super) struct Walk<'a> {
    class: Class,
    trusted: &'a [String],
    wants: &'a BTreeMap<u64, Vec<Wanted>>,
    pub(super) findings: Vec<Finding>,
    pub(super) seen: Seen,
    /// The name of the segment that is read.
    segment: String,
    /// The hash of the line before, where that could be read.
    previous: Option<String>,
    /// The number of the next line.
    next: u64,
    last_checkpoint: Option<Mark>,
    entries: u64,
    checkpoints: u64,
    unsigned: u64,
    removed: Vec<Removed>,
    unclean: Vec<jiff::Timestamp>,
    /// Keys that sign and are not trusted.
    strangers: Vec<String>,
    is_stopped: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(class: Class, trusted: &'a [String], wants: &'a BTreeMap<u64, Vec<Wanted>>) -> Self {
        Self {
            class,
            trusted,
            wants,
            findings: Vec::new(),
            seen: Seen::default(),
            segment: String::new(),
            previous: None,
            next: 1,
            last_checkpoint: None,
            entries: 0,
            checkpoints: 0,
            unsigned: 0,
            removed: Vec::new(),
            unclean: Vec::new(),
            strangers: Vec::new(),
            is_stopped: false,
        }
    }

    pub(super) fn go(&mut self, directory: &Path, is_written: bool) -> io::Result<ChainReport> {
        let segments = segment::list(directory, self.class)?;
        let first = segments.first().map_or(1, |segment| segment.first);
        self.next = first;
        let oldest = segments.first().and_then(Segment::head).map(|head| head.previous);
        self.previous = Some(oldest.clone().unwrap_or_else(|| GENESIS.to_owned()));
        for (at, segment) in segments.iter().enumerate() {
            self.segment = segment.name();
            let is_open = at + 1 == segments.len() && is_written;
            self.read(segment, is_open);
        }
        if !segments.is_empty() && !is_written && !self.is_stopped {
            let what = "it ends without the checkpoint of a stop: minewall was killed, the end is cut off, or this is \
                        a copy made while it was written";
            self.find("unfinished", self.next - 1, what.to_owned());
        }
        self.beginning(first, oldest.as_deref());
        self.unmet(first);
        Ok(ChainReport {
            class: self.class,
            segments: segments.len(),
            from: first,
            to: self.next - 1,
            entries: self.entries,
            checkpoints: self.checkpoints,
            last_checkpoint: self.last_checkpoint,
            unsigned: self.unsigned,
            removed: std::mem::take(&mut self.removed),
            unclean_starts: std::mem::take(&mut self.unclean),
        })
    }

    fn find(&mut self, kind: &'static str, seq: u64, what: String) {
        let segment = Some(self.segment.clone()).filter(|name| !name.is_empty());
        let (class, after) = (self.class, self.last_checkpoint);
        self.findings.push(Finding { kind, class, seq, segment, what, after, before: None });
    }

    fn read(&mut self, segment: &Segment, is_open: bool) {
        let mut lines = match segment.lines() {
            Ok(lines) => lines,
            Err(error) => return self.find("damaged", segment.first, format!("it cannot be read: {error}")),
        };
        if segment.first > self.next {
            self.missing(segment.first);
        }
        let mut is_first = true;
        loop {
            match lines.next() {
                Ok(None) => return,
                Ok(Some(Text::Whole(text))) => match Line::parse(text) {
                    Some(line) => self.line(&line, is_first, segment.first),
                    None => self.unreadable("a line is none of a journal"),
                },
                Ok(Some(Text::Torn(_))) if is_open => return,
                Ok(Some(Text::Torn(_))) => self.unreadable("a line is not whole"),
                Ok(Some(Text::Unreadable(_))) => self.unreadable("a line is no text"),
                Err(error) => {
                    self.previous = None;
                    return self.find("damaged", self.next, format!("it cannot be read on: {error}"));
                }
            }
            is_first = false;
        }
    }

    fn unreadable(&mut self, what: &str) {
        self.find("damaged", self.next, what.to_owned());
        self.previous = None;
        self.next += 1;
        self.is_stopped = false;
    }

    fn missing(&mut self, until: u64) {
        let (from, to) = (self.next, until - 1);
        let what =
            if from == to { format!("line {from} is missing") } else { format!("lines {from} to {to} are missing") };
        self.find("missing", from, what);
        self.previous = None;
        self.next = until;
    }

    fn line(&mut self, line: &Line<'_>, is_first: bool, first: u64) {
        if line.seq > self.next {
            self.missing(line.seq);
        } else if line.seq < self.next {
            self.find("order", line.seq, format!("line {} stands behind line {}", line.seq, self.next - 1));
            self.previous = None;
        }
        self.next = self.next.max(line.seq + 1);
        if is_first && (line.kind != Kind::Head || line.seq != first) {
            self.find("damaged", line.seq, "the segment does not begin with its head".to_owned());
        }
        let before = self.previous.replace(line.hash.to_owned());
        let fits = before.as_ref().is_none_or(|before| line.follows(before));
        if !fits {
            self.find("edited", line.seq, format!("line {} or the one before was edited or exchanged", line.seq));
        }
        self.unsigned += 1;
        self.is_stopped = false;
        let before = before.filter(|_| fits);
        if line.kind == Kind::Entry {
            self.entries += 1;
        } else if let Some(before) = &before {
            self.seal(line, before);
        }
        self.compare(line, before.as_deref());
    }

    /// Whose signature a line bears.
    fn seal(&mut self, line: &Line<'_>, before: &str) {
        if self.trusted.iter().any(|key| line.is_signed_by(key, self.class, before)) {
            return self.signed(line, before);
        }
        // A stranger's key is told once, at the head that names it.
        let head = if line.kind == Kind::Head { line.read::<Head>() } else { None };
        if let Some(head) = head.filter(|head| line.is_signed_by(&head.key, self.class, before)) {
            if !is_trusted(&self.strangers, &head.key) {
                let what = format!("from here on key {} signs, which is not trusted", brief(&head.key));
                self.find("key", line.seq, what);
                self.strangers.push(head.key);
            }
        } else if !self.strangers.iter().any(|key| line.is_signed_by(key, self.class, before)) {
            let what = format!("the signature of line {} does not fit: lines before it were written anew", line.seq);
            self.find("signature", line.seq, what);
        } else if line.kind == Kind::Checkpoint {
            self.is_stopped = line.read().is_some_and(|checkpoint: Checkpoint| checkpoint.why == STOP);
        }
    }

    /// A line whose signature is good.
    fn signed(&mut self, line: &Line<'_>, before: &str) {
        match line.kind {
            Kind::Checkpoint => {
                let Some(checkpoint) = line.read::<Checkpoint>() else { return };
                self.checkpoints += 1;
                self.unsigned = 0;
                self.is_stopped = checkpoint.why == STOP;
                let mark = Mark { seq: line.seq, time: checkpoint.time };
                self.last_checkpoint = Some(mark);
                self.findings.iter_mut().for_each(|finding| _ = finding.before.get_or_insert(mark));
            }
            Kind::Head => {
                let Some(head) = line.read::<Head>() else { return };
                if head.class != self.class || head.previous != before {
                    self.find("order", line.seq, "the head is that of another segment".to_owned());
                }
                if !is_trusted(self.trusted, &head.key) {
                    let what = format!("from here on key {} signs, which is not trusted", brief(&head.key));
                    self.find("key", line.seq, what);
                }
            }
            Kind::Removed => self.removed.extend(line.read::<Removed>()),
            Kind::Started => {
                let started = line.read::<Started>().filter(|started| !started.clean);
                self.unclean.extend(started.map(|started| started.time));
            }
            Kind::Entry => {}
        }
    }

    /// Holds a line against what is said of it elsewhere.
    fn compare(&mut self, line: &Line<'_>, before: Option<&str>) {
        for wanted in self.wants.get(&line.seq).into_iter().flatten() {
            let is_same = match (wanted.is_hash, before) {
                (true, _) => line.hash == wanted.digest,
                (false, Some(before)) => line.digest(before) == wanted.digest,
                // What stands before it is found out already.
                (false, None) => continue,
            };
            if !is_same {
                let what = format!("line {} is not the one that {} names: all was written anew", line.seq, wanted.told);
                self.find("rewritten", line.seq, what);
            } else if !wanted.is_hash {
                self.seen.fit += 1;
            }
        }
    }

    /// Whether what is missing at the beginning was removed by retention.
    fn beginning(&mut self, first: u64, previous: Option<&str>) {
        self.segment.clear();
        let last = self.removed.iter().max_by_key(|removed| removed.span.to).cloned();
        let next = last.as_ref().map_or(1, |removed| removed.span.to + 1);
        // Nothing in front of it is vouched for.
        let before = self.last_checkpoint.take();
        if first > next {
            let what = format!("lines {next} to {} are missing, and no line says that they were removed", first - 1);
            self.find("missing", next, what);
        } else if first == next && last.is_some_and(|removed| Some(removed.hash.as_str()) != previous) {
            self.find("rewritten", first, "it does not follow the lines that were removed before it".to_owned());
        }
        self.last_checkpoint = before;
    }

    /// Lines that are named elsewhere and are not there.
    fn unmet(&mut self, first: u64) {
        for (seq, wanted) in self.wants {
            if *seq < first {
                self.seen.removed += wanted.iter().filter(|wanted| !wanted.is_hash).count();
            }
        }
        let last = self.wants.iter().next_back().filter(|(seq, _)| **seq >= self.next);
        if let Some((seq, wanted)) = last {
            let told = wanted.first().map_or("", |wanted| wanted.told.as_str());
            let what = format!("the end is cut off: line {seq} is not there, which {told} names");
            self.find("cut", self.next, what);
        }
    }
}
