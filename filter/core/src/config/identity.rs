//! Where it is looked up who a host inside is.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::{OutOfBounds, Server};

/// Where it is looked up who a host inside is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Whether files of leases are looked for at their usual places, where none of their kind is named.
    pub usual: bool,
    /// Files of leases of dnsmasq.
    pub dnsmasq: Vec<String>,
    /// Files of leases of odhcpd.
    pub odhcpd: Vec<String>,
    /// Files of leases of Kea (memfile, CSV), for IPv4 and IPv6.
    pub kea: Vec<String>,
    /// Files of leases of the ISC's dhcpd.
    pub isc: Vec<String>,
    /// Files of RADIUS accounting as FreeRADIUS writes them (`detail`), or directories of them.
    pub radius: Vec<String>,
    /// The inventory: a CSV file; empty: none.
    pub inventory: String,
    /// Whether name servers are asked for the names of addresses.
    pub reverse: Reverse,
    /// Whom to ask; empty: the system's name servers. See [`Server`].
    pub servers: Vec<String>,
    /// Addresses of one family that a hardware address may front before it is that of a router between, 2 to 1,024.
    pub next_hop: usize,
    /// Whether the kernel's connection table is asked for addresses behind NAT.
    pub nat: bool,
}

/// Whether name servers are asked for the names of addresses.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Reverse {
    /// They are not.
    #[default]
    Off,
    /// They are, for hosts whose name nothing else tells.
    On,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            usual: true,
            dnsmasq: Vec::new(),
            odhcpd: Vec::new(),
            kea: Vec::new(),
            isc: Vec::new(),
            radius: Vec::new(),
            inventory: String::new(),
            reverse: Reverse::Off,
            servers: Vec::new(),
            next_hop: 8,
            nat: true,
        }
    }
}

impl Identity {
    pub(super) fn check(&self) -> Result<(), OutOfBounds> {
        if !(2..=1024).contains(&self.next_hop) {
            let problem = format!("{} is outside 2 to 1024", self.next_hop);
            return Err(OutOfBounds { setting: "identity.next_hop", problem });
        }
        for (setting, paths, example) in [
            ("identity.dnsmasq", &self.dnsmasq, "/var/lib/misc/dnsmasq.leases"),
            ("identity.odhcpd", &self.odhcpd, "/tmp/hosts/odhcpd"),
            ("identity.kea", &self.kea, "/var/lib/kea/kea-leases4.csv"),
            ("identity.isc", &self.isc, "/var/lib/dhcp/dhcpd.leases"),
            ("identity.radius", &self.radius, "/var/log/freeradius/radacct"),
        ] {
            if paths.len() > FILES {
                let problem = format!("{} files are named; {FILES} may be", paths.len());
                return Err(OutOfBounds { setting, problem });
            }
            paths.iter().try_for_each(|path| absolute(setting, path, example))?;
        }
        if !self.inventory.is_empty() {
            absolute("identity.inventory", &self.inventory, "/etc/minewall/inventory.csv")?;
        }
        for server in &self.servers {
            Server::read(server).map_err(|problem| OutOfBounds { setting: "identity.servers", problem })?;
        }
        Ok(())
    }
}

/// Files of one kind: each costs a look a second.
const FILES: usize = 64;

fn absolute(setting: &'static str, path: &str, example: &str) -> Result<(), OutOfBounds> {
    if path.starts_with('/') {
        return Ok(());
    }
    Err(OutOfBounds { setting, problem: format!("the path {path:?} must be absolute, such as {example:?}") })
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn bounds_are_held_and_the_setting_is_named() {
        assert_eq!(Identity::default().check(), Ok(()));
        let wrong = |change: fn(&mut Identity)| {
            let mut identity = Identity::default();
            change(&mut identity);
            identity.check().unwrap_err()
        };
        for (change, setting, word) in [
            ((|i| i.next_hop = 1) as fn(&mut Identity), "identity.next_hop", "2 to 1024"),
            (|i| i.next_hop = 1025, "identity.next_hop", "2 to 1024"),
            (|i| i.dnsmasq = vec!["leases".into()], "identity.dnsmasq", "/var/lib/misc/dnsmasq.leases"),
            (|i| i.odhcpd = vec![String::new()], "identity.odhcpd", "/tmp/hosts/odhcpd"),
            (|i| i.kea = vec!["a.csv".into()], "identity.kea", "kea-leases4.csv"),
            (|i| i.isc = vec!["~/x".into()], "identity.isc", "dhcpd.leases"),
            (|i| i.radius = vec!["radacct".into()], "identity.radius", "radacct"),
            (|i| i.radius = vec!["/a".into(); 65], "identity.radius", "64"),
            (|i| i.inventory = "inventory.csv".into(), "identity.inventory", "/etc/minewall/inventory.csv"),
            (|i| i.servers = vec!["dns".into()], "identity.servers", "ADDRESS"),
        ] {
            let error = wrong(change);
            assert_eq!(error.setting, setting);
            assert!(error.problem.contains(word), "{error:?}");
        }
    }
}
