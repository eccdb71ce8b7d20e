//! Incidents as a table, as wide as the terminal: 80 columns are enough, more show more of long words.

use std::collections::BTreeSet;
use std::io::IsTerminal;

use comfy_table::{ContentArrangement, Table, presets};
use minewall_core::incident::{Incident, State};

use super::figures::{ago, clip, number, rate_unit, scaled, span, watts};
use crate::report::when::Range;
use crate::stamp;

/// Columns of an id, at least: what is shown is enough to name it.
const ID: usize = 8;

/// Columns of a host and of what it mines where there are 80; of more each has a third.
const HOST: usize = 17;
const WHAT: usize = 13;
const NARROW: usize = 80;

/// Columns of words where there is no terminal: a file or a pipe.
const WIDE: usize = 120;

/// The width that is written for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Width(pub(crate) usize);

impl Width {
    /// That of the terminal.
    pub(crate) fn of_terminal() -> Self {
        let size = std::io::stdout().is_terminal().then(|| rustix::termios::tcgetwinsize(std::io::stdout()).ok());
        let columns = size.flatten().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
        Self(columns.unwrap_or(WIDE))
    }

    /// What a column of this width at 80 gets here.
    fn share(self, columns: usize) -> usize {
        columns + self.0.saturating_sub(NARROW) / 3
    }
}

/// The table, and what it holds in one line.
pub(super) fn text(incidents: &[Incident], range: &Range, now_us: i64, width: Width) -> String {
    if incidents.is_empty() {
        return "no incidents\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width.0).unwrap_or(u16::MAX));
    table.set_header([
        "id\nstate",
        "host\nname\nunit",
        "coin\npool\nwallet",
        "rate\nrigs, power\nenergy",
        "since\nlast seen\nmined for",
    ]);
    let id = id_columns(incidents);
    for incident in incidents {
        let id: String = incident.id.chars().take(id).collect();
        let date = stamp::in_year(range.civil(incident.first_us));
        table.add_row([
            format!("{}\n{}", clip(&id, usize::MAX), state(incident)),
            host(incident, width.share(HOST)),
            what(incident, width.share(WHAT)),
            how_much(incident),
            format!("{date}\n{}{}", ago(now_us, incident.last_us), mined(incident)),
        ]);
    }
    format!("{table}\n{}\n", sum(incidents))
}

/// So many that each id is told from the others.
fn id_columns(incidents: &[Incident]) -> usize {
    let ids: BTreeSet<&str> = incidents.iter().map(|incident| &*incident.id).collect();
    let alike = |(a, b): (&&str, &&str)| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count() + 1;
    ids.iter().zip(ids.iter().skip(1)).map(alike).max().unwrap_or_default().max(ID)
}

/// One word: what was cut altogether did not mine.
fn state(incident: &Incident) -> &'static str {
    match incident.state {
        State::Ended => "ended",
        State::Opened | State::Active if incident.exemption.is_some() => "exempt",
        State::Opened | State::Active if incident.sessions == 0 && incident.blocked > 0 => "cut",
        State::Opened | State::Active => "active",
    }
}

fn host(incident: &Incident, columns: usize) -> String {
    let who = &incident.who;
    let lines = [Some(incident.ip.to_string()), who.hostname.clone(), who.unit.clone()];
    lines.iter().flatten().map(|line| clip(line, columns)).collect::<Vec<_>>().join("\n")
}

fn what(incident: &Incident, columns: usize) -> String {
    let is_sure = incident.coin_confidence.as_deref() != Some("low");
    let coin = incident.coin.as_ref().map(|coin| if is_sure { coin.clone() } else { format!("{coin}?") });
    let pool = incident.pool.as_ref().or_else(|| incident.endpoints.last());
    let lines = [coin, pool.cloned(), incident.wallet.clone()];
    lines.iter().flatten().map(|line| clip(line, columns)).collect::<Vec<_>>().join("\n")
}

/// A rate with a question mark is what the miner says.
#[expect(clippy::cast_precision_loss, reason = "for people")]
fn how_much(incident: &Incident) -> String {
    let unit = rate_unit(incident.algorithm.as_deref());
    let measured = incident.hashrate.map(|rate| scaled(rate.value) + unit);
    let declared = || incident.declared.map(|declared| format!("{}{unit}?", scaled(declared as f64)));
    let rigs = match incident.rigs.count {
        0 => None,
        1 => Some("1 rig".to_owned()),
        count => Some(format!("{count} rigs")),
    };
    let energy = incident.energy.as_ref();
    let power = energy.map(|energy| watts(energy.watts));
    let power = rigs.into_iter().chain(power).collect::<Vec<_>>().join(", ");
    let tries = match incident.attempts {
        1 => "1 attempt".to_owned(),
        attempts => format!("{attempts} attempts"),
    };
    let lines = [
        measured.or_else(declared),
        (!power.is_empty()).then_some(power),
        energy.map(|energy| format!("{} kWh", number(energy.kwh))),
        (incident.sessions == 0).then_some(tries),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn mined(incident: &Incident) -> String {
    if incident.total.active_s > 0 { format!("\n{}", span(incident.total.active_s)) } else { String::new() }
}

fn sum(incidents: &[Incident]) -> String {
    let open = incidents.iter().filter(|incident| incident.state != State::Ended).count();
    let hosts: BTreeSet<_> = incidents.iter().map(|incident| incident.ip).collect();
    let kwh: f64 = incidents.iter().filter_map(|incident| incident.energy.as_ref()).map(|energy| energy.kwh).sum();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let energy = if kwh > 0.0 { format!("; about {} kWh, an estimate", number(kwh)) } else { String::new() };
    format!(
        "{} incident{} of {} host{}, {open} open{energy}",
        incidents.len(),
        plural(incidents.len()),
        hosts.len(),
        plural(hosts.len())
    )
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;
    use crate::report::sample::{HOUR_US, MONDAY_US, incident};

    fn range() -> Range {
        Range { since_us: 0, until_us: i64::MAX, offset: Offset::constant(8) }
    }

    #[test]
    fn it_fits_every_terminal_and_grows_with_it() {
        let mut cut = incident("0a1b2c3e4f5a6b7c");
        (cut.sessions, cut.blocked, cut.hashrate, cut.energy, cut.total.active_s) = (0, 5, None, None, 0);
        cut.who = minewall_core::evidence::Who::default();
        let all = [incident("0a1b2c3d4f5a6b7c"), cut];
        for columns in [80, 100, 120, 200] {
            let text = text(&all, &range(), MONDAY_US + 14 * HOUR_US, Width(columns));
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(widest <= columns, "{widest} of {columns}:\n{text}");
            for word in ["0a1b2c3d", "lab-pc-17", "School of Physics", "XMR", "SupportXMR", "10.0 kH/s", "240 W", "cut"]
            {
                assert!(text.contains(word), "{word}:\n{text}");
            }
            assert!(text.ends_with("2 incidents of 1 host, 2 open; about 0.24 kWh, an estimate\n"), "{text}");
        }
    }

    #[test]
    fn ids_are_as_long_as_it_takes_to_tell_them_apart() {
        assert_eq!(id_columns(&["a"].map(incident)), 8);
        assert_eq!(id_columns(&["0123456789a", "0123456789b", "0123"].map(incident)), 11);
        let twice = ["0123456789a", "0123456789a"].map(incident);
        assert_eq!(id_columns(&twice), 8);
    }
}
