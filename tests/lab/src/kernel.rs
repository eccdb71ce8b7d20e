//! The state of the gateway's kernel, as text to compare.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::namespace::Namespace;

const LIMIT: Duration = Duration::from_secs(10);

/// The packet filter's rules without what changes by itself: counters, dates, empty built-in tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// `iptables-save`: each rule, own chain and non-ACCEPT policy, preceded by its table.
    pub iptables: String,
    /// `ip6tables-save`, likewise.
    pub ip6tables: String,
    /// `nft -s list ruleset` without the tables that `iptables` keeps there.
    pub nft: String,
}

/// Reads the rules in force.
///
/// # Errors
/// When a tool fails, with what it said.
pub fn rules(gateway: &Namespace) -> Result<Rules> {
    Ok(Rules {
        iptables: plain_save(&said(gateway, "iptables-save", &[])?),
        ip6tables: plain_save(&said(gateway, "ip6tables-save", &[])?),
        nft: own_tables(&said(gateway, "nft", &["-s", "list", "ruleset"])?),
    })
}

/// The tracked connections, one line each as `conntrack -L` prints them, IPv4 then IPv6.
///
/// # Errors
/// When `conntrack` fails, with what it said.
pub fn connections(gateway: &Namespace) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for family in ["ipv4", "ipv6"] {
        let lines = said(gateway, "conntrack", &["-L", "-f", family])?;
        all.extend(lines.lines().map(str::to_owned));
    }
    Ok(all)
}

/// Those of [`connections`] that name `address` with `port` as a destination.
///
/// # Errors
/// As [`connections`].
pub fn connections_to(gateway: &Namespace, address: IpAddr, port: u16) -> Result<Vec<String>> {
    let (destination, port) = (format!("dst={address}"), format!("dport={port}"));
    let mut found = connections(gateway)?;
    found.retain(|line| {
        let has = |word: &str| line.split_whitespace().any(|other| other == word);
        has(&destination) && has(&port)
    });
    Ok(found)
}

/// Forgets the TCP connections that have ended (TIME_WAIT): the table holds `net.netfilter.nf_conntrack_max` and drops
/// packets of new connections when full, and ended ones stay in it for two minutes. Live ones are kept.
///
/// # Errors
/// When `conntrack` cannot be run or says anything but how many it forgot.
pub fn forget_ended(gateway: &Namespace) -> Result<()> {
    for family in ["ipv4", "ipv6"] {
        let arguments = ["-D", "-f", family, "-p", "tcp", "--state", "TIME_WAIT"];
        let output = gateway.output("conntrack", &arguments, Duration::from_secs(60))?;
        // The exit status is 1 when there was none.
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(said.contains("flow entries have been deleted"), "`conntrack -D` failed: {}", said.trim());
    }
    Ok(())
}

/// Forgets every tracked connection, live ones too: their packets then find no translation.
///
/// # Errors
/// When `conntrack` fails, with what it said.
pub fn forget_connections(gateway: &Namespace) -> Result<()> {
    said(gateway, "conntrack", &["-F"]).map(drop)
}

fn said(gateway: &Namespace, program: &str, arguments: &[&str]) -> Result<String> {
    let output = gateway.output(program, arguments, LIMIT)?;
    ensure!(
        output.status.success(),
        "`{program} {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Keeps rules, own chains (policy `-`) and policies other than ACCEPT, each with its table's name.
fn plain_save(text: &str) -> String {
    let mut table = "";
    let mut kept = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
        } else if line.starts_with('-') {
            kept += &format!("{table} {line}\n");
        } else if let Some(chain) = line.strip_prefix(':') {
            let mut words = chain.split_whitespace();
            if let (Some(name), Some(policy)) = (words.next(), words.next())
                && policy != "ACCEPT"
            {
                kept += &format!("{table} :{name} {policy}\n");
            }
        }
    }
    kept
}

/// Drops the tables `iptables-nft` owns: they are in `iptables-save` already.
fn own_tables(text: &str) -> String {
    const FOREIGN: [&str; 5] = ["filter", "nat", "mangle", "raw", "security"];
    let mut kept = String::new();
    let mut skipping = false;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(rest) = line.strip_prefix("table ") {
            let mut words = rest.split_whitespace();
            let family = words.next().unwrap_or_default();
            let name = words.next().unwrap_or_default();
            skipping = ["ip", "ip6"].contains(&family) && FOREIGN.contains(&name);
        }
        if !skipping && !line.is_empty() {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{own_tables, plain_save};

    #[test]
    fn counters_dates_and_empty_tables_do_not_count() {
        let before =
            "# Generated on Mon\n*nat\n:POSTROUTING ACCEPT [1:60]\n-A POSTROUTING -o wan0 -j MASQUERADE\nCOMMIT\n";
        let after = "# Generated on Tue\n*mangle\n:FORWARD ACCEPT [9:9]\nCOMMIT\n*nat\n:POSTROUTING ACCEPT [7:420]\n\
                     -A POSTROUTING -o wan0 -j MASQUERADE\nCOMMIT\n";
        assert_eq!(plain_save(before), plain_save(after));
    }

    #[test]
    fn what_is_left_behind_is_seen() {
        let clean = "*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n";
        for left in [
            "*filter\n:FORWARD ACCEPT [0:0]\n:minewall - [0:0]\nCOMMIT\n",
            "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j NFQUEUE --queue-num 0\nCOMMIT\n",
            "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n",
        ] {
            assert_ne!(plain_save(clean), plain_save(left), "{left}");
        }
    }

    #[test]
    fn tables_of_iptables_are_not_counted_twice() {
        let text =
            "# Warning\ntable ip nat {\n\tchain POSTROUTING {\n\t}\n}\ntable inet minewall {\n\tchain x {\n\t}\n}\n";
        assert_eq!(own_tables(text), "table inet minewall {\n\tchain x {\n\t}\n}\n");
    }
}
