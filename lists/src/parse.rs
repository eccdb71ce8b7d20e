//! One line of a list text to entries: one reader a line shape, and one table of them.

use crate::{
    kind::{Confidence, Scope},
    name,
    tally::Reason,
};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use ipnet::IpNet;

/// Bytes of the longest line read.
pub(crate) const MAX_LINE: usize = 4096;
/// Ports an entry states at most.
pub(crate) const MAX_PORTS: usize = 256;

/// What an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// A checked name, in any case.
    Name(&'a str),
    /// One host; the ports say which of its services.
    Address(IpAddr),
    /// Many hosts.
    Prefix(IpNet),
}

/// One entry as a line states it; what it does not state is `None` or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) target: Target<'a>,
    /// Whether it takes back what the list says of the target.
    pub(crate) except: bool,
    pub(crate) scope: Scope,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) kind: &'a str,
    pub(crate) coins: &'a str,
    pub(crate) ports: Vec<u16>,
    pub(crate) date: &'a str,
}

type Out<'s, 'a> = &'s mut dyn FnMut(Result<Entry<'a>, Reason>);

/// A reader gives out the entries of a line and says whether the line was of its shape.
type Reader = for<'a> fn(&'a str, Out<'_, 'a>) -> bool;

/// Every line shape; the first that claims a line reads it.
const SHAPES: &[Reader] = &[own_row, hosts_line, bare_address, address_and_port, name_and_port, plain_name];

/// Reads one line. Nothing is given out for blank lines and comments.
pub(crate) fn line<'a>(line: &'a str, out: Out<'_, 'a>) {
    if line.len() > MAX_LINE {
        return out(Err(Reason::LongLine));
    }
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.is_empty() || ["#", ";", "!", "//"].iter().any(|mark| line.starts_with(mark)) {
        return;
    }
    if line.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return out(Err(Reason::Unprintable));
    }
    let line = without_comment(line);
    if !SHAPES.iter().any(|read| read(line, out)) {
        out(Err(Reason::UnknownShape));
    }
}

/// The line up to a comment behind it.
fn without_comment(line: &str) -> &str {
    let end = [" #", "\t#"].iter().filter_map(|mark| line.find(mark)).min();
    end.and_then(|end| line.get(..end)).unwrap_or(line).trim_end()
}

/// Our own format: name, scope, confidence, kind, coins, ports, date; `-` for nothing.
fn own_row<'a>(line: &'a str, out: Out<'_, 'a>) -> bool {
    let mut columns = line.split('\t').map(|column| if column == "-" { "" } else { column });
    let mut next = || columns.next();
    let (Some(name), Some(scope), Some(confidence), Some(kind), Some(coins), Some(ports), Some(date), None) =
        (next(), next(), next(), next(), next(), next(), next(), next())
    else {
        return false;
    };
    let Ok(scope) = scope.parse() else {
        return false;
    };
    let read = || {
        let target = match (name.parse().map_err(|_| Reason::NotAName).and_then(host), name.parse::<IpNet>()) {
            (_, Ok(prefix)) => Target::Prefix(host(prefix.network()).map(|_| prefix.trunc())?),
            (Ok(address), _) => Target::Address(address),
            (Err(Reason::ReservedAddress), _) => return Err(Reason::ReservedAddress),
            (Err(_), _) => Target::Name(name::check(name)?),
        };
        let confidence = Some(confidence.parse().map_err(|_| Reason::BadColumn)?);
        let ports = port_list(ports)?;
        if matches!(target, Target::Address(_) | Target::Prefix(_)) && ports.is_empty() {
            return Err(Reason::BareAddress);
        }
        Ok(Entry { target, except: false, scope, confidence, kind, coins, ports, date })
    };
    out(read());
    true
}

/// `0.0.0.0 a.b c.d`: each name for itself and below it, as all other formats mean it.
fn hosts_line<'a>(line: &'a str, out: Out<'_, 'a>) -> bool {
    let mut words = line.split_ascii_whitespace();
    let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else {
        return false;
    };
    let mut words = words.peekable();
    if words.peek().is_none() {
        return false;
    }
    let sink = address.is_loopback() || address.is_unspecified();
    for word in words {
        out(if !sink {
            Err(Reason::Mapping)
        } else if is_local(word) {
            Err(Reason::LocalName)
        } else {
            name::check(word).map(|name| plain(Target::Name(name), Vec::new()))
        });
    }
    true
}

/// What hosts files name the machine itself.
fn is_local(word: &str) -> bool {
    const LOCAL: &[&str] = &["local", "localhost", "localhost.localdomain", "broadcasthost", "0.0.0.0"];
    LOCAL.contains(&word) || word.starts_with("ip6-")
}

/// `1.2.3.4`, `1.2.3.0/24`, `2001:db8::1`, `[2001:db8::1]`: refused, with a reason of its own.
fn bare_address<'a>(line: &'a str, out: Out<'_, 'a>) -> bool {
    let host = line.split_once('/').map_or(line, |(host, _)| host);
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let bare = host.parse::<IpAddr>().is_ok();
    if bare {
        out(Err(Reason::BareAddress));
    }
    bare
}

/// `1.2.3.4:3333`, `[2001:db8::1]:3333`.
fn address_and_port<'a>(line: &'a str, out: Out<'_, 'a>) -> bool {
    let Ok(both) = line.parse::<SocketAddr>() else {
        return false;
    };
    out(match both.port() {
        0 => Err(Reason::BadPort),
        port => host(both.ip()).map(|address| plain(Target::Address(address), [port].into())),
    });
    true
}

/// `pool.example:3333`; the port is kept beside the name and does not narrow the rule.
fn name_and_port<'a>(line: &'a str, out: Out<'_, 'a>) -> bool {
    let Some((host, port)) = line.rsplit_once(':') else {
        return false;
    };
    if !has_name_shape(host) || port.is_empty() || port.bytes().any(|byte| !byte.is_ascii_digit()) {
        return false;
    }
    out(port_list(port).and_then(|ports| Ok(plain(Target::Name(name::check(below(host))?), ports))));
    true
}

/// `a.b`, `.a.b`, `*.a.b`: the name and everything below it.
fn plain_name<'a>(line: &'a str, out: Out<'_, 'a>) -> bool {
    let claimed = has_name_shape(line);
    if claimed {
        out(name::check(below(line)).map(|name| plain(Target::Name(name), Vec::new())));
    }
    claimed
}

/// A name without the `*.` or `.` that says "everything below".
pub(crate) fn below(name: &str) -> &str {
    name.strip_prefix("*.").or_else(|| name.strip_prefix('.')).unwrap_or(name)
}

/// Whether a word is meant as a name, well-formed or not.
fn has_name_shape(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte) || !byte.is_ascii();
    !word.is_empty() && word.bytes().all(fits)
}

fn plain(target: Target<'_>, ports: Vec<u16>) -> Entry<'_> {
    Entry { target, except: false, scope: Scope::Suffix, confidence: None, kind: "", coins: "", ports, date: "" }
}

/// The address of one host, an IPv4 one mapped into IPv6 as IPv4 (RFC 4291, 2.5.5.2).
pub(crate) fn host(address: IpAddr) -> Result<IpAddr, Reason> {
    let address = address.to_canonical();
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    if address.is_unspecified() || address.is_loopback() || address.is_multicast() || broadcast {
        return Err(Reason::ReservedAddress);
    }
    Ok(address)
}

/// Ports with commas between them, in rising order, each once; none for an empty text.
fn port_list(text: &str) -> Result<Vec<u16>, Reason> {
    let mut ports = Vec::new();
    for word in text.split(',').filter(|_| !text.is_empty()) {
        match word.parse::<u16>() {
            Ok(port) if port > 0 => ports.push(port),
            _ => return Err(Reason::BadPort),
        }
    }
    ports.sort_unstable();
    ports.dedup();
    if ports.len() > MAX_PORTS { Err(Reason::BadPort) } else { Ok(ports) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{format, string::String, vec};

    /// What a line gives: `name:ports` or the reason, one a word.
    fn read(text: &str) -> Vec<Result<String, Reason>> {
        let mut seen = Vec::new();
        line(text, &mut |entry| {
            seen.push(entry.map(|entry| match entry.target {
                Target::Name(name) => format!("{name} {:?} {:?}", entry.scope, entry.ports),
                Target::Address(address) => format!("{address} {:?}", entry.ports),
                Target::Prefix(prefix) => format!("{prefix} {:?}", entry.ports),
            }));
        });
        seen
    }

    #[test]
    fn every_shape_and_every_reason() {
        let suffix = |name: &str| vec![Ok(format!("{name} Suffix []"))];
        for (text, want) in [
            ("", vec![]),
            ("  \r", vec![]),
            ("# a.b", vec![]),
            ("; a.b", vec![]),
            ("! a.b", vec![]),
            ("// a.b", vec![]),
            ("a.b", suffix("a.b")),
            ("\u{feff}a.b\r", suffix("a.b")),
            ("*.a.b", suffix("a.b")),
            (".a.b.", suffix("a.b")),
            ("a.b # why", suffix("a.b")),
            ("a.b\t# why", suffix("a.b")),
            ("a.b:3333", vec![Ok("a.b Suffix [3333]".into())]),
            ("0.0.0.0 a.b", suffix("a.b")),
            ("127.0.0.1\ta.b c.d # x", [suffix("a.b"), suffix("c.d")].concat()),
            ("::1 localhost ip6-loopback", vec![Err(Reason::LocalName); 2]),
            (":: a.b", suffix("a.b")),
            ("10.1.2.3 a.b", vec![Err(Reason::Mapping)]),
            ("10.1.2.3", vec![Err(Reason::BareAddress)]),
            ("10.1.2.0/24", vec![Err(Reason::BareAddress)]),
            ("2001:db8::1", vec![Err(Reason::BareAddress)]),
            ("[2001:db8::1]", vec![Err(Reason::BareAddress)]),
            ("10.1.2.3:3333", vec![Ok("10.1.2.3 [3333]".into())]),
            ("[2001:db8::1]:3333", vec![Ok("2001:db8::1 [3333]".into())]),
            ("[::ffff:10.1.2.3]:3333", vec![Ok("10.1.2.3 [3333]".into())]),
            ("10.1.2.3:0", vec![Err(Reason::BadPort)]),
            ("10.1.2.3:70000", vec![Err(Reason::BadPort)]),
            ("a.b:0", vec![Err(Reason::BadPort)]),
            ("127.0.0.1:3333", vec![Err(Reason::ReservedAddress)]),
            ("255.255.255.255:1", vec![Err(Reason::ReservedAddress)]),
            ("com", vec![Err(Reason::OneLabel)]),
            ("*", vec![Err(Reason::NotAName)]),
            ("*.com", vec![Err(Reason::OneLabel)]),
            ("a.*.b", vec![Err(Reason::NotAName)]),
            ("矿池.com", vec![Err(Reason::NotAscii)]),
            ("||a.b^", vec![Err(Reason::UnknownShape)]),
            ("http://a.b/c", vec![Err(Reason::UnknownShape)]),
            ("a.b c.d", vec![Err(Reason::UnknownShape)]),
            ("a.b\u{1b}", vec![Err(Reason::Unprintable)]),
            ("a.b\texact\thigh\tendpoint\tXMR\t5,3,5\t-", vec![Ok("a.b Exact [3, 5]".into())]),
            ("10.1.2.3\texact\thigh\t-\t-\t5\t-", vec![Ok("10.1.2.3 [5]".into())]),
            ("10.1.2.3/8\texact\thigh\t-\t-\t5\t-", vec![Ok("10.0.0.0/8 [5]".into())]),
            ("10.1.2.3\texact\thigh\t-\t-\t-\t-", vec![Err(Reason::BareAddress)]),
            ("::1\texact\thigh\t-\t-\t5\t-", vec![Err(Reason::ReservedAddress)]),
            ("a.b\texact\tsure\t-\t-\t-\t-", vec![Err(Reason::BadColumn)]),
            ("a.b\texact\thigh\t-\t-\tx\t-", vec![Err(Reason::BadPort)]),
            ("a.b\texact\thigh", vec![Err(Reason::UnknownShape)]),
        ] {
            assert_eq!(read(text), want, "{text:?}");
        }
        assert_eq!(read(&"a".repeat(MAX_LINE + 1)), vec![Err(Reason::LongLine)]);
    }

    #[test]
    fn ports_are_bounded() {
        let list = |n: u16| (1..=n).map(|port| format!("{port}")).collect::<Vec<_>>().join(",");
        assert_eq!(port_list(&list(256)).map(|ports| ports.len()), Ok(256));
        assert_eq!(port_list(&list(257)), Err(Reason::BadPort));
        assert_eq!(port_list("1,,2"), Err(Reason::BadPort));
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(text in "\\PC{0,80}|[0-9a-f:.*# \t/\\[\\]-]{0,60}") {
            for entry in read(&text).into_iter().flatten() {
                prop_assert!(!entry.is_empty());
            }
        }
    }
}
