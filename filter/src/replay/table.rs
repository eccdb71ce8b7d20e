//! Records as a table for people, as wide as the terminal, a page at a time.

use std::io::IsTerminal;

use comfy_table::{ContentArrangement, presets};
use minewall_core::evidence::{Record, printable};
use minewall_core::finding::Word;

/// Rows kept before they are written: memory stays bounded however much is found.
const PAGE: usize = 500;

/// Below so many columns of a terminal the time takes two lines.
const NARROW: usize = 100;

/// Columns of a word from the wire, at most and at least.
const WORD: usize = 48;
const WORD_LEAST: usize = 16;

/// Columns of a name; more where the terminal is wide.
const NAME: usize = 40;
const NAME_NARROW: usize = 26;

/// What the lines between four columns take.
const FRAME: usize = 13;

/// Rows not yet written.
pub(super) struct Table {
    rows: Vec<Row>,
    /// Of the terminal; none: standard output is none.
    columns: Option<usize>,
}

/// One record: each text is a line of its cell.
struct Row {
    time: String,
    ends: [String; 2],
    heard: [String; 2],
    said: Vec<String>,
}

impl Table {
    /// An empty one.
    pub(super) fn new() -> Self {
        let terminal = std::io::stdout().is_terminal().then(|| rustix::termios::tcgetwinsize(std::io::stdout()).ok());
        let columns = terminal.flatten().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
        Self { rows: Vec::new(), columns }
    }

    /// Adds a record.
    pub(super) fn add(&mut self, record: &Record) {
        let name = if self.is_narrow() { NAME_NARROW } else { NAME };
        let finding = &record.finding;
        let far = match (&record.question, &record.destination_domain) {
            (Some(question), _) => clip(&question.name, name),
            (None, Some(domain)) => format!("{}:{}", clip(domain, name), record.destination.port),
            (None, None) => record.destination.to_string(),
        };
        let layer = finding.layer.as_str();
        let layer =
            record.question.as_ref().map_or_else(|| layer.into(), |question| format!("{layer} {}", question.kind));
        let said = &finding.said;
        let what = finding.dialect.unwrap_or_else(|| finding.subject.as_str());
        let is_open = said.get(Word::CoinAlternatives).is_some();
        let coin = said.coin.as_ref().map(|coin| if is_open { format!("{coin}?") } else { coin.clone() });
        let words = [&coin, &said.wallet, &said.worker, &said.agent];
        self.rows.push(Row {
            time: time(record.time_us),
            ends: [record.source.ip.to_string(), far],
            heard: [layer, what.to_owned()],
            said: words.into_iter().flatten().map(|word| printable(word, usize::MAX)).collect(),
        });
    }

    /// Whether it is time to write what there is.
    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= PAGE
    }

    /// The text of the rows there are, which are then forgotten; empty without any.
    pub(super) fn take(&mut self) -> String {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return String::new();
        }
        let word = self.word_columns(&rows);
        let mut table = comfy_table::Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        if let Some(columns) = self.columns {
            table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
        }
        table.set_header([
            self.time_lines("time (UTC)"),
            "host inside\nfar end, or name asked".into(),
            "heard".into(),
            "coin, wallet,\nworker, agent".into(),
        ]);
        for row in rows {
            let said: Vec<_> = row.said.iter().map(|text| clip(text, word)).collect();
            table.add_row([self.time_lines(&row.time), row.ends.join("\n"), row.heard.join("\n"), said.join("\n")]);
        }
        format!("{table}\n")
    }

    fn is_narrow(&self) -> bool {
        self.columns.is_some_and(|columns| columns < NARROW)
    }

    fn time_lines(&self, time: &str) -> String {
        if self.is_narrow() { time.replacen(' ', "\n", 1) } else { time.to_owned() }
    }

    /// What the other columns leave to words from the wire.
    fn word_columns(&self, rows: &[Row]) -> usize {
        let Some(columns) = self.columns else { return WORD };
        let widest = |lines: fn(&Row) -> &[String; 2]| {
            rows.iter().flat_map(lines).map(|line| line.chars().count()).max().unwrap_or_default()
        };
        let time = if self.is_narrow() { 10 } else { 19 };
        let taken = FRAME + time + widest(|row| &row.ends).max(22) + widest(|row| &row.heard).max(5);
        columns.saturating_sub(taken).clamp(WORD_LEAST, WORD)
    }
}

fn time(time_us: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(time_us).unwrap_or(if time_us < 0 {
        jiff::Timestamp::UNIX_EPOCH
    } else {
        jiff::Timestamp::MAX
    });
    crate::stamp::second(jiff::tz::Offset::UTC.to_datetime(time))
}

/// Printable, and at most so many columns: what is left out of the middle is an ellipsis. A character beyond ASCII
/// counts as two columns, the most it can take.
fn clip(word: &str, columns: usize) -> String {
    let wide = |c: char| if c.is_ascii() { 1 } else { 2 };
    let clean = printable(word, usize::MAX);
    if clean.chars().map(wide).sum::<usize>() <= columns {
        return clean;
    }
    let ends = columns.saturating_sub(1);
    let (first, last) = (ends - ends / 3, ends / 3);
    let within = |limit: usize| {
        let mut used = 0;
        move |c: &char| {
            used += wide(*c);
            used <= limit
        }
    };
    let head: String = clean.chars().take_while(within(first)).collect();
    let tail: Vec<char> = clean.chars().rev().take_while(within(last)).collect();
    format!("{head}…{}", tail.into_iter().rev().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_lose_their_middle() {
        assert_eq!(clip("short", 16), "short");
        assert_eq!(clip("0123456789abcdefghij", 16), "0123456789…fghij");
        assert_eq!(clip("矿池矿池矿池矿池矿池", 16), "矿池矿池矿…矿池");
        for columns in 1..30 {
            assert!(clip(&"x".repeat(40), columns).chars().count() <= columns);
        }
    }

    #[test]
    fn nothing_from_the_wire_moves_the_cursor() {
        let clean = clip("a\u{1b}[2J\r\nb\u{202e}c\u{200b}", 48);
        assert_eq!(clean, "a\\u{1b}[2J\\u{d}\\u{a}b\\u{202e}c\\u{200b}");
    }

    #[test]
    fn times_beyond_the_calendar_are_its_ends() {
        assert_eq!(time(0), "1970-01-01 00:00:00");
        assert_eq!(time(i64::MAX), "9999-12-30 22:00:00");
        assert_eq!(time(i64::MIN), "1970-01-01 00:00:00");
    }
}
