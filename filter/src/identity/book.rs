//! Who held which address when.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::provider::Told;

/// Stretches of time kept of one address: a lease renewed by the same host is one stretch, so they are holders.
const HOLDERS: usize = 16;

/// Stretches kept in all, about 200 bytes each.
const HOLDINGS: usize = 262_144;

/// Addresses remembered of one hardware address.
const ADDRESSES: usize = 64;

/// Two stretches of one holder that are no further apart are one: servers and this program look at different times.
const SLACK_US: i64 = 10_000_000;

/// A sighting may bear a time a moment before its lease: both are written down when it is over.
const EARLY_US: i64 = 2_000_000;

/// What a file says of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    /// The address, or a prefix that was handed out whole.
    pub(super) net: IpNet,
    pub(super) told: Told,
    /// Since when, in microseconds since 1970; none: not said.
    pub(super) from_us: Option<i64>,
    /// Until when; none: for good.
    pub(super) until_us: Option<i64>,
    /// Whether it was given back or taken away before its time.
    pub(super) is_over: bool,
}

/// A stretch of time in which somebody held an address.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) told: Arc<Told>,
    pub(super) from_us: Option<i64>,
    pub(super) until_us: Option<i64>,
}

impl Held {
    fn from(&self) -> i64 {
        self.from_us.unwrap_or(i64::MIN)
    }

    fn until(&self) -> i64 {
        self.until_us.unwrap_or(i64::MAX)
    }

    fn covers(&self, at_us: i64) -> bool {
        self.from() <= at_us && at_us <= self.until()
    }

    fn covers_soon(&self, at_us: i64) -> bool {
        self.from().saturating_sub(EARLY_US) <= at_us && at_us <= self.until()
    }

    fn touches(&self, lease: &Lease) -> bool {
        let (from, until) = (lease.from_us.unwrap_or(i64::MIN), lease.until_us.unwrap_or(i64::MAX));
        from <= self.until().saturating_add(SLACK_US) && self.from() <= until.saturating_add(SLACK_US)
    }
}

/// Who held which address when, as one provider told it. Bounded: what is full forgets what ended first.
#[derive(Debug, Default)]
pub(super) struct Book {
    held: HashMap<IpNet, Vec<Held>>,
    by_mac: HashMap<[u8; 6], Vec<IpNet>>,
    /// The lengths of prefixes there are, of each family.
    lengths: BTreeSet<(bool, u8)>,
    count: usize,
}

impl Book {
    /// Notes what a file says that is written on and on: what is said later stands.
    pub(super) fn note(&mut self, lease: Lease) {
        if self.count >= HOLDINGS && !self.forget(lease.from_us.or(lease.until_us).unwrap_or(i64::MAX)) {
            return;
        }
        self.index(&lease);
        let all = self.held.entry(lease.net).or_default();
        let before = all.len();
        match all.iter_mut().rev().find(|held| held.told.is_same(&lease.told) && held.touches(&lease)) {
            Some(held) => extend(held, lease),
            None if lease.is_over => {}
            None => {
                let held = Held { told: Arc::new(lease.told), from_us: lease.from_us, until_us: lease.until_us };
                let at = all.partition_point(|other| other.from() <= held.from());
                all.insert(at, held);
            }
        }
        // Nobody holds an address longer than until the next one has it.
        let next: Vec<i64> = all.iter().skip(1).map(Held::from).collect();
        for (held, next) in all.iter_mut().zip(next) {
            if held.until() > next {
                held.until_us = Some(next);
            }
        }
        if all.len() > HOLDERS {
            all.remove(0);
        }
        self.count = (self.count + all.len()).saturating_sub(before);
    }

    /// Notes what a file says that always holds what is, as it was written at `at_us`; `is_first`: nothing is known of
    /// the time before.
    pub(super) fn present(&mut self, leases: Vec<Lease>, at_us: i64, is_first: bool) {
        let there: std::collections::HashSet<IpNet> = leases.iter().map(|lease| lease.net).collect();
        for (net, all) in &mut self.held {
            if let Some(last) = all.last_mut()
                && !there.contains(net)
                && last.until() > at_us
            {
                last.until_us = Some(at_us);
            }
        }
        for mut lease in leases {
            let last = self.held.get_mut(&lease.net).and_then(|all| all.last_mut());
            if let Some(last) = last.filter(|last| last.told.is_same(&lease.told)) {
                lease.from_us = last.from_us;
                if last.until() >= at_us.saturating_sub(SLACK_US) {
                    extend(last, lease);
                    continue;
                }
            }
            lease.from_us = if is_first { None } else { Some(at_us) };
            self.note(lease);
        }
    }

    /// Who held the address.
    pub(super) fn at(&self, ip: IpAddr, at_us: i64) -> Option<&Held> {
        let mut lengths = self.lengths.iter().rev().filter(|(v6, _)| *v6 == ip.is_ipv6());
        lengths.find_map(|(_, length)| {
            let net = IpNet::new(ip, *length).ok()?.trunc();
            let all = self.held.get(&net)?;
            let exactly = all.iter().rev().find(|held| held.covers(at_us));
            exactly.or_else(|| all.iter().find(|held| held.covers_soon(at_us)))
        })
    }

    /// What was held with the hardware address: the holding that tells most, of these the latest.
    pub(super) fn at_mac(&self, mac: [u8; 6], at_us: i64) -> Option<&Held> {
        let nets = self.by_mac.get(&mac)?.iter();
        let held = nets.filter_map(|net| self.held.get(net)).flatten();
        let held = held.filter(|held| held.told.mac == Some(mac) && held.covers_soon(at_us));
        held.max_by_key(|held| (held.told.hostname.is_some(), held.told.account.is_some(), held.from()))
    }

    fn index(&mut self, lease: &Lease) {
        self.lengths.insert((lease.net.addr().is_ipv6(), lease.net.prefix_len()));
        let Some(mac) = lease.told.mac else { return };
        let nets = self.by_mac.entry(mac).or_default();
        if !nets.contains(&lease.net) {
            if nets.len() >= ADDRESSES {
                nets.remove(0);
            }
            nets.push(lease.net);
        }
    }

    /// Forgets what ended before `now_us`; whether there is room then.
    fn forget(&mut self, now_us: i64) -> bool {
        self.held.retain(|_, all| {
            all.retain(|held| held.until() >= now_us);
            !all.is_empty()
        });
        let held = &self.held;
        self.by_mac.retain(|_, nets| {
            nets.retain(|net| held.contains_key(net));
            !nets.is_empty()
        });
        self.count = self.held.values().map(Vec::len).sum();
        self.count < HOLDINGS
    }
}

/// Joins a further word about the same holder.
fn extend(held: &mut Held, lease: Lease) {
    held.from_us = held.from_us.zip(lease.from_us).map(|(one, other)| one.min(other));
    held.until_us = match (lease.is_over, held.until_us, lease.until_us) {
        (true, Some(one), Some(other)) => Some(one.min(other)),
        (true, one, other) => one.or(other),
        (false, one, other) => one.zip(other).map(|(one, other)| one.max(other)),
    };
    let mut told = lease.told;
    told.fill(&held.told);
    if *held.told != told {
        held.told = Arc::new(told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(ip: &str, mac: u8, from: i64, until: i64) -> Lease {
        let told = Told { mac: Some([mac; 6]), hostname: Some(format!("pc-{mac}")), ..Told::default() };
        let times = (Some(from * 1_000_000), Some(until * 1_000_000));
        Lease { net: ip.parse().unwrap(), told, from_us: times.0, until_us: times.1, is_over: false }
    }

    fn who(book: &Book, ip: &str, at: i64) -> Option<String> {
        book.at(ip.parse().unwrap(), at * 1_000_000).and_then(|held| held.told.hostname.clone())
    }

    #[test]
    fn the_question_is_answered_by_what_held_then() {
        let mut book = Book::default();
        book.note(lease("10.0.0.5/32", 1, 100, 200));
        book.note(lease("10.0.0.5/32", 1, 150, 250));
        book.note(lease("10.0.0.5/32", 2, 220, 300));
        book.note(lease("10.0.0.5/32", 1, 400, 500));
        for (at, name) in [
            (50, None),
            (99, Some("pc-1")),
            (100, Some("pc-1")),
            (219, Some("pc-1")),
            (221, Some("pc-2")),
            (300, Some("pc-2")),
            (350, None),
            (450, Some("pc-1")),
            (501, None),
        ] {
            assert_eq!(who(&book, "10.0.0.5", at).as_deref(), name, "{at}");
        }
        assert_eq!(who(&book, "10.0.0.6", 150), None);
        let before = book.count;
        for (mac, from, until) in [(1, 100, 200), (1, 150, 250), (2, 220, 300), (1, 400, 500)] {
            book.note(lease("10.0.0.5/32", mac, from, until));
        }
        assert_eq!(book.count, before, "a file read once more says nothing new");
        assert_eq!(who(&book, "10.0.0.5", 240).as_deref(), Some("pc-2"));
    }

    #[test]
    fn what_is_given_back_is_over() {
        let mut book = Book::default();
        book.note(lease("10.0.0.5/32", 1, 100, 200));
        book.note(Lease { is_over: true, ..lease("10.0.0.5/32", 1, 150, 150) });
        assert_eq!(who(&book, "10.0.0.5", 149).as_deref(), Some("pc-1"));
        assert_eq!(who(&book, "10.0.0.5", 151), None);
        book.note(Lease { is_over: true, ..lease("10.0.0.9/32", 1, 150, 150) });
        assert_eq!(who(&book, "10.0.0.9", 150), None, "the end of nothing is nothing");
    }

    #[test]
    fn a_file_of_what_is_leaves_history_behind() {
        let mut book = Book::default();
        let second = 1_000_000;
        book.present(vec![lease("10.0.0.5/32", 1, 0, 900), lease("10.0.0.6/32", 2, 0, 900)], 100 * second, true);
        assert_eq!(who(&book, "10.0.0.5", 5).as_deref(), Some("pc-1"), "since when is not known");
        book.present(vec![lease("10.0.0.5/32", 3, 0, 950)], 200 * second, false);
        assert_eq!(who(&book, "10.0.0.5", 190).as_deref(), Some("pc-1"));
        assert_eq!(who(&book, "10.0.0.5", 201).as_deref(), Some("pc-3"));
        assert_eq!(who(&book, "10.0.0.6", 190).as_deref(), Some("pc-2"));
        assert_eq!(who(&book, "10.0.0.6", 201), None);
        // A file that was read while it was being written.
        book.present(vec![], 300 * second, false);
        book.present(vec![lease("10.0.0.5/32", 3, 0, 990)], 301 * second, false);
        assert_eq!(who(&book, "10.0.0.5", 300).as_deref(), Some("pc-3"));
        assert_eq!(who(&book, "10.0.0.5", 980).as_deref(), Some("pc-3"));
    }

    #[test]
    fn addresses_of_one_card_and_prefixes_are_found() {
        let mut book = Book::default();
        book.note(lease("10.0.0.5/32", 1, 100, 200));
        book.note(lease("2001:db8:5::/56", 2, 100, 200));
        let at = 150 * 1_000_000;
        assert_eq!(book.at_mac([1; 6], at).unwrap().told.hostname.as_deref(), Some("pc-1"));
        assert!(book.at_mac([1; 6], at * 2).is_none());
        assert!(book.at_mac([9; 6], at).is_none());
        assert_eq!(who(&book, "2001:db8:5:77::1", 150).as_deref(), Some("pc-2"));
        assert_eq!(who(&book, "2001:db8:6::1", 150), None);
    }

    #[test]
    fn it_is_bounded() {
        let mut book = Book::default();
        for n in 0..40 {
            book.note(lease("10.0.0.5/32", n, i64::from(n) * 100, i64::from(n) * 100 + 50));
        }
        assert_eq!(book.held.values().map(Vec::len).max(), Some(HOLDERS));
        assert_eq!(book.count, HOLDERS);
        for n in 0..300_000_u32 {
            let net = IpNet::from(IpAddr::from(n.to_be_bytes()));
            book.note(Lease { net, ..lease("10.0.0.5/32", 1, i64::from(n), i64::from(n) + 100) });
        }
        assert!(book.count <= HOLDINGS);
        assert!(book.by_mac.values().all(|nets| nets.len() <= ADDRESSES));
    }
}
