//! What is told, as both ends know it.

use minewall_core::incident::{Incident, State};
use serde::{Deserialize, Serialize};

use super::by::By;

/// How the daemon fares.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Status {
    /// Its version.
    pub(crate) version: String,
    /// Its process id.
    pub(crate) process: u32,
    /// The gateway's name.
    pub(crate) observer: String,
    /// `block` or `observe`.
    pub(crate) mode: String,
    /// The pause that goes on, if one does.
    pub(crate) paused: Option<Paused>,
    /// The configuration it was started with.
    pub(crate) config: String,
    /// The kernel rules: `nft` or `iptables`.
    pub(crate) backend: String,
    /// When this was told, in microseconds since 1970.
    pub(crate) time_us: i64,
    /// The day that incidents are counted for now, by `incident.utc_offset`: `2026-11-30`.
    pub(crate) today: String,
    /// By how many seconds its times are later than UTC; nothing where an older program told this.
    pub(crate) utc_offset_s: Option<i32>,
    /// When it began to look at packets, in seconds since 1970.
    pub(crate) started: u64,
    /// When configuration and lists were last read.
    pub(crate) read: u64,
    /// How far the engines are eased: 0 not at all.
    pub(crate) ease: usize,
    /// The queues.
    pub(crate) queues: Vec<QueueStatus>,
    /// Records lost before the sinks.
    pub(crate) lost: u64,
    /// The sinks.
    pub(crate) sinks: Vec<SinkStatus>,
    /// The lists.
    pub(crate) lists: Vec<ListStatus>,
    /// The feeds that were tried since the machine started.
    pub(crate) feeds: Vec<FeedStatus>,
    /// How many incidents there are and were.
    pub(crate) incidents: IncidentStatus,
}

/// A pause that goes on.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct Paused {
    /// When it began, in seconds since 1970.
    pub(crate) since: i64,
    /// When it ends by itself, in seconds since 1970.
    pub(crate) until: i64,
    /// Whether mining is still looked for, and written down.
    pub(crate) observe: bool,
    /// Why, as whoever ordered it said.
    pub(crate) reason: Option<String>,
    /// Who ordered it.
    pub(crate) by: By,
}

impl Paused {
    /// What is done with the traffic meanwhile.
    pub(crate) const fn what(&self) -> &'static str {
        if self.observe { "mining is written down and not cut" } else { "nothing is inspected" }
    }
}

/// How many incidents there are, and were since the start.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct IncidentStatus {
    /// Open now.
    pub(crate) open: u64,
    /// Opened since the start.
    pub(crate) opened: u64,
    /// Ended since the start.
    pub(crate) ended: u64,
}

/// One feed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct FeedStatus {
    /// Its name, which its list has too.
    pub(crate) name: String,
    /// When it was last known to be current, in seconds since 1970.
    pub(crate) checked: Option<i64>,
    /// Attempts that failed since.
    pub(crate) failures: u32,
}

/// One queue.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct QueueStatus {
    /// Its number.
    pub(crate) number: u16,
    /// Packets that wait for a verdict.
    pub(crate) waiting: u64,
    /// Packets dropped because it was full, or passed uninspected where it fails open.
    pub(crate) dropped: u64,
    /// Packets judged.
    pub(crate) packets: u64,
    /// Connections first met.
    pub(crate) flows: u64,
    /// DNS questions over UDP.
    pub(crate) questions: u64,
    /// Sightings of mining.
    pub(crate) findings: u64,
    /// Verdicts to cut.
    pub(crate) cut: u64,
    /// Records written.
    pub(crate) records: u64,
    /// Packets not inspected, whatever the reason.
    pub(crate) skipped: u64,
    /// Half of all packets had their verdict within so many microseconds; null where it took more than can be told.
    pub(crate) p50_us: Option<u32>,
    /// 99 of 100 had.
    pub(crate) p99_us: Option<u32>,
    /// Whether packets wait, and its thread has answered none for seconds.
    pub(crate) stuck: bool,
}

/// One sink.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct SinkStatus {
    /// Its name.
    pub(crate) name: String,
    /// What it has handed over.
    pub(crate) sent: usize,
    /// What it lost.
    pub(crate) lost: usize,
    /// What waits for it.
    pub(crate) waiting: usize,
    /// Attempts that failed.
    pub(crate) errors: usize,
    /// Whether the last one worked.
    pub(crate) connected: bool,
}

/// One list.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct ListStatus {
    /// Its name.
    pub(crate) name: String,
    /// How many entries were taken.
    pub(crate) entries: usize,
    /// The date of its source, in seconds since 1970.
    pub(crate) date: Option<i64>,
}

/// What `minewall top` shows.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Top {
    /// How the daemon fares.
    pub(crate) status: Status,
    /// Open incidents, those of the most watts first: [`Top::HOSTS`] at the most.
    pub(crate) hosts: Vec<Host>,
    /// How many incidents are open.
    pub(crate) open: usize,
    /// What happened last, the newest first.
    pub(crate) events: Vec<Happened>,
}

/// One open incident, in short.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Host {
    /// The incident's id.
    pub(crate) id: String,
    /// The host inside.
    pub(crate) ip: String,
    /// Its name.
    pub(crate) name: Option<String>,
    /// Its unit.
    pub(crate) unit: Option<String>,
    /// The coin.
    pub(crate) coin: Option<String>,
    /// The algorithm.
    pub(crate) algorithm: Option<String>,
    /// The pool's name, or where it was reached.
    pub(crate) pool: Option<String>,
    /// How many rigs.
    pub(crate) rigs: u32,
    /// Hashes a second: measured, or as the miner says.
    pub(crate) hashrate: Option<f64>,
    /// Whether that was measured.
    pub(crate) is_measured: bool,
    /// Watts, an estimate.
    pub(crate) watts: Option<f64>,
    /// Sightings.
    pub(crate) attempts: u64,
    /// Of these, cut.
    pub(crate) blocked: u64,
    /// Connections on which mining went on.
    pub(crate) sessions: u64,
    /// The first sighting, in microseconds since 1970.
    pub(crate) first_us: i64,
    /// The last one.
    pub(crate) last_us: i64,
}

/// Something that happened.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct Happened {
    /// When, in microseconds since 1970.
    pub(crate) time_us: i64,
    /// One sentence.
    pub(crate) what: String,
}

impl Top {
    /// Incidents told at the most: what a screen shows, and 64 KiB hold.
    pub(crate) const HOSTS: usize = 128;
}

impl Status {
    /// A figure of all queues.
    pub(crate) fn sum(&self, of: fn(&QueueStatus) -> u64) -> u64 {
        self.queues.iter().map(of).sum()
    }
}

impl Host {
    /// An incident in short.
    pub(crate) fn of(incident: &Incident) -> Self {
        let measured = incident.hashrate.map(|rate| rate.value);
        Self {
            id: incident.id.clone(),
            ip: incident.ip.to_string(),
            name: incident.who.hostname.clone(),
            unit: incident.who.unit.clone(),
            coin: incident.coin.clone(),
            algorithm: incident.algorithm.clone(),
            pool: incident.pool.clone().or_else(|| incident.endpoints.last().cloned()),
            rigs: incident.rigs.count,
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            hashrate: measured.or_else(|| incident.declared.map(|declared| declared as f64)),
            is_measured: measured.is_some(),
            watts: incident.energy.as_ref().map(|energy| energy.watts),
            attempts: incident.attempts,
            blocked: incident.blocked,
            sessions: incident.sessions,
            first_us: incident.first_us,
            last_us: incident.last_us,
        }
    }

    /// Those of open incidents, the one of the most watts first, then of the highest rate, then the one seen last; and
    /// how many are open.
    pub(super) fn all(incidents: &[Incident]) -> (Vec<Self>, usize) {
        let mut open: Vec<_> = incidents.iter().filter(|incident| incident.state != State::Ended).collect();
        let key = |incident: &&Incident| {
            let watts = incident.energy.as_ref().map_or(-1.0, |energy| energy.watts);
            (watts, incident.hashrate.map_or(-1.0, |rate| rate.value), incident.last_us)
        };
        open.sort_by(|a, b| {
            let (a, b) = (key(a), key(b));
            b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then(b.2.cmp(&a.2))
        });
        (open.iter().take(Top::HOSTS).map(|incident| Self::of(incident)).collect(), open.len())
    }
}
