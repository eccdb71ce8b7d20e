//! Records as a table for people.

use comfy_table::{Cell, ContentArrangement, Table, presets};
use minewall_core::evidence::Record;

/// The columns of one record.
pub(super) fn row(record: &Record) -> [String; 7] {
    let finding = &record.finding;
    let far = match (&record.question, &record.destination_domain) {
        (Some(question), _) => format!("asks for {} {}", clip(&question.name), question.kind),
        (None, Some(name)) => format!("{}:{}", clip(name), record.destination.port),
        (None, None) => record.destination.to_string(),
    };
    let said = &finding.said;
    [
        time(record.time_us),
        record.source.ip.to_string(),
        far,
        finding.layer.as_str().to_owned(),
        finding.dialect.unwrap_or_else(|| finding.subject.as_str()).to_owned(),
        said.coin.clone().unwrap_or_default(),
        [&said.wallet, &said.worker, &said.agent]
            .into_iter()
            .flatten()
            .map(|word| clip(word))
            .collect::<Vec<_>>()
            .join("\n"),
    ]
}

/// The table, as wide as the terminal.
pub(super) fn render(rows: Vec<[String; 7]>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header([
        "time (UTC)",
        "host inside",
        "far end",
        "layer",
        "heard",
        "coin",
        "wallet, worker, agent",
    ]);
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new));
    }
    table
}

fn time(time_us: i64) -> String {
    jiff::Timestamp::from_microsecond(time_us).map(|time| time.strftime("%F %T").to_string()).unwrap_or_default()
}

/// Printable, and short enough for a column.
fn clip(word: &str) -> String {
    const WIDTH: usize = 40;
    let clean: String = word.chars().map(|c| if c.is_control() { '.' } else { c }).collect();
    if clean.chars().count() <= WIDTH {
        return clean;
    }
    let head: String = clean.chars().take(WIDTH - 9).collect();
    let tail: String = clean.chars().skip(clean.chars().count() - 8).collect();
    format!("{head}…{tail}")
}
