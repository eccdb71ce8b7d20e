//! What keeps a text from taking effect: it is not what it was, or it would cut what must not be cut.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use minewall_core::config::{Config, Feed, Update};
use minewall_core::policy::Inside;
use minewall_lists::{Builder, Category, Entry, ListMeta, Lists, Scope, Target};

use super::text::{self, Taken};

/// How much of the operator's that a text names is remembered.
const NAMED: usize = 1000;

/// Well-known pools that stay listed whatever is updated.
pub(crate) const CANARIES: [&str; 5] =
    ["pool.supportxmr.com", "xmr.2miners.com", "stratum.braiins.com", "btc.f2pool.com", "gulf.moneroocean.stream"];

/// Where the addresses of this machine's name servers stand: libc's, and where that names a stub the one behind it.
const RESOLVERS: [&str; 3] =
    ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/tmp/resolv.conf.d/resolv.conf.auto"];

/// What the operator owns and no feed may name.
#[derive(Debug)]
pub(crate) struct Own {
    resolvers: Vec<IpAddr>,
    inside: Inside,
    allow: Vec<String>,
}

/// Why a text is refused, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    why: String,
    /// Whether the operator may have it all the same.
    pub(crate) is_open: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        if self.is_open {
            f.write_str("; if that is right, `minewall lists update --accept NAME` takes it")
        } else {
            Ok(())
        }
    }
}

fn open(why: String) -> Result<(), Refusal> {
    Err(Refusal { why, is_open: true })
}

fn closed(why: String) -> Result<(), Refusal> {
    Err(Refusal { why, is_open: false })
}

impl Own {
    /// What this machine's operator owns.
    pub(crate) fn new(config: &Config) -> Self {
        let resolvers = RESOLVERS.iter().flat_map(|path| fs::read_to_string(path).map(|text| resolvers(&text)));
        Self {
            resolvers: resolvers.flatten().collect(),
            inside: config.inside.clone(),
            allow: config.lists.allow.clone(),
        }
    }

    /// What of the operator's a text names.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn named(&self, feed: &Feed, path: &Path) -> anyhow::Result<Named> {
        let mut named = Named::default();
        text::each(feed.format, path, &mut |entry| self.look(feed.category, entry, &mut named))?;
        Ok(named)
    }

    fn look(&self, category: Category, entry: &Entry<'_>, named: &mut Named) {
        if entry.except || named.others.len() >= NAMED {
            return;
        }
        let holds = |ip: IpAddr| match entry.target {
            Target::Name(_) => false,
            Target::Address(address) => address == ip,
            Target::Prefix(prefix) => prefix.contains(&ip),
        };
        // A list of resolvers may well have those of this machine: it is not by port 53 that they are cut.
        if category != Category::Resolver {
            named.resolver = named.resolver.or_else(|| self.resolvers.iter().copied().find(|own| holds(*own)));
        }
        let is_inside = match entry.target {
            Target::Name(_) => false,
            Target::Address(address) => self.inside.contains(address),
            Target::Prefix(prefix) => self.inside.0.iter().any(|own| own.contains(&prefix) || prefix.contains(own)),
        };
        if is_inside {
            named.others.insert(format!("{}, which is inside", text::shown(entry)));
        }
        let allowed = |allowed: &&String| match (entry.target, allowed.parse::<IpAddr>(), allowed.parse::<SocketAddr>())
        {
            (Target::Name(name), Err(_), Err(_)) => {
                let allowed = allowed.strip_prefix("*.").unwrap_or(allowed);
                is_at_or_below(name, allowed) || entry.scope == Scope::Suffix && is_at_or_below(allowed, name)
            }
            (_, Ok(ip), _) => holds(ip),
            (_, _, Ok(both)) => holds(both.ip()) && (entry.ports.is_empty() || entry.ports.contains(&both.port())),
            _ => false,
        };
        if let Some(allowed) = self.allow.iter().find(allowed) {
            named.others.insert(format!("{}, and lists.allow holds {allowed}", text::shown(entry)));
        }
    }
}

/// What of the operator's a text names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    resolver: Option<IpAddr>,
    /// In words.
    others: BTreeSet<String>,
}

fn is_at_or_below(name: &str, top: &str) -> bool {
    let (name, top) = (name.as_bytes(), top.trim_end_matches('.').as_bytes());
    let Some(at) = name.len().checked_sub(top.len()) else { return false };
    let ends = name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(top));
    ends && (at == 0 || name.get(at - 1) == Some(&b'.'))
}

/// The addresses of `nameserver` lines (resolv.conf(5)).
fn resolvers(text: &str) -> Vec<IpAddr> {
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        if words.next()? != "nameserver" {
            return None;
        }
        words.next()?.split('%').next()?.parse().ok()
    };
    text.lines().filter_map(server).collect()
}

/// Whether a text may take effect instead of the former one, of which is known how many entries it had.
///
/// # Errors
/// Why not.
pub(crate) fn check(
    feed: &Feed,
    limits: &Update,
    (taken, named): (&Taken, &Named),
    former_entries: Option<usize>,
    former_named: impl FnOnce() -> Named,
) -> Result<(), Refusal> {
    let entries = taken.entries;
    if entries < feed.min {
        return closed(format!("it has {entries} entries, and min is {}{}", feed.min, taken.shown_reasons()));
    }
    if entries > feed.max {
        return closed(format!("it has {entries} entries, and max is {}", feed.max));
    }
    if let Some(own) = named.resolver {
        return closed(format!("it lists {own}, a name server of this machine"));
    }
    if !named.others.is_empty() {
        // What it listed before is known to whoever allowed it.
        let former = former_named().others;
        if let Some(new) = named.others.difference(&former).next() {
            return open(format!("it lists {new}"));
        }
    }
    let guarded = feed.guarded.unwrap_or(limits.guarded);
    if taken.guarded > guarded {
        return open(format!("it lists {} names that are never blocked, and guarded is {guarded}", taken.guarded));
    }
    let rejects = feed.rejects.unwrap_or(limits.rejects);
    if is_above(taken.rejected, rejects, taken.rejected + entries) {
        let (rejected, all) = (taken.rejected, taken.rejected + entries);
        let reasons = taken.shown_reasons();
        return open(format!("of {all} entries {rejected} cannot be used, and rejects is {rejects} %{reasons}"));
    }
    let Some(former) = former_entries else { return Ok(()) };
    let shown = |percent: u32, key: &str| format!("it has {entries} entries after {former}, and {key} is {percent} %");
    if entries as u128 * 100 < former as u128 * u128::from(limits.shrink) {
        return open(shown(limits.shrink, "shrink"));
    }
    if former > 0 && is_above(entries, limits.growth, former) {
        return open(shown(limits.growth, "growth"));
    }
    Ok(())
}

/// Whether `part` is more than so many percent of `whole`.
const fn is_above(part: usize, percent: u32, whole: usize) -> bool {
    part as u128 * 100 > whole as u128 * percent as u128
}

/// The canaries that are listed.
pub(crate) fn canaries(lists: &Lists) -> Vec<&'static str> {
    CANARIES.into_iter().filter(|name| lists.name(name).is_some()).collect()
}

/// What would be taken of a text alone, with the shipped guard.
///
/// # Errors
/// It cannot be read, or is no list at all.
pub(crate) fn weigh(feed: &Feed, meta: ListMeta, path: &Path) -> anyhow::Result<Taken> {
    let mut builder = Builder::new();
    builder.shipped_guard();
    text::add(&mut builder, meta, feed.format, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_at_label_boundaries() {
        for (name, top, is) in [
            ("a.example", "a.example", true),
            ("b.A.example", "a.Example.", true),
            ("ba.example", "a.example", false),
            ("example", "a.example", false),
        ] {
            assert_eq!(is_at_or_below(name, top), is, "{name} {top}");
        }
    }

    #[test]
    fn name_servers_are_read_as_libc_does() {
        let text =
            "# nameserver 192.0.2.1\nnameserver 192.0.2.2\n nameserver\t2001:db8::2%eth0 # x\nsearch a\nnameserver\n";
        assert_eq!(resolvers(text), ["192.0.2.2".parse::<IpAddr>().unwrap(), "2001:db8::2".parse().unwrap()]);
    }
}
