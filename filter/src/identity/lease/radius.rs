//! RADIUS accounting as FreeRADIUS' module `detail` writes it: a line with the time, then `NAME = VALUE` a line, then an
//! empty line. Every packet tells since when (its time less Acct-Session-Time), so none needs the one before.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::book::Lease;
use super::super::mac;
use super::super::provider::Told;
use super::{Format, Page, lines, name, seconds};

pub(in crate::identity) const FORMAT: Format = Format { name: "radius", usual: &[], before: &[], grows: true, read };

/// How long a session is believed of which no end is heard: network devices restart without a word.
const BELIEVED_US: i64 = 7 * 86_400 * 1_000_000;

/// What is kept of one packet.
#[derive(Default)]
struct Packet {
    status: String,
    told: Told,
    nets: Vec<IpNet>,
    time_us: Option<i64>,
    delay_us: i64,
    lasted_us: i64,
}

/// Addresses of one packet that are kept.
const ADDRESSES: usize = 8;

fn read(text: &[u8], page: &mut Page) {
    let mut whole = 0;
    let mut packet = Packet::default();
    lines(text, page, |line, page| {
        if line.trim().is_empty() {
            close(std::mem::take(&mut packet), page);
            whole = page.whole;
        } else if let Some((name, value)) = line.split_once(" = ").filter(|_| line.starts_with([' ', '\t'])) {
            attribute(&mut packet, name.trim(), value.trim().trim_matches('"'));
        } else if line.starts_with([' ', '\t']) {
            page.refuse(line);
        }
    });
    page.whole = whole;
}

fn attribute(packet: &mut Packet, attribute: &str, value: &str) {
    match attribute {
        "Acct-Status-Type" => value.clone_into(&mut packet.status),
        // Devices that are let in by their hardware address have it for a name.
        "User-Name" if mac::read(value).is_none() => packet.told.account = name(value),
        "Calling-Station-Id" => packet.told.mac = mac::read(value),
        "Framed-IP-Address" | "Framed-IPv6-Address" => {
            packet.nets.extend(value.parse::<IpAddr>().ok().filter(|ip| !ip.is_unspecified()).map(IpNet::from));
        }
        "Framed-IPv6-Prefix" | "Delegated-IPv6-Prefix" => {
            packet.nets.extend(value.parse::<IpNet>().ok().map(|net| net.trunc()));
        }
        "Timestamp" => packet.time_us = seconds(value),
        "Acct-Delay-Time" => packet.delay_us = seconds(value).unwrap_or_default(),
        "Acct-Session-Time" => packet.lasted_us = seconds(value).unwrap_or_default(),
        _ => {}
    }
    packet.nets.truncate(ADDRESSES);
}

fn close(packet: Packet, page: &mut Page) {
    let is_over = match packet.status.as_str() {
        "Start" | "Interim-Update" | "Alive" => false,
        "Stop" => true,
        // A device that came or went, or no accounting at all.
        _ => return,
    };
    let time_us = packet.time_us.unwrap_or(page.written_us).saturating_sub(packet.delay_us);
    let from_us = Some(time_us.saturating_sub(packet.lasted_us));
    let until_us = Some(if is_over { time_us } else { time_us.saturating_add(BELIEVED_US) });
    for net in packet.nets {
        page.leases.push(Lease { net, told: packet.told.clone(), from_us, until_us, is_over });
    }
}
