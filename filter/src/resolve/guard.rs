//! The addresses that are never taken, whatever name leads there.

use std::fmt;
use std::net::IpAddr;
use std::sync::LazyLock;

use minewall_core::policy::Inside;
use minewall_lists::{Lists, NeverAddress};

/// Why an address is not taken, as metrics name it.
pub(crate) const KINDS: [&str; 10] =
    ["inside", "bogon", "cdn", "anycast", "platform", "shared", "resolver", "parking", "allowed", "full"];

/// The shipped prefixes, read once.
static SHIPPED: LazyLock<NeverAddress> = LazyLock::new(NeverAddress::shipped);

/// The ports of resolvers for encrypted DNS, by which lists of them name their addresses.
const ENCRYPTED_DNS: [u16; 2] = [443, 853];

/// Keeps back what says nothing of a pool.
#[derive(Clone, Copy)]
pub(crate) struct Guard<'a> {
    inside: &'a Inside,
    lists: &'a Lists,
    /// The name servers that were asked.
    servers: &'a [IpAddr],
}

/// Why an address is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// One of [`KINDS`].
    pub(crate) kind: &'static str,
    /// In words.
    pub(crate) why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl<'a> Guard<'a> {
    pub(crate) const fn new(inside: &'a Inside, lists: &'a Lists, servers: &'a [IpAddr]) -> Self {
        Self { inside, lists, servers }
    }

    /// Why the address is not taken, if it is not.
    pub(crate) fn refuses(&self, ip: IpAddr) -> Option<Refused> {
        let ip = ip.to_canonical();
        let refused = |kind, why: String| Some(Refused { kind, why });
        if let Some(held) = SHIPPED.why(ip) {
            return refused(held.kind, format!("{} ({}), {}", held.owner, held.kind, held.prefix));
        }
        if self.inside.contains(ip) {
            return refused("inside", "it is on the campus (setting inside)".to_owned());
        }
        if self.servers.contains(&ip) {
            return refused("resolver", "it is a name server of this gateway".to_owned());
        }
        let resolver = ENCRYPTED_DNS.into_iter().find_map(|port| self.lists.resolver_address(ip, port));
        resolver.and_then(|hit| refused("resolver", format!("a public resolver, by list {}", hit.list.name)))
    }

    /// Why the address is not taken with this port, if it is not.
    pub(crate) fn refuses_with(&self, ip: IpAddr, port: u16) -> Option<Refused> {
        let allowed = || Refused { kind: "allowed", why: "allowed by lists.allow".to_owned() };
        self.refuses(ip).or_else(|| self.lists.allows(ip, port).then(allowed))
    }
}

#[cfg(test)]
mod tests {
    use minewall_core::policy::parse_prefix;
    use minewall_lists::Builder;

    use super::*;

    #[test]
    fn what_many_share_the_campus_its_servers_and_what_is_allowed_are_refused() {
        let mut builder = Builder::new();
        builder.shipped();
        builder.allow("94.23.23.53").unwrap();
        builder.allow("94.23.23.54:3333").unwrap();
        let lists = builder.build();
        let inside = Inside(vec![parse_prefix("94.24.0.0/16").unwrap()]);
        let servers = ["94.23.1.1".parse().unwrap()];
        let guard = Guard::new(&inside, &lists, &servers);
        let kind = |ip: &str| guard.refuses_with(ip.parse().unwrap(), 3333).map(|refused| refused.kind);
        for (ip, expected) in [
            ("94.23.23.52", None),
            ("2a01:4f8:c0c::52", None),
            ("94.24.1.1", Some("inside")),
            ("94.23.1.1", Some("resolver")),
            ("94.23.23.53", Some("allowed")),
            ("94.23.23.54", Some("allowed")),
            ("104.16.0.1", Some("cdn")),
            ("0.0.0.0", Some("bogon")),
            ("::ffff:127.0.0.1", Some("bogon")),
        ] {
            assert_eq!(kind(ip), expected, "{ip}");
            assert!(expected.is_none_or(|kind| KINDS.contains(&kind)));
        }
        assert_eq!(guard.refuses_with("94.23.23.54".parse().unwrap(), 4444), None, "only that port is allowed");
        let cloudflare = guard.refuses("104.16.0.1".parse().unwrap()).unwrap();
        assert_eq!(cloudflare.to_string(), "Cloudflare (cdn), 104.16.0.0/13");
    }
}
