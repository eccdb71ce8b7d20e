//! `minewall check`: whether names or addresses are listed, by which list and entry.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use ipnet::IpNet;
use minewall_lists::{Answer, Hit, Lists, Scope};

use crate::{output, resolve, settings};

/// The exit code for "not listed".
const NOT_LISTED: u8 = 1;

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Names, addresses, or either with a port
    #[arg(required = true, value_name = "NAME|ADDRESS[:PORT]")]
    what: Vec<String>,
    /// The lists of this configuration instead of those that come with minewall
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask the name servers for the addresses of names, and look those up too
    #[arg(long)]
    resolve: bool,
}

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Address(IpAddr, Option<u16>),
    Name(String, Option<u16>),
}

impl Check {
    /// Prints one line for each, and one for each of its addresses.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = self.config.as_deref().map(settings::read).transpose()?.unwrap_or_default();
        let (lists, tallies) = settings::lists(&config.lists)?;
        for tally in tallies.iter().filter(|tally| tally.rejected > 0) {
            eprintln!("minewall: {tally}");
        }
        let (mut listed, mut failed) = (false, false);
        for what in &self.what {
            match self.tell(&lists, what) {
                Ok(is_listed) => listed |= is_listed,
                Err(error) if error.is::<output::Unwritable>() => return Err(error),
                Err(error) => {
                    eprintln!("minewall: {error:#}");
                    failed = true;
                }
            }
        }
        Ok(match (failed, listed) {
            (true, _) => ExitCode::from(crate::FAILURE),
            (false, true) => ExitCode::SUCCESS,
            (false, false) => ExitCode::from(NOT_LISTED),
        })
    }

    /// Whether it is listed, in words on standard output.
    fn tell(&self, lists: &Lists, what: &str) -> Result<bool> {
        let asked = parse(what)?;
        let hit = look_up(lists, &asked);
        let line = hit.as_ref().map_or_else(|| not_listed(lists, what, &asked), |hit| describe(what, hit));
        output::write(&format!("{line}\n"))?;
        let mut listed = hit.is_some();
        if let (true, Asked::Name(name, port)) = (self.resolve, &asked) {
            listed |= tell_addresses(lists, name, *port)?;
        }
        Ok(listed)
    }
}

fn tell_addresses(lists: &Lists, name: &str, port: Option<u16>) -> Result<bool> {
    let mut listed = false;
    for ip in resolve::addresses(name)? {
        let what = port.map_or_else(|| ip.to_string(), |port| SocketAddr::new(ip, port).to_string());
        let hit = lists.address(ip, port);
        listed |= hit.is_some();
        let line = hit.map_or_else(|| format!("{what}: not listed"), |hit| describe(&what, &hit));
        output::write(&format!("  {line}\n"))?;
    }
    Ok(listed)
}

fn look_up<'a>(lists: &'a Lists, asked: &'a Asked) -> Option<Hit<'a>> {
    match asked {
        Asked::Address(ip, port) => lists.address(*ip, *port),
        Asked::Name(name, _) => lists.name(name),
    }
}

fn parse(what: &str) -> Result<Asked> {
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
    if let Some((_, rest)) = what.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        bail!("{what:?} is a URL; give its host alone: {host:?}");
    }
    if what.parse::<IpNet>().is_ok() {
        bail!("{what:?} is a prefix; lists hold single addresses with a port: write ADDRESS or ADDRESS:PORT");
    }
    let (name, port) = match what.rsplit_once(':') {
        Some((name, port)) => match port.parse::<u16>() {
            Ok(number) if number > 0 => (name, Some(number)),
            _ => bail!("{what:?}: {port:?} is no port; write NAME, NAME:PORT, ADDRESS:PORT or [ADDRESS]:PORT"),
        },
        None => (what, None),
    };
    if !name.is_ascii() {
        bail!("{what:?} is not ASCII; write the name in punycode (xn--...), as it stands in DNS questions");
    }
    if !is_name(name) {
        bail!("{what:?} is neither a name nor an address; write NAME, NAME:PORT, ADDRESS:PORT or [ADDRESS]:PORT");
    }
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

/// `xmr.2miners.com: pool, by entry 2miners.com and below, of list pools (2026-08-16), confidence high, coins XMR`.
fn describe(what: &str, hit: &Hit<'_>) -> String {
    let mut line = format!("{what}: {}, by entry {}", hit.category, hit.entry);
    if hit.scope == Scope::Suffix {
        line += " and below,";
    }
    line += &format!(" of list {}", hit.list.name);
    if !hit.date.is_empty() {
        line += &format!(" ({})", hit.date);
    }
    line += &format!(", confidence {}", hit.confidence);
    if !hit.coins.is_empty() {
        line += &format!(", coins {}", hit.coins);
    }
    if !hit.ports.is_empty() {
        let ports: Vec<_> = hit.ports.iter().map(ToString::to_string).collect();
        line += &format!(", ports {}", ports.join(" "));
    }
    line
}

fn not_listed(lists: &Lists, what: &str, asked: &Asked) -> String {
    let why = match asked {
        Asked::Address(..) => String::new(),
        Asked::Name(name, _) => match lists.look(name) {
            Answer::Allowed(by) => format!("; allowed by {by}"),
            Answer::Guarded { name, why } => format!("; {name} is never blocked ({why})"),
            Answer::Listed(_) | Answer::Unlisted => String::new(),
        },
    };
    let resolver = match asked {
        Asked::Address(ip, port) => port.and_then(|port| lists.resolver_address(*ip, port)),
        Asked::Name(name, _) => lists.resolver(name),
    };
    let resolver =
        resolver.map(|hit| format!("; a resolver for encrypted DNS, by entry {} of list {}", hit.entry, hit.list.name));
    format!("{what}: not listed{why}{}", resolver.unwrap_or_default())
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
            ("pool.example.org:3333", Asked::Name("pool.example.org".into(), Some(3333))),
        ];
        for (what, asked) in cases {
            assert_eq!(parse(what).unwrap(), asked);
        }
        for (what, word) in [
            ("", "neither"),
            ("http://a.b:80/c", "\"a.b:80\""),
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
            ("矿池.cn", "punycode"),
        ] {
            let error = parse(what).unwrap_err().to_string();
            assert!(error.contains(word), "{what}: {error}");
        }
    }
}
