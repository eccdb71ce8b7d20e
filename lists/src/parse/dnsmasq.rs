//! Settings of dnsmasq: `address=/a.b/`, `server=/a.b/`, `local=/a.b/`, `ipset=/a.b/SET`, `nftset=/a.b/SET`. Each name
//! for itself and below it; what gives a name a real address or another server is no rule.

use super::{Line, Out, State, word};
use crate::{kind::Scope, tally::Reason};
use core::net::IpAddr;

/// What a setting says of its names.
enum Says {
    Block,
    Except,
    No(Reason),
}

/// What the word behind the last slash makes of the names.
type Last = fn(&str) -> Says;

/// Settings whose values are names between slashes.
const SETTINGS: &[(&str, Last)] =
    &[("address", address), ("server", server), ("local", server), ("ipset", set), ("nftset", set)];

pub(super) fn read(_: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let text = line.bare.strip_prefix("--").unwrap_or(line.bare);
    let Some((key, value)) = text.split_once('=') else { return false };
    if key == "host-record" {
        host_record(value, out);
        return true;
    }
    let Some((_, says)) = SETTINGS.iter().find(|(setting, _)| *setting == key.trim_end()) else {
        return is_other(key, line.bare) && {
            out(Err(Reason::Unsupported));
            true
        };
    };
    let Some((names, last)) = value.trim_start().strip_prefix('/').and_then(|value| value.rsplit_once('/')) else {
        out(Err(Reason::Unsupported));
        return true;
    };
    let says = says(last.trim());
    for name in names.split('/') {
        match &says {
            Says::No(reason) => out(Err(*reason)),
            // `#` stands for every name.
            _ if name == "#" => out(Err(Reason::OneLabel)),
            // Not the name itself (since 2.86; before that, nothing).
            _ if name.starts_with("*.") => out(Err(Reason::BelowOnly)),
            Says::Block => word::give_name(word::below(name), Scope::Suffix, false, out),
            Says::Except => word::give_name(word::below(name), Scope::Suffix, true, out),
        }
    }
    true
}

/// Settings of dnsmasq that no list of names needs; as those of no other format look.
fn is_other(key: &str, line: &str) -> bool {
    const OTHERS: &[&str] = &["conf-file", "conf-dir", "cname", "addn-hosts", "bogus-nxdomain", "alias"];
    OTHERS.contains(&key) && !line.contains(' ')
}

/// `host-record=a.b,c.d,0.0.0.0,::`: the names alone.
fn host_record(value: &str, out: Out<'_>) {
    let words = || value.split(',').map(str::trim);
    let is_address = |word: &str| word.parse::<IpAddr>().is_ok();
    let sinks = words().filter_map(|word| word.parse::<IpAddr>().ok());
    if sinks.clone().count() == 0 || !sinks.clone().all(word::is_sink) {
        return out(Err(Reason::Mapping));
    }
    for name in words().filter(|word| !is_address(word) && !word.bytes().all(|byte| byte.is_ascii_digit())) {
        word::give_name(name, Scope::Exact, false, out);
    }
}

fn address(last: &str) -> Says {
    match last {
        "" | "#" => Says::Block,
        word => match word.parse::<IpAddr>() {
            Ok(address) if word::is_sink(address) => Says::Block,
            Ok(_) => Says::No(Reason::Mapping),
            Err(_) => Says::No(Reason::NotAName),
        },
    }
}

/// `server=/a.b/` asks nobody; `#` asks the usual servers, whatever is said of the names above.
fn server(last: &str) -> Says {
    match last {
        "" => Says::Block,
        "#" => Says::Except,
        _ => Says::No(Reason::Mapping),
    }
}

fn set(last: &str) -> Says {
    if last.is_empty() { Says::No(Reason::Unsupported) } else { Says::Block }
}
