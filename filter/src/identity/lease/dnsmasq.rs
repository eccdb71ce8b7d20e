//! Leases of dnsmasq: a line each, `EXPIRY MAC ADDRESS NAME CLIENT`; behind a line `duid ..`, those of IPv6:
//! `EXPIRY IAID ADDRESS NAME DUID`. The file holds what is.

use std::net::IpAddr;

use super::super::book::Lease;
use super::super::mac;
use super::super::provider::Told;
use super::{Format, Page, lines, name, seconds};

pub(in crate::identity) const FORMAT: Format = Format {
    name: "dnsmasq",
    usual: &["/tmp/dhcp.leases", "/var/lib/misc/dnsmasq.leases"],
    before: &[],
    grows: false,
    read,
};

/// Seconds that are no time of day but a length: dnsmasq writes these where it was built for machines without a clock
/// (HAVE_BROKEN_RTC). The lease holds as long as it stands there.
const LENGTHS_US: i64 = 1_000_000_000 * 1_000_000;

fn read(text: &[u8], page: &mut Page) {
    lines(text, page, |line, page| {
        if line.trim().is_empty() || line.starts_with("duid ") {
            return;
        }
        match lease(line) {
            Some(lease) => page.leases.push(lease),
            None => page.refuse(line),
        }
    });
}

fn lease(line: &str) -> Option<Lease> {
    let mut words = line.split_ascii_whitespace();
    let (expiry, second, ip) = (seconds(words.next()?)?, words.next()?, words.next()?.parse::<IpAddr>().ok()?);
    let (host, client) = (words.next()?, words.next().unwrap_or("*"));
    let mac = match ip {
        // Hardware that is no Ethernet has its type in front: `06-..`, and is passed over.
        IpAddr::V4(_) => mac::read(second),
        IpAddr::V6(_) => mac::hex_bytes(client).and_then(|duid| mac::of_duid(&duid)),
    };
    let until_us = (expiry > LENGTHS_US).then_some(expiry);
    let told = Told { hostname: name(host), mac, ..Told::default() };
    Some(Lease { net: ip.into(), told, from_us: None, until_us, is_over: false })
}
