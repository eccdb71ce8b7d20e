//! `minewall journal`: verify, show, key.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets};
use minewall_core::evidence::printable;
use serde_json::Value;

use super::verify::{self, ChainReport, Finding, Report};
use super::{key, moment, read};
use crate::output::{self, Format};
use crate::settings;

/// Bytes of a sentence that are shown.
const LONGEST: usize = 1024;

/// The exit code for "it is not as it was written", or for damaged places.
const WRONG: u8 = 1;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell whether the journal is as it was written
    ///
    /// Finds edits, deletions, other orders, cut ends and replaced segments, and dates each between the last good
    /// checkpoint before it and the first one behind it. Whoever has the key can write all of it anew: that is found with
    /// --against, which names a file of checkpoints that another machine has kept. Exit code 0: it is; 1: it is not; 2:
    /// error.
    #[command(
        after_help = "Examples:\n  minewall journal verify\n  minewall journal verify --against /var/log/minewall.json --key 3b6a27...\n  minewall journal verify --format json | jq .findings"
    )]
    Verify(Verify),
    /// Print the records, incidents and notices of the journal
    ///
    /// Times are RFC 3339, or a day, or so long ago (`7d`, `12h`, `30m`). Exit code 0: all was read; 1: a place is
    /// damaged, the rest is printed; 2: error.
    #[command(
        after_help = "Examples:\n  minewall journal show --since 7d\n  minewall journal show --since 2026-11-24 --until 2026-11-25 --format json | jq .event.reason"
    )]
    Show(Show),
    /// Print the public key that signs the journal
    ///
    /// Keep it elsewhere, for `minewall journal verify --key`.
    #[command(after_help = "Examples:\n  minewall journal key\n  minewall journal key --journal /srv/copy/journal")]
    Key(Key),
}

/// Which journal.
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// The journal's directory, instead of the configured one
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    /// The directory of the journal.
    ///
    /// # Errors
    /// None is named, with the remedy.
    pub(crate) fn directory(&self) -> Result<PathBuf> {
        if let Some(directory) = &self.journal {
            return Ok(directory.clone());
        }
        match settings::own(self.config.as_deref())?.journal.directory {
            none if none.is_empty() => {
                bail!("no journal is kept; set journal.directory, or name one with --journal DIR")
            }
            directory => Ok(PathBuf::from(directory)),
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    #[command(flatten)]
    place: Place,
    /// Checkpoints seen elsewhere: what a syslog server or a file sink wrote; several may be given
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// The public key it must be signed with, or a file of it; several may be given
    #[arg(long, value_name = "PUB")]
    key: Vec<String>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    place: Place,
    /// From then on
    #[arg(long, value_name = "TIME", value_parser = moment::since)]
    since: Option<i64>,
    /// Up to then
    #[arg(long, value_name = "TIME", value_parser = moment::since)]
    until: Option<i64>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Key {
    #[command(flatten)]
    place: Place,
}

impl Command {
    /// Does what was asked for.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        match self {
            Self::Verify(verify) => verify.perform(),
            Self::Show(show) => show.perform(),
            Self::Key(key) => key.perform(),
        }
    }
}

impl Verify {
    fn perform(self) -> Result<ExitCode> {
        let directory = self.place.directory()?;
        let parse = |text: &String| {
            key::parse(text).ok_or_else(|| anyhow!("{text:?} is no public key; `minewall journal key` prints it"))
        };
        let keys = self.key.iter().map(parse).collect::<Result<Vec<_>>>()?;
        let mut seen = Vec::new();
        for path in &self.against {
            seen.extend(verify::read_elsewhere(path).with_context(|| format!("cannot read {}", path.display()))?);
        }
        let seen = (!self.against.is_empty()).then_some(seen.as_slice());
        let report = verify::verify(&directory, &keys, seen)
            .with_context(|| format!("cannot read the journal in {}", directory.display()))?;
        output::write(&match self.format {
            Format::Json => serde_json::to_string(&report)? + "\n",
            Format::Table => for_people(&report, !self.key.is_empty()),
        })?;
        Ok(if report.sound { ExitCode::SUCCESS } else { ExitCode::from(WRONG) })
    }
}

fn for_people(report: &Report, is_pinned: bool) -> String {
    let mut table = table(&["", "segments", "lines", "entries", "checkpoints", "last checkpoint", "behind it"]);
    for chain in &report.chains {
        let last = chain.last_checkpoint.map_or_else(|| "-".to_owned(), |mark| format!("{:.0}", mark.time));
        table.add_row(vec![
            chain.class.as_str().to_owned(),
            chain.segments.to_string(),
            format!("{} to {}", chain.from, chain.to),
            chain.entries.to_string(),
            chain.checkpoints.to_string(),
            last,
            chain.unsigned.to_string(),
        ]);
    }
    let mut text = format!("{table}\n");
    report.chains.iter().for_each(|chain| notes(&mut text, chain));
    if let Some(writer) = report.writer {
        let _ = writeln!(text, "process {writer} writes it just now");
    }
    for public in &report.keys {
        let pinned =
            if is_pinned { "" } else { "; compare it with the one you kept elsewhere, or name that with --key" };
        let _ = writeln!(text, "signed by key {public}{pinned}");
    }
    match report.elsewhere {
        Some(seen) => {
            let _ = writeln!(
                text,
                "of the checkpoints seen elsewhere {} fit, {} are of lines since removed, {} of other journals",
                seen.fit, seen.removed, seen.strangers
            );
        }
        None => {
            text += "not held against checkpoints seen elsewhere (--against): whoever has the key could have written all of it anew\n"
        }
    }
    report.findings.iter().for_each(|finding| told(&mut text, finding));
    text += match report.findings.len() {
        0 => "the journal is as it was written\n",
        _ => "THE JOURNAL IS NOT AS IT WAS WRITTEN\n",
    };
    text
}

fn notes(text: &mut String, chain: &ChainReport) {
    for removed in &chain.removed {
        let (span, unit) = (removed.span, if removed.why == "age" { "days" } else { "bytes" });
        let _ = writeln!(
            text,
            "{}: lines {} to {} were removed at {:.0}: more than {} {unit} are not kept",
            chain.class.as_str(),
            span.from,
            span.to,
            removed.time,
            removed.limit
        );
    }
    for time in &chain.unclean_starts {
        let _ = writeln!(
            text,
            "{}: minewall began at {time:.0} although it had not been stopped in good order; what was not signed then may have been cut off",
            chain.class.as_str()
        );
    }
}

fn told(text: &mut String, finding: &Finding) {
    let place = finding.segment.as_ref().map(|segment| format!(" ({segment})")).unwrap_or_default();
    let _ = writeln!(text, "{}: {}: {}{place}", finding.class.as_str(), finding.kind, finding.what);
    let after = finding.after.map(|mark| format!("good up to line {}, {:.0}", mark.seq, mark.time));
    let before = finding.before.map(|mark| format!("good checkpoint behind it: line {}, {:.0}", mark.seq, mark.time));
    for mark in after.into_iter().chain(before) {
        let _ = writeln!(text, "  {mark}");
    }
}

impl Show {
    fn perform(self) -> Result<ExitCode> {
        let directory = self.place.directory()?;
        let (since, until) = (self.since.unwrap_or(i64::MIN), self.until.unwrap_or(i64::MAX));
        let entries = read(&directory, since, until)
            .with_context(|| format!("cannot read the journal in {}", directory.display()))?;
        let mut is_damaged = false;
        for entry in entries {
            match entry {
                Ok(entry) if self.format == Format::Json => output::write(&format!("{}\n", entry.value))?,
                Ok(entry) => output::write(&sentence(&entry.value))?,
                Err(damage) => {
                    is_damaged = true;
                    eprintln!("minewall: {damage}");
                }
            }
        }
        Ok(if is_damaged { ExitCode::from(WRONG) } else { ExitCode::SUCCESS })
    }
}

/// Time, kind, and the sentence for people.
fn sentence(value: &Value) -> String {
    let text = |pointer: &str| printable(value.pointer(pointer).and_then(Value::as_str).unwrap_or("-"), LONGEST);
    format!("{}  {:<17} {}\n", text("/@timestamp"), text("/event/action"), text("/event/reason"))
}

impl Key {
    fn perform(self) -> Result<ExitCode> {
        let path = self.place.directory()?.join(key::PUBLIC);
        output::write(&public(&path)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn public(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .context("the key is made when `minewall run` first keeps a journal there")
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}
