//! What keeps a text from taking effect: it is not what it was, or it would cut what must not be cut.

use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};

use minewall_core::config::{Config, Feed};
use minewall_core::policy::Inside;
use minewall_lists::{Builder, Lists};

use super::text::Taken;

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

    /// Whether the index of one text holds anything of it that `former` did not.
    fn check(&self, lists: &Lists, former: &dyn Fn() -> Option<Lists>) -> Result<(), Refusal> {
        if let Some(own) = self.resolvers.iter().find(|own| lists.address(**own, None).is_some()) {
            return closed(format!("it lists {own}, a name server of this machine"));
        }
        if let Some((ip, port)) = lists.addresses().find(|(ip, _)| self.inside.contains(*ip)) {
            return closed(format!("it lists {}, which is inside", SocketAddr::new(ip, port)));
        }
        let listed = |lists: &Lists, allowed: &str| match (allowed.parse::<IpAddr>(), allowed.parse::<SocketAddr>()) {
            (Ok(ip), _) => lists.address(ip, None).is_some(),
            (_, Ok(both)) => lists.address(both.ip(), Some(both.port())).is_some(),
            _ => lists.name(allowed.strip_prefix("*.").unwrap_or(allowed)).is_some(),
        };
        let mut hits = self.allow.iter().filter(|allowed| listed(lists, allowed)).peekable();
        if hits.peek().is_none() {
            return Ok(());
        }
        // What it listed before was known when it was allowed.
        let former = former();
        let known = |allowed: &str| former.as_ref().is_some_and(|former| listed(former, allowed));
        match hits.find(|allowed| !known(allowed)) {
            Some(new) => open(format!("it lists {new}, which lists.allow holds")),
            None => Ok(()),
        }
    }
}

/// The addresses of `nameserver` lines (resolv.conf(5)).
fn resolvers(text: &str) -> Vec<IpAddr> {
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        address.split('%').next()?.parse().ok()
    };
    text.lines().filter_map(server).collect()
}

/// Whether a text may take effect instead of the former one, of which is known how many entries it had.
///
/// # Errors
/// Why not.
pub(crate) fn check(
    feed: &Feed,
    config: &Config,
    own: &Own,
    (taken, lists): (&Taken, &Lists),
    (former_entries, former): (Option<usize>, &dyn Fn() -> Option<Lists>),
) -> Result<(), Refusal> {
    let limits = &config.lists.update;
    let entries = taken.entries;
    if entries < feed.min {
        return closed(format!("it has {entries} entries, and min is {}{}", feed.min, taken.shown_reasons()));
    }
    if entries > feed.max {
        return closed(format!("it has {entries} entries, and max is {}", feed.max));
    }
    own.check(lists, former)?;
    let guarded = feed.guarded.unwrap_or(limits.guarded);
    if taken.guarded > guarded {
        return open(format!("it lists {} names that are never blocked, and guarded is {guarded}", taken.guarded));
    }
    let rejects = feed.rejects.unwrap_or(limits.rejects);
    if is_above(taken.rejected, rejects, taken.rejected + entries) {
        let (rejected, reasons) = (taken.rejected, taken.shown_reasons());
        return open(format!(
            "of {} entries {rejected} cannot be used, and rejects is {rejects} %{reasons}",
            rejected + entries
        ));
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

/// An index of one text with the shipped guard alone, and what was taken of it.
pub(crate) fn alone(add: impl FnOnce(&mut Builder) -> anyhow::Result<Taken>) -> anyhow::Result<(Taken, Lists)> {
    let mut builder = Builder::new();
    builder.shipped_guard();
    let taken = add(&mut builder)?;
    Ok((taken, builder.build()))
}
