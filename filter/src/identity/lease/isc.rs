//! Leases of the ISC's dhcpd (dhcpd.leases(5)): blocks, one each time a lease changes, until it makes the file anew. For
//! IPv6, `ia-na` blocks of a client with its addresses in them.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::super::book::Lease;
use super::super::mac;
use super::super::provider::Told;
use super::{Format, Page, name, seconds};
use crate::stamp;

pub(in crate::identity) const FORMAT: Format = Format {
    name: "isc-dhcp",
    usual: &["/var/lib/dhcp/dhcpd.leases", "/var/lib/dhcp/dhcpd6.leases", "/var/lib/dhcpd/dhcpd.leases"],
    before: &["~"],
    grows: true,
    read,
};

/// A block under way.
#[derive(Default)]
struct Block {
    /// The address or prefix; none within `ia-na` as long as no address begins.
    net: Option<IpNet>,
    is_in_use: bool,
    /// Nobody has it, and nobody had it: it was found taken by somebody unknown.
    is_abandoned: bool,
    from_us: Option<i64>,
    until_us: Option<i64>,
    told: Told,
}

impl Block {
    fn new(net: Option<IpNet>) -> Self {
        Self { net, is_in_use: true, ..Self::default() }
    }

    fn lease(&self) -> Option<Lease> {
        let (net, told) = (self.net?, self.told.clone());
        let lease = Lease { net, told, from_us: self.from_us, until_us: self.until_us, is_over: !self.is_in_use };
        (!self.is_abandoned).then_some(lease)
    }
}

fn read(text: &[u8], page: &mut Page) {
    let mut open: Option<Block> = None;
    let mut is_inner = false;
    let mut at = 0;
    while let Some(length) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
        let line = String::from_utf8_lossy(text.get(at..at + length).unwrap_or_default());
        at += length + 1;
        let line = line.trim();
        match &mut open {
            None => {
                open = begin(line, page);
                is_inner = false;
            }
            Some(block) if line == "}" => {
                page.leases.extend(block.lease());
                if is_inner {
                    // The client's block goes on; what is of the address is over.
                    let fresh = Block::new(None);
                    *block = Block { told: block.told.clone(), from_us: block.from_us, ..fresh };
                    is_inner = false;
                } else {
                    open = None;
                }
            }
            Some(block) => match inner(line) {
                Some(net) => {
                    (block.net, is_inner) = (Some(net), true);
                }
                None => statement(line, block),
            },
        }
        if open.is_none() {
            page.whole = at;
        }
    }
}

/// The beginning of a block that is read; others, such as `failover peer`, are passed over: their statements are none at
/// the outside.
fn begin(line: &str, page: &mut Page) -> Option<Block> {
    let head = line.strip_suffix('{')?.trim_end();
    if let Some(address) = head.strip_prefix("lease ") {
        let ip = address.parse::<IpAddr>();
        if ip.is_err() {
            page.refuse(line);
        }
        return Some(Block::new(ip.ok().map(IpNet::from)));
    }
    let client = head.strip_prefix("ia-").and_then(|rest| rest.split_once(' '))?.1;
    let bytes = unquoted(client);
    let mac = bytes.get(4..).and_then(mac::of_duid);
    Some(Block { told: Told { mac, ..Told::default() }, ..Block::new(None) })
}

/// The address a block within begins.
fn inner(line: &str) -> Option<IpNet> {
    let head = line.strip_suffix('{')?.trim_end();
    if let Some(address) = head.strip_prefix("iaaddr ") {
        return address.parse::<IpAddr>().ok().map(IpNet::from);
    }
    head.strip_prefix("iaprefix ")?.parse::<IpNet>().ok().map(|net| net.trunc())
}

fn statement(line: &str, block: &mut Block) {
    let line = line.split_once(';').map_or(line, |(statement, _comment)| statement);
    let Some((word, rest)) = line.split_once(' ') else { return };
    match word {
        "starts" | "cltt" if block.from_us.is_none() => block.from_us = time(rest),
        "ends" => block.until_us = time(rest),
        "binding" => {
            let state = rest.trim_start_matches("state").trim();
            block.is_in_use = state == "active";
            block.is_abandoned = state == "abandoned";
        }
        "hardware" => block.told.mac = rest.strip_prefix("ethernet ").and_then(mac::read),
        "client-hostname" => block.told.hostname = name(&String::from_utf8_lossy(&unquoted(rest))),
        _ => {}
    }
}

/// Reads `4 2024/11/21 10:37:29` (UTC) or `epoch 1732185449`; `never` is none.
fn time(text: &str) -> Option<i64> {
    let (kind, rest) = text.trim().split_once(' ')?;
    if kind == "epoch" {
        return seconds(rest);
    }
    let time = stamp::read(rest.trim())?;
    Some(TimeZone::UTC.to_timestamp(time).ok()?.as_microsecond())
}

/// The bytes of a string in quotation marks: `\"`, `\\`, `\ooo`.
fn unquoted(text: &str) -> Vec<u8> {
    let text = text.trim();
    let inside = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let (mut out, mut rest) = (Vec::new(), inside.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let octal = after.get(..3).and_then(|three| u8::from_str_radix(std::str::from_utf8(three).ok()?, 8).ok());
        let (byte, used) = match (octal, after.first()) {
            (Some(byte), _) => (byte, 3),
            (None, Some(byte)) => (*byte, 1),
            (None, None) => (b'\\', 0),
        };
        out.push(byte);
        rest = after.get(used..).unwrap_or_default();
    }
    out
}
