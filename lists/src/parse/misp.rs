//! Attributes of MISP as text (`a.b|192.0.2.1`), their kinds, and patterns of STIX (`[domain-name:value = 'a.b']`).

use super::{Line, Out, State, urls, word};
use crate::{
    entry::{Entry, Target},
    kind::Scope,
    tally::Reason,
};
use core::net::IpAddr;

pub(super) fn read(_: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    if line.whole.starts_with('[') && line.whole.contains(":value") {
        pattern(line.whole, out);
        return true;
    }
    let Some((name, address)) = line.bare.split_once('|') else { return false };
    if !word::has_name_shape(name) || address.parse::<IpAddr>().is_err() {
        return false;
    }
    attribute("domain|ip", line.bare, out);
    true
}

/// An attribute of a kind as MISP, STIX and exchanges of indicators call them.
pub(super) fn attribute(kind: &str, value: &str, out: Out<'_>) {
    let (first, second) = value.split_once('|').map_or((value, None), |(first, second)| (first, Some(second)));
    let is = |kinds: &[&str]| kinds.iter().any(|known| kind.eq_ignore_ascii_case(known));
    match second {
        _ if is(&["url", "uri", "link"]) => give_any(value, out),
        None if is(&["domain"]) => word::give_name(word::below(value), Scope::Suffix, false, out),
        None if is(&["hostname", "domain-name", "fqdn"]) => word::give_name(value, Scope::Exact, false, out),
        None if is(&["ip-dst", "ipv4-addr", "ipv6-addr", "ipv4", "ipv6", "cidr"]) => give_any(value, out),
        // Where a name led to at the time says nothing of today.
        Some(_) if is(&["domain|ip"]) => word::give_name(word::below(first), Scope::Suffix, false, out),
        Some(port) if is(&["hostname|port"]) => match (word::name(first), word::ports(port)) {
            (Ok(name), Ok(ports)) => {
                out(Ok(Entry { ports, scope: Scope::Exact, ..Entry::of(Target::Name(&name)) }));
            }
            (Err(reason), _) | (_, Err(reason)) => out(Err(reason)),
        },
        Some(port) if is(&["ip-dst|port"]) => match word::prefix(first) {
            Some(target) => out(super::addresses::with_ports(target, word::ports(port))),
            None => out(Err(Reason::UnknownShape)),
        },
        _ => out(Err(Reason::Unsupported)),
    }
}

fn give_any(value: &str, out: Out<'_>) {
    if !urls::any(value, out) {
        out(Err(Reason::UnknownShape));
    }
}

/// A pattern of STIX 2: comparisons of names or addresses with `OR` between them.
pub(super) fn pattern(text: &str, out: Out<'_>) {
    const KINDS: &[(&str, &str)] = &[
        ("domain-name:value", "domain-name"),
        ("url:value", "url"),
        ("ipv4-addr:value", "ipv4-addr"),
        ("ipv6-addr:value", "ipv6-addr"),
    ];
    let narrow = [" AND ", " FOLLOWEDBY ", " NOT ", "!="].iter().any(|word| text.contains(word));
    let inner = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']')).filter(|_| !narrow);
    let Some(inner) = inner else {
        return out(Err(Reason::Unsupported));
    };
    for part in inner.split(" OR ") {
        let part = part.trim_matches([' ', '[', ']', '(', ')']);
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
        match (KINDS.iter().find(|row| row.0 == key.trim()), value) {
            (Some((_, kind)), Some(value)) => attribute(kind, value, out),
            _ => out(Err(Reason::Unsupported)),
        }
    }
}
