//! All open incidents of a gateway: which one a sighting belongs to, and when each is told.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::donation::is_donation_of;
use super::hold::{Bucket, Passed};
use super::open::Open;
use super::past::{Past, Wallets};
use super::register::Register;
use super::seen::{Host, Seen, is_mining};
use super::{Incident, Settings, State};
use crate::activity::Activity;
use crate::evidence::{Notice, Record};
use crate::finding::Word;
use crate::limits;
use crate::now::Now;

/// News of an incident is told this long after it was last told, not at once: more follows within a moment.
const NEWS_MS: u64 = 5_000;

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// An incident began, goes on, or ended.
    Incident(Box<Incident>),
    /// A line about minewall itself.
    Notice(Notice),
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Incidents that are open.
    pub open: u64,
    /// Incidents that were opened.
    pub opened: u64,
    /// Incidents that ended.
    pub ended: u64,
    /// Of these, ended before their time to make room.
    pub displaced: u64,
    /// Records held back from the sinks.
    pub held: u64,
}

/// The incidents of a gateway.
pub struct Incidents {
    settings: Settings,
    observer: String,
    seed: u64,
    open: BTreeMap<Host, Vec<Open>>,
    /// The hardware address an address was last seen with.
    known: BTreeMap<IpAddr, [u8; 6]>,
    /// Records that belong to no incident, by host and what they name.
    aside: BTreeMap<(Host, String), Bucket>,
    past: Past,
    wallets: Wallets,
    register: Register,
    counted: Counted,
}

impl Incidents {
    /// None are open yet. `observer` is the gateway's name, `seed` a number no other run has.
    #[must_use]
    pub fn new(settings: Settings, observer: &str, seed: u64) -> Self {
        let register = Register::new(&settings.register);
        Self {
            settings,
            observer: observer.into(),
            seed,
            open: BTreeMap::new(),
            known: BTreeMap::new(),
            aside: BTreeMap::new(),
            past: Past::default(),
            wallets: Wallets::default(),
            register,
            counted: Counted::default(),
        }
    }

    /// Takes other settings, after the configuration was read anew.
    pub fn configure(&mut self, settings: Settings, observer: &str) {
        self.register.replace(&settings.register);
        (self.settings, self.observer) = (settings, observer.into());
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counted(&self) -> Counted {
        self.counted
    }

    /// The open incidents as they stand, the one seen last first.
    #[must_use]
    pub fn standing(&self, now: Now) -> Vec<Incident> {
        let mut all: Vec<_> = self.open.values().flatten().collect();
        all.sort_by_key(|open| core::cmp::Reverse(open.last_us));
        all.into_iter().map(|open| self.told(open, State::Active, now)).collect()
    }

    /// Folds a record in; tells whether it goes to the sinks.
    pub fn on_record(&mut self, now: Now, record: &Record, out: &mut dyn FnMut(Told)) -> Passed {
        let seen = Seen::of_record(record);
        let host = self.host(&seen);
        if record.finding.is_test() {
            return self.hold_back(now, host, &seen);
        }
        if !is_mining(record.finding.subject) {
            return self.set_aside(now, host, &seen);
        }
        if let Some(exemption) = &record.exemption {
            let notice = self.register.used(seen.ip, exemption, now.wall_us, &self.observer);
            notice.into_iter().for_each(|notice| out(Told::Notice(notice)));
        }
        let (mut open, is_new, donates) = self.take(now, host, &seen, out);
        open.record(record, &seen, &self.settings);
        open.signs.has_donated |= donates;
        let passed = open.bucket.take(now.mono_ms, &self.settings);
        if passed == Passed::Held {
            open.hold();
            self.counted.held += 1;
        }
        self.put(now, open, is_new, out);
        passed
    }

    /// Folds in what a connection did.
    pub fn on_activity(&mut self, now: Now, activity: &Activity, out: &mut dyn FnMut(Told)) {
        if activity.is_test() {
            return;
        }
        let seen = Seen::of_activity(activity);
        let host = self.host(&seen);
        let (mut open, is_new, donates) = self.take(now, host, &seen, out);
        open.mine(activity, &seen, &self.settings, donates);
        open.signs.has_donated |= donates;
        self.put(now, open, is_new, out);
    }

    /// Tells what is due: incidents that changed, incidents that ended, records that were held back, exemptions that
    /// end. To be called about once a second.
    pub fn tick(&mut self, now: Now, out: &mut dyn FnMut(Told)) {
        self.register.tick(now.wall_us, &self.observer, &mut |notice| out(Told::Notice(notice)));
        let hosts: Vec<_> = self.open.keys().copied().collect();
        for host in hosts {
            let Some(mut all) = self.open.remove(&host) else { continue };
            all.retain_mut(|open| self.look(now, open, out));
            if !all.is_empty() {
                self.open.insert(host, all);
            }
        }
        let (settings, observer) = (&self.settings, &self.observer);
        self.aside.retain(|(_, what), bucket| {
            if let Some(held) = bucket.due(now.mono_ms, settings) {
                out(Told::Notice(held_back(held, &format!("a host for {what}"), None, now.wall_us, observer)));
            }
            !bucket.is_idle()
        });
    }

    /// Tells all that is left, at the end of a capture or of the process: what was quiet long enough has ended.
    pub fn finish(&mut self, now: Now, out: &mut dyn FnMut(Told)) {
        self.tick(now, out);
        for mut open in core::mem::take(&mut self.open).into_values().flatten() {
            if let Some(held) = open.bucket.tell(now.mono_ms) {
                out(Told::Notice(self.held_back(held, &open, now)));
            }
            out(Told::Incident(self.boxed(&open, State::Active, now)));
        }
        self.counted.open = 0;
    }

    /// Takes up what the last lines of the journal told, before anything is folded: to be called with each, the oldest
    /// first.
    pub fn restore(&mut self, told: Incident) {
        let has_ended = told.state == State::Ended;
        let open = Open::restore(told);
        if let Some(wallet) = &open.wallet {
            self.wallets.note(wallet, open.host);
        }
        if has_ended || self.counted.open >= limits::INCIDENTS as u64 {
            self.past.note(open.host, open.id, open.wallet, open.sites);
            return;
        }
        self.counted.open += 1;
        self.open.entry(open.host).or_default().push(open);
    }

    /// The host of a sighting; one of which only the address was known so far is known by its hardware address from now
    /// on.
    fn host(&mut self, seen: &Seen<'_>) -> Host {
        let is_hop = seen.who.is_some_and(|who| who.is_next_hop);
        let Some(mac) = seen.mac else {
            let known = self.known.get(&seen.ip).filter(|_| !is_hop);
            return known.map_or(Host::Ip(seen.ip), |mac| Host::Mac(*mac));
        };
        let host = Host::Mac(mac);
        if self.known.get(&seen.ip) != Some(&mac) {
            if self.known.len() >= limits::INCIDENTS && !self.known.contains_key(&seen.ip) {
                self.known.pop_first();
            }
            self.known.insert(seen.ip, mac);
            for mut open in self.open.remove(&Host::Ip(seen.ip)).into_iter().flatten() {
                open.host = host;
                self.open.entry(host).or_default().push(open);
            }
        }
        host
    }

    /// Takes out the incident a sighting belongs to, or opens one; tells whether it is new, and whether the sighting is
    /// only the donation of what mines there.
    fn take(&mut self, now: Now, host: Host, seen: &Seen<'_>, out: &mut dyn FnMut(Told)) -> (Open, bool, bool) {
        let wallet = seen.said.wallet.as_deref();
        let donates = seen.said.get(Word::Holder) == Some("hash") && self.donor(host, wallet).is_some();
        let found = match wallet {
            Some(wallet) if donates => self.donor(host, Some(wallet)),
            Some(wallet) => self
                .place(host, |open| open.wallet.as_deref() == Some(wallet))
                .or_else(|| self.place(host, |open| open.wallet.is_none() && is_near(open, seen))),
            None => self
                .place(host, |open| open.wallet.is_some() && is_near(open, seen))
                .or_else(|| self.place(host, |open| is_near(open, seen))),
        };
        let is_full = self.open.get(&host).is_some_and(|all| all.len() >= limits::INCIDENTS_OF_HOST);
        let found = found.or_else(|| self.place(host, |_| is_full));
        let taken = found.and_then(|place| Some(self.open.get_mut(&host)?.swap_remove(place)));
        let is_new = taken.is_none();
        let mut open = taken.unwrap_or_else(|| self.begin(now, host, seen, out));
        if let Some(wallet) = wallet.filter(|_| !donates) {
            open.take_wallet(wallet);
            self.wallets.note(wallet, host);
            if open.returned_after.is_none() && open.is_news {
                open.returned_after = self.past.find(host, Some(wallet), &[]).map(ToString::to_string);
            }
        }
        open.seen_ms = Some(now.mono_ms);
        (open, is_new, donates)
    }

    /// The open incident of a host of which this holds, the one seen last.
    fn place(&self, host: Host, holds: impl Fn(&Open) -> bool) -> Option<usize> {
        let all = self.open.get(&host)?.iter().enumerate().filter(|(_, open)| holds(open));
        all.max_by_key(|(_, open)| open.last_us).map(|(place, _)| place)
    }

    /// The incident whose miner sends this hash with its donation.
    fn donor(&self, host: Host, hash: Option<&str>) -> Option<usize> {
        let hash = hash?;
        self.place(host, |open| {
            let worker = open.said.worker.as_deref();
            open.wallet.as_deref().is_some_and(|wallet| is_donation_of(hash, wallet, worker))
        })
    }

    fn begin(&mut self, now: Now, host: Host, seen: &Seen<'_>, out: &mut dyn FnMut(Told)) -> Open {
        if self.counted.open >= limits::INCIDENTS as u64 {
            self.make_room(now, out);
        }
        self.counted.open += 1;
        self.counted.opened += 1;
        let id = format!("{:08x}-{}", self.seed & 0xffff_ffff, self.counted.opened);
        let mut open = Open::new(id, host, seen, now.mono_ms);
        let past = self.past.find(host, seen.said.wallet.as_deref(), &seen.sites);
        open.returned_after = past.map(ToString::to_string);
        open
    }

    /// Puts an incident back; a new one is told.
    fn put(&mut self, now: Now, mut open: Open, is_new: bool, out: &mut dyn FnMut(Told)) {
        if is_new {
            out(Told::Incident(self.boxed(&open, State::Opened, now)));
            (open.told_ms, open.is_changed, open.is_news) = (now.mono_ms, false, false);
        }
        self.open.entry(open.host).or_default().push(open);
    }

    /// Ends the incident that was quiet for the longest time.
    fn make_room(&mut self, now: Now, out: &mut dyn FnMut(Told)) {
        let quiet = |open: &Open| open.seen_ms.unwrap_or_default();
        let longest = self.open.iter().filter_map(|(host, all)| Some((all.iter().map(quiet).min()?, *host))).min();
        let Some((_, host)) = longest else { return };
        let Some(all) = self.open.get_mut(&host) else { return };
        let place = all.iter().enumerate().min_by_key(|(_, open)| quiet(open)).map(|(place, _)| place);
        let Some(mut open) = place.map(|place| all.swap_remove(place)) else { return };
        if all.is_empty() {
            self.open.remove(&host);
        }
        self.counted.displaced += 1;
        self.end(now, &mut open, out);
    }

    fn end(&mut self, now: Now, open: &mut Open, out: &mut dyn FnMut(Told)) {
        if let Some(held) = open.bucket.tell(now.mono_ms) {
            out(Told::Notice(self.held_back(held, open, now)));
        }
        out(Told::Incident(self.boxed(open, State::Ended, now)));
        self.counted.open = self.counted.open.saturating_sub(1);
        self.counted.ended += 1;
        self.past.note(open.host, open.id.clone(), open.wallet.clone(), open.sites.clone());
    }

    /// Looks whether an incident is to be told; whether it stays open.
    fn look(&mut self, now: Now, open: &mut Open, out: &mut dyn FnMut(Told)) -> bool {
        let quiet_ms = u64::from(self.settings.quiet_s) * 1_000;
        let silent = match open.seen_ms {
            Some(seen) => now.mono_ms.saturating_sub(seen) >= quiet_ms,
            // Of before this process: only the clock on the wall goes on.
            None => now.wall_us.saturating_sub(open.last_us) >= i64::from(self.settings.quiet_s) * 1_000_000,
        };
        if silent {
            self.end(now, open, out);
            return false;
        }
        if let Some(held) = open.bucket.due(now.mono_ms, &self.settings) {
            out(Told::Notice(self.held_back(held, open, now)));
        }
        let since = now.mono_ms.saturating_sub(open.told_ms);
        let due = if open.is_news { NEWS_MS } else { u64::from(self.settings.report_s) * 1_000 };
        if open.is_changed && since >= due {
            out(Told::Incident(self.boxed(open, State::Active, now)));
            (open.told_ms, open.is_changed, open.is_news) = (now.mono_ms, false, false);
        }
        true
    }

    fn told(&self, open: &Open, state: State, now: Now) -> Incident {
        let hosts = open.wallet.as_deref().map_or(0, |wallet| self.wallets.hosts(wallet));
        open.snapshot(state, now.wall_us, hosts, &self.settings, &self.observer)
    }

    fn boxed(&self, open: &Open, state: State, now: Now) -> Box<Incident> {
        Box::new(self.told(open, state, now))
    }

    fn held_back(&self, held: u64, open: &Open, now: Now) -> Notice {
        held_back(held, &format!("the incident {}", open.id), Some(&open.id), now.wall_us, &self.observer)
    }

    /// A record of what is no mining: it notes the visit to a pool's page, and goes to the sinks unless there were many.
    fn set_aside(&mut self, now: Now, host: Host, seen: &Seen<'_>) -> Passed {
        if let Some(place) = self.place(host, |open| is_near(open, seen))
            && let Some(open) = self.open.get_mut(&host).and_then(|all| all.get_mut(place))
        {
            (open.signs.was_visited, open.is_changed) = (true, true);
        }
        self.hold_back(now, host, seen)
    }

    /// A record that belongs to no incident goes to the sinks unless there were many like it.
    fn hold_back(&mut self, now: Now, host: Host, seen: &Seen<'_>) -> Passed {
        let what = seen.sites.first().cloned().or_else(|| seen.far.map(|far| far.ip.to_string())).unwrap_or_default();
        let key = (host, what);
        if !self.aside.contains_key(&key) && self.aside.len() >= limits::INCIDENTS_PAST {
            return Passed::Send;
        }
        let passed =
            self.aside.entry(key).or_insert_with(|| Bucket::new(now.mono_ms)).take(now.mono_ms, &self.settings);
        self.counted.held += u64::from(passed == Passed::Held);
        passed
    }
}

/// Whether a sighting is of the incident's pool.
fn is_near(open: &Open, seen: &Seen<'_>) -> bool {
    seen.sites.iter().any(|site| open.sites.contains(site))
        || seen.far.is_some_and(|far| open.addresses.contains(&far.ip))
}

/// Whose records were held back stands in the incident, which is kept as `[privacy]` says.
fn held_back(held: u64, of: &str, incident: Option<&str>, time_us: i64, observer: &str) -> Notice {
    let mut fields = alloc::vec![("suppressed", held.to_string())];
    fields.extend(incident.map(|id| ("incident_id", id.to_string())));
    Notice {
        time_us,
        observer: observer.into(),
        action: "records-held",
        severity: 6,
        reason: format!("Held {held} records of {of} back from the sinks; there were many like them"),
        fields,
    }
}
