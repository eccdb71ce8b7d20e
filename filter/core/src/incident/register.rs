//! The register of approved research: who used it, and whose entry ends.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::evidence::{Exemption, Notice, timestamp};
use crate::limits;
use crate::policy::Exempt;

/// Days before the last one at which its end is announced.
const ANNOUNCED: [i64; 2] = [14, 1];

/// What is known of one entry.
struct Entry {
    exempt: Exempt,
    hosts: BTreeSet<IpAddr>,
    last_us: Option<i64>,
    /// The nearest announcement that was made: days before the end, or -1 after it.
    announced: i64,
}

/// The register.
#[derive(Default)]
pub(super) struct Register(Vec<Entry>);

impl Register {
    pub(super) fn new(exempt: &[Exempt]) -> Self {
        let entry = |exempt: &Exempt| Entry {
            exempt: exempt.clone(),
            hosts: BTreeSet::new(),
            last_us: None,
            announced: i64::MAX,
        };
        Self(exempt.iter().map(entry).collect())
    }

    /// Takes another register; of entries that stay what was known is kept.
    pub(super) fn replace(&mut self, exempt: &[Exempt]) {
        let mut former = core::mem::replace(self, Self::new(exempt));
        for entry in &mut self.0 {
            if let Some(place) = former.0.iter().position(|known| is_same(&known.exempt, &entry.exempt)) {
                *entry = former.0.swap_remove(place);
            }
        }
    }

    /// Notes that an entry let a host pass, and gives the notice of it where the host is new to the entry.
    pub(super) fn used(&mut self, ip: IpAddr, by: &Exemption, time_us: i64, observer: &str) -> Option<Notice> {
        let is_it = |entry: &&mut Entry| {
            let Exempt { prefix, owner, reason, .. } = &entry.exempt;
            prefix.contains(&ip) && *owner == by.owner && *reason == by.reason
        };
        let entry = self.0.iter_mut().find(is_it)?;
        entry.last_us = Some(entry.last_us.map_or(time_us, |last| last.max(time_us)));
        if entry.hosts.len() >= limits::WALLET_HOSTS || !entry.hosts.insert(ip) {
            return None;
        }
        let Exempt { prefix, owner, reason, .. } = &entry.exempt;
        // Which host it is stands in its incident, which is kept as `[privacy]` says.
        let text = format!("A host of {prefix} mines under the exemption of {owner} for {reason}");
        Some(entry.notice("exemption-used", 6, time_us, observer, text))
    }

    /// Announces what ends.
    pub(super) fn tick(&mut self, time_us: i64, observer: &str, out: &mut dyn FnMut(Notice)) {
        let Ok(moment) = Timestamp::from_microsecond(time_us) else { return };
        let today = TimeZone::UTC.to_datetime(moment).date();
        for entry in &mut self.0 {
            let Some(last) = entry.exempt.expires else { continue };
            let left = days(today, last);
            let stage = if left < 0 { Some(-1) } else { ANNOUNCED.into_iter().filter(|days| left <= *days).min() };
            let Some(stage) = stage.filter(|stage| *stage < entry.announced) else { continue };
            entry.announced = stage;
            let (action, severity, ends) = match left {
                ..0 => ("exemption-expired", 4, format!("ended on {last}")),
                0 => ("exemption-expiring", 5, format!("ends today, {last}")),
                1 => ("exemption-expiring", 5, format!("ends tomorrow, {last}")),
                _ => ("exemption-expiring", 5, format!("ends in {left} days, {last}")),
            };
            let Exempt { prefix, owner, reason, .. } = &entry.exempt;
            let text = format!("The exemption of {prefix} by {owner} for {reason} {ends}; {}", entry.use_words());
            out(entry.notice(action, severity, time_us, observer, text));
        }
    }
}

impl Entry {
    fn use_words(&self) -> String {
        match (self.hosts.len(), self.last_us) {
            (_, None) => "nobody used it since minewall started".to_string(),
            (1, Some(last)) => format!("one host used it, last at {}", timestamp(last)),
            (hosts, Some(last)) => format!("{hosts} hosts used it, last at {}", timestamp(last)),
        }
    }

    fn notice(&self, action: &'static str, severity: u8, time_us: i64, observer: &str, reason: String) -> Notice {
        let Exempt { prefix, owner, expires, .. } = &self.exempt;
        let mut fields = alloc::vec![
            ("prefix", prefix.to_string()),
            ("owner", owner.clone()),
            ("hosts", self.hosts.len().to_string()),
        ];
        fields.extend(expires.map(|last| ("expires", last.to_string())));
        fields.extend(self.last_us.map(|last| ("last_used", timestamp(last))));
        Notice { time_us, observer: observer.into(), action, severity, reason, fields }
    }
}

fn is_same(one: &Exempt, other: &Exempt) -> bool {
    (one.prefix, &one.owner, &one.reason, one.expires) == (other.prefix, &other.owner, &other.reason, other.expires)
}

/// Days from one date to another.
fn days(from: Date, to: Date) -> i64 {
    from.until(to).map_or(i64::MAX, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse_prefix;

    #[test]
    fn an_end_is_announced_twice_and_told_once_and_a_use_once_a_host() {
        let exempt = |prefix: &str, expires: Option<&str>| Exempt {
            prefix: parse_prefix(prefix).unwrap(),
            owner: "Prof. Lin".into(),
            reason: "study".into(),
            expires: expires.map(|date| date.parse().unwrap()),
        };
        let all = [exempt("10.1.0.0/16", Some("2027-01-31")), exempt("10.2.0.0/16", None)];
        let mut register = Register::new(&all);
        let by = Exemption { owner: "Prof. Lin".into(), reason: "study".into(), expires: None };
        let ip: IpAddr = "10.1.2.3".parse().unwrap();
        let first = register.used(ip, &by, 1_000_000, "gw").unwrap();
        assert_eq!(
            (first.action, &*first.reason),
            ("exemption-used", "A host of 10.1.0.0/16 mines under the exemption of Prof. Lin for study")
        );
        assert_eq!(register.used(ip, &by, 2_000_000, "gw"), None);
        assert_eq!(register.used("10.3.0.1".parse().unwrap(), &by, 2_000_000, "gw"), None, "not of the register");
        let mut told = Vec::new();
        let start = "2027-01-01T00:30:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        for hour in 0..24 * 40 {
            if hour == 100 {
                register.replace(&all);
            }
            register.tick(start + hour * 3_600_000_000, "gw", &mut |notice| {
                told.push((hour / 24, notice.action, notice.reason));
            });
        }
        let when: Vec<_> = told.iter().map(|(day, action, _)| (*day, *action)).collect();
        // The 17th, the 30th, and the first day after the 31st.
        assert_eq!(when, [(16, "exemption-expiring"), (29, "exemption-expiring"), (31, "exemption-expired")]);
        assert!(told[0].2.contains("ends in 14 days, 2027-01-31; one host used it, last at 1970"), "{}", told[0].2);
        assert!(told[1].2.contains("ends tomorrow"), "{}", told[1].2);
    }
}
