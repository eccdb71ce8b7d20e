//! `1.2.3.4:3333`, `pool.example:3333`, `stratum+ssl://pool.example:443`. A URL that goes on behind its host speaks of a
//! page, never of the host.

use super::{Line, Out, State, word};
use crate::{
    entry::{Entry, Target},
    kind::Scope,
    tally::Reason,
};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

pub(super) fn read(_: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    address_and_port(line.bare, out) || url(line.bare, out) || name_and_port(line.bare, out) || page(line.bare, out)
}

/// Any of the ways to name one host; what columns and attributes hold.
pub(super) fn any(word: &str, out: Out<'_>) -> bool {
    if address_and_port(word, out) || url(word, out) || name_and_port(word, out) {
        return true;
    }
    if let Some(target) = word::prefix(word) {
        out(target.map(Entry::of));
        return true;
    }
    if word::has_name_shape(word) {
        word::give_name(word::below(word), Scope::Suffix, false, out);
        return true;
    }
    page(word, out)
}

/// `1.2.3.4:3333`, `[2001:db8::1]:3333`.
fn address_and_port(word: &str, out: Out<'_>) -> bool {
    if let Ok(both) = word.parse::<SocketAddr>() {
        out(match both.port() {
            0 => Err(Reason::BadPort),
            port => word::host(both.ip()).map(|address| on_port(Target::Address(address), port)),
        });
        return true;
    }
    false
}

fn on_port(target: Target<'_>, port: u16) -> Entry<'_> {
    Entry { ports: Vec::from([port]), ..Entry::of(target) }
}

/// `pool.example:3333`; the port is kept beside the name and does not narrow the rule.
fn name_and_port(word: &str, out: Out<'_>) -> bool {
    let Some((host, port)) = word.rsplit_once(':') else {
        return false;
    };
    if !word::has_name_shape(host) || port.is_empty() || port.bytes().any(|byte| !byte.is_ascii_digit()) {
        return false;
    }
    name_on_port(word::below(host), port, Scope::Suffix, out);
    true
}

fn name_on_port(host: &str, port: &str, scope: Scope, out: Out<'_>) {
    match (word::ports(port), word::name(host)) {
        (Ok(ports), Ok(name)) => out(Ok(Entry { ports, scope, ..Entry::of(Target::Name(&name)) })),
        (Err(reason), _) | (_, Err(reason)) => out(Err(reason)),
    }
}

/// Ports of schemes whose URLs need not name one; to know the service of an address.
const PORTS: &[(&str, u16)] = &[("http", 80), ("https", 443), ("ws", 80), ("wss", 443)];

/// `scheme://user@host:port/`, and of stratum also `#option`.
fn url(word: &str, out: Out<'_>) -> bool {
    let Some((scheme, rest)) = word.split_once("://") else {
        return false;
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(fits) {
        return false;
    }
    if rest.contains(|c: char| c.is_ascii_whitespace()) {
        return false;
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let is_option = behind.starts_with('#') && !PORTS.iter().any(|(known, _)| scheme.eq_ignore_ascii_case(known));
    if !behind.is_empty() && behind != "/" && !is_option {
        out(Err(Reason::Path));
        return true;
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let implied = PORTS.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known)).map(|row| row.1);
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        out(match implied {
            Some(port) => word::host(address).map(|address| on_port(Target::Address(address), port)),
            None => Err(Reason::BareAddress),
        });
    } else if !address_and_port(host, out) {
        match host.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() => name_on_port(host, port, Scope::Exact, out),
            _ => word::give_name(host.strip_suffix(':').unwrap_or(host), Scope::Exact, false, out),
        }
    }
    true
}

/// `pool.example/script.js`, `/script.js`: a URL without its scheme.
fn page(word: &str, out: Out<'_>) -> bool {
    let Some((host, path)) = word.split_once('/') else {
        return false;
    };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !(host.is_empty() || word::has_name_shape(name)) || word.contains(|c: char| c.is_ascii_whitespace()) {
        return false;
    }
    if !path.is_empty() || host.is_empty() {
        out(Err(Reason::Path));
    } else if !address_and_port(host, out) && !name_and_port(host, out) {
        word::give_name(host, Scope::Suffix, false, out);
    }
    true
}
