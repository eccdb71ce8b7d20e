//! Settings of Unbound: `local-zone: "a.b." always_nxdomain` is a name and everything below it, `local-data: "a.b. A
//! 0.0.0.0"` the name alone.

use super::{Line, Out, State, word};
use crate::{kind::Scope, name, tally::Reason};
use core::net::IpAddr;

/// A zone that is answered by its own data, until that is seen; kept by its hash.
#[derive(Debug, Default)]
pub(super) struct Redirected(Option<u64>);

impl Redirected {
    /// A zone whose data never came cannot be told from one that leads elsewhere.
    pub(super) fn end(&mut self, out: Out<'_>) {
        if self.0.take().is_some() {
            out(Err(Reason::Mapping));
        }
    }
}

/// Types of zones that answer nothing.
const BLOCK: &[&str] = &[
    "static",
    "deny",
    "refuse",
    "always_nxdomain",
    "always_nodata",
    "always_null",
    "always_refuse",
    "always_deny",
    "inform_deny",
];
/// Types of zones that answer as if there were none above them.
const EXCEPT: &[&str] = &["transparent", "typetransparent", "always_transparent", "nodefault"];

pub(super) fn read(state: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let Some((key, value)) = line.bare.split_once(':') else { return false };
    match (key, value.trim()) {
        ("server", "") => return true,
        ("local-zone", value) => zone(&mut state.redirected, value, out),
        ("local-data", value) => data(&mut state.redirected, value, out),
        ("local-zone-tag" | "local-data-ptr" | "local-zone-override" | "include", _) => out(Err(Reason::Unsupported)),
        _ => return false,
    }
    true
}

fn zone(redirected: &mut Redirected, value: &str, out: Out<'_>) {
    redirected.end(out);
    let mut words = value.split_ascii_whitespace();
    let (Some(zone), Some(kind), None) = (words.next(), words.next(), words.next()) else {
        return out(Err(Reason::UnknownShape));
    };
    let zone = unquoted(zone);
    if BLOCK.contains(&kind) {
        word::give_name(zone, Scope::Suffix, false, out);
    } else if EXCEPT.contains(&kind) {
        word::give_name(zone, Scope::Suffix, true, out);
    } else if kind == "redirect" {
        match name::check(zone) {
            Ok(name) => redirected.0 = Some(name::hash_of(name.as_bytes())),
            Err(reason) => out(Err(reason)),
        }
    } else {
        out(Err(Reason::Unsupported));
    }
}

fn data(redirected: &mut Redirected, value: &str, out: Out<'_>) {
    let mut words = unquoted(value).split_ascii_whitespace().filter(|word| !word.eq_ignore_ascii_case("IN"));
    let Some(owner) = words.next() else {
        return out(Err(Reason::UnknownShape));
    };
    let address = words.find(|word| ["A", "AAAA"].iter().any(|kind| word.eq_ignore_ascii_case(kind)));
    let Some(address) = address.and_then(|_| words.next()).and_then(|word| word.parse::<IpAddr>().ok()) else {
        return out(Err(Reason::Unsupported));
    };
    let plain = owner.strip_suffix('.').unwrap_or(owner);
    let whole = redirected.0.is_some_and(|hash| hash == name::hash_of(plain.as_bytes()));
    if whole {
        redirected.0 = None;
    }
    if word::is_sink(address) {
        word::give_name(owner, if whole { Scope::Suffix } else { Scope::Exact }, false, out);
    } else {
        out(Err(Reason::Mapping));
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}
