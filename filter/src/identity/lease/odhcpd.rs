//! Leases of odhcpd: lines `# INTERFACE DUID IAID NAME UNTIL ID LENGTH PREFIX..` (of IPv4 `# INTERFACE MAC ipv4 NAME UNTIL ID
//! 32 ADDRESS/32`) between those of a hosts file. The file holds what is.

use ipnet::IpNet;

use super::super::book::Lease;
use super::super::mac;
use super::super::provider::Told;
use super::{Format, Page, lines, name, seconds};

pub(in crate::identity) const FORMAT: Format =
    Format { name: "odhcpd", usual: &["/tmp/hosts/odhcpd", "/tmp/odhcpd.leases"], before: &[], grows: false, read };

/// In front of names that are no valid ones (`src/odhcpd.h`).
const BROKEN: &str = "broken\\x20";

fn read(text: &[u8], page: &mut Page) {
    lines(text, page, |line, page| {
        let Some(entry) = line.strip_prefix("# ") else { return };
        match leases(entry) {
            Some(leases) => page.leases.extend(leases),
            None => page.refuse(line),
        }
    });
}

fn leases(entry: &str) -> Option<Vec<Lease>> {
    let mut words = entry.split_ascii_whitespace().skip(1);
    let (owner, kind, host, until) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (_id, _length) = (words.next()?, words.next()?);
    let mac = match kind {
        "ipv4" => mac::read(owner),
        _ => mac::hex_bytes(owner).and_then(|duid| mac::of_duid(&duid)),
    };
    // -1: for good; 0: the time is over.
    let until_us = seconds(until)?;
    let hostname = name(host).filter(|host| !host.starts_with(BROKEN));
    let told = Told { hostname, mac, ..Told::default() };
    let one = |prefix: &str| {
        let net = prefix.parse::<IpNet>().ok()?.trunc();
        let until_us = (until_us >= 0).then_some(until_us);
        Some(Lease { net, told: told.clone(), from_us: None, until_us, is_over: false })
    };
    words.map(one).collect()
}
