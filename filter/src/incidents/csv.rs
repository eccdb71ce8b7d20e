//! Incidents as comma-separated values, for spreadsheets. One row of a table is one column.

use anyhow::{Context, Result};
use jiff::tz::Offset;
use minewall_core::evidence::printable;
use minewall_core::incident::Incident;

use super::figures::moment;

/// A column: its name, and what stands in it.
type Column = (&'static str, fn(&Incident) -> String);

#[rustfmt::skip] // a row a line
const COLUMNS: &[Column] = &[
    ("id", |i| i.id.clone()),
    ("state", |i| format!("{:?}", i.state).to_lowercase()),
    ("first_utc", |i| moment(i.first_us, Offset::UTC)),
    ("last_utc", |i| moment(i.last_us, Offset::UTC)),
    ("ip", |i| i.ip.to_string()),
    ("mac", |i| text(i.mac.as_ref())),
    ("hostname", |i| text(i.who.hostname.as_ref())),
    ("account", |i| text(i.who.account.as_ref())),
    ("unit", |i| text(i.who.unit.as_ref())),
    ("room", |i| text(i.who.room.as_ref())),
    ("person", |i| text(i.who.person.as_ref())),
    ("contact", |i| text(i.who.contact.as_ref())),
    ("coin", |i| text(i.coin.as_ref())),
    ("pool", |i| text(i.pool.as_ref())),
    ("endpoint", |i| text(i.endpoints.last())),
    ("wallet", |i| text(i.wallet.as_ref())),
    ("rigs", |i| i.rigs.count.to_string()),
    ("attempts", |i| i.attempts.to_string()),
    ("blocked", |i| i.blocked.to_string()),
    ("sessions", |i| i.sessions.to_string()),
    ("active_s", |i| i.total.active_s.to_string()),
    ("accepted", |i| i.total.accepted.to_string()),
    ("hashrate", |i| number(i.hashrate.map(|rate| rate.value))),
    ("hashrate_low", |i| number(i.hashrate.map(|rate| rate.low))),
    ("hashrate_high", |i| number(i.hashrate.map(|rate| rate.high))),
    ("declared", |i| i.declared.map(|declared| declared.to_string()).unwrap_or_default()),
    ("watts", |i| number(i.energy.as_ref().map(|energy| energy.watts))),
    ("kwh", |i| number(i.energy.as_ref().map(|energy| energy.kwh))),
    ("kwh_low", |i| number(i.energy.as_ref().map(|energy| energy.low_kwh))),
    ("kwh_high", |i| number(i.energy.as_ref().map(|energy| energy.high_kwh))),
];

/// A text of others is no formula of a spreadsheet, whatever it begins with (OWASP, CSV injection).
fn text(text: Option<&String>) -> String {
    let text = text.map(|text| printable(text, usize::MAX)).unwrap_or_default();
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn number(number: Option<f64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// All of them, below a header.
///
/// # Errors
/// Never: it is written to memory.
pub(super) fn all(incidents: &[Incident]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().map(|(name, _)| name))?;
    for incident in incidents {
        writer.write_record(COLUMNS.iter().map(|(_, read)| read(incident)))?;
    }
    let bytes = writer.into_inner().context("CSV cannot be written")?;
    String::from_utf8(bytes).context("CSV is text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_line_has_every_column_and_no_formula() {
        let mut incident = sample::incident("a1");
        incident.who.hostname = Some("=cmd|' /C calc'!A0, \"x\"\n".to_owned());
        let written = all(&[incident, sample::incident("b2")]).unwrap();
        let mut reader = csv::Reader::from_reader(written.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let cell = |row: usize, name: &str| {
            let at = header.iter().position(|column| column == name).unwrap();
            rows[row].get(at).unwrap().to_owned()
        };
        assert_eq!((rows.len(), header.len()), (2, COLUMNS.len()));
        assert_eq!(cell(0, "hostname"), "'=cmd|' /C calc'!A0, \"x\"\\u{a}");
        assert_eq!((cell(1, "id"), cell(1, "kwh"), cell(1, "hashrate")), ("b2".into(), "0.24".into(), "10000".into()));
        assert_eq!(cell(1, "first_utc"), "2026-11-16 04:00:00");
    }
}
