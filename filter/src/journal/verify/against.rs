//! Checkpoints that were seen elsewhere: in the log of another machine, where whoever rules this one cannot reach.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::Value;

use super::super::key;
use super::super::line::{self, Class};
use super::super::write::CHECKPOINT;
use super::{Finding, Wanted, brief, is_trusted};

/// A checkpoint as a sink has told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Elsewhere {
    pub(super) time: Timestamp,
    pub(super) observer: String,
    pub(super) class: Class,
    pub(super) seq: u64,
    digest: String,
    signature: String,
    pub(super) key: String,
}

/// The checkpoints in a file: JSON, one object a line, whatever stands in front of it (the head of a syslog message).
/// Other lines are passed over. Compressed with gzip or not.
pub(in super::super) fn read(path: &Path) -> io::Result<Vec<Elsewhere>> {
    let mut file = BufReader::new(File::open(path)?);
    let is_packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let source: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut found = Vec::new();
    for line in BufReader::new(source).split(b'\n') {
        let line = line?;
        found.extend(parse(&String::from_utf8_lossy(&line)));
    }
    Ok(found)
}

fn parse(line: &str) -> Option<Elsewhere> {
    if !line.contains(CHECKPOINT) {
        return None;
    }
    let value: Value = serde_json::from_str(line.get(line.find('{')?..)?.trim_end()).ok()?;
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    if text("/event/action")? != CHECKPOINT {
        return None;
    }
    let class = text("/minewall/journal_class")?;
    Some(Elsewhere {
        time: text("/@timestamp")?.parse().ok()?,
        observer: text("/observer/name").unwrap_or_default().to_owned(),
        class: *Class::ALL.iter().find(|known| known.as_str() == class)?,
        seq: text("/minewall/journal_seq")?.parse().ok()?,
        digest: text("/minewall/journal_digest")?.to_owned(),
        signature: text("/minewall/journal_signature")?.to_owned(),
        key: text("/minewall/journal_key")?.to_owned(),
    })
}

/// What it says about a line here.
///
/// # Errors
/// It is not signed by a key that is trusted.
pub(super) fn wanted(seen: &Elsewhere, trusted: &[String]) -> Result<Wanted, Box<Finding>> {
    let told = format!("a checkpoint seen elsewhere, of {}", seen.time);
    let finding = |kind, what| {
        let (class, seq) = (seen.class, seen.seq);
        Box::new(Finding { kind, class, seq, segment: None, what, after: None, before: None })
    };
    if !is_trusted(trusted, &seen.key) {
        return Err(finding("key", format!("{told} is by key {}, which is not trusted", brief(&seen.key))));
    }
    let statement = line::statement(seen.class, seen.seq, &seen.digest);
    if !key::has_signed(&seen.key, &statement, &seen.signature) {
        return Err(finding("signature", format!("{told} bears a signature that does not fit")));
    }
    Ok(Wanted { digest: seen.digest.clone(), is_hash: false, told })
}

/// Nothing seen elsewhere is of this journal.
pub(super) fn none(strangers: usize) -> Finding {
    let what = match strangers {
        0 => "no checkpoint was found in what was seen elsewhere".to_owned(),
        count => format!("none of {count} checkpoints seen elsewhere is of this journal"),
    };
    Finding { kind: "key", class: Class::Records, seq: 0, segment: None, what, after: None, before: None }
}
