//! `minewall lists status`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use comfy_table::{ContentArrangement, presets};
use minewall_core::config::{Config, Feed};
use minewall_core::evidence::printable;
use serde::Serialize;

use super::ATTENTION;
use crate::incidents::figures::ago_s;
use crate::update::{self, Attempts, Generation, Scratch, Store};
use crate::{output, settings};

/// Seconds after which a feed that was not looked at is old.
const OLD: i64 = 7 * 24 * 3600;

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = settings::CONFIG)]
    config: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// All that is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Shown<'a> {
    generation: Option<u64>,
    former_generation: Option<u64>,
    /// What is wrong with what is kept.
    pub(crate) problems: Vec<String>,
    pub(crate) feeds: Vec<Row<'a>>,
}

/// What is shown of one feed; times in seconds since 1970.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    category: &'static str,
    url: &'a str,
    pub(crate) entries: Option<usize>,
    rejected: Option<usize>,
    /// When its text came.
    fetched: Option<i64>,
    /// When it was last known to be current.
    checked: Option<i64>,
    /// Seconds since.
    pub(crate) age: Option<i64>,
    /// Of a signed feed: the version of its manifest, and how long that holds.
    version: Option<u64>,
    pub(crate) valid_until: Option<i64>,
    /// Whether that is past.
    pub(crate) expired: bool,
    /// Whether it is older than it should be, its manifest is past its time, or it is not there.
    pub(crate) alarm: bool,
    pub(crate) error: Option<String>,
    pub(crate) failures: u32,
    next_try: Option<i64>,
}

impl Status {
    /// Shows it.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = settings::read(&self.config)?;
        let shown = look(&config);
        if self.json {
            output::write(&format!("{}\n", serde_json::to_string(&shown)?))?;
        } else {
            output::write(&table(&config, &shown))?;
        }
        let attention = !shown.problems.is_empty() || shown.feeds.iter().any(|row| row.alarm);
        Ok(if attention { ExitCode::from(ATTENTION) } else { ExitCode::SUCCESS })
    }
}

/// What is kept of the feeds.
pub(crate) fn look(config: &Config) -> Shown<'_> {
    let store = Store::new(&config.lists.update.directory);
    let mut problems = Vec::new();
    let generation = store.current(&mut |wrong| problems.push(format!("{wrong:#}")));
    let attempts = Attempts::read(&Scratch::directory(config));
    let feeds = config.lists.feed.iter().map(|feed| row(feed, generation.as_ref(), &attempts)).collect();
    let state = generation.as_ref().map(|generation| &generation.state);
    Shown {
        generation: state.map(|state| state.generation),
        former_generation: state.and_then(|state| state.before),
        problems,
        feeds,
    }
}

fn row<'a>(feed: &'a Feed, generation: Option<&Generation>, attempts: &Attempts) -> Row<'a> {
    let now = update::now();
    let kept = generation.and_then(|generation| generation.state.feeds.get(&feed.name));
    let attempt = attempts.0.get(&feed.name).cloned().unwrap_or_default();
    let checked = kept.map(|kept| attempt.checked.unwrap_or_default().max(kept.fetched));
    let signed = kept.and_then(|kept| kept.signed.as_ref());
    let valid_until = signed.map(|signed| signed.last.valid_until.as_second());
    let expired = valid_until.is_some_and(|until| until < now);
    let age = checked.map(|checked| now.saturating_sub(checked).max(0));
    Row {
        name: &feed.name,
        category: feed.category.as_str(),
        url: &feed.url,
        entries: kept.map(|kept| kept.entries),
        rejected: kept.map(|kept| kept.rejected),
        fetched: kept.map(|kept| kept.fetched),
        checked,
        age,
        version: signed.map(|signed| signed.last.version),
        valid_until,
        expired,
        alarm: age.is_none_or(|age| age > OLD) || expired,
        next_try: attempt.waits_until(now),
        failures: attempt.failures,
        error: attempt.error,
    }
}

/// For people, as wide as the terminal.
fn table(config: &Config, shown: &Shown<'_>) -> String {
    let mut text = shown.problems.iter().fold(String::new(), |text, problem| text + problem + "\n");
    if shown.feeds.is_empty() {
        return text + "no feed is configured ([[lists.feed]])\n";
    }
    let mut table = comfy_table::Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["feed", "category", "entries", "rejected", "checked", "fetched", "what went wrong"]);
    let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    for row in &shown.feeds {
        let age = row.age.map_or_else(|| "never".to_owned(), ago_s);
        let age = if row.age.is_none_or(|age| age > OLD) { format!("{age} (!)") } else { age };
        let next = row.next_try.map(|next| format!("; next try {}", update::time(next))).unwrap_or_default();
        let wrong = row.error.as_ref().map(|error| printable(error, usize::MAX) + &next).unwrap_or_default();
        let mut fetched = row.fetched.map_or_else(|| "-".to_owned(), update::date);
        if let (Some(version), Some(until)) = (row.version, row.valid_until) {
            let past = if row.expired { " (!)" } else { "" };
            fetched += &format!(", version {version} until {}{past}", update::date(until));
        }
        let category = row.category.to_owned();
        table.add_row([row.name.to_owned(), category, number(row.entries), number(row.rejected), age, fetched, wrong]);
    }
    text += &format!("{table}\n");
    text += &match (shown.generation, shown.former_generation) {
        (None, _) => "nothing has been fetched yet: minewall lists update\n".to_owned(),
        (Some(number), None) => format!("generation {number} in {}\n", config.lists.update.directory),
        (Some(number), Some(former)) => {
            format!(
                "generation {number} in {}; {former} is kept for `minewall lists rollback`\n",
                config.lists.update.directory
            )
        }
    };
    text
}
