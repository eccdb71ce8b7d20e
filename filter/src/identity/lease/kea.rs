//! Leases of Kea (memfile): CSV, a row each time one changes, until its cleaner makes the file anew. Columns are only ever
//! added behind, and commas within one are written out, so their places are known.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::book::Lease;
use super::super::mac;
use super::super::provider::Told;
use super::{Format, Page, lines, name, seconds};

pub(in crate::identity) const FORMAT: Format = Format {
    name: "kea",
    usual: &["/var/lib/kea/kea-leases4.csv", "/var/lib/kea/kea-leases6.csv"],
    before: &[".completed", ".2", ".1"],
    grows: true,
    read,
};

/// What a lease is: in use, declined, reclaimed after its time, released.
const IN_USE: &str = "0";
const DECLINED: &str = "1";

fn read(text: &[u8], page: &mut Page) {
    lines(text, page, |line, page| {
        if line.is_empty() || line.starts_with("address,") {
            return;
        }
        match lease(line, page.written_us) {
            Some(Some(lease)) => page.leases.push(lease),
            Some(None) => {}
            None => page.refuse(line),
        }
    });
}

/// None: it cannot be read; Some(None): nobody has it.
fn lease(line: &str, written_us: i64) -> Option<Option<Lease>> {
    let row: Vec<&str> = line.split(',').collect();
    let column = |at: usize| row.get(at).copied();
    let ip = column(0)?.parse::<IpAddr>().ok()?;
    let (lifetime, expire, host, state, hardware, length) = match ip {
        IpAddr::V4(_) => (column(3)?, column(4)?, column(8)?, column(9).unwrap_or(IN_USE), mac::read(column(1)?), 32),
        IpAddr::V6(_) => {
            let by_duid = || mac::of_duid(&mac::hex_bytes(column(1)?)?);
            let hardware = column(12).and_then(mac::read).or_else(by_duid);
            let length = column(8)?.parse().ok().filter(|length| *length > 0)?;
            (column(2)?, column(3)?, column(11)?, column(13).unwrap_or(IN_USE), hardware, length)
        }
    };
    let (lifetime, expire) = (lifetime.parse::<u32>().ok()?, seconds(expire)?);
    if state == DECLINED {
        return Some(None);
    }
    let net = IpNet::new(ip, length).ok()?.trunc();
    let host = host.replace("&#x2c", ",");
    let told = Told { hostname: name(&host), mac: hardware, ..Told::default() };
    let from = expire.saturating_sub(i64::from(lifetime) * 1_000_000);
    // A row without a lifetime takes the lease back. It does not say when: its time is that of the last renewal.
    let (until, is_over) = match (lifetime, state) {
        (0, _) => (written_us.max(expire), true),
        (_, IN_USE) => (expire, false),
        _ => (expire.min(written_us), true),
    };
    // All ones: for good.
    let until_us = (lifetime != u32::MAX).then_some(until);
    Some(Some(Lease { net, told, from_us: Some(from), until_us, is_over }))
}
