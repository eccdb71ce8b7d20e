//! Who was seen behind which public address, and when.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use minewall_core::evidence::Who;
use serde::Deserialize;

use crate::journal::{self, Class, Damage};

/// A host inside. Its address is text: in a journal kept with `privacy` it may stand for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) ip: String,
    pub(super) mac: Option<String>,
    pub(super) who: Who,
}

impl Host {
    /// What is known of it, in one line.
    pub(super) fn for_people(&self) -> String {
        let Who { hostname, account, unit, room, person, contact, .. } = &self.who;
        let parts = [unit, room, person, contact, account, hostname];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Where it is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Record,
    NatLog,
    Incident,
}

impl Source {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::NatLog => "nat-log",
            Self::Record => "record",
        }
    }
}

/// A host behind a public address and port, for a moment or a while.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) since_us: i64,
    /// `i64::MAX` where no end is known.
    pub(super) until_us: i64,
    pub(super) public_port: Option<u16>,
    pub(super) inside_port: Option<u16>,
    pub(super) host: Arc<Host>,
    /// The far end: address and port, with its name where that is known.
    pub(super) far: Arc<str>,
    pub(super) source: Source,
    /// The id of the record.
    pub(super) record: Option<String>,
}

impl Seen {
    /// How far from that moment; 0 within.
    pub(super) const fn distance(&self, at_us: i64) -> i64 {
        if at_us < self.since_us {
            self.since_us - at_us
        } else if at_us > self.until_us {
            at_us - self.until_us
        } else {
            0
        }
    }
}

/// An incident of a host.
#[derive(Debug)]
struct Going {
    id: String,
    /// Those of its records that it names.
    records: Vec<String>,
    /// Where it led to.
    endpoints: Vec<String>,
    since_us: i64,
    until_us: i64,
}

/// What is known about the addresses that are asked for.
pub(super) struct Index {
    wanted: HashSet<IpAddr>,
    seen: HashMap<IpAddr, Vec<Seen>>,
    incidents: HashMap<String, Vec<Going>>,
    /// The longest that anything lasted: how far back must be looked.
    longest_us: i64,
    hosts: HashMap<String, Arc<Host>>,
}

/// The members of a record that matter here.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    source: Inside<'a>,
    destination: Option<Far<'a>>,
    event: Event<'a>,
    #[serde(default)]
    minewall: Told,
}

#[derive(Deserialize)]
struct Inside<'a> {
    ip: &'a str,
    port: Option<u16>,
    mac: Option<&'a str>,
    nat: Option<Nat>,
    domain: Option<String>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct Nat {
    ip: IpAddr,
    port: Option<u16>,
}

#[derive(Deserialize)]
struct User {
    name: String,
}

#[derive(Deserialize)]
struct Far<'a> {
    ip: &'a str,
    port: u16,
    domain: Option<String>,
}

#[derive(Deserialize)]
struct Event<'a> {
    id: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    unit: Option<String>,
    room: Option<String>,
    person: Option<String>,
    contact: Option<String>,
    mac_is_next_hop: bool,
}

impl Index {
    pub(super) fn new(wanted: HashSet<IpAddr>) -> Self {
        Self { wanted, seen: HashMap::new(), incidents: HashMap::new(), longest_us: 0, hosts: HashMap::new() }
    }

    /// Reads what the journal has of that time. Damaged places are passed over and given back.
    pub(super) fn read(&mut self, directory: &Path, since_us: i64, until_us: i64) -> io::Result<Vec<Damage>> {
        let mut damaged = Vec::new();
        let incidents = journal::incidents(directory, since_us, until_us)?;
        // Since when a port was a host's is told by the records its incident began with.
        let first_us = incidents.iter().map(|incident| incident.first_us).min().unwrap_or(since_us);
        for text in journal::texts(directory, Class::Records, first_us.min(since_us), until_us)? {
            match text {
                // Most have another address, or none: they need not be read whole.
                Ok(text) if text.json.contains("\"nat\":") => self.record(text.time_us, &text.json),
                Ok(_) => {}
                Err(damage) => damaged.push(damage),
            }
        }
        for incident in incidents {
            let ip = incident.ip.to_string();
            let far = incident.endpoints.last().cloned().or(incident.pool).unwrap_or_default();
            let (since_us, until_us) = (incident.first_us, incident.last_us);
            let (records, endpoints) = (incident.records, incident.endpoints);
            let going = Going { id: incident.id, records, endpoints, since_us, until_us };
            self.incidents.entry(ip.clone()).or_default().push(going);
            let host = Host { ip, mac: incident.mac, who: incident.who };
            for address in incident.nat.iter().filter_map(|nat| nat.parse::<SocketAddr>().ok()) {
                let seen = Seen {
                    since_us: incident.first_us,
                    until_us: incident.last_us,
                    public_port: Some(address.port()),
                    inside_port: None,
                    host: Arc::new(host.clone()),
                    far: far.as_str().into(),
                    source: Source::Incident,
                    record: None,
                };
                self.add(address.ip(), seen);
            }
        }
        Ok(damaged)
    }

    fn record(&mut self, time_us: i64, json: &str) {
        let Ok(record) = serde_json::from_str::<Record<'_>>(json) else { return };
        let Some(nat) = record.source.nat.filter(|nat| self.wanted.contains(&nat.ip)) else { return };
        let Told { unit, room, person, contact, mac_is_next_hop: is_next_hop } = record.minewall;
        let account = record.source.user.map(|user| user.name);
        let hostname = record.source.domain;
        let who = Who { hostname, account, unit, room, person, contact, is_next_hop, ..Who::default() };
        let mac = record.source.mac.map(str::to_owned);
        let host = Host { ip: record.source.ip.to_owned(), mac, who };
        let far = record.destination.map_or_else(String::new, |far| {
            let name = far.domain.map(|domain| format!(" ({domain})")).unwrap_or_default();
            let bracketed = if far.ip.contains(':') { format!("[{}]", far.ip) } else { far.ip.to_owned() };
            format!("{bracketed}:{}{name}", far.port)
        });
        let seen = Seen {
            since_us: time_us,
            until_us: time_us,
            public_port: nat.port,
            inside_port: record.source.port,
            host: self.host(host),
            far: far.into(),
            source: Source::Record,
            record: record.event.id.map(str::to_owned),
        };
        self.add(nat.ip, seen);
    }

    /// The same host once.
    fn host(&mut self, host: Host) -> Arc<Host> {
        match self.hosts.get(&host.ip) {
            Some(known) if **known == host => Arc::clone(known),
            _ => {
                let host = Arc::new(host);
                self.hosts.insert(host.ip.clone(), Arc::clone(&host));
                host
            }
        }
    }

    pub(super) fn is_wanted(&self, public: IpAddr) -> bool {
        self.wanted.contains(&public)
    }

    pub(super) fn add(&mut self, public: IpAddr, seen: Seen) {
        if self.wanted.contains(&public) {
            self.seen.entry(public).or_default().push(seen);
        }
    }

    /// Makes it ready for questions.
    pub(super) fn sort(&mut self) {
        for seen in self.seen.values_mut() {
            let of_incidents: Vec<Seen> = seen.extract_if(.., |seen| seen.source == Source::Incident).collect();
            let narrowed: Vec<Seen> = of_incidents.into_iter().flat_map(|told| narrowed(told, seen)).collect();
            seen.extend(narrowed);
            seen.sort_by_key(|seen| seen.since_us);
            let longest = seen.iter().map(|seen| seen.until_us.saturating_sub(seen.since_us)).max();
            self.longest_us = self.longest_us.max(longest.unwrap_or_default());
        }
    }

    /// All that was seen behind the address no farther than that from the moment.
    pub(super) fn around(&self, public: IpAddr, at_us: i64, within_us: i64) -> impl Iterator<Item = &Seen> {
        let all = self.seen.get(&public).map_or(&[][..], Vec::as_slice);
        let since = at_us.saturating_sub(within_us).saturating_sub(self.longest_us);
        let from = all.partition_point(|seen| seen.since_us < since);
        let to = all.partition_point(|seen| seen.since_us <= at_us.saturating_add(within_us));
        let near = move |seen: &&Seen| seen.distance(at_us) <= within_us;
        all.get(from..to).unwrap_or_default().iter().filter(near)
    }

    /// The incident that this was seen of: of the host's that went on then, or within that time, the one that names the
    /// record, else one that led there, else the nearest.
    pub(super) fn incident(&self, seen: &Seen, at_us: i64, within_us: i64) -> Option<&str> {
        let distance = |going: &Going| (going.since_us - at_us).max(at_us - going.until_us).max(0);
        let is_strange = |going: &Going| {
            let names_it = seen.record.as_ref().is_some_and(|record| going.records.contains(record));
            (!names_it, !going.endpoints.iter().any(|endpoint| led_to(&seen.far, endpoint)))
        };
        let all = self.incidents.get(&seen.host.ip)?.iter().filter(|going| distance(going) <= within_us);
        all.min_by_key(|going| (is_strange(going), distance(going))).map(|going| going.id.as_str())
    }
}

/// Whether what was seen on its way to `192.0.2.7:3333 (pool.example.org)` led where an incident says: to a name where one is
/// known, `pool.example.org:3333`, which may only have been asked for, else to an address.
fn led_to(far: &str, endpoint: &str) -> bool {
    let Some((address, name)) = far.split_once(" (") else { return far == endpoint };
    let name = name.trim_end_matches(')');
    let port = address.rsplit(':').next().unwrap_or_default();
    endpoint == name
        || endpoint == address
        || endpoint.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')) == Some(port)
}

/// The stretches of an incident in which a port was its host's: from a record of it to the first record of another host.
/// Without records it may have been so all the time.
fn narrowed(told: Seen, seen: &[Seen]) -> Vec<Seen> {
    let has_port = |other: &&Seen| other.source == Source::Record && other.public_port == told.public_port;
    let mut records: Vec<(i64, bool)> =
        seen.iter().filter(has_port).map(|other| (other.since_us, other.host.ip == told.host.ip)).collect();
    records.sort_unstable();
    let is_own = |(at_us, is_own): &(i64, bool)| *is_own && (told.since_us..=told.until_us).contains(at_us);
    let mut stretches: Vec<Seen> = Vec::new();
    let mut rest = &records[..];
    while let Some(begin) = rest.iter().position(is_own) {
        let behind = rest.get(begin..).unwrap_or_default();
        let end = behind.iter().position(|(_, is_own)| !is_own);
        let since_us = behind.first().map_or(told.since_us, |(at_us, _)| *at_us);
        let next_us = end.and_then(|end| behind.get(end)).map_or(i64::MAX, |(at_us, _)| at_us - 1);
        stretches.push(Seen { since_us, until_us: told.until_us.min(next_us), ..told.clone() });
        rest = end.and_then(|end| behind.get(end..)).unwrap_or_default();
    }
    if stretches.is_empty() { vec![told] } else { stretches }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_incidents_at_one_time_the_one_it_was_seen_of_is_told() {
        let going = |id: &str, record: &str, endpoint: &str| Going {
            id: id.to_owned(),
            records: vec![record.to_owned()],
            endpoints: vec![endpoint.to_owned()],
            since_us: 0,
            until_us: 9,
        };
        let mut index = Index::new(HashSet::new());
        let all = vec![
            going("name", "r-1", "other.example.org"),
            going("login", "r-2", "192.0.2.7:3333"),
            going("named", "r-3", "pool.example.org:4444"),
        ];
        index.incidents.insert("10.0.0.5".to_owned(), all);
        let host = Arc::new(Host { ip: "10.0.0.5".to_owned(), mac: None, who: Who::default() });
        for (record, far, id) in [
            (Some("r-2"), "", "login"),
            (Some("r-1"), "192.0.2.7:3333", "name"),
            (Some("r-9"), "192.0.2.7:3333", "login"),
            (Some("r-9"), "192.0.2.7:4444 (pool.example.org)", "named"),
            (Some("r-9"), "[2001:db8::7]:4444 (pool.example.org)", "named"),
            (Some("r-9"), "192.0.2.7:5555 (pool.example.org)", "name"),
            (None, "198.51.100.1:443", "name"),
        ] {
            let seen = Seen {
                since_us: 5,
                until_us: 5,
                public_port: None,
                inside_port: None,
                host: Arc::clone(&host),
                far: far.into(),
                source: Source::Record,
                record: record.map(str::to_owned),
            };
            assert_eq!(index.incident(&seen, 5, 0), Some(id), "{record:?} {far}");
            assert_eq!(index.incident(&seen, 20, 5), None);
        }
    }
}
