//! The figures of a report: parts of incidents summed up, in all and by group. Pure.

use std::collections::{BTreeMap, BTreeSet};

use minewall_core::incident::{Incident, Side};
use serde::Serialize;

use super::incidents::Told;
use super::part::{Began, DAY_US, Part, Parts};
use super::when::Range;

/// What parts are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// The unit that answers for the host
    Unit,
    /// The host
    Host,
    /// The pool
    Pool,
    /// The coin
    Coin,
    /// The wallet or account
    #[value(skip)]
    Wallet,
}

/// Sums. Hosts and rigs are counted once each; all else adds up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Sum {
    pub(crate) hosts: usize,
    /// Of the hosts: seen for the first time, come back after an end, and those that mined before.
    pub(crate) hosts_new: usize,
    pub(crate) hosts_returned: usize,
    pub(crate) hosts_before: usize,
    /// Of the hosts: still active, and unseen for the days of quiet.
    pub(crate) hosts_active: usize,
    pub(crate) hosts_ended: usize,
    pub(crate) incidents: usize,
    pub(crate) rigs: u32,
    pub(crate) attempts: u64,
    pub(crate) hours: f64,
    pub(crate) rig_hours: f64,
    pub(crate) bytes: u64,
    pub(crate) shares_accepted: u64,
    pub(crate) shares_rejected: u64,
    pub(crate) kwh_low: f64,
    pub(crate) kwh: f64,
    pub(crate) kwh_high: f64,
    pub(crate) coal_kg: f64,
    pub(crate) co2_kg: f64,
    /// Incidents there is no estimate of energy for: nothing was let mine, or nothing tells how much.
    pub(crate) without_energy: usize,
    /// Incidents of which days that were asked for are known no more.
    pub(crate) short: usize,
    pub(crate) units: BTreeSet<String>,
    pub(crate) coins: BTreeSet<String>,
    pub(crate) pools: BTreeSet<String>,
    pub(crate) wallets: BTreeSet<String>,
    /// Microseconds since 1970-01-01T00:00:00Z; 0 where nothing was seen.
    #[serde(skip)]
    pub(crate) first_us: i64,
    #[serde(skip)]
    pub(crate) last_us: i64,
    /// By what reasons: the weights of those that speak for it, the greatest of its incidents.
    pub(crate) wilful: u32,
    pub(crate) infected: u32,
}

/// One group.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    /// Its name; empty where it is not known.
    pub(crate) name: String,
    pub(crate) sum: Sum,
    /// The host, where the group is one.
    pub(crate) host: Option<&'a Incident>,
}

/// What an estimate of energy rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Basis {
    pub(crate) row: String,
    pub(crate) basis: String,
    pub(crate) coal_factor: f64,
    pub(crate) co2_factor: f64,
    pub(crate) incidents: usize,
    pub(crate) kwh: f64,
}

/// How often a reason was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Weighed {
    pub(crate) side: Side,
    pub(crate) rule: String,
    pub(crate) text: String,
    /// The greatest it had.
    pub(crate) weight: u8,
    pub(crate) hosts: usize,
}

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct DaySum {
    pub(crate) date: String,
    pub(crate) hosts: usize,
    pub(crate) hours: f64,
    pub(crate) kwh: f64,
}

/// A report, before it is written.
pub(crate) struct Summary<'a> {
    pub(crate) range: Range,
    pub(crate) days_quiet: u32,
    pub(crate) by: By,
    pub(crate) all: Parts<'a>,
    pub(crate) total: Sum,
    /// Approved research, apart: in no other figure.
    pub(crate) approved: Parts<'a>,
    pub(crate) approved_total: Sum,
    pub(crate) told: Told,
}

/// What a report is asked for.
pub(crate) struct Asked {
    pub(crate) range: Range,
    pub(crate) days_quiet: u32,
    pub(crate) by: By,
    pub(crate) now_us: i64,
}

impl<'a> Summary<'a> {
    /// Sums the incidents up.
    pub(crate) fn of(incidents: &'a [Incident], asked: Asked, told: Told) -> Self {
        let Asked { range, days_quiet, by, now_us } = asked;
        // Nothing is quiet in a future that nobody has seen.
        let told_us = incidents.iter().map(|incident| incident.time_us).max().unwrap_or_default();
        let end_us = range.until_us.min(now_us.max(told_us));
        let pause_us = i64::from(days_quiet) * DAY_US;
        let quiet_us = end_us.saturating_sub(pause_us);
        let (approved, others): (Vec<_>, Vec<_>) = incidents.iter().partition(|incident| incident.exemption.is_some());
        let all = Parts::of(&others, &range, quiet_us, pause_us);
        let approved = Parts::of(&approved, &range, quiet_us, pause_us);
        let total = sum(&all, &all.parts.iter().collect::<Vec<_>>());
        let approved_total = sum(&approved, &approved.parts.iter().collect::<Vec<_>>());
        Self { range, days_quiet, by, all, total, approved, approved_total, told }
    }

    /// The same parts in other groups, the greatest first.
    pub(crate) fn groups(&self, by: By) -> Vec<Group<'a>> {
        grouped(&self.all, by)
    }

    /// Every day on which something was seen, the first of them first.
    pub(crate) fn days(&self) -> Vec<DaySum> {
        let mut days: BTreeMap<&str, (BTreeSet<usize>, u64, f64)> = BTreeMap::new();
        for part in &self.all.parts {
            for (date, active_s, kwh) in &part.days {
                let day = days.entry(date).or_default();
                day.0.insert(part.host);
                day.1 += active_s;
                day.2 += kwh;
            }
        }
        let day = |(date, (hosts, active_s, kwh)): (&str, (BTreeSet<_>, u64, f64))| DaySum {
            date: date.to_owned(),
            hosts: hosts.len(),
            hours: hours(active_s),
            kwh,
        };
        days.into_iter().map(day).collect()
    }

    /// What the estimates rest on, approved research's too, the greatest first.
    pub(crate) fn bases(&self) -> Vec<Basis> {
        let mut bases: Vec<Basis> = Vec::new();
        for part in self.all.parts.iter().chain(&self.approved.parts) {
            let (Some(energy), Some([_, kwh, _])) = (&part.incident.energy, part.kwh) else { continue };
            let same = |known: &&mut Basis| {
                (&known.row, &known.basis) == (&energy.row, &energy.basis)
                    && (known.coal_factor, known.co2_factor) == (energy.coal_factor, energy.co2_factor)
            };
            if let Some(known) = bases.iter_mut().find(same) {
                known.incidents += 1;
                known.kwh += kwh;
            } else {
                let (row, basis) = (energy.row.clone(), energy.basis.clone());
                let (coal_factor, co2_factor) = (energy.coal_factor, energy.co2_factor);
                bases.push(Basis { row, basis, coal_factor, co2_factor, incidents: 1, kwh });
            }
        }
        bases.sort_by(|a, b| b.kwh.total_cmp(&a.kwh).then_with(|| a.row.cmp(&b.row)));
        bases
    }

    /// The reasons that were found, those of most hosts first.
    pub(crate) fn reasons(&self) -> Vec<Weighed> {
        let mut rules: BTreeMap<(Side, &str), (&str, u8, BTreeSet<usize>)> = BTreeMap::new();
        for part in &self.all.parts {
            for reason in &part.incident.reasons {
                let known = rules.entry((reason.side, &reason.rule)).or_insert((&reason.text, 0, BTreeSet::new()));
                known.1 = known.1.max(reason.weight);
                known.2.insert(part.host);
            }
        }
        let weighed = |((side, rule), (text, weight, hosts)): ((Side, &str), (&str, u8, BTreeSet<usize>))| Weighed {
            side,
            rule: rule.to_owned(),
            text: text.to_owned(),
            weight,
            hosts: hosts.len(),
        };
        let mut reasons: Vec<_> = rules.into_iter().map(weighed).collect();
        reasons.sort_by(|a, b| (b.side, b.hosts, b.weight, &a.rule).cmp(&(a.side, a.hosts, a.weight, &b.rule)));
        reasons
    }
}

/// The weights of the reasons of one incident, together, for each side.
pub(crate) fn weights(incident: &Incident) -> [(Side, u32); 3] {
    [Side::Wilful, Side::Infected, Side::Approved].map(|side| {
        let of_side = incident.reasons.iter().filter(|reason| reason.side == side);
        (side, of_side.map(|reason| u32::from(reason.weight)).sum())
    })
}

/// The pool, or where it was reached.
pub(crate) fn pool(incident: &Incident) -> String {
    incident.pool.clone().or_else(|| incident.endpoints.last().cloned()).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "seconds, for people")]
pub(crate) fn hours(seconds: u64) -> f64 {
    seconds as f64 / 3600.0
}

/// Parts in groups, the greatest first.
pub(crate) fn grouped<'a>(all: &Parts<'a>, by: By) -> Vec<Group<'a>> {
    let latest = |part: &Part<'a>| all.hosts.get(part.host).map_or(part.incident, |host| host.latest);
    let name = |part: &Part<'a>| match by {
        By::Unit => latest(part).who.unit.clone().unwrap_or_default(),
        By::Host => all.hosts.get(part.host).map(|host| host.key.clone()).unwrap_or_default(),
        By::Pool => pool(part.incident),
        By::Coin => part.incident.coin.clone().unwrap_or_default(),
        By::Wallet => part.incident.wallet.clone().unwrap_or_default(),
    };
    let mut groups: BTreeMap<String, Vec<&Part<'a>>> = BTreeMap::new();
    for part in &all.parts {
        groups.entry(name(part)).or_default().push(part);
    }
    let group = |(name, parts): (String, Vec<&Part<'a>>)| Group {
        name,
        sum: sum(all, &parts),
        host: parts.first().filter(|_| by == By::Host).map(|part| latest(part)),
    };
    let mut groups: Vec<_> = groups.into_iter().map(group).collect();
    groups.sort_by(|a, b| {
        b.sum.kwh.total_cmp(&a.sum.kwh).then_with(|| (b.sum.hosts, &a.name).cmp(&(a.sum.hosts, &b.name)))
    });
    groups
}

/// Sums parts up.
pub(crate) fn sum(all: &Parts<'_>, parts: &[&Part<'_>]) -> Sum {
    let mut sum = Sum::default();
    let mut rigs: BTreeMap<usize, (u32, BTreeSet<&str>)> = BTreeMap::new();
    for part in parts {
        let incident = part.incident;
        sum.incidents += 1;
        sum.attempts += part.attempts;
        sum.hours += hours(part.tally.active_s);
        sum.rig_hours += hours(part.tally.rig_s);
        sum.bytes += part.tally.bytes;
        sum.shares_accepted += part.tally.accepted;
        sum.shares_rejected += part.tally.rejected;
        let [low, kwh, high] = part.kwh.unwrap_or_default();
        (sum.kwh_low, sum.kwh, sum.kwh_high) = (sum.kwh_low + low, sum.kwh + kwh, sum.kwh_high + high);
        let (coal_kg, co2_kg) = part.burnt();
        (sum.coal_kg, sum.co2_kg) = (sum.coal_kg + coal_kg, sum.co2_kg + co2_kg);
        sum.without_energy += usize::from(part.kwh.is_none());
        sum.short += usize::from(part.is_short);
        let latest = all.hosts.get(part.host).map_or(incident, |host| host.latest);
        sum.units.extend(latest.who.unit.clone());
        sum.coins.extend(incident.coin.clone());
        sum.pools.extend(Some(pool(incident)).filter(|pool| !pool.is_empty()));
        sum.wallets.extend(incident.wallet.clone());
        sum.first_us = if sum.first_us == 0 { part.first_us } else { sum.first_us.min(part.first_us) };
        sum.last_us = sum.last_us.max(part.last_us);
        let [(_, wilful), (_, infected), _] = weights(incident);
        (sum.wilful, sum.infected) = (sum.wilful.max(wilful), sum.infected.max(infected));
        let rigs = rigs.entry(part.host).or_default();
        rigs.0 = rigs.0.max(incident.rigs.count);
        // Names alone, of what was cut before it mined, are no rigs.
        let names = incident.rigs.workers.iter().filter(|_| incident.rigs.count > 0);
        rigs.1.extend(names.map(String::as_str));
    }
    // One rig may mine for several pools in turn: its host's rigs are not added up, unless they have names.
    let of_host = |(count, names): &(u32, BTreeSet<&str>)| (*count).max(u32::try_from(names.len()).unwrap_or(u32::MAX));
    sum.rigs = rigs.values().map(of_host).sum();
    for host in rigs.keys().filter_map(|host| all.hosts.get(*host)) {
        sum.hosts += 1;
        sum.hosts_new += usize::from(host.began == Began::New);
        sum.hosts_returned += usize::from(host.began == Began::Returned);
        sum.hosts_before += usize::from(host.began == Began::Before);
        sum.hosts_active += usize::from(host.is_active);
        sum.hosts_ended += usize::from(!host.is_active);
    }
    sum
}
