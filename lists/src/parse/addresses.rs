//! Addresses, prefixes, ranges, one a line, also as ipset saves them (`add SET 1.2.3.4,tcp:3333`).

use super::{Line, Out, State, word};
use crate::{
    entry::{Entry, Target},
    tally::Reason,
};
use core::net::IpAddr;

pub(super) fn read(_: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let mut words = line.bare.split_ascii_whitespace();
    match words.next() {
        Some("create" | "COMMIT" | "-N" | "flush" | "destroy") if is_ipset_command(line.bare) => true,
        Some("add" | "-A") if line.bare != "add" => {
            let (Some(_), Some(member)) = (words.next(), words.next()) else { return false };
            ipset_member(member, words.any(|word| word == "nomatch"), out)
        }
        _ => range(line.bare, out) || one(line.bare, out),
    }
}

fn is_ipset_command(line: &str) -> bool {
    line == "COMMIT" || line.split_ascii_whitespace().nth(2).is_none_or(|kind| kind.contains(':'))
}

fn one(word: &str, out: Out<'_>) -> bool {
    match word::prefix(word) {
        Some(target) => out(target.map(Entry::of)),
        None => return false,
    }
    true
}

/// `1.2.3.4-1.2.3.9`, with or without blanks.
pub(super) fn range(text: &str, out: Out<'_>) -> bool {
    let Some((first, last)) = text.split_once('-') else { return false };
    let (Ok(first), Ok(last)) = (first.trim().parse::<IpAddr>(), last.trim().parse::<IpAddr>()) else {
        return false;
    };
    if word::range(first, last, &mut |target| out(target.map(Entry::of))).is_none() {
        out(Err(Reason::Contradiction));
    }
    true
}

/// `1.2.3.4`, `1.2.3.4,3333`, `1.2.3.4,tcp:3333`, `1.2.3.0/24`, a range.
fn ipset_member(member: &str, except: bool, out: Out<'_>) -> bool {
    let (host, port) = member.split_once(',').map_or((member, None), |(host, port)| (host, Some(port)));
    if port.is_none() && range(host, out) {
        return true;
    }
    let Some(target) = word::prefix(host) else { return false };
    let ports = match port.map(|port| port.split_once(':').unwrap_or(("tcp", port))) {
        None => Ok(Default::default()),
        Some(("tcp", port)) => word::port_range(port),
        Some(_) => Err(Reason::Unsupported),
    };
    out(with_ports(target, ports).map(|entry| Entry { except, ..entry }));
    true
}

/// An address or a prefix with ports.
pub(super) fn with_ports(
    target: Result<Target<'static>, Reason>,
    ports: Result<alloc::vec::Vec<u16>, Reason>,
) -> Result<Entry<'static>, Reason> {
    Ok(Entry { ports: ports?, ..Entry::of(target?) })
}
