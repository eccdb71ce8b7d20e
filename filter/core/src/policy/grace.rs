//! Grace: how long what mines at a host is only observed before it is cut, so that one learns what is mined, for whom
//! and how much.

use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// How long hosts are observed from their first finding on.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Grace {
    /// Minutes, where no prefix says otherwise; 0: what mines is cut at once.
    pub minutes: u32,
    /// Prefixes with minutes of their own.
    pub prefix: Vec<Lenient>,
}

/// Hosts with a grace of their own.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Lenient {
    /// The inside address or prefix.
    #[serde(deserialize_with = "super::prefix")]
    pub prefix: IpNet,
    /// Minutes; 0: at once.
    pub minutes: u32,
}

impl Grace {
    /// Minutes of this host: the longest prefix speaks.
    #[must_use]
    pub fn minutes(&self, host: IpAddr) -> u32 {
        let own = self.prefix.iter().filter(|own| own.prefix.contains(&host));
        own.max_by_key(|own| own.prefix.prefix_len()).map_or(self.minutes, |own| own.minutes)
    }

    /// Whether any host has one.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.minutes > 0 || self.prefix.iter().any(|own| own.minutes > 0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::policy::parse_prefix;

    #[test]
    fn the_longest_prefix_speaks() {
        let own = |prefix: &str, minutes| Lenient { prefix: parse_prefix(prefix).unwrap(), minutes };
        let grace = Grace { minutes: 5, prefix: vec![own("10.1.0.0/16", 60), own("10.1.2.0/24", 0)] };
        let minutes = |host: &str| grace.minutes(host.parse().unwrap());
        assert_eq!((minutes("10.9.0.1"), minutes("10.1.9.1"), minutes("10.1.2.3")), (5, 60, 0));
        assert!(grace.is_set() && !Grace::default().is_set());
        assert!(Grace { minutes: 0, ..grace }.is_set());
    }
}
