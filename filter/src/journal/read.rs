//! The journal as others read it: a stream of entries in the order of time, also while it is written.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use minewall_core::incident::Incident;
use serde_json::Value;

use super::line::{Class, Kind, Line};
use super::segment::{self, Lines, Segment};
use crate::tree;

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) class: Class,
    pub(crate) seq: u64,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) time_us: i64,
    /// The record, the incident or the notice, as sinks are given it.
    pub(crate) value: Value,
}

/// A place that could not be read; what follows is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The name of the segment.
    pub(crate) segment: String,
    /// The last line read before it.
    pub(crate) after: Option<u64>,
    pub(crate) what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.segment, self.what)?;
        self.after.map_or(Ok(()), |seq| write!(f, ", behind line {seq}"))
    }
}

/// The entries of both chains with times from `since_us` to `until_us`, both included. Whether they are as they were
/// written is for `journal verify` to say.
///
/// # Errors
/// The directory cannot be read.
pub(crate) fn read(directory: &Path, since_us: i64, until_us: i64) -> io::Result<Entries> {
    let mut streams = Vec::new();
    for class in Class::ALL {
        streams.push((Stream::new(directory, class, since_us, until_us)?, None));
    }
    Ok(Entries { streams })
}

/// As [`read`], of one chain.
///
/// # Errors
/// As there.
pub(crate) fn read_class(directory: &Path, class: Class, since_us: i64, until_us: i64) -> io::Result<Entries> {
    Ok(Entries { streams: vec![(Stream::new(directory, class, since_us, until_us)?, None)] })
}

/// As [`read_class`], the texts only: for who looks for little among much.
///
/// # Errors
/// As there.
pub(crate) fn texts(directory: &Path, class: Class, since_us: i64, until_us: i64) -> io::Result<Stream> {
    Stream::new(directory, class, since_us, until_us)
}

/// The incidents that were going on between the two times, each as it was told last, in the order of their beginning.
///
/// # Errors
/// As with [`read`]; what is damaged is passed over.
pub(crate) fn incidents(directory: &Path, since_us: i64, until_us: i64) -> io::Result<Vec<Incident>> {
    let mut last: HashMap<String, Incident> = HashMap::new();
    for entry in read_class(directory, Class::Incidents, since_us, i64::MAX)?.flatten() {
        let Some(told) = entry.value.pointer("/minewall/incident") else { continue };
        if let Ok(incident) = tree::of_json::<Incident>(told) {
            last.insert(incident.id.clone(), incident);
        }
    }
    let mut all: Vec<_> = last.into_values().collect();
    all.retain(|incident| incident.first_us <= until_us && incident.last_us >= since_us);
    all.sort_by(|one, other| (one.first_us, &one.id).cmp(&(other.first_us, &other.id)));
    Ok(all)
}

/// One chain, or both as one.
pub(crate) struct Entries {
    /// Each with what it gives next.
    streams: Vec<(Stream, Option<Result<Text, Damage>>)>,
}

impl Iterator for Entries {
    type Item = Result<Entry, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        for (stream, next) in &mut self.streams {
            if next.is_none() {
                *next = stream.next();
            }
        }
        // Damage first.
        let time = |next: &Result<Text, Damage>| next.as_ref().map_or(i64::MIN, |text| text.time_us);
        let first = self.streams.iter_mut().filter(|(_, next)| next.is_some());
        let (stream, next) = first.min_by_key(|(_, next)| next.as_ref().map(time))?;
        Some(next.take()?.and_then(|Text { class, seq, time_us, json }| match serde_json::from_str(&json) {
            Ok(value) => Ok(Entry { class, seq, time_us, value }),
            Err(_) => Err(Damage {
                segment: stream.segment.clone(),
                after: Some(seq),
                what: "an entry is no JSON".to_owned(),
            }),
        }))
    }
}

/// An entry as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) class: Class,
    pub(crate) seq: u64,
    pub(crate) time_us: i64,
    pub(crate) json: String,
}

/// One chain.
pub(crate) struct Stream {
    class: Class,
    segments: std::vec::IntoIter<Segment>,
    open: Option<Lines>,
    /// The name of the segment that is read.
    segment: String,
    since_us: i64,
    until_us: i64,
    last: Option<u64>,
}

impl Stream {
    fn new(directory: &Path, class: Class, since_us: i64, until_us: i64) -> io::Result<Self> {
        let mut segments = segment::list(directory, class)?;
        // The head of a segment says what the one before holds.
        let mut is_wanted = vec![true; segments.len()];
        for (wanted, next) in is_wanted.iter_mut().zip(segments.iter().skip(1)) {
            if since_us == i64::MIN && until_us == i64::MAX {
                break;
            }
            if let Some(span) = next.head().and_then(|head| head.before) {
                *wanted = span.since.as_microsecond() <= until_us && span.until.as_microsecond() >= since_us;
            }
        }
        let mut wanted = is_wanted.into_iter();
        segments.retain(|_| wanted.next().unwrap_or(true));
        Ok(Self {
            class,
            segments: segments.into_iter(),
            open: None,
            segment: String::new(),
            since_us,
            until_us,
            last: None,
        })
    }

    fn damage(&self, what: impl Into<String>) -> Damage {
        Damage { segment: self.segment.clone(), after: self.last, what: what.into() }
    }

    fn entry(&mut self, text: &str) -> Option<Result<Text, &'static str>> {
        let Some(line) = Line::parse(text) else { return Some(Err("a line is no line of a journal")) };
        self.last = Some(line.seq);
        if line.kind != Kind::Entry {
            return None;
        }
        let Some(time_us) = time_us(line.body) else { return Some(Err("an entry has no time")) };
        let is_wanted = (self.since_us..=self.until_us).contains(&time_us);
        is_wanted.then(|| Ok(Text { class: self.class, seq: line.seq, time_us, json: line.body.to_owned() }))
    }
}

impl Iterator for Stream {
    type Item = Result<Text, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(mut lines) = self.open.take() else {
                let segment = self.segments.next()?;
                self.segment = segment.name();
                match segment.lines() {
                    Ok(lines) => self.open = Some(lines),
                    Err(error) => return Some(Err(self.damage(error.to_string()))),
                }
                continue;
            };
            let read = match lines.next() {
                Ok(None) => continue,
                Ok(Some(segment::Text::Whole(text))) => self.entry(text),
                // The last line of the last segment may be in the making.
                Ok(Some(segment::Text::Torn(_))) if self.segments.as_slice().is_empty() => continue,
                Ok(Some(segment::Text::Torn(_))) => Some(Err("the last line is not whole")),
                Ok(Some(segment::Text::Unreadable(_))) => Some(Err("a line is no text")),
                Err(error) => return Some(Err(self.damage(error.to_string()))),
            };
            self.open = Some(lines);
            if let Some(read) = read {
                return Some(read.map_err(|what| self.damage(what)));
            }
        }
    }
}

/// The time of an entry, without reading all of it: the member that stands first.
pub(super) fn time_us(body: &str) -> Option<i64> {
    let text = match body.strip_prefix("{\"@timestamp\":\"") {
        Some(rest) => rest.split_once('"')?.0.to_owned(),
        None => serde_json::from_str::<Value>(body).ok()?.get("@timestamp")?.as_str()?.to_owned(),
    };
    text.parse::<Timestamp>().ok().map(|time| time.as_microsecond())
}
