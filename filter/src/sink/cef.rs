//! Events in ArcSight's Common Event Format 0.1. A row of the table is one key; what is absent is left out.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Event, class};

/// One key of the extension.
pub(super) struct Row {
    pub(super) key: &'static str,
    /// What a custom key means; it is written as `<key>Label`.
    pub(super) label: &'static str,
    /// The fields of docs/records.md it is read from; the first that is there.
    pub(super) paths: &'static [&'static str],
    /// Characters the format allows.
    most: usize,
    form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    /// Whole numbers.
    Number,
    Fraction,
    /// `00:11:22:aa:bb:cc`.
    Mac,
    /// Microseconds as milliseconds.
    Time,
    Upper,
}

const fn row(key: &'static str, most: usize, paths: &'static [&'static str]) -> Row {
    Row { key, label: "", paths, most, form: Form::Text }
}

const fn number(key: &'static str, paths: &'static [&'static str]) -> Row {
    Row { key, label: "", paths, most: 20, form: Form::Number }
}

impl Row {
    const fn labelled(self, label: &'static str) -> Self {
        Self { label, ..self }
    }

    const fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }
}

/// The keys behind `rt`. Those that name host and far end come first: what does not fit is left out from the end.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("externalId", 40, &["event.id"]),
    row("act", 63, &["event.action"]),
    row("src", 45, &["source.ip"]),
    number("spt", &["source.port"]),
    row("smac", 17, &["source.mac", "minewall.incident.mac"]).form(Form::Mac),
    row("shost", 1023, &["source.domain", "minewall.incident.who.hostname"]),
    row("suser", 1023, &["source.user.name", "minewall.incident.who.account"]),
    row("sourceTranslatedAddress", 45, &["source.nat.ip"]),
    number("sourceTranslatedPort", &["source.nat.port"]),
    row("dst", 45, &["destination.ip"]),
    number("dpt", &["destination.port"]),
    row("dhost", 1023, &["destination.domain", "tls.client.server_name", "dns.question.name"]),
    row("proto", 31, &["network.transport"]).form(Form::Upper),
    row("app", 31, &["network.protocol"]),
    row("cat", 1023, &["minewall.category"]),
    row("dvchost", 100, &["observer.name"]),
    row("deviceExternalId", 255, &["observer.name"]),
    row("deviceInboundInterface", 128, &["observer.ingress.interface.name", "minewall.incident.interface"]),
    number("start", &["minewall.incident.first_us"]).form(Form::Time),
    number("end", &["minewall.incident.last_us"]).form(Form::Time),
    number("cnt", &["minewall.incident.attempts", "minewall.lost"]),
    row("cs1", 4000, &["minewall.pool", "minewall.incident.pool"]).labelled("pool"),
    row("cs2", 4000, &["minewall.coin", "minewall.incident.coin"]).labelled("coin"),
    row("cs3", 4000, &["minewall.wallet", "minewall.incident.wallet"]).labelled("wallet"),
    row("cs4", 4000, &["minewall.worker", "minewall.incident.rigs.workers"]).labelled("worker"),
    row("cs5", 4000, &["rule.name"]).labelled("rule"),
    row("cs6", 4000, &["minewall.agent", "minewall.incident.agents"]).labelled("agent"),
    number("cn1", &["minewall.incident.hashrate.value"]).labelled("hashrate (H/s, measured)"),
    number("cn2", &["minewall.hashrate", "minewall.incident.declared"]).labelled("hashrate (H/s, declared)"),
    number("cn3", &["minewall.incident.rigs.count"]).labelled("rigs"),
    number("cfp1", &["minewall.incident.energy.kwh"]).form(Form::Fraction).labelled("energy (kWh, estimate)"),
    row("flexString1", 1023, &["minewall.unit", "minewall.incident.who.unit"]).labelled("unit"),
    row("flexString2", 1023, &["minewall.room", "minewall.incident.who.room"]).labelled("room"),
    row("msg", 1023, &["event.reason"]),
];

/// The event as one line of at most `max_bytes`, UTF-8.
pub(super) fn line(event: &Event, max_bytes: usize) -> String {
    let class = class::of(event);
    // 0 to 10, the greatest the worst.
    let severity = match event.severity() {
        0..=2 => 9,
        3 => 8,
        4 => 6,
        5 => 4,
        _ => 2,
    };
    let mut line = format!(
        "CEF:0|minewall|minewall|{}|{}|{}|{severity}|rt={}",
        header(env!("CARGO_PKG_VERSION")),
        class.number,
        header(class.name),
        event.time_us() / 1000,
    );
    let json: Value = serde_json::from_str(&event.json()).unwrap_or_default();
    for row in ROWS {
        let Some(value) = row.paths.iter().find_map(|path| found(&json, path, row.form)) else { continue };
        let value = extension(&value, row.most);
        let mut pair = format!(" {}={value}", row.key);
        if !row.label.is_empty() {
            let _ = write!(pair, " {}Label={}", row.key, row.label);
        }
        if line.len() + pair.len() <= max_bytes {
            line += &pair;
        }
    }
    line
}

fn found(json: &Value, path: &str, form: Form) -> Option<String> {
    let mut value = json;
    for part in path.split('.') {
        value = value.get(part)?;
    }
    let number = || value.as_f64();
    let text = match (form, value) {
        #[expect(clippy::cast_possible_truncation, reason = "a number of hashes or of times; greater ones are cut")]
        (Form::Number, _) => (number()?.round() as i64).to_string(),
        (Form::Time, _) => (value.as_i64()? / 1000).to_string(),
        (Form::Fraction, _) => format!("{:.3}", number()?),
        (Form::Mac, Value::String(mac)) => mac.replace('-', ":").to_ascii_lowercase(),
        (Form::Upper, Value::String(text)) => text.to_ascii_uppercase(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Of the header, bars and backslashes are escaped.
fn header(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

/// Of the extension, equals signs, backslashes and line breaks are. Characters are counted before.
fn extension(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(most) {
        match c {
            '\\' => out += "\\\\",
            '=' => out += "\\=",
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
