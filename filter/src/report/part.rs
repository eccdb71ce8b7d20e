//! What of each incident lies in a stretch of time, and which host it is of. Pure.

use std::collections::HashMap;
use std::net::IpAddr;

use minewall_core::incident::{Incident, Tally};

use super::when::Range;

pub(crate) const DAY_US: i64 = 86_400_000_000;

/// What of one incident lies in the days asked for.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) incident: &'a Incident,
    /// Its host: an index into [`Parts::hosts`].
    pub(crate) host: usize,
    /// The first and the last sighting in these days, as far as they are known.
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
    pub(crate) attempts: u64,
    pub(crate) tally: Tally,
    /// kWh: low, typical, high.
    pub(crate) kwh: Option<[f64; 3]>,
    /// By day: the date, seconds it mined, kWh.
    pub(crate) days: Vec<(String, u64, f64)>,
    /// Whether days that were asked for are known no more.
    pub(crate) is_short: bool,
    /// Whether it began in these days.
    pub(crate) is_new: bool,
    /// Whether it did so after its host had been quiet for the days of quiet.
    pub(crate) is_returned: bool,
    /// Whether something was seen of it less than the days of quiet before the end.
    pub(crate) is_active: bool,
}

impl Part<'_> {
    /// Kilograms of standard coal and of CO2.
    pub(crate) fn burnt(&self) -> (f64, f64) {
        let (Some(energy), Some([_, kwh, _])) = (&self.incident.energy, self.kwh) else { return (0.0, 0.0) };
        let coal_kg = kwh * energy.coal_factor;
        (coal_kg, coal_kg * energy.co2_factor)
    }
}

/// A host: one hardware address, or where none is known one address.
#[derive(Clone, Debug)]
pub(crate) struct Host<'a> {
    /// The hardware address or the address.
    pub(crate) key: String,
    /// The incident that was told of last, which knows best who it is.
    pub(crate) latest: &'a Incident,
    pub(crate) began: Began,
    pub(crate) is_active: bool,
}

/// How a host came into the days asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Began {
    /// It mined before.
    Before,
    /// It was seen for the first time.
    New,
    /// It had ended, and came back.
    Returned,
}

/// All parts with their hosts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) parts: Vec<Part<'a>>,
    pub(crate) hosts: Vec<Host<'a>>,
}

impl<'a> Parts<'a> {
    /// The parts of `incidents` in the days of `range`; those last seen at `quiet_us` or before have ended,
    /// and a host that was quiet for `pause_us` has come back.
    pub(crate) fn of(incidents: &[&'a Incident], range: &Range, quiet_us: i64, pause_us: i64) -> Self {
        let mut hosts = Self::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        let macs = macs(incidents);
        let mut spans: HashMap<String, Vec<(i64, i64)>> = HashMap::new();
        for incident in incidents {
            spans.entry(key(incident, &macs)).or_default().push((incident.first_us, incident.last_us));
        }
        for incident in incidents {
            let Some(mut part) = part(incident, range, quiet_us) else { continue };
            let key = key(incident, &macs);
            let spans = spans.get(&key).map_or(&[][..], Vec::as_slice);
            let is_new = spans.iter().all(|(first, _)| range.date(*first) >= range.days().0);
            // What was read may begin later than the incident it came back after.
            let before = spans.iter().filter(|(first, _)| *first < incident.first_us).map(|(_, last)| *last).max();
            let is_back = before.is_none_or(|last| incident.first_us.saturating_sub(last) >= pause_us);
            part.is_returned = part.is_new && incident.returned_after.is_some() && is_back;
            part.host = *known.entry(key.clone()).or_insert_with(|| {
                let began = if is_new { Began::New } else { Began::Before };
                hosts.hosts.push(Host { key, latest: incident, began, is_active: false });
                hosts.hosts.len() - 1
            });
            if let Some(host) = hosts.hosts.get_mut(part.host) {
                host.is_active |= part.is_active;
                if part.is_returned {
                    host.began = Began::Returned;
                }
                if incident.time_us >= host.latest.time_us {
                    host.latest = incident;
                }
            }
            hosts.parts.push(part);
        }
        hosts
    }
}

/// Which hardware address an address belongs to, where it is one only.
fn macs<'a>(incidents: &[&'a Incident]) -> HashMap<IpAddr, Option<&'a str>> {
    let mut macs: HashMap<IpAddr, Option<&'a str>> = HashMap::new();
    for incident in incidents {
        let Some(mac) = own_mac(incident) else { continue };
        macs.entry(incident.ip).and_modify(|known| *known = known.filter(|known| *known == mac)).or_insert(Some(mac));
    }
    macs
}

fn own_mac(incident: &Incident) -> Option<&str> {
    incident.mac.as_deref().filter(|_| !incident.who.is_next_hop)
}

fn key(incident: &Incident, macs: &HashMap<IpAddr, Option<&str>>) -> String {
    let joined = || macs.get(&incident.ip).copied().flatten();
    own_mac(incident).or_else(joined).map_or_else(|| incident.ip.to_string(), str::to_owned)
}

fn part<'a>(incident: &'a Incident, range: &Range, quiet_us: i64) -> Option<Part<'a>> {
    let (first, last) = range.days();
    let (began, ended) = (range.date(incident.first_us), range.date(incident.last_us));
    if began > last || ended < first {
        return None;
    }
    let (first_text, last_text) = (first.to_string(), last.to_string());
    let inside = |date: &str| date >= first_text.as_str() && date <= last_text.as_str();
    let days: Vec<_> = incident.days.iter().filter(|day| inside(&day.date)).collect();
    let is_whole = began >= first && ended <= last;
    // Days before the last 35 are in the total only.
    let oldest = incident.days.iter().map(|day| day.date.as_str()).min();
    let is_forgotten = oldest.is_none_or(|oldest| began.to_string().as_str() < oldest && first_text.as_str() < oldest);
    let is_short = !is_whole && is_forgotten;
    if !is_whole && days.is_empty() && !is_short {
        return None;
    }
    let (attempts, tally, kwh) = if is_whole {
        let energy = incident.energy.as_ref();
        (incident.attempts, incident.total, energy.map(|energy| [energy.low_kwh, energy.kwh, energy.high_kwh]))
    } else {
        let kwh = days.iter().filter_map(|day| day.kwh).reduce(|sum, kwh| sum + kwh);
        let tally = days.iter().fold(Tally::default(), |sum, day| add(sum, &day.tally));
        (days.iter().map(|day| day.attempts).sum(), tally, kwh.and_then(|kwh| widened(incident, kwh)))
    };
    let midnight_us = |date: &str| {
        let date = date.parse::<jiff::civil::Date>().ok()?;
        range.offset.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok().map(|at| at.as_microsecond())
    };
    let first_day_us = days.iter().filter_map(|day| midnight_us(&day.date)).min();
    let last_day_us = days.iter().filter_map(|day| midnight_us(&day.date)).max();
    let last_us = last_day_us.map_or(incident.last_us, |day| incident.last_us.min(day + DAY_US - 1));
    Some(Part {
        incident,
        host: 0,
        first_us: first_day_us.map_or(incident.first_us, |day| incident.first_us.max(day)),
        last_us,
        attempts,
        tally,
        kwh,
        days: days.iter().map(|day| (day.date.clone(), day.tally.active_s, day.kwh.unwrap_or_default())).collect(),
        is_short,
        is_new: began >= first,
        is_returned: false,
        is_active: last_us > quiet_us,
    })
}

/// The typical kWh of some days with the ends the whole incident has.
fn widened(incident: &Incident, kwh: f64) -> Option<[f64; 3]> {
    let energy = incident.energy.as_ref()?;
    let scale = if energy.kwh > 0.0 { kwh / energy.kwh } else { 0.0 };
    Some([energy.low_kwh * scale, kwh, energy.high_kwh * scale])
}

fn add(sum: Tally, more: &Tally) -> Tally {
    Tally {
        active_s: sum.active_s + more.active_s,
        rig_s: sum.rig_s + more.rig_s,
        bytes: sum.bytes + more.bytes,
        jobs: sum.jobs + more.jobs,
        offered: sum.offered + more.offered,
        accepted: sum.accepted + more.accepted,
        rejected: sum.rejected + more.rejected,
        measured: sum.measured + more.measured,
        hashes: sum.hashes + more.hashes,
    }
}
