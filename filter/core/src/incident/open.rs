//! One incident while it is open: what sightings add to it, and how it is told.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use minewall_lists::Category;

use super::hold::Bucket;
use super::rate::Shares;
use super::reasons::{self, Signs};
use super::rigs::Fleet;
use super::seen::{Host, Seen};
use super::span::{Days, SESSION, Session, TOUCHING};
use super::{Exempted, Settings};
use crate::activity::Activity;
use crate::evidence::{Action, Record, Who, printable};
use crate::finding::{Layer, PoolSource, Said, Subject, Word};
use crate::limits;

/// Where it was reached, what names were heard, which records are named: so many at the most.
const ENDPOINTS: usize = 16;
pub(super) const RECORDS: usize = 8;
/// Sites of the pool by which sightings without a wallet are known to belong to it.
pub(super) const SITES: usize = 8;
/// Addresses of it, likewise.
const ADDRESSES: usize = 16;

/// An incident that is open.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) id: String,
    pub(super) host: Host,
    pub(super) wallet: Option<String>,
    pub(super) sites: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) first_us: i64,
    pub(super) last_us: i64,
    pub(super) ip: IpAddr,
    pub(super) vlan: Option<u16>,
    pub(super) interface: Option<String>,
    pub(super) who: Who,
    pub(super) nat: Vec<String>,
    pub(super) endpoints: Vec<String>,
    pub(super) said: Said,
    pub(super) dialects: Vec<String>,
    pub(super) agents: Vec<String>,
    pub(super) fleet: Fleet,
    pub(super) blocked: u64,
    pub(super) suppressed: u64,
    pub(super) sessions: u64,
    pub(super) session: Session,
    /// The time in which connections stood, without the gaps between them: rates are measured over it.
    pub(super) connected: Session,
    pub(super) connected_us: i64,
    pub(super) shares: Shares,
    pub(super) days: Days,
    pub(super) records: Vec<(u8, String)>,
    pub(super) signs: Signs,
    pub(super) returned_after: Option<String>,
    /// What was told before a restart, where nothing was said since.
    pub(super) told: Told,
    pub(super) bucket: Bucket,
    /// When it was last seen and last told, on the clock that never goes back; none: before this process.
    pub(super) seen_ms: Option<u64>,
    pub(super) told_ms: u64,
    /// Whether something came since it was told; and whether that should not wait.
    pub(super) is_changed: bool,
    pub(super) is_news: bool,
}

/// What cannot be taken apart again of an incident read from the journal.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) pool: Option<String>,
    pub(super) declared: Option<u64>,
}

impl Open {
    /// One of which nothing is known yet but who and when.
    pub(super) fn new(id: String, host: Host, seen: &Seen<'_>, now_ms: u64) -> Self {
        Self {
            id,
            host,
            wallet: None,
            sites: Vec::new(),
            addresses: Vec::new(),
            first_us: seen.time_us,
            last_us: seen.time_us,
            ip: seen.ip,
            vlan: None,
            interface: None,
            who: Who::default(),
            nat: Vec::new(),
            endpoints: Vec::new(),
            said: Said::default(),
            dialects: Vec::new(),
            agents: Vec::new(),
            fleet: Fleet::default(),
            blocked: 0,
            suppressed: 0,
            sessions: 0,
            session: Session::default(),
            connected: Session::default(),
            connected_us: 0,
            shares: Shares::default(),
            days: Days::default(),
            records: Vec::new(),
            signs: Signs::default(),
            returned_after: None,
            told: Told::default(),
            bucket: Bucket::new(now_ms),
            seen_ms: Some(now_ms),
            told_ms: now_ms,
            is_changed: true,
            is_news: false,
        }
    }

    /// Folds a record in; `held` if it does not go to the sinks.
    pub(super) fn record(&mut self, record: &Record, seen: &Seen<'_>, settings: &Settings) {
        self.see(seen);
        self.days.on(record.time_us, settings.utc_offset_s).attempts += 1;
        self.blocked += u64::from(record.action == Action::Blocked);
        self.fleet.name(record.finding.said.worker.as_deref());
        if let Some(exemption) = &record.exemption {
            let bounded = |text: &str| printable(text, 256);
            self.signs.exemption = Some(Exempted {
                owner: bounded(&exemption.owner),
                reason: bounded(&exemption.reason),
                expires: exemption.expires.as_deref().map(bounded),
            });
        }
        self.note_record(rank(record), seen.record);
        if let Subject::Listed(category) = record.finding.subject {
            let entry = || Some(printable(&record.finding.rule, 120));
            match category {
                Category::Malware => self.signs.malware = entry(),
                Category::Browser => self.signs.page = entry(),
                _ => {}
            }
        }
        self.signs.has_spoken |= record.finding.subject == Subject::Protocol;
        let is_plain = record.finding.layer == Layer::Payload && record.server_name.is_none();
        if is_plain && reasons::is_everyday(record.destination.port) && !is_web(record) {
            self.signs.odd_port = Some(record.destination.port);
        }
    }

    /// Counts a record that was held back.
    pub(super) fn hold(&mut self) {
        self.suppressed = self.suppressed.saturating_add(1);
    }

    /// Folds in what a connection did.
    pub(super) fn mine(&mut self, activity: &Activity, seen: &Seen<'_>, settings: &Settings, is_donation: bool) {
        self.see(seen);
        self.note_record(3, seen.record);
        self.signs.has_spoken = true;
        self.signs.has_mined = true;
        let offset = settings.utc_offset_s;
        let (since, until) = (activity.since_us.min(activity.until_us), activity.until_us);
        let rig = if is_donation { None } else { self.fleet.mine(activity) };
        let begun = rig.as_ref().map_or(since, |rig| rig.since);
        for time in rig.into_iter().flat_map(|rig| rig.added.times) {
            self.days.spend(time, offset, |sum, us| sum.rig_us += us);
        }
        let added = self.session.add(since, until, SESSION);
        self.sessions = self.sessions.saturating_add_signed(added.sessions);
        for time in added.times {
            self.days.spend(time, offset, |sum, us| sum.active_us += us);
        }
        for (from, to) in self.connected.add(begun, until, TOUCHING).times {
            self.connected_us = self.connected_us.saturating_add(to.saturating_sub(from));
        }
        self.shares.add(activity.measured.into(), activity.hashes);
        self.signs.hours |= 1 << hour(until, offset);
        let sum = self.days.on(until, offset);
        let tally = &mut sum.tally;
        tally.bytes += activity.sent_bytes.saturating_add(activity.received_bytes);
        tally.jobs += u64::from(activity.jobs);
        tally.offered += u64::from(activity.offered);
        tally.accepted += u64::from(activity.accepted);
        tally.rejected += u64::from(activity.rejected);
        if activity.hashes.is_finite() && activity.hashes > 0.0 {
            tally.measured += u64::from(activity.measured);
            tally.hashes += activity.hashes;
        }
    }

    /// What every sighting tells.
    fn see(&mut self, seen: &Seen<'_>) {
        self.is_changed = true;
        self.first_us = self.first_us.min(seen.time_us);
        if seen.time_us >= self.last_us {
            self.last_us = seen.time_us;
            self.ip = seen.ip;
        }
        self.vlan = seen.vlan.or(self.vlan);
        if let Some(interface) = seen.interface {
            self.interface = Some(printable(interface, 64));
        }
        if let Some(who) = seen.who {
            self.who = who.clone();
        }
        if let Some(nat) = seen.nat {
            keep_last(&mut self.nat, nat.to_string(), ENDPOINTS);
        }
        if let Some(place) = seen.endpoint() {
            keep_last(&mut self.endpoints, printable(&place, 160), ENDPOINTS);
        }
        for site in &seen.sites {
            keep_last(&mut self.sites, site.clone(), SITES);
        }
        if let Some(far) = seen.far {
            keep_last(&mut self.addresses, far.ip, ADDRESSES);
        }
        if let Some(dialect) = seen.dialect {
            keep_last(&mut self.dialects, dialect.to_string(), ENDPOINTS);
        }
        if let Some(agent) = &seen.said.agent {
            keep_last(&mut self.agents, printable(agent, limits::INCIDENT_NAME), ENDPOINTS);
        }
        let knew_coin = self.said.coin.is_some();
        self.said.learn(seen.said.clone());
        self.is_news |= !knew_coin && self.said.coin.is_some();
        self.learn_signs(seen);
    }

    fn learn_signs(&mut self, seen: &Seen<'_>) {
        let signs = &mut self.signs;
        signs.has_email |= seen.said.get(Word::Email).is_some();
        signs.was_recruited |= seen.said.get(Word::Referral).is_some();
        let is_reply = seen.said.get(Word::PoolSource) == Some(PoolSource::Reply.as_str());
        signs.own_proxy |= is_reply && seen.said.get(Word::Pool).is_some_and(|pool| pool.ends_with("-proxy"));
        let market = |text: &str| text.to_ascii_lowercase().contains("nicehash");
        signs.is_market |= seen.said.agent.as_deref().is_some_and(market) || seen.sites.iter().any(|site| market(site));
    }

    /// Gives it the wallet.
    pub(super) fn take_wallet(&mut self, wallet: &str) {
        if self.wallet.is_none() {
            self.wallet = Some(wallet.into());
            self.is_news = true;
        }
    }

    fn note_record(&mut self, rank: u8, id: &str) {
        if id.is_empty() || self.records.iter().any(|(_, known)| known == id) {
            return;
        }
        let id = printable(id, 64);
        if self.records.len() < RECORDS {
            self.records.push((rank, id));
            return;
        }
        // The best first; of the same rank the last of them makes room.
        let worst = self.records.iter().enumerate().min_by_key(|(place, (rank, _))| (*rank, RECORDS - place));
        if let Some((place, (worst, _))) = worst
            && *worst < rank
        {
            self.records.remove(place);
            self.records.push((rank, id));
        }
    }
}

/// Puts a value last, once, and forgets the first where there are too many.
fn keep_last<T: PartialEq>(list: &mut Vec<T>, value: T, most: usize) {
    if list.last() == Some(&value) {
        return;
    }
    list.retain(|known| *known != value);
    if list.len() >= most {
        list.remove(0);
    }
    list.push(value);
}

/// How well a record shows what happened: what was said, better than what was asked for.
fn rank(record: &Record) -> u8 {
    match record.finding.layer {
        Layer::Payload if record.finding.said.wallet.is_some() => 3,
        Layer::Payload => 2,
        Layer::Dns | Layer::Address | Layer::Behaviour => 0,
        Layer::Http | Layer::Proxy | Layer::Sni => 1,
    }
}

/// Whether it came over HTTP or a WebSocket, whose ports these are.
fn is_web(record: &Record) -> bool {
    matches!(record.protocol, "http" | "websocket" | "tls" | "quic")
}

/// The hour of the day.
fn hour(time_us: i64, offset_s: i32) -> u32 {
    let hours = time_us.saturating_add(i64::from(offset_s) * 1_000_000).div_euclid(3_600_000_000);
    u32::try_from(hours.rem_euclid(24)).unwrap_or_default()
}
