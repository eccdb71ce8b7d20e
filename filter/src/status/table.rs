//! The status on a terminal: what should worry first, then how it runs, then one line for each queue, list and sink.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use jiff::tz::Offset;

use crate::control::{FeedStatus, ListStatus, Paused, SinkStatus, Status};
use crate::incidents::Width;
use crate::incidents::figures::{ago, clip, head, moment, span};

/// Columns of the words in front of facts.
const WORD: usize = 15;

/// Columns beside the name of a list or a sink, and those a name has at the least.
const BESIDE_LIST: usize = 60;
const BESIDE_SINK: usize = 46;
const NAME: usize = 16;

/// All of it.
pub(super) fn text(status: &Status, width: Width) -> String {
    let now = status.time_us / 1_000_000;
    let fact = |(word, fact): (&str, String)| format!("{}\n", head(&format!("{word:WORD$}{fact}"), width.0));
    let facts: String = facts(status, now).into_iter().map(fact).collect();
    let mut tables = vec![queues(status, width)];
    if !status.lists.is_empty() || !status.feeds.is_empty() {
        tables.push(lists(status, width));
    }
    if !status.sinks.is_empty() {
        tables.push(sinks(status, width));
    }
    tables.iter().fold(facts, |text, table| text + &format!("{table}\n"))
}

fn facts(status: &Status, now: i64) -> Vec<(&'static str, String)> {
    let up = u64::try_from(now).unwrap_or_default().saturating_sub(status.started);
    let mode = match &status.paused {
        Some(paused) => format!("{}, and PAUSED: {}", status.mode, paused.what()),
        None => status.mode.clone(),
    };
    let mut facts = vec![
        ("minewall", format!("{} on {}, up {}, process {}", status.version, status.observer, span(up), status.process)),
        ("mode", mode),
    ];
    if let Some(paused) = &status.paused {
        facts.extend(pause(paused, now));
    }
    let read = i64::try_from(status.read).unwrap_or(i64::MAX);
    facts.push(("configuration", format!("{}, read {}", status.config, since(now, read))));
    facts.push(("kernel rules", status.backend.clone()));
    let (found, cut) = (status.sum(|queue| queue.findings), status.sum(|queue| queue.cut));
    facts.push(("mining", format!("found {found} times, cut {cut} times since the start")));
    let incidents = &status.incidents;
    facts.push(("incidents", format!("{} open, {} opened since the start", incidents.open, incidents.opened)));
    if status.ease > 0 {
        facts.push((
            "overload",
            format!("(!) eased by {}: fewer packets of each connection are looked at", status.ease),
        ));
    }
    if status.lost > 0 {
        facts.push(("records", format!("(!) {} lost on their way to the sinks", status.lost)));
    }
    facts
}

fn pause(paused: &Paused, now: i64) -> Vec<(&'static str, String)> {
    let left = u64::try_from(paused.until.saturating_sub(now)).unwrap_or_default();
    let until = moment(paused.until.saturating_mul(1_000_000), Offset::UTC);
    let mut facts = vec![("  until", format!("{until} UTC, for {} more", span(left))), ("  by", paused.by.to_string())];
    facts.extend(paused.reason.clone().map(|reason| ("  reason", reason)));
    facts
}

fn since(now: i64, then: i64) -> String {
    ago(now.saturating_mul(1_000_000), then.saturating_mul(1_000_000))
}

/// What is more than it should be bears a mark.
fn none_better(count: u64) -> String {
    if count > 0 { format!("{count} (!)") } else { count.to_string() }
}

fn table(width: Width, header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width.0).unwrap_or(u16::MAX)).set_header(header);
    for column in numbers {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn queues(status: &Status, width: Width) -> Table {
    let header = ["queue", "packets", "waiting", "dropped", "found", "cut", "half in", "99 % in"];
    let mut table = table(width, &header, &[1, 2, 3, 4, 5, 6, 7]);
    for queue in &status.queues {
        let waiting = if queue.stuck { format!("{} STUCK", queue.waiting) } else { queue.waiting.to_string() };
        let [half, most] = [queue.p50_us, queue.p99_us].map(time);
        table.add_row([
            queue.number.to_string(),
            queue.packets.to_string(),
            waiting,
            none_better(queue.dropped),
            queue.findings.to_string(),
            queue.cut.to_string(),
            half,
            most,
        ]);
    }
    table
}

/// A time to verdict: `250 us`, `2.5 ms`.
fn time(within: Option<u32>) -> String {
    match within {
        None => "> 100 ms".to_owned(),
        Some(0) => "-".to_owned(),
        Some(us) if us < 1000 => format!("{us} us"),
        Some(us) if us % 1000 == 0 => format!("{} ms", us / 1000),
        Some(us) => format!("{:.1} ms", f64::from(us) / 1000.0),
    }
}

fn lists(status: &Status, width: Width) -> Table {
    let names = width.0.saturating_sub(BESIDE_LIST).max(NAME);
    let mut table = table(width, &["list", "entries", "of", "fetched from its feed"], &[1]);
    let now = status.time_us / 1_000_000;
    for ListStatus { name, entries, date } in &status.lists {
        let feed = status.feeds.iter().find(|feed| feed.name == *name);
        let date = date.map_or_else(|| "-".to_owned(), |date| since(now, date));
        table.add_row([
            clip(name, names),
            entries.to_string(),
            date,
            feed.map_or_else(|| "-".to_owned(), |feed| told(feed, now)),
        ]);
    }
    for feed in &status.feeds {
        if !status.lists.iter().any(|list| list.name == feed.name) {
            table.add_row([clip(&feed.name, names), "0 (!)".to_owned(), "-".to_owned(), told(feed, now)]);
        }
    }
    table
}

fn told(feed: &FeedStatus, now: i64) -> String {
    let checked = feed.checked.map_or_else(|| "never".to_owned(), |checked| since(now, checked));
    match feed.failures {
        0 => checked,
        1 => format!("{checked}, 1 attempt failed since (!)"),
        failures => format!("{checked}, {failures} attempts failed since (!)"),
    }
}

fn sinks(status: &Status, width: Width) -> Table {
    let names = width.0.saturating_sub(BESIDE_SINK).max(NAME);
    let mut table = table(width, &["sink", "state", "sent", "waiting", "lost", "errors"], &[2, 3, 4, 5]);
    for SinkStatus { name, sent, lost, waiting, errors, connected } in &status.sinks {
        let state = match (connected, errors) {
            (true, _) => "up",
            (false, 0) => "unused",
            (false, _) => "DOWN",
        };
        let lost = none_better(u64::try_from(*lost).unwrap_or(u64::MAX));
        table.add_row([
            clip(name, names),
            state.to_owned(),
            sent.to_string(),
            waiting.to_string(),
            lost,
            errors.to_string(),
        ]);
    }
    table
}
