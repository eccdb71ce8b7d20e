//! Hosts files: `0.0.0.0 a.b c.d`. Each name for itself and below it.

use super::{Line, Out, State, word};
use crate::{kind::Scope, tally::Reason};
use core::net::IpAddr;

pub(super) fn read(_: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    // No name holds the sign, and many such files have no blank before it.
    let mut words = line.bare.split('#').next().unwrap_or("").split_ascii_whitespace();
    let address = words.next().map(|word| word.split_once('%').map_or(word, |(address, _)| address));
    let Some(address) = address.and_then(|word| word.parse::<IpAddr>().ok()) else {
        return false;
    };
    let mut words = words.peekable();
    if words.peek().is_none_or(|word| *word == "-") {
        return false;
    }
    for word in words {
        if is_local(word) {
            out(Err(Reason::LocalName));
        } else if word::is_sink(address) {
            word::give_name(word, Scope::Suffix, false, out);
        } else {
            out(Err(Reason::Mapping));
        }
    }
    true
}

/// What hosts files name the machine itself.
fn is_local(word: &str) -> bool {
    const LOCAL: &[&str] = &["local", "localhost", "localhost.localdomain", "broadcasthost", "0.0.0.0"];
    LOCAL.contains(&word) || word.starts_with("ip6-")
}
