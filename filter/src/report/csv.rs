//! A report as CSV: RFC 4180, one row a group, the columns of docs/report.md.

use anyhow::Result;
use csv::{Terminator, WriterBuilder};
use minewall_core::incident::Incident;

use super::cell::harmless;
use super::page::offset;
use super::part::{Part, Parts};
use super::summary::{By, Group, Sum, Summary, grouped};
use super::when::Range;

/// The columns, in their order; later versions add some at the end.
pub(crate) const COLUMNS: [&str; 42] = [
    "by",
    "group",
    "approved",
    "hosts",
    "hosts_new",
    "hosts_returned",
    "hosts_before",
    "hosts_active",
    "hosts_ended",
    "incidents",
    "rigs",
    "first_seen",
    "last_seen",
    "attempts",
    "hours",
    "rig_hours",
    "bytes",
    "shares_accepted",
    "shares_rejected",
    "kwh_low",
    "kwh",
    "kwh_high",
    "coal_kg",
    "co2_kg",
    "incidents_without_energy",
    "incidents_short",
    "wilful",
    "infected",
    "units",
    "coins",
    "pools",
    "wallets",
    "ip",
    "mac",
    "vlan",
    "hostname",
    "account",
    "unit",
    "room",
    "person",
    "contact",
    "energy_basis",
];

/// What spreadsheets know UTF-8 by.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The report as CSV.
///
/// # Errors
/// None that is known: it is written to memory.
pub(crate) fn csv(summary: &Summary<'_>, has_mark: bool) -> Result<String> {
    let mut to = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    to.write_record(COLUMNS)?;
    for (parts, is_approved) in [(&summary.all, false), (&summary.approved, true)] {
        for group in grouped(parts, summary.by) {
            to.write_record(row(summary, parts, &group, is_approved).iter().map(|cell| harmless(cell)))?;
        }
    }
    let text = String::from_utf8(to.into_inner()?)?;
    Ok(if has_mark { format!("{BYTE_ORDER_MARK}{text}") } else { text })
}

/// A moment in RFC 3339, with the offset of the range; empty for none.
pub(crate) fn moment(range: &Range, time_us: i64) -> String {
    let time = || format!("{}{}", range.civil(time_us).strftime("%Y-%m-%dT%H:%M:%S"), offset(range));
    if time_us == 0 { String::new() } else { time() }
}

fn row(summary: &Summary<'_>, parts: &Parts<'_>, group: &Group<'_>, is_approved: bool) -> Vec<String> {
    let by = match summary.by {
        By::Unit => "unit",
        By::Host => "host",
        By::Pool => "pool",
        By::Coin => "coin",
        By::Wallet => "wallet",
    };
    let sum = &group.sum;
    let mut row = vec![by.to_owned(), group.name.clone(), if is_approved { "yes" } else { "no" }.to_owned()];
    row.extend(counts(sum).map(|count| count.to_string()));
    row.extend([moment(&summary.range, sum.first_us), moment(&summary.range, sum.last_us), sum.attempts.to_string()]);
    row.extend([sum.hours, sum.rig_hours].map(decimal));
    row.extend([sum.bytes, sum.shares_accepted, sum.shares_rejected].map(|count| count.to_string()));
    row.extend([sum.kwh_low, sum.kwh, sum.kwh_high, sum.coal_kg, sum.co2_kg].map(decimal));
    row.extend([sum.without_energy, sum.short].map(|count| count.to_string()));
    row.extend([sum.wilful, sum.infected].map(|weight| weight.to_string()));
    let sets = [&sum.units, &sum.coins, &sum.pools, &sum.wallets];
    row.extend(sets.map(|set| set.iter().map(String::as_str).collect::<Vec<_>>().join("; ")));
    row.extend(host(group.host));
    let of_group = |part: &&Part<'_>| parts.hosts.get(part.host).is_some_and(|host| host.key == group.name);
    let own = parts.parts.iter().filter(|_| group.host.is_some()).filter(of_group);
    let mut bases: Vec<_> = own.filter_map(|part| Some(part.incident.energy.as_ref()?.basis.as_str())).collect();
    bases.sort_unstable();
    bases.dedup();
    row.push(bases.join("; "));
    row
}

const fn counts(sum: &Sum) -> [usize; 8] {
    let rigs = sum.rigs as usize;
    let began = [sum.hosts_new, sum.hosts_returned, sum.hosts_before];
    [sum.hosts, began[0], began[1], began[2], sum.hosts_active, sum.hosts_ended, sum.incidents, rigs]
}

/// To three places: a watt hour, a gram, four seconds.
fn decimal(number: f64) -> String {
    format!("{number:.3}")
}

/// What is known of the one host of a group; empty where the group is no host.
fn host(incident: Option<&Incident>) -> [String; 9] {
    let Some(incident) = incident else { return Default::default() };
    let who = incident.who.clone();
    let texts = [who.hostname, who.account, who.unit, who.room, who.person, who.contact].map(Option::unwrap_or_default);
    let [hostname, account, unit, room, person, contact] = texts;
    let vlan = incident.vlan.map(|vlan| vlan.to_string()).unwrap_or_default();
    let mac = incident.mac.clone().unwrap_or_default();
    [incident.ip.to_string(), mac, vlan, hostname, account, unit, room, person, contact]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        assert_eq!((harmless("\t=1"), harmless("\r=1")), ("\\u{9}=1".into(), "\\u{d}=1".into()));
        assert_eq!(harmless("10.0.0.1"), "10.0.0.1");
    }
}
