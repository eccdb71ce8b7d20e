//! `minewall lists report`: how much of a yardstick the lists find, and what they would wrongly refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use minewall_lists::{Answer, Lists, Scope};
use serde_json::{Value, json};

use crate::{output, settings};

/// The exit code of lists that find too little or too much.
const WANTING: u8 = 1;

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Names of pools that ought to be found: one a line, or a CSV file with a column `domain` and perhaps `apex`, the
    /// operator
    #[arg(long, value_name = "FILE")]
    yardstick: Option<PathBuf>,
    /// Only those rows of the yardstick
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    conditions: Vec<(String, String)>,
    /// Names that must not be listed, such as the most visited sites; as with the yardstick
    #[arg(long, value_name = "FILE")]
    benign: Option<PathBuf>,
    /// Percent of the yardstick's names that must be found
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    least: f64,
    /// How many names that were missed or wrongly listed are shown
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    show: usize,
    /// The configuration whose lists are asked; without it, this machine's, or the lists that come with minewall
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

fn condition(text: &str) -> Result<(String, String), String> {
    let (column, value) = text.split_once('=').ok_or("write COLUMN=VALUE, such as confidence=high")?;
    Ok((column.trim().to_owned(), value.trim().to_owned()))
}

/// One name of a file, with its operator if the file tells.
struct Row {
    name: String,
    operator: Option<String>,
}

/// What the lists find of the yardstick.
#[derive(Default)]
struct Recall {
    names: usize,
    exact: usize,
    found: usize,
    operators: BTreeSet<String>,
    operators_found: BTreeSet<String>,
    missed: Vec<String>,
    by_list: BTreeMap<String, usize>,
}

/// What the lists say of names that must not be listed.
#[derive(Default)]
struct Benign {
    names: usize,
    guarded: usize,
    hits: Vec<String>,
}

impl Report {
    /// Prints the report.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        if self.yardstick.is_none() && self.benign.is_none() {
            bail!("nothing to report on; name a file with --yardstick or --benign");
        }
        let config = settings::own(self.config.as_deref())?;
        let (lists, _) = settings::lists(&config.lists)?;
        let yardstick = self.yardstick.as_deref().map(|path| rows(path, &self.conditions)).transpose()?;
        let recall = yardstick.map(|rows| Recall::of(&lists, rows));
        let benign = self.benign.as_deref().map(|path| rows(path, &[])).transpose()?;
        let benign = benign.map(|rows| Benign::of(&lists, rows));
        let told = if self.json {
            json!({
                "recall": recall.as_ref().map(|recall| recall.json(self.show)),
                "benign": benign.as_ref().map(|benign| benign.json(self.show)),
            })
            .to_string()
                + "\n"
        } else {
            let words = recall.iter().map(|recall| recall.words(self.show));
            words.chain(benign.iter().map(|benign| benign.words(self.show))).collect()
        };
        output::write(&told)?;
        let enough = recall.is_none_or(|recall| recall.percent() >= self.least);
        let clean = benign.is_none_or(|benign| benign.hits.is_empty());
        Ok(if enough && clean { ExitCode::SUCCESS } else { ExitCode::from(WANTING) })
    }
}

/// The names of a file, each once.
fn rows(path: &Path, conditions: &[(String, String)]) -> Result<Vec<Row>> {
    let read = || -> Result<Vec<Row>> {
        let mut reader = csv::ReaderBuilder::new();
        reader.comment(Some(b'#')).flexible(true).has_headers(false).trim(csv::Trim::All);
        let mut records = reader.from_reader(File::open(path)?).into_records();
        let first = records.next().transpose()?.ok_or_else(|| anyhow!("it is empty"))?;
        let place = |column: &str| first.iter().position(|head| head.eq_ignore_ascii_case(column));
        let head = ["domain", "name", "host"].iter().find_map(|column| place(column));
        if head.is_none() && !conditions.is_empty() {
            bail!("--where needs a CSV file whose first line names the columns, `domain` among them");
        }
        let wanted = conditions.iter().map(|(column, value)| {
            let at = place(column).ok_or_else(|| anyhow!("it has no column {column:?}"))?;
            Ok((at, value.as_str()))
        });
        let wanted = wanted.collect::<Result<Vec<_>>>()?;
        let operator = place("apex").filter(|_| head.is_some());
        // A list of ranks, `1,example.org`, has the name behind the rank.
        let ranked =
            head.is_none() && first.len() > 1 && first.iter().next().is_some_and(|rank| rank.parse::<u64>().is_ok());
        let at = head.unwrap_or_else(|| usize::from(ranked));
        let again = head.is_none().then_some(Ok(first.clone()));
        let mut seen = BTreeSet::new();
        let mut rows = Vec::new();
        for record in again.into_iter().chain(records) {
            let record = record?;
            let name = record.get(at).unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
            let fits = wanted.iter().all(|(at, value)| record.get(*at) == Some(*value));
            if fits && !name.is_empty() && seen.insert(name.clone()) {
                let operator = operator.and_then(|at| record.get(at)).map(str::to_owned);
                rows.push(Row { name, operator });
            }
        }
        Ok(rows)
    };
    read().with_context(|| format!("cannot use {}", path.display()))
}

impl Recall {
    fn of(lists: &Lists, rows: Vec<Row>) -> Self {
        let mut recall = Self { names: rows.len(), ..Self::default() };
        for Row { name, operator } in rows {
            recall.operators.extend(operator.clone());
            let Some(hit) = lists.name(&name) else {
                recall.missed.push(name);
                continue;
            };
            recall.found += 1;
            recall.exact += usize::from(hit.entry == name || hit.scope == Scope::Exact);
            recall.operators_found.extend(operator);
            *recall.by_list.entry(hit.list.name.clone()).or_default() += 1;
        }
        recall
    }

    fn percent(&self) -> f64 {
        percent(self.found, self.names)
    }

    fn words(&self, show: usize) -> String {
        let mut text = format!(
            "names of the yardstick   {:>6}\nfound                    {:>6}  {}\n  by an entry of its own {:>6}  {}\n",
            self.names,
            self.found,
            Percent(self.found, self.names),
            self.exact,
            Percent(self.exact, self.names)
        );
        if !self.operators.is_empty() {
            let (found, all) = (self.operators_found.len(), self.operators.len());
            text += &format!(
                "operators                {all:>6}\nfound                    {found:>6}  {}\n",
                Percent(found, all)
            );
        }
        for (list, count) in &self.by_list {
            text += &format!("  by list {list:<14} {count:>6}\n");
        }
        text + &shown("missed", &self.missed, show)
    }

    fn json(&self, show: usize) -> Value {
        json!({
            "names": self.names,
            "found": self.found,
            "exact": self.exact,
            "percent": self.percent(),
            "operators": self.operators.len(),
            "operators_found": self.operators_found.len(),
            "by_list": self.by_list,
            "missed": self.missed.iter().take(show).collect::<Vec<_>>(),
        })
    }
}

impl Benign {
    fn of(lists: &Lists, rows: Vec<Row>) -> Self {
        let mut benign = Self { names: rows.len(), ..Self::default() };
        for Row { name, .. } in rows {
            match lists.look(&name) {
                Answer::Listed(hit) => {
                    benign
                        .hits
                        .push(format!("{name} ({}, entry {} of list {})", hit.category, hit.entry, hit.list.name));
                }
                Answer::Guarded { .. } => benign.guarded += 1,
                Answer::Allowed(_) | Answer::Unlisted => {}
            }
        }
        benign
    }

    fn words(&self, show: usize) -> String {
        let head = format!(
            "benign names             {:>6}\nwrongly listed           {:>6}  {}\nguarded                  {:>6}\n",
            self.names,
            self.hits.len(),
            Percent(self.hits.len(), self.names),
            self.guarded
        );
        head + &shown("wrongly listed", &self.hits, show)
    }

    fn json(&self, show: usize) -> Value {
        json!({
            "names": self.names,
            "hits": self.hits.len(),
            "guarded": self.guarded,
            "listed": self.hits.iter().take(show).collect::<Vec<_>>(),
        })
    }
}

fn shown(what: &str, names: &[String], show: usize) -> String {
    let mut text: String = names.iter().take(show).map(|name| format!("{what}: {name}\n")).collect();
    if names.len() > show && show > 0 {
        text += &format!("{what}: {} more (--show)\n", names.len() - show);
    }
    text
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// A share, in percent.
struct Percent(usize, usize);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5.1} %", percent(self.0, self.1))
    }
}
