//! From a name and its addresses to what is held: only what a listed name leads to, with the ports the list gives, past the
//! guard, for a time within bounds.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use minewall_core::config::Resolve;
use minewall_core::learned;
use minewall_core::policy::Inside;
use minewall_lists::Lists;
use portable_atomic::AtomicU64;

use super::{Guard, KINDS, Refused, Table};

/// What was done, for metrics.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Names asked for.
    pub(crate) asked: AtomicU64,
    /// Names of which nobody could say anything.
    pub(crate) failed: AtomicU64,
    /// Names that have no address.
    pub(crate) without: AtomicU64,
    /// Answers to hosts inside that something was learned from.
    pub(crate) lessons: AtomicU64,
    /// Addresses not taken, by [`KINDS`].
    refused: [AtomicU64; KINDS.len()],
    /// Pairs held now.
    pub(crate) pairs: AtomicU64,
    /// Names that are asked for.
    pub(crate) names: AtomicU64,
}

impl Counts {
    fn refuse(&self, kind: &str) {
        let count = KINDS.iter().position(|each| *each == kind).and_then(|at| self.refused.get(at));
        if let Some(count) = count {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many addresses were not taken, by kind.
    pub(crate) fn refused(&self) -> Vec<(&'static str, u64)> {
        KINDS.into_iter().zip(&self.refused).map(|(kind, count)| (kind, count.load(Ordering::Relaxed))).collect()
    }
}

/// By what is taught.
#[derive(Clone, Copy)]
pub(crate) struct Teacher<'a> {
    pub(crate) lists: &'a Lists,
    pub(crate) inside: &'a Inside,
    pub(crate) servers: &'a [IpAddr],
    pub(crate) settings: &'a Resolve,
}

/// What became of one address and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taught {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    /// As the name server gave it, within bounds.
    pub(crate) ttl: u32,
    pub(crate) refused: Option<Refused>,
}

impl Teacher<'_> {
    /// The ports that may be learned of a name: those of its rule, if that is sure enough. Empty: nothing may.
    pub(crate) fn ports(&self, name: &str) -> Vec<u16> {
        let hit = self.lists.name(name).filter(|hit| hit.is_endpoint(self.settings.confidence.into()));
        hit.map(|hit| learned::ports(&hit).collect()).unwrap_or_default()
    }

    /// What would be held of these addresses of a name, and what not and why.
    pub(crate) fn judge(&self, name: &str, addresses: &[(IpAddr, u32)]) -> Vec<Taught> {
        let guard = Guard::new(self.inside, self.lists, self.servers);
        let ports = self.ports(name);
        let each = |&(ip, ttl): &(IpAddr, u32)| {
            let ttl = ttl.clamp(self.settings.ttl_min, self.settings.ttl_max);
            ports
                .iter()
                .map(move |&port| Taught { ip, port, ttl, refused: guard.refuses_with(ip, port) })
                .collect::<Vec<_>>()
        };
        addresses.iter().flat_map(each).collect()
    }

    /// Holds what may be held; gives for how long at the least, none: nothing is.
    pub(crate) fn teach(
        &self,
        table: &mut Table,
        counts: &Counts,
        now: Instant,
        name: &str,
        addresses: &[(IpAddr, u32)],
    ) -> Option<Duration> {
        let mut least = None;
        let mut refused_before = None;
        for Taught { ip, port, ttl, refused } in self.judge(name, addresses) {
            let held = Duration::from_secs(ttl.into());
            if let Some(refused) = refused {
                // Once an address, whatever its ports.
                if refused_before.replace(ip) != Some(ip) {
                    counts.refuse(refused.kind);
                    tracing::debug!(name, %ip, %refused, "an address is not taken");
                }
            } else if table.put((ip, port), name, now + held, self.settings.addresses) {
                least = Some(least.map_or(held, |least: Duration| least.min(held)));
            } else {
                counts.refuse("full");
            }
        }
        least
    }

    /// Whether a pair that is held would be taken today.
    pub(crate) fn still(&self, name: &str, ip: IpAddr, port: u16) -> bool {
        let guard = Guard::new(self.inside, self.lists, self.servers);
        self.ports(name).contains(&port) && guard.refuses_with(ip, port).is_none()
    }
}

#[cfg(test)]
mod tests {
    use minewall_lists::{Builder, Category, ListMeta};

    use super::*;

    fn lists() -> Lists {
        let mut builder = Builder::new();
        builder.allow("ours.example.org").unwrap();
        let text = "pool.example.org:3333\npool.example.org:443\nours.example.org:3333\n";
        builder.add_text(ListMeta::new("own", Category::Custom), text);
        let sure = "medium.example.org\tsuffix\tmedium\tendpoint\t-\t3333\t-\n";
        builder.add_text(ListMeta::new("pools", Category::Pool), sure);
        builder.build()
    }

    fn addresses(all: &[(&str, u32)]) -> Vec<(IpAddr, u32)> {
        all.iter().map(|(ip, ttl)| (ip.parse().unwrap(), *ttl)).collect()
    }

    #[test]
    fn only_listed_ports_within_bounds_and_past_the_guard() {
        let (lists, inside, settings) = (lists(), Inside::default(), Resolve::default());
        let teacher = Teacher { lists: &lists, inside: &inside, servers: &[], settings: &settings };
        let (mut table, counts, now) = (Table::default(), Counts::default(), Instant::now());
        let all = [("94.23.23.52", 60), ("2a01:4f8:c0c::52", 999_999), ("104.16.0.1", 600), ("10.1.2.3", 600)];
        let held = teacher.teach(&mut table, &counts, now, "eu.pool.example.org", &addresses(&all));
        assert_eq!(held, Some(Duration::from_secs(300)), "the least of those held");
        let held: Vec<_> =
            table.iter().map(|held| (held.ip.to_string(), held.port, (held.ends - now).as_secs())).collect();
        assert_eq!(held, [("94.23.23.52".into(), 3333, 300), ("2a01:4f8:c0c::52".into(), 3333, 86_400)]);
        let refused: Vec<_> = counts.refused().into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(refused, [("bogon", 1), ("cdn", 1)]);
        for name in ["ours.example.org", "www.example.org", "medium.example.org"] {
            assert_eq!(teacher.teach(&mut table, &counts, now, name, &addresses(&all[..1])), None, "{name}");
        }
        assert!(teacher.still("pool.example.org", "94.23.23.52".parse().unwrap(), 3333));
        assert!(!teacher.still("pool.example.org", "94.23.23.52".parse().unwrap(), 443));
        assert!(!teacher.still("pool.example.org", "104.16.0.1".parse().unwrap(), 3333));
        let medium = Resolve { confidence: minewall_core::config::Sure::Medium, ..Resolve::default() };
        assert_eq!(Teacher { settings: &medium, ..teacher }.ports("medium.example.org"), [3333]);
    }

    #[test]
    fn a_full_table_is_counted() {
        let (lists, inside) = (lists(), Inside::default());
        let settings = Resolve { addresses: 1, ..Resolve::default() };
        let teacher = Teacher { lists: &lists, inside: &inside, servers: &[], settings: &settings };
        let (mut table, counts) = (Table::default(), Counts::default());
        let all = addresses(&[("94.23.23.52", 60), ("94.23.23.53", 60)]);
        assert!(teacher.teach(&mut table, &counts, Instant::now(), "pool.example.org", &all).is_some());
        assert_eq!((table.len(), counts.refused().last().copied()), (1, Some(("full", 1))));
    }
}
