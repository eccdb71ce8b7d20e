//! What is asked for: a name, an address, or the host of a URL.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, bail};
use ipnet::IpNet;
use minewall_lists::ascii;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Address(IpAddr, Option<u16>),
    Name(String, Option<u16>),
}

/// The ports of schemes that have one (RFC 9110 section 4.2; RFC 959).
const PORTS: [(&str, u16); 5] = [("http", 80), ("https", 443), ("ws", 80), ("wss", 443), ("ftp", 21)];

/// Reads a name, an address, either with a port, or a URL: its host and port are asked for.
///
/// # Errors
/// It is none of these; says what may stand there.
pub(super) fn parse(what: &str) -> Result<Asked> {
    if let Ok(socket) = what.parse::<SocketAddr>() {
        return match socket.port() {
            0 => bail!("{what:?}: 0 is no port"),
            port => Ok(Asked::Address(socket.ip(), Some(port))),
        };
    }
    let bare = what.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(what);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(Asked::Address(ip, None));
    }
    if let Some((scheme, rest)) = what.split_once("://") {
        return of_url(what, scheme, rest);
    }
    if what.parse::<IpNet>().is_ok() {
        bail!("{what:?} is a prefix; ask for an address in it: ADDRESS or ADDRESS:PORT");
    }
    let (name, port) = match what.rsplit_once(':') {
        Some((name, port)) => match port.parse::<u16>() {
            Ok(number) if number > 0 => (name, Some(number)),
            _ => bail!("{what:?}: {port:?} is no port; write NAME, NAME:PORT, ADDRESS:PORT or [ADDRESS]:PORT"),
        },
        None => (what, None),
    };
    let in_letters = ascii(name);
    if in_letters.is_none() && !name.is_ascii() {
        bail!("{what:?} cannot be read; write a name in another script as xn--");
    }
    let Some(name) = in_letters.filter(|name| is_name(name)) else {
        bail!("{what:?} is neither a name nor an address; write NAME, NAME:PORT, ADDRESS:PORT or [ADDRESS]:PORT");
    };
    Ok(Asked::Name(name.to_ascii_lowercase(), port))
}

/// Whether it has the form of a name (RFC 1035 section 2.3.4, with underscores); a last label of digits is a mistyped
/// address.
fn is_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// The host of a URL (RFC 3986 section 3.2), with its port or that of its scheme.
fn of_url(what: &str, scheme: &str, rest: &str) -> Result<Asked> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() || host.contains("://") {
        bail!("{what:?} is a URL without a host");
    }
    let asked = parse(host).with_context(|| format!("{what:?}"))?;
    let known = PORTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme)).map(|(_, port)| *port);
    Ok(match asked {
        Asked::Address(ip, port) => Asked::Address(ip, port.or(known)),
        Asked::Name(name, port) => Asked::Name(name, port.or(known)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_told_apart() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let cases = [
            ("192.0.2.7", Asked::Address(ip("192.0.2.7"), None)),
            ("192.0.2.7:3333", Asked::Address(ip("192.0.2.7"), Some(3333))),
            ("2001:db8::7", Asked::Address(ip("2001:db8::7"), None)),
            ("[2001:db8::7]:3333", Asked::Address(ip("2001:db8::7"), Some(3333))),
            ("Pool.Example.org", Asked::Name("pool.example.org".into(), None)),
            ("[2001:db8::7]", Asked::Address(ip("2001:db8::7"), None)),
            ("pool.example.org.", Asked::Name("pool.example.org.".into(), None)),
            ("stratum+ssl://Pool.example.org:3333", Asked::Name("pool.example.org".into(), Some(3333))),
            ("https://me:secret@pool.example.org/a?b#c", Asked::Name("pool.example.org".into(), Some(443))),
            ("stratum+tcp://pool.example.org", Asked::Name("pool.example.org".into(), None)),
            ("http://192.0.2.7/x:9", Asked::Address(ip("192.0.2.7"), Some(80))),
            ("https://[2001:db8::7]:8443/", Asked::Address(ip("2001:db8::7"), Some(8443))),
            ("矿池.CN:3333", Asked::Name("xn--btwv1w.cn".into(), Some(3333))),
            ("pool.example.org:3333", Asked::Name("pool.example.org".into(), Some(3333))),
        ];
        for (what, asked) in cases {
            assert_eq!(parse(what).unwrap(), asked);
        }
        for (what, word) in [
            ("", "neither"),
            ("http://", "without a host"),
            ("http:///x", "without a host"),
            ("http://a b/", "http://a b/"),
            ("a.b:x", "no port"),
            ("a.b:", "no port"),
            ("a.b:0", "no port"),
            ("192.0.2.7:0", "no port"),
            ("a.b:70000", "no port"),
            ("a b", "neither"),
            ("a..b", "neither"),
            ("a.b/c", "neither"),
            ("192.0.2.256", "neither"),
            ("[192.0.2.7", "neither"),
            ("192.0.2.0/24", "prefix"),
        ] {
            let error = parse(what).unwrap_err().to_string();
            assert!(error.contains(word), "{what}: {error}");
        }
    }
}
