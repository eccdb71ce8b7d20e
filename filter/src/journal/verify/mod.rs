//! Whether the journal is as it was written: edits, deletions, other orders, cut ends, replaced segments.

mod against;
mod walk;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::line::{Class, Removed};
use super::{key, lock, segment};

pub(super) use against::{Elsewhere, read as read_elsewhere};
use walk::Walk;

/// A place and a time that are vouched for by a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mark {
    pub(super) seq: u64,
    pub(super) time: Timestamp,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// `edited`, `missing`, `order`, `damaged`, `signature`, `key`, `cut`, `rewritten`, `unfinished`.
    pub(super) kind: &'static str,
    pub(super) class: Class,
    pub(super) seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) segment: Option<String>,
    pub(super) what: String,
    /// The last checkpoint before it that is good: all in front of that is as it was written,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Mark>,
    /// and the first good one behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Mark>,
}

/// What stands in one chain.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChainReport {
    pub(super) class: Class,
    pub(super) segments: usize,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) entries: u64,
    pub(super) checkpoints: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_checkpoint: Option<Mark>,
    /// Lines behind the last checkpoint.
    pub(super) unsigned: u64,
    /// What retention has removed, as far as it is told.
    pub(super) removed: Vec<Removed>,
    /// When the writer began without having stopped in good order before.
    pub(super) unclean_starts: Vec<Timestamp>,
}

/// All that was found out.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) sound: bool,
    /// The process that writes just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) writer: Option<u32>,
    /// The public keys it was checked with.
    pub(super) keys: Vec<String>,
    pub(super) chains: Vec<ChainReport>,
    /// Checkpoints seen elsewhere: those that fit, those removed here by retention, those of other journals.
    pub(super) elsewhere: Option<Seen>,
    pub(super) findings: Vec<Finding>,
}

/// What became of the checkpoints seen elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Seen {
    pub(super) fit: usize,
    pub(super) removed: usize,
    pub(super) strangers: usize,
}

/// What some other place says about a line.
#[derive(Clone, Debug)]
struct Wanted {
    /// The hash of the line, or what was signed of it.
    digest: String,
    is_hash: bool,
    /// Who says so.
    told: String,
}

/// By line.
type Wants = [BTreeMap<u64, Vec<Wanted>>; 2];

/// Reads all of it twice: first for what each chain says of the other, then line by line.
///
/// # Errors
/// The directory cannot be read, or holds no journal.
pub(super) fn verify(directory: &Path, keys: &[String], elsewhere: Option<&[Elsewhere]>) -> io::Result<Report> {
    // Whoever writes goes on writing: what comes after this moment is not asked for.
    let writer = lock::holder(directory);
    let mut own = Vec::new();
    for class in Class::ALL {
        own.extend(segment::list(directory, class)?.first().and_then(segment::Segment::head));
    }
    if Class::ALL.iter().all(|class| segment::list(directory, *class).is_ok_and(|segments| segments.is_empty())) {
        let told = format!("{} holds no journal", directory.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    let observers: Vec<_> = own.iter().map(|head| head.observer.as_str()).collect();
    let mut trusted = keys.to_vec();
    let told = elsewhere.unwrap_or_default().iter();
    let (ours, strangers): (Vec<_>, Vec<_>) = told.partition(|seen| {
        observers.contains(&seen.observer.as_str())
            || own.iter().any(|head| head.key == seen.key)
            || keys.contains(&seen.key)
    });
    if trusted.is_empty() {
        trusted.extend(ours.iter().map(|seen| seen.key.clone()));
    }
    if trusted.is_empty() {
        trusted.extend(own.first().map(|head| head.key.clone()));
    }
    trusted.sort();
    trusted.dedup();
    let (mut findings, mut wants) = (Vec::new(), Wants::default());
    let mut seen = Seen { strangers: strangers.len(), ..Seen::default() };
    for told in &ours {
        match against::wanted(told, &trusted) {
            Ok(wanted) => wants[told.class.index()].entry(told.seq).or_default().push(wanted),
            Err(finding) => findings.push(*finding),
        }
    }
    if elsewhere.is_some() && ours.is_empty() {
        findings.push(against::none(strangers.len()));
    }
    walk::witnesses(directory, &trusted, &mut wants)?;
    let mut chains = Vec::new();
    for class in Class::ALL {
        let mut walk = Walk::new(class, &trusted, &wants[class.index()]);
        chains.push(walk.go(directory, writer.is_some())?);
        (seen.fit, seen.removed) = (seen.fit + walk.seen.fit, seen.removed + walk.seen.removed);
        findings.extend(walk.findings);
    }
    let sound = findings.is_empty();
    let elsewhere = elsewhere.map(|_| seen);
    Ok(Report { sound, writer, keys: trusted, chains, elsewhere, findings })
}

/// Whether one of these keys is that one.
fn is_trusted(trusted: &[String], public: &str) -> bool {
    trusted.iter().any(|key| key == public)
}

/// The key in a few digits.
fn brief(public: &str) -> &str {
    key::id(public)
}
