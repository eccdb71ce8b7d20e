//! Elements of nftables sets: `elements = { 1.2.3.4 . 3333, 1.2.3.0/24 timeout 1h }`, over many lines. Rules are not read.

use super::{Line, Out, State, addresses, word};
use crate::{
    entry::{Entry, Target},
    tally::Reason,
};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Where in a ruleset the reader is.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Between the braces of elements.
    open: bool,
    /// Braces open around that.
    depth: u16,
}

impl Place {
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Elements that were never closed are told.
    pub(super) fn end(&self, out: Out<'_>) {
        if self.open {
            out(Err(Reason::Broken));
        }
    }
}

/// Words that begin a line inside a table and say nothing of elements.
const STRUCTURE: &[&str] = &[
    "table",
    "set",
    "map",
    "chain",
    "type",
    "typeof",
    "flags",
    "size",
    "policy",
    "timeout",
    "gc-interval",
    "auto-merge",
    "comment",
    "counter",
    "}",
    "add",
    "create",
    "delete",
    "destroy",
    "flush",
    "define",
    "nft",
];

pub(super) fn read(state: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let place = &mut state.nft;
    if place.open {
        within(place, line.bare, out);
        return true;
    }
    if let Some(elements) = elements(line.bare) {
        let before = line.bare.get(..line.bare.len() - elements.len()).unwrap_or("");
        let opened = before.matches('{').count().saturating_sub(1);
        place.depth = place.depth.saturating_add(u16::try_from(opened).unwrap_or(u16::MAX));
        place.open = true;
        within(place, elements, out);
        return true;
    }
    let mut words = line.bare.split_ascii_whitespace();
    let first = words.next().unwrap_or("");
    let begins = match first {
        "table" => line.bare.ends_with(['{', '}']),
        "add" | "create" | "destroy" | "delete" | "flush" => {
            matches!(words.next(), Some("table" | "set" | "map" | "chain" | "rule" | "ruleset"))
        }
        _ => false,
    };
    if place.depth == 0 && !begins {
        return false;
    }
    if !STRUCTURE.contains(&first) {
        out(Err(Reason::Unsupported));
    }
    braces(place, line.bare);
    true
}

fn braces(place: &mut Place, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'{' => place.depth = place.depth.saturating_add(1),
            b'}' => place.depth = place.depth.saturating_sub(1),
            _ => {}
        }
    }
}

/// What stands behind the brace that opens elements.
fn elements(line: &str) -> Option<&str> {
    let (before, behind) = line.split_once("elements").unwrap_or(("", ""));
    let named = behind.trim_start().strip_prefix('=').and_then(|rest| rest.trim_start().strip_prefix('{'));
    if named.is_some() && (before.is_empty() || before.ends_with([' ', '\t', ';'])) {
        return named;
    }
    let line = line.strip_prefix("nft ").unwrap_or(line);
    let (head, elements) = line.split_once('{')?;
    let mut words = head.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("add" | "create"), Some("element")) => Some(elements),
        (Some("define"), Some(_)) if head.trim_end().ends_with('=') => Some(elements),
        _ => None,
    }
}

/// Elements up to the closing brace, or to the end of the line.
fn within(place: &mut Place, text: &str, out: Out<'_>) {
    let mut rest = text;
    loop {
        let mut quoted = false;
        let end = rest.find(|c: char| {
            quoted ^= c == '"';
            !quoted && (c == ',' || c == '}')
        });
        let (one, behind) = match end {
            Some(end) => (rest.get(..end).unwrap_or(""), rest.get(end..).unwrap_or("")),
            None => (rest, ""),
        };
        if !one.trim().is_empty() {
            element(one.trim(), out);
        }
        match behind.strip_prefix('}') {
            Some(behind) => {
                place.open = false;
                return braces(place, behind);
            }
            None => match behind.strip_prefix(',') {
                Some(behind) => rest = behind,
                None => return,
            },
        }
    }
}

/// `1.2.3.4`, `1.2.3.4 . 3333 timeout 1h`, `tcp . 1.2.3.4 . 3333`, `1.2.3.4-1.2.3.9`.
fn element(text: &str, out: Out<'_>) {
    let mut words = text.split_ascii_whitespace();
    let (mut host, mut ports): (Option<&str>, Option<Result<Vec<u16>, Reason>>) = (None, None);
    while let Some(word) = words.next() {
        if word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains(['.', ':', '/']) {
            if ports.replace(word::port_range(word)).is_some() {
                return out(Err(Reason::Unsupported));
            }
        } else if word.contains(['.', ':']) {
            if host.replace(word).is_some() {
                return out(Err(Reason::Unsupported));
            }
        } else if word != "tcp" {
            return out(Err(Reason::Unsupported));
        }
        // What follows without a dot is about the element: `timeout`, `expires`, `counter`, `comment`, a verdict.
        if words.next() != Some(".") {
            break;
        }
    }
    let Some(host) = host else {
        return out(Err(Reason::UnknownShape));
    };
    match (word::prefix(host), ports) {
        (Some(target), ports) => out(addresses::with_ports(target, ports.unwrap_or(Ok(Vec::new())))),
        (None, None) if addresses::range(host, out) => {}
        (None, Some(ports)) if ends(host).is_some() => ranged(host, ports, out),
        (None, _) => out(Err(Reason::UnknownShape)),
    }
}

fn ends(range: &str) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn ranged(range: &str, ports: Result<Vec<u16>, Reason>, out: Out<'_>) {
    let Some((first, last)) = ends(range) else { return };
    let mut give = |target: Result<Target<'static>, Reason>| {
        let ports = ports.clone();
        out(target.and_then(|target| Ok(Entry { ports: ports?, ..Entry::of(target) })));
    };
    if word::range(first, last, &mut give).is_none() {
        out(Err(Reason::Contradiction));
    }
}
