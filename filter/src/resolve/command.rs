//! `minewall lists resolve`: what would be learned of listed names, and what not and why.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use minewall_core::config::Config;
use minewall_lists::Lists;
use serde_json::json;
use tokio::task::JoinSet;

use super::{Answer, Asker, Schedule, ScheduledName, Taught, Teacher};
use crate::{output, settings};

/// The exit code for "nothing would be learned".
const NOTHING: u8 = 1;

/// How often it is looked whether another name may be begun.
const TURN: Duration = Duration::from_millis(20);

#[derive(Debug, Args)]
pub(crate) struct Resolve {
    /// Names to ask for instead of all that are listed with ports
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
}

/// A row of the answer.
struct Row {
    name: String,
    taught: Option<Taught>,
    /// Why it is not taken; none: it would be.
    why: Option<String>,
}

impl Resolve {
    /// Asks, and says what it is told. Nothing is changed.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = settings::own(self.config.as_deref())?;
        let (lists, _) = settings::lists(&config.lists)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let rows = runtime.block_on(self.ask(&config, &lists))?;
        let taken = rows.iter().filter(|row| row.why.is_none()).count();
        output::write(&if self.json { as_json(&rows) } else { as_table(&rows, taken) })?;
        Ok(if taken > 0 { ExitCode::SUCCESS } else { ExitCode::from(NOTHING) })
    }

    async fn ask(&self, config: &Config, lists: &Lists) -> Result<Vec<Row>> {
        let asker = std::sync::Arc::new(Asker::new(&config.resolve)?);
        let teacher = Teacher { lists, inside: &config.inside, servers: asker.servers(), settings: &config.resolve };
        let mut rows = Vec::new();
        let mut schedule = Schedule::new(0, Instant::now());
        let named = self.names.iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        let (listed, others): (Vec<_>, Vec<_>) = named.partition(|name| !teacher.ports(name).is_empty());
        let why = |name: &str| Some(if lists.name(name).is_some() { NO_PORT } else { "it is not listed" }.to_owned());
        rows.extend(others.into_iter().map(|name| Row { why: why(&name), name, taught: None }));
        if self.names.is_empty() {
            let all = lists.endpoints(config.resolve.confidence.into()).map(|(name, _)| name);
            let all = all.filter(|name| !teacher.ports(name).is_empty());
            schedule.renew(Instant::now(), all.take(config.resolve.names), |_| None);
        } else {
            schedule.renew(Instant::now(), listed.iter().map(String::as_str), |_| None);
        }
        let (mut left, mut asks) = (schedule.len(), JoinSet::<(ScheduledName, Answer)>::new());
        while left > 0 {
            while let Some(name) = schedule.next(Instant::now(), &config.resolve) {
                let asker = std::sync::Arc::clone(&asker);
                asks.spawn(async move {
                    let answer = asker.ask(&name.name).await;
                    (name, answer)
                });
            }
            while let Some(Ok((name, answer))) = asks.try_join_next() {
                left -= 1;
                rows.extend(rows_of(&teacher, &name.name, answer));
                schedule.done();
            }
            tokio::time::sleep(TURN).await;
        }
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(rows)
    }
}

const NO_PORT: &str = "its rule is not sure enough, or gives no port of its own";

fn rows_of(teacher: &Teacher<'_>, name: &str, answer: Answer) -> Vec<Row> {
    let row = |taught, why| Row { name: name.to_owned(), taught, why };
    match answer {
        Ok(addresses) => {
            let judged = teacher.judge(name, &addresses).into_iter();
            judged.map(|taught| row(Some(taught.clone()), taught.refused.map(|refused| refused.why))).collect()
        }
        Err(error) => vec![row(None, Some(error.to_string()))],
    }
}

fn as_json(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let taught = row.taught.as_ref();
        let object = json!({
            "name": row.name,
            "port": taught.map(|taught| taught.port),
            "address": taught.map(|taught| taught.ip),
            "ttl": taught.map(|taught| taught.ttl),
            "taken": row.why.is_none(),
            "reason": row.why,
        });
        format!("{object}\n")
    };
    rows.iter().map(line).collect()
}

fn as_table(rows: &[Row], taken: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["name", "port", "address", "ttl", "taken"]);
    if std::io::stdout().is_terminal() {
        let size = rustix::termios::tcgetwinsize(std::io::stdout());
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if let Ok(size) = size
            && size.ws_col > 0
        {
            table.set_width(size.ws_col);
        }
    }
    for row in rows {
        let cell = |value: Option<String>| value.unwrap_or_default();
        let taught = row.taught.as_ref();
        table.add_row([
            row.name.clone(),
            cell(taught.map(|taught| taught.port.to_string())),
            cell(taught.map(|taught| taught.ip.to_string())),
            cell(taught.map(|taught| taught.ttl.to_string())),
            row.why.as_ref().map_or_else(|| "yes".to_owned(), |why| format!("no: {why}")),
        ]);
    }
    format!("{table}\n{taken} of {} would be taken\n", rows.len())
}
