//! `minewall lists search`: in which lists a word stands, and where.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use minewall_lists::{Entry, Format, ListMeta, Reader, Scope, Target};

use super::sources;
use crate::{output, settings};

/// The exit code for "nothing found".
const NOT_FOUND: u8 = 1;

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Parts of names or addresses; whole symbols of coins or families of malware
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Search {
    /// Prints a line for each entry in which one of the words stands.
    pub(crate) fn perform(&self) -> Result<ExitCode> {
        let config = settings::own(self.config.as_deref())?;
        let words: Vec<_> = self.words.iter().map(|word| plain(word)).collect();
        let mut found = false;
        for source in sources::all(&config.lists)? {
            let mut lines = String::new();
            source.read(&mut |entry, line| {
                if let Ok(entry) = entry
                    && words.iter().any(|word| stands_in(word, &entry))
                {
                    lines.push_str(&describe(&source.meta, &entry, line));
                }
            })?;
            if !lines.is_empty() {
                found = true;
                output::write(&lines)?;
            }
        }
        Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(NOT_FOUND) })
    }
}

/// A word in the letters of the lists: lower case; a name in another script as it is asked for.
fn plain(word: &str) -> String {
    let mut ascii = None;
    if !word.is_ascii() {
        let mut reader = Reader::new(Format::Plain);
        let mut out = |entry: Result<Entry<'_>, _>, _| {
            if let Ok(Entry { target: Target::Name(name), .. }) = entry {
                ascii = Some(name.to_ascii_lowercase());
            }
        };
        let _ = reader.push(word.as_bytes(), &mut out).and_then(|()| reader.end(&mut out));
    }
    ascii.unwrap_or_else(|| word.to_lowercase())
}

fn stands_in(word: &str, entry: &Entry<'_>) -> bool {
    let target = match entry.target {
        Target::Name(name) => name.to_ascii_lowercase(),
        Target::Address(address) => address.to_string(),
        Target::Prefix(prefix) => prefix.to_string(),
    };
    let is_word = |text: &str| text.split(',').any(|part| part.eq_ignore_ascii_case(word));
    target.contains(word) || is_word(entry.coins) || is_word(entry.kind)
}

/// `pools, pool, line 12: xmr.example.org and below, ports 3333, coins XMR, 2026-08-16`.
fn describe(list: &ListMeta, entry: &Entry<'_>, line: usize) -> String {
    let target = match entry.target {
        Target::Name(name) if entry.scope == Scope::Suffix => format!("{name} and below"),
        Target::Name(name) => name.to_owned(),
        Target::Address(address) => address.to_string(),
        Target::Prefix(prefix) => prefix.to_string(),
    };
    let mut text = format!("{}, {}, line {line}: {target}", list.name, list.category);
    if entry.except {
        text.push_str(" is excepted");
    }
    if !entry.ports.is_empty() {
        let ports: Vec<_> = entry.ports.iter().map(u16::to_string).collect();
        text.push_str(&format!(", ports {}", ports.join(" ")));
    }
    for (before, value) in [("", entry.kind), ("coins ", entry.coins)] {
        if !value.is_empty() {
            text.push_str(&format!(", {before}{value}"));
        }
    }
    let date = if entry.date.is_empty() { &list.date } else { entry.date };
    if !date.is_empty() {
        text.push_str(&format!(", {date}"));
    }
    text + "\n"
}
