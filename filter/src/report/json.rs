//! A report as JSON, in the shape docs/report.md tells.

use anyhow::Result;
use minewall_core::incident::Exempted;
use serde::Serialize;

use super::csv::moment;
use super::page::offset;
use super::part::{Began, Part, Parts};
use super::summary::{Basis, By, DaySum, Group, Sum, Summary, Weighed, weights};

#[derive(Serialize)]
struct Shown<'a> {
    /// The version of this shape.
    v: u8,
    made: String,
    range: Days,
    by: By,
    lines: Lines<'a>,
    total: Sum,
    groups: Vec<Shared<'a>>,
    units: Vec<Shared<'a>>,
    pools: Vec<Shared<'a>>,
    coins: Vec<Shared<'a>>,
    wallets: Vec<Shared<'a>>,
    days: Vec<DaySum>,
    reasons: Vec<Weighed>,
    bases: Vec<Basis>,
    incidents: Vec<One<'a>>,
    approved: Approved<'a>,
}

#[derive(Serialize)]
struct Days {
    since: String,
    until: String,
    first_day: String,
    last_day: String,
    offset: String,
    days_quiet: u32,
}

#[derive(Serialize)]
struct Lines<'a> {
    read: u64,
    bad: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_bad: Option<&'a str>,
    incidents_left_out: u64,
}

#[derive(Serialize)]
struct Shared<'a> {
    group: String,
    first_seen: String,
    last_seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<HostShown<'a>>,
    #[serde(flatten)]
    sum: Sum,
}

#[derive(Serialize)]
struct HostShown<'a> {
    ip: std::net::IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vlan: Option<u16>,
    #[serde(flatten)]
    who: &'a minewall_core::evidence::Who,
}

#[derive(Serialize)]
struct One<'a> {
    id: &'a str,
    host: &'a str,
    began: &'static str,
    is_active: bool,
    first_seen: String,
    last_seen: String,
    attempts: u64,
    hours: f64,
    kwh: Option<[f64; 3]>,
    wilful: u32,
    infected: u32,
    approved: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    exemption: Option<&'a Exempted>,
}

#[derive(Serialize)]
struct Approved<'a> {
    total: Sum,
    incidents: Vec<One<'a>>,
}

/// The report as one JSON object, on lines for people.
///
/// # Errors
/// None that is known: it is written to memory.
pub(crate) fn json(summary: &Summary<'_>, made_us: i64) -> Result<String> {
    let range = &summary.range;
    let (first, last) = range.days();
    let shown = Shown {
        v: 1,
        made: moment(range, made_us),
        range: Days {
            since: moment(range, range.since_us),
            until: moment(range, range.until_us),
            first_day: first.to_string(),
            last_day: last.to_string(),
            offset: offset(range),
            days_quiet: summary.days_quiet,
        },
        by: summary.by,
        lines: Lines {
            read: summary.told.lines,
            bad: summary.told.bad,
            first_bad: summary.told.first_bad.as_deref(),
            incidents_left_out: summary.told.left_out,
        },
        total: summary.total.clone(),
        groups: summary.groups(summary.by).into_iter().map(|group| share(summary, group)).collect(),
        units: summary.groups(By::Unit).into_iter().map(|group| share(summary, group)).collect(),
        pools: summary.groups(By::Pool).into_iter().map(|group| share(summary, group)).collect(),
        coins: summary.groups(By::Coin).into_iter().map(|group| share(summary, group)).collect(),
        wallets: summary.groups(By::Wallet).into_iter().map(|group| share(summary, group)).collect(),
        days: summary.days(),
        reasons: summary.reasons(),
        bases: summary.bases(),
        incidents: incidents(summary, &summary.all),
        approved: Approved { total: summary.approved_total.clone(), incidents: incidents(summary, &summary.approved) },
    };
    Ok(serde_json::to_string_pretty(&shown)? + "\n")
}

fn share<'a>(summary: &Summary<'a>, group: Group<'a>) -> Shared<'a> {
    let host = group.host.map(|incident| HostShown {
        ip: incident.ip,
        mac: incident.mac.as_deref(),
        vlan: incident.vlan,
        who: &incident.who,
    });
    let Group { name, sum, .. } = group;
    let (first_seen, last_seen) = (moment(&summary.range, sum.first_us), moment(&summary.range, sum.last_us));
    Shared { group: name, first_seen, last_seen, host, sum }
}

fn incidents<'a>(summary: &Summary<'_>, parts: &'a Parts<'a>) -> Vec<One<'a>> {
    let one = |part: &'a Part<'a>| {
        let incident = part.incident;
        let host = parts.hosts.get(part.host);
        let [(_, wilful), (_, infected), (_, approved)] = weights(incident);
        One {
            id: &incident.id,
            host: host.map_or("", |host| &host.key),
            began: match host.map(|host| host.began) {
                Some(Began::New) => "new",
                Some(Began::Returned) => "returned",
                Some(Began::Before) | None => "before",
            },
            is_active: part.is_active,
            first_seen: moment(&summary.range, part.first_us),
            last_seen: moment(&summary.range, part.last_us),
            attempts: part.attempts,
            hours: super::summary::hours(part.tally.active_s),
            kwh: part.kwh,
            wilful,
            infected,
            approved,
            exemption: incident.exemption.as_ref(),
        }
    };
    parts.parts.iter().map(one).collect()
}
