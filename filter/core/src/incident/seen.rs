//! A sighting, whatever it came from: who, where, what for. It says to which incident it belongs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use minewall_lists::Category;

use crate::activity::Activity;
use crate::endpoint::Endpoint;
use crate::evidence::{Record, Who};
use crate::finding::{Layer, PoolSource, Said, Subject, Word};

/// The host inside: by its hardware address, where that is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Host {
    Ip(IpAddr),
    Mac([u8; 6]),
}

/// One sighting.
pub(super) struct Seen<'a> {
    pub(super) time_us: i64,
    pub(super) ip: IpAddr,
    /// The host's own hardware address, not that of a router between.
    pub(super) mac: Option<[u8; 6]>,
    pub(super) who: Option<&'a Who>,
    pub(super) nat: Option<Endpoint>,
    pub(super) vlan: Option<u16>,
    pub(super) interface: Option<&'a str>,
    /// The pool, where it was reached.
    pub(super) far: Option<Endpoint>,
    /// The pool's name.
    pub(super) name: Option<&'a str>,
    pub(super) said: &'a Said,
    pub(super) dialect: Option<&'static str>,
    /// The names under which pools are registered that stand in it.
    pub(super) sites: Vec<String>,
    /// The id of its record.
    pub(super) record: &'a str,
}

impl<'a> Seen<'a> {
    pub(super) fn of_record(record: &'a Record) -> Self {
        let finding = &record.finding;
        let question = record.question.as_ref().map(|question| &*question.name);
        let name = question.or(record.server_name.as_deref()).or(record.destination_domain.as_deref());
        let entry = matches!(finding.subject, Subject::Listed(_)).then_some(&*finding.rule);
        let names = [question, record.server_name.as_deref(), record.destination_domain.as_deref(), entry];
        let who = record.who.as_deref();
        Self {
            time_us: record.time_us,
            ip: record.source.ip,
            mac: own(record.source_mac, who),
            who,
            nat: record.nat,
            vlan: record.vlan,
            interface: record.interface.as_deref(),
            far: (finding.layer != Layer::Dns).then_some(record.destination),
            name,
            said: &finding.said,
            dialect: finding.dialect,
            sites: sites(names.into_iter().flatten().chain(pool(&finding.said))),
            record: &record.id,
        }
    }

    pub(super) fn of_activity(activity: &'a Activity) -> Self {
        let who = activity.who.as_deref();
        let name = activity.destination_domain.as_deref();
        Self {
            time_us: activity.until_us,
            ip: activity.source.ip,
            mac: own(activity.source_mac, who),
            who,
            nat: None,
            vlan: None,
            interface: None,
            far: Some(activity.destination),
            name,
            said: &activity.said,
            dialect: Some(activity.dialect),
            sites: sites(name.into_iter().chain(pool(&activity.said))),
            record: &activity.record,
        }
    }

    /// Where it was, as it is told: `192.0.2.7:3333`, `xmr.example.org:3333`, or a name that was only asked for.
    pub(super) fn endpoint(&self) -> Option<String> {
        match (self.name, self.far) {
            (Some(name), Some(far)) => Some(format!("{name}:{}", far.port)),
            (Some(name), None) => Some(name.to_string()),
            (None, Some(far)) => Some(far.to_string()),
            (None, None) => None,
        }
    }
}

/// Whether what the rule names is mining: not a pool's page for people, nor a resolver.
pub(super) fn is_mining(subject: Subject) -> bool {
    match subject {
        Subject::Protocol => true,
        Subject::Listed(category) => {
            matches!(category, Category::Pool | Category::Browser | Category::Malware | Category::Custom)
        }
    }
}

fn own(mac: Option<[u8; 6]>, who: Option<&Who>) -> Option<[u8; 6]> {
    mac.filter(|_| !who.is_some_and(|who| who.is_next_hop))
}

/// The pool as it is known, unless by the style of its answers only, which many have.
fn pool(said: &Said) -> Option<&str> {
    said.get(Word::Pool).filter(|_| said.get(Word::PoolSource) != Some(PoolSource::Reply.as_str()))
}

fn sites<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut sites = Vec::new();
    for site in names.filter_map(site) {
        if sites.len() < 4 && !sites.contains(&site) {
            sites.push(site);
        }
    }
    sites
}

/// The name as it is registered, more or less: its last two labels, or three where the last two are of the kind of
/// `com.cn`. Pools give each coin and region a name of its own below.
pub(super) fn site(name: &str) -> Option<String> {
    if name.parse::<IpAddr>().is_ok() || name.is_empty() || name.contains([':', '/', ' ']) {
        return None;
    }
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<_> = name.rsplit('.').collect();
    let is_shared = |label: &str| matches!(label, "ac" | "co" | "com" | "edu" | "gov" | "net" | "org");
    let wanted = match labels.as_slice() {
        [top, second, _, ..] if top.len() == 2 && is_shared(second) => 3,
        _ => 2,
    };
    let mut kept: Vec<_> = labels.into_iter().take(wanted).collect();
    kept.reverse();
    Some(kept.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_what_is_registered() {
        let of = |name| site(name).unwrap_or_default();
        assert_eq!(of("xmr-asia1.Nanopool.org."), "nanopool.org");
        assert_eq!(of("eth.pool.com.cn"), "pool.com.cn");
        assert_eq!(of("com.cn"), "com.cn");
        assert_eq!(of("F2Pool"), "f2pool");
        assert_eq!(
            (of("192.0.2.7"), of("2001:db8::1"), of("10.0.0.0/8")),
            (String::new(), String::new(), String::new())
        );
    }
}
