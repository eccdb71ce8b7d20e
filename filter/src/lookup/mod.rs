//! `minewall lookup`: which host inside had a public address and port at a time.
//!
//! | module | what |
//! |---|---|
//! | `index` | who was seen behind which public address, by the journal |
//! | `nat_log` | the same by the log of another device |
//! | `rank` | the answers to one question, the surest first |
//! | `list` | many questions at once, from CSV to CSV |

mod index;
mod list;
pub(crate) mod nat_log;
mod rank;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use jiff::tz::Offset;
use minewall_core::evidence::printable;
use serde_json::json;

use crate::journal::{self, Place};
use crate::output::{self, Format};
use index::Index;
use rank::Answer;

/// The exit code for "nobody was found", or not to each question.
const NOBODY: u8 = 1;
const SECOND_US: i64 = 1_000_000;

#[derive(Args, Debug)]
pub(crate) struct Lookup {
    /// The public address, with the port if it is known
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = public, required_unless_present = "list", requires = "at")]
    public: Option<Public>,
    /// When it was seen
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How far that clock and ours may differ, and how long a host is remembered: `90s`, `5m`, `2h`
    #[arg(long, value_name = "SPAN", default_value = "5m", value_parser = span)]
    within: i64,
    /// The far end, if it is known: an address with or without port, or a name
    #[arg(long, value_name = "FAR")]
    far: Option<String>,
    /// The offset from UTC of times that do not say
    #[arg(long, value_name = "OFFSET", default_value = "Z", value_parser = journal::offset, allow_hyphen_values = true)]
    offset: Offset,
    /// Many questions: a CSV file of `address,port,time` (the port may be empty); the answers are CSV too
    #[arg(long, value_name = "FILE", conflicts_with_all = ["public", "at", "far"])]
    list: Option<PathBuf>,
    /// The NAT log of another device: lines of `conntrack -E -o timestamp`, or CSV of
    /// `time,proto,inside,iport,public,pport,far,fport`; several may be given
    #[arg(long, value_name = "FILE")]
    nat_log: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// A public address, with or without a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Public {
    ip: IpAddr,
    port: Option<u16>,
}

/// What is asked.
#[derive(Clone, Debug)]
struct Question {
    public: Public,
    at_us: i64,
    within_us: i64,
    far: Option<String>,
}

fn public(text: &str) -> Result<Public, String> {
    if let Ok(ip) = text.trim_matches(['[', ']']).parse() {
        return Ok(Public { ip, port: None });
    }
    let address: SocketAddr = text.parse().map_err(|_| {
        format!("{text:?} is no address; write it like 203.0.113.5, 203.0.113.5:40000, [2001:db8::5]:40000")
    })?;
    Ok(Public { ip: address.ip(), port: Some(address.port()) })
}

fn span(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no span of time up to 31 days; write it like 90s, 5m or 2h");
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let count: i64 = digits.parse().map_err(|_| wrong())?;
    let seconds = count.checked_mul(seconds).filter(|seconds| (0..=31 * 86_400).contains(seconds)).ok_or_else(wrong)?;
    Ok(seconds * SECOND_US)
}

impl Lookup {
    /// Answers.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        if let Some(path) = &self.list {
            let (answered, asked) = list::answer(&self, path)?;
            eprintln!("minewall: {answered} of {asked} were found");
            return Ok(if answered == asked { ExitCode::SUCCESS } else { ExitCode::from(NOBODY) });
        }
        let public = self.public.context("name an address with --public, or many with --list")?;
        let at = self.at.as_deref().context("name the time with --at")?;
        let at_us = journal::at(at, self.offset).map_err(|wrong| anyhow!("--at: {wrong}"))?;
        let question = Question { public, at_us, within_us: self.within, far: self.far.clone() };
        let index = self.index(std::slice::from_ref(&question))?;
        let answers = rank::answers(&index, &question);
        output::write(&match self.format {
            Format::Json => answers.iter().map(|answer| as_json(&question, answer)).collect(),
            Format::Table => as_table(&question, &answers),
        })?;
        Ok(if answers.is_empty() { ExitCode::from(NOBODY) } else { ExitCode::SUCCESS })
    }

    /// All that is known about the addresses asked for, around the times asked for.
    fn index(&self, questions: &[Question]) -> Result<Index> {
        let addresses: HashSet<_> = questions.iter().map(|question| question.public.ip).collect();
        let since = questions.iter().map(|question| question.at_us - question.within_us).min().unwrap_or_default();
        let until = questions.iter().map(|question| question.at_us + question.within_us).max().unwrap_or_default();
        let mut index = Index::new(addresses);
        for path in &self.nat_log {
            nat_log::read(path, &mut index, self.offset).with_context(|| format!("in {}", path.display()))?;
        }
        // Another device's log is enough by itself.
        match self.place.directory() {
            Ok(directory) => read(&mut index, &directory, since, until)?,
            Err(error) if self.nat_log.is_empty() => return Err(error),
            Err(_) => {}
        }
        index.sort();
        Ok(index)
    }
}

fn read(index: &mut Index, directory: &Path, since_us: i64, until_us: i64) -> Result<()> {
    let damaged = index
        .read(directory, since_us, until_us)
        .with_context(|| format!("cannot read the journal in {}", directory.display()))?;
    damaged.iter().for_each(|damage| eprintln!("minewall: {damage}"));
    Ok(())
}

fn time(us: i64) -> String {
    Timestamp::from_microsecond(us).map(|time| format!("{time:.3}")).unwrap_or_default()
}

fn as_json(question: &Question, answer: &Answer<'_>) -> String {
    let (seen, host) = (answer.seen, &answer.seen.host);
    let value = json!({
        "public": { "ip": question.public.ip, "port": question.public.port },
        "at": time(question.at_us),
        "rank": answer.rank,
        "certainty": answer.certainty.as_str(),
        "why": answer.why,
        "inside": { "ip": host.ip, "port": seen.inside_port, "mac": host.mac },
        "who": host.who,
        "seen": { "since": time(seen.since_us), "until": time(seen.until_us), "port": seen.public_port },
        "far": &*seen.far,
        "source": seen.source.as_str(),
        "record": seen.record,
        "incident": answer.incident,
    });
    format!("{value}\n")
}

/// Text of a journal that may have come from elsewhere, safe on a terminal.
fn shown(text: &str) -> String {
    printable(text, usize::MAX)
}

fn as_table(question: &Question, answers: &[Answer<'_>]) -> String {
    if answers.is_empty() {
        let public = question.public;
        let port = public.port.map(|port| format!(" port {port}")).unwrap_or_default();
        return format!(
            "nobody was seen behind {}{port} around {}; try a longer --within, or the --nat-log of the device that translates\n",
            public.ip,
            time(question.at_us)
        );
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", "host", "MAC", "who", "why", "incident"]);
    for answer in answers {
        let host = &answer.seen.host;
        table.add_row([
            format!("{} {}", answer.rank, answer.certainty.as_str()),
            shown(&host.ip),
            shown(host.mac.as_deref().unwrap_or_default()),
            shown(&host.for_people()),
            shown(&answer.why),
            shown(answer.incident.unwrap_or_default()),
        ]);
    }
    format!("{table}\n")
}
