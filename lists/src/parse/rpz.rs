//! Response policy zones: `a.b CNAME .` is the name alone, and with `*.a.b CNAME .` beside it everything below too.
//! `rpz-passthru.` is an exception. The zone's own name is taken off; the serial of its SOA is the version.

use super::{Line, Out, State, word};
use crate::{entry::Entry, kind::Scope, name::hash_of, tally::Reason};
use alloc::{borrow::Cow, format, string::String, vec::Vec};
use core::net::{IpAddr, Ipv6Addr};
use hashbrown::HashMap;

/// Records of a name of which the other one has not been seen, remembered at most; each takes 16 bytes.
const MAX_SINGLE: usize = 1 << 18;
/// Words of a SOA record looked at.
const MAX_SOA_WORDS: usize = 16;

/// What of a zone is remembered from line to line.
#[derive(Debug, Default)]
pub(super) struct Zone {
    /// The name of the zone, without the last dot.
    apex: Option<String>,
    /// What names without a last dot stand below, without its own.
    origin: Option<String>,
    owner: String,
    /// The words of a SOA record seen, while its parentheses are open.
    soa: Option<usize>,
    serial: Option<u32>,
    single: HashMap<u64, Single>,
}

/// One of the two records of a name.
#[derive(Clone, Copy, Debug)]
struct Single {
    wildcard: bool,
    line: u32,
}

/// What a record asks for.
enum Does {
    Block,
    Except,
}

impl Zone {
    pub(super) fn serial(&self) -> Option<u32> {
        self.serial
    }

    pub(super) fn is_open(&self) -> bool {
        self.soa.is_some()
    }

    pub(super) fn held(&self) -> usize {
        self.single.capacity() * 16 + self.owner.capacity()
    }

    /// Wildcards whose name itself the zone does not hold, by their lines in rising order.
    pub(super) fn end(&mut self) -> Vec<u32> {
        let alone = self.single.drain().filter(|(_, single)| single.wildcard);
        let mut lines: Vec<_> = alone.map(|(_, single)| single.line).collect();
        lines.sort_unstable();
        lines
    }

    /// A name in the zone's own terms; `None` when it stands outside.
    fn trigger<'a>(&self, owner: &'a str) -> Option<Cow<'a, str>> {
        let apex = self.apex.as_deref().unwrap_or("");
        let full = match (owner.strip_suffix('.'), self.origin.as_deref()) {
            (Some(full), _) if apex.is_empty() => return Some(Cow::Borrowed(full)),
            (Some(full), _) => Cow::Borrowed(full),
            (None, Some(origin)) if origin != apex => Cow::Owned(format!("{owner}.{origin}")),
            (None, _) => return Some(Cow::Borrowed(owner)),
        };
        if apex.is_empty() {
            return Some(full);
        }
        let end = full.len().checked_sub(apex.len())?;
        if !full.get(end..)?.eq_ignore_ascii_case(apex) {
            return None;
        }
        full.get(..end)?.strip_suffix('.').map(|name| Cow::Owned(name.into()))
    }
}

pub(super) fn read(state: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let number = u32::try_from(state.number).unwrap_or(u32::MAX);
    let zone = &mut state.rpz;
    let text = line.bare.split(';').next().unwrap_or("").trim_end();
    if zone.soa.is_some() {
        soa(zone, text);
        return true;
    }
    if text.starts_with('$') {
        return directive(zone, text, out);
    }
    let mut words = text.split_ascii_whitespace();
    let owner = if line.indented { None } else { words.next() };
    let kind = words.find(|word| !(word.bytes().all(|byte| byte.is_ascii_digit()) || word.eq_ignore_ascii_case("IN")));
    let Some(kind) = kind.filter(|kind| is_type(kind)) else { return false };
    let data = words.next();
    if data.is_none() && !kind.eq_ignore_ascii_case("TXT") {
        return false;
    }
    if let Some(owner) = owner {
        zone.owner.clear();
        zone.owner.push_str(owner);
    }
    if kind.eq_ignore_ascii_case("SOA") {
        let owner = zone.owner.as_str();
        let origin = zone.origin.as_deref().unwrap_or("");
        let apex = match owner.strip_suffix('.') {
            Some(apex) => apex.into(),
            None if owner == "@" => origin.into(),
            None if origin.is_empty() => owner.into(),
            None => format!("{owner}.{origin}"),
        };
        zone.apex = Some(apex);
        zone.origin.get_or_insert_default();
        if zone.origin.as_deref() == Some("") {
            zone.origin.clone_from(&zone.apex);
        }
        zone.soa = Some(0);
        soa(zone, text.split_once(kind).map_or("", |(_, rest)| rest));
        return true;
    }
    record(zone, kind, data.unwrap_or(""), number, out);
    true
}

fn is_type(word: &str) -> bool {
    const TYPES: &[&str] = &["CNAME", "A", "AAAA", "TXT", "SOA", "NS", "MX", "DNAME"];
    TYPES.iter().any(|kind| word.eq_ignore_ascii_case(kind))
}

/// Words of a SOA record: two names, then the serial.
fn soa(zone: &mut Zone, text: &str) {
    let mut seen = zone.soa.unwrap_or(0);
    let mut closed = text.contains(')');
    for word in text.split([' ', '\t', '(', ')']).filter(|word| !word.is_empty()) {
        seen += 1;
        if seen == 3 {
            zone.serial = word.parse().ok();
        }
    }
    closed |= seen == 7 && !text.contains('(');
    zone.soa = Some(seen).filter(|&seen| !closed && seen < MAX_SOA_WORDS);
}

fn directive(zone: &mut Zone, text: &str, out: Out<'_>) -> bool {
    let mut words = text.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("$ORIGIN"), Some(origin)) => {
            let origin = match (origin.strip_suffix('.'), zone.origin.as_deref()) {
                (Some(full), _) => full.into(),
                (None, None | Some("")) => origin.into(),
                (None, Some(above)) => format!("{origin}.{above}"),
            };
            zone.apex.get_or_insert_with(|| origin.clone());
            zone.origin = Some(origin);
        }
        (Some("$TTL"), Some(_)) => {}
        (Some("$INCLUDE" | "$GENERATE"), Some(_)) => out(Err(Reason::Unsupported)),
        _ => return false,
    }
    true
}

fn record(zone: &mut Zone, kind: &str, data: &str, number: u32, out: Out<'_>) {
    if zone.owner == "@" || kind.eq_ignore_ascii_case("NS") {
        return;
    }
    let owner = core::mem::take(&mut zone.owner);
    let does = match does(kind, data, &owner) {
        Ok(does) => does,
        Err(reason) => {
            zone.owner = owner;
            return out(Err(reason));
        }
    };
    let except = matches!(does, Does::Except);
    match zone.trigger(&owner) {
        None => out(Err(Reason::Contradiction)),
        Some(trigger) => match trigger.strip_suffix(".rpz-ip") {
            Some(address) => match prefix(address) {
                Some(target) => out(target.map(|target| Entry { except, ..Entry::of(target) })),
                None => out(Err(Reason::Contradiction)),
            },
            None if trigger.rsplit('.').next().is_some_and(|last| last.starts_with("rpz-")) => {
                out(Err(Reason::Unsupported));
            }
            None => give(zone, &trigger, except, number, out),
        },
    }
    zone.owner = owner;
}

/// What a record has its name answered with.
fn does(kind: &str, data: &str, owner: &str) -> Result<Does, Reason> {
    if kind.eq_ignore_ascii_case("CNAME") {
        return match data {
            "." | "*." => Ok(Does::Block),
            _ if data.eq_ignore_ascii_case("rpz-drop.") => Ok(Does::Block),
            _ if data.eq_ignore_ascii_case("rpz-passthru.") || data == owner => Ok(Does::Except),
            _ if data.starts_with("rpz-") => Err(Reason::Unsupported),
            _ => Err(Reason::Mapping),
        };
    }
    let is_address = ["A", "AAAA"].iter().any(|address| kind.eq_ignore_ascii_case(address));
    match data.parse::<IpAddr>() {
        Ok(address) if is_address && word::is_sink(address) => Ok(Does::Block),
        Ok(_) if is_address => Err(Reason::Mapping),
        _ => Err(Reason::Unsupported),
    }
}

/// A record says either a name or what is below it; only both together are a name and everything below it.
fn give(zone: &mut Zone, trigger: &str, except: bool, number: u32, out: Out<'_>) {
    let (wildcard, plain) = trigger.strip_prefix("*.").map_or((false, trigger), |plain| (true, plain));
    let name = match word::name(plain) {
        Ok(name) => name,
        Err(reason) => return out(Err(reason)),
    };
    if except && wildcard {
        // An exception may be wider than it was meant; a rule may not.
        return word::give_name(&name, Scope::Suffix, true, out);
    }
    let hash = hash_of(name.as_bytes());
    let other = zone.single.get(&hash).is_some_and(|single| single.wildcard != wildcard);
    if except || !wildcard && !other {
        word::give_name(&name, Scope::Exact, except, out);
    }
    if other {
        // The name itself is blocked too, or the zone says that it is not.
        zone.single.remove(&hash);
        return word::give_name(&name, Scope::Suffix, false, out);
    }
    if zone.single.len() < MAX_SINGLE {
        zone.single.insert(hash, Single { wildcard, line: number });
    } else if wildcard {
        out(Err(Reason::BelowOnly));
    }
}

/// `24.0.3.2.1` is 1.2.3.0/24; `zz` stands for `::`.
fn prefix(text: &str) -> Option<Result<crate::entry::Target<'static>, Reason>> {
    let (length, reversed) = text.split_once('.')?;
    let mut groups = [""; 8];
    let mut count = 0;
    for group in reversed.rsplit('.') {
        *groups.get_mut(count)? = group;
        count += 1;
    }
    let groups = groups.get(..count)?;
    let text = if count == 4 && groups.iter().all(|group| group.parse::<u8>().is_ok()) {
        groups.join(".")
    } else {
        let text = groups.join(":");
        let text = match text.strip_prefix("zz") {
            Some(rest) => format!(":{rest}"),
            None => text,
        };
        let text = text.strip_suffix("zz").map_or_else(|| text.clone(), |rest| format!("{rest}:"));
        let text = text.replace(":zz:", "::");
        text.parse::<Ipv6Addr>().ok()?;
        text
    };
    word::prefix(&format!("{text}/{length}"))
}
