//! Incidents out of what was written down: lines of JSON in files, or a journal.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use flate2::read::MultiGzDecoder;
use minewall_core::incident::Incident;
use serde_json::Value;

use crate::{settings, tree};

/// Octets of one line; what is longer is no line of ours.
const LINE_BYTES: usize = 1 << 20;
/// Incidents kept at the most: about 1 GB where each holds all it can.
const INCIDENTS: usize = 100_000;
/// Every line of ours holds this word.
const OURS: &[u8] = b"\"minewall\"";
/// And every one that tells an incident this.
const INCIDENT: &[u8] = b"incident";

/// Where incidents and records are read from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Source {
    /// A file of JSON lines, as a file sink or a syslog server writes it (gzip if named *.gz; - for standard input);
    /// may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "journal")]
    pub(crate) from: Vec<PathBuf>,
    /// A directory with a journal; without it and --from, that of the configuration
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What became of the lines that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Lines of minewall.
    pub(crate) lines: u64,
    /// Lines of minewall that cannot be read: torn, cut or changed.
    pub(crate) bad: u64,
    /// The first of these: file and line.
    pub(crate) first_bad: Option<String>,
    /// Incidents left out because there are more than are kept.
    pub(crate) left_out: u64,
}

impl fmt::Display for Told {
    /// What is to be said of it; nothing if all is well.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = &self.first_bad {
            write!(f, "{} of {} lines could not be read, the first at {first}", self.bad, self.lines)?;
        }
        if self.left_out > 0 {
            let and = if self.bad > 0 { "; " } else { "" };
            write!(f, "{and}{} incidents beyond {INCIDENTS} were left out: ask for less with --from", self.left_out)?;
        }
        Ok(())
    }
}

impl Told {
    /// Says on standard error what is not as it should be.
    pub(crate) fn warn(&self) {
        let told = self.to_string();
        if !told.is_empty() {
            eprintln!("minewall: {told}");
        }
    }

    fn bad(&mut self, place: &dyn fmt::Display) {
        self.bad += 1;
        self.first_bad.get_or_insert_with(|| place.to_string());
    }
}

/// Of each incident the last line, for that is the whole of it.
#[derive(Debug, Default)]
struct Last {
    at: HashMap<String, usize>,
    incidents: Vec<Incident>,
    left_out: HashSet<String>,
}

impl Last {
    fn take(&mut self, incident: Incident) {
        if let Some(known) = self.at.get(&incident.id).and_then(|at| self.incidents.get_mut(*at)) {
            if incident.time_us >= known.time_us {
                *known = incident;
            }
        } else if self.incidents.len() < INCIDENTS {
            self.at.insert(incident.id.clone(), self.incidents.len());
            self.incidents.push(incident);
        } else if self.left_out.len() < INCIDENTS {
            self.left_out.insert(incident.id);
        }
    }
}

impl Source {
    /// Every incident, the oldest first, and what became of the lines. Says nothing itself.
    ///
    /// # Errors
    /// Nothing is named to read from, or it cannot be read.
    pub(crate) fn incidents(&self) -> Result<(Vec<Incident>, Told)> {
        let mut last = Last::default();
        let mut told = self.each(INCIDENT, &mut |value| {
            let Some(incident) = incident(value) else { return true };
            incident.map(|incident| last.take(incident)).is_ok()
        })?;
        told.left_out = last.left_out.len() as u64;
        let mut incidents = last.incidents;
        incidents.sort_by(|a, b| (a.first_us, &a.id).cmp(&(b.first_us, &b.id)));
        Ok((incidents, told))
    }

    /// The records with these ids, in the order of the ids; those that are not there are left out.
    ///
    /// # Errors
    /// As with [`Self::incidents`].
    pub(crate) fn records(&self, ids: &[String]) -> Result<Vec<Value>> {
        let mut found: Vec<Option<Value>> = vec![None; ids.len()];
        self.each(OURS, &mut |value| {
            let line = line(value);
            let id = line.and_then(|line| line.pointer("/event/id")?.as_str());
            let at = id.and_then(|id| ids.iter().position(|known| known == id));
            if let Some(place) = at.and_then(|at| found.get_mut(at)) {
                *place = line.cloned();
            }
            true
        })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Gives every line of minewall that holds the word, one after the other; a line `take` answers `false` to is
    /// counted as bad.
    ///
    /// # Errors
    /// As with [`Self::incidents`].
    pub(crate) fn each(&self, word: &[u8], take: &mut dyn FnMut(&Value) -> bool) -> Result<Told> {
        let mut told = Told::default();
        for path in self.files()? {
            let reading = || format!("cannot read {}", path.display());
            let mut reader = open(&path).with_context(reading)?;
            lines(&mut *reader, &path, word, take, &mut told).with_context(reading)?;
        }
        Ok(told)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        if !self.from.is_empty() {
            return Ok(self.from.clone());
        }
        let directory = match &self.journal {
            Some(directory) => directory.clone(),
            None => PathBuf::from(settings::own(self.config.as_deref())?.journal.directory),
        };
        ensure!(
            !directory.as_os_str().is_empty(),
            "there is no journal to read from (journal.directory): name one with --journal DIR, or files with --from FILE"
        );
        let entries = fs::read_dir(&directory);
        let entries = entries.with_context(|| format!("cannot read the journal {}", directory.display()))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
        let mut files: Vec<_> = paths.into_iter().filter(|path| is_segment(path)).collect();
        ensure!(
            !files.is_empty(),
            "there is no journal in {}: name its directory with --journal DIR, or files with --from FILE",
            directory.display()
        );
        files.sort();
        Ok(files)
    }
}

fn is_segment(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    // The segment of a journal may be packed between two looks.
    let packed = PathBuf::from(format!("{}.gz", path.display()));
    let path = if !path.exists() && packed.exists() { &packed } else { path };
    let file = File::open(path)?;
    Ok(match path.extension().is_some_and(|ending| ending == "gz") {
        true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        false => Box::new(BufReader::new(file)),
    })
}

/// Reads line by line; lines of others are passed over.
fn lines(
    reader: &mut dyn BufRead,
    path: &Path,
    word: &[u8],
    take: &mut dyn FnMut(&Value) -> bool,
    told: &mut Told,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        if reader.take(LINE_BYTES as u64).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let is_whole = line.ends_with(b"\n") || line.len() < LINE_BYTES;
        number += 1;
        if !is_whole {
            reader.skip_until(b'\n')?;
        }
        if !has(&line, OURS) {
            continue;
        }
        told.lines += 1;
        if !has(&line, word) {
            continue;
        }
        let value = if is_whole { json(&line) } else { None };
        if !value.is_some_and(|value| take(&value)) {
            told.bad(&format_args!("{}:{number}", path.display()));
        }
    }
}

fn has(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}

/// The JSON of a line: what a syslog server wrote before it is left away.
fn json(line: &[u8]) -> Option<Value> {
    let at = line.iter().position(|byte| *byte == b'{')?;
    serde_json::from_slice(line.get(at..)?).ok()
}

/// The line minewall told: the value itself, or a member of it, as in a journal.
fn line(value: &Value) -> Option<&Value> {
    let is_ours = |value: &&Value| value.get("minewall").is_some_and(Value::is_object);
    Some(value).filter(is_ours).or_else(|| value.as_object()?.values().find(is_ours))
}

/// The incident of a line, if it tells one.
fn incident(value: &Value) -> Option<Result<Incident, tree::Wrong>> {
    Some(tree::of_json(line(value)?.pointer("/minewall/incident")?))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use minewall_core::incident::State;

    use super::*;
    use crate::report::sample;

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("minewall-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, bytes).unwrap();
            path
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn told(id: &str, state: State, attempts: u64) -> String {
        let incident = sample::incident(id);
        let time_us = incident.time_us + i64::try_from(attempts).unwrap();
        Incident { state, attempts, time_us, ..incident }.to_json() + "\n"
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        to.write_all(text.as_bytes()).unwrap();
        to.finish().unwrap()
    }

    fn found(source: &Source) -> (Vec<(String, u64)>, Told) {
        let (incidents, told) = source.incidents().unwrap();
        (incidents.into_iter().map(|incident| (incident.id, incident.attempts)).collect(), told)
    }

    #[test]
    fn of_each_incident_the_last_line_is_read_whatever_the_order_of_files() {
        let directory = Directory::new("last-line");
        let old = directory.write("old.gz", &gzip(&(told("a", State::Opened, 1) + &told("b", State::Opened, 1))));
        let new = directory.write("new", (told("a", State::Active, 2) + &told("a", State::Ended, 3)).as_bytes());
        for from in [vec![old.clone(), new.clone()], vec![new, old]] {
            let (incidents, told) = found(&Source { from, ..Source::default() });
            assert_eq!(incidents, [("a".to_owned(), 3), ("b".to_owned(), 1)]);
            assert_eq!(told, Told { lines: 4, ..Told::default() });
            assert_eq!(told.to_string(), "");
        }
    }

    #[test]
    fn lines_of_a_syslog_server_and_of_a_journal_are_read_and_those_of_others_passed_over() {
        let directory = Directory::new("wrapped");
        let a = format!("Nov 24 10:00:00 gw1 minewall[17]: {}", told("a", State::Opened, 1));
        let b = told("b", State::Opened, 1);
        let b = format!("{{\"seq\":7,\"line\":{},\"hash\":\"00\"}}\n", b.trim_end());
        let others = "Nov 24 10:00:01 gw1 sshd[3]: {\"not\": ours\nnothing\n\n";
        let path = directory.write("journal-1.jsonl", (a + others + &b).as_bytes());
        directory.write("key.pub", b"minewall");
        let (incidents, told) = found(&Source { from: vec![path], ..Source::default() });
        assert_eq!(incidents, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
        assert_eq!((told.lines, told.bad), (2, 0));
        let journal = Source { journal: Some(directory.0.clone()), ..Source::default() };
        assert_eq!(found(&journal).0.len(), 2);
    }

    #[test]
    fn bad_lines_are_counted_and_the_first_is_named() {
        let directory = Directory::new("bad-lines");
        let line = told("a", State::Opened, 1);
        let torn = line.get(..line.len() / 2).unwrap();
        let long = format!("{{\"minewall\":\"incident{}\"}}\n", "x".repeat(LINE_BYTES));
        let wrong = line.replace("\"attempts\":1", "\"attempts\":\"one\"");
        let path =
            directory.write("f", (line.clone() + &long + &wrong + &told("b", State::Opened, 1) + torn).as_bytes());
        let (incidents, told) = found(&Source { from: vec![path.clone()], ..Source::default() });
        assert_eq!(incidents.len(), 2);
        assert_eq!((told.lines, told.bad), (5, 3));
        let words = format!("3 of 5 lines could not be read, the first at {}:2", path.display());
        assert_eq!(told.to_string(), words);
    }

    #[test]
    fn records_are_found_by_their_ids() {
        let directory = Directory::new("records");
        let record = |id: &str| format!("{{\"event\":{{\"id\":\"{id}\"}},\"minewall\":{{\"layer\":\"dns\"}}}}\n");
        let path = directory.write("f", (record("r1") + &record("r2") + &record("r3")).as_bytes());
        let source = Source { from: vec![path], ..Source::default() };
        let ids = ["r3", "gone", "r1"].map(str::to_owned);
        let records = source.records(&ids).unwrap();
        let ids: Vec<_> = records.iter().map(|record| record["event"]["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["r3", "r1"]);
    }

    #[test]
    fn what_is_not_there_is_told_with_the_remedy() {
        let directory = Directory::new("no-journal");
        let missing = directory.0.join("missing");
        for (source, words) in [
            (Source { from: vec![missing.clone()], ..Source::default() }, ["cannot read", "missing"]),
            (Source { journal: Some(missing), ..Source::default() }, ["cannot read the journal", "missing"]),
            (Source { journal: Some(directory.0.clone()), ..Source::default() }, ["no journal", "--from"]),
        ] {
            let error = format!("{:#}", source.incidents().unwrap_err());
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }
}
