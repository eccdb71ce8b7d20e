//! `minewall check`: whether names or addresses are listed, by which list and entry.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use minewall_lists::{Answer, Hit, Lists, Scope};

use crate::{resolve, settings};

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
    /// Prints one line for each.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = self.config.as_deref().map(settings::read).transpose()?.unwrap_or_default();
        let (lists, _) = settings::lists(&config.lists)?;
        let mut listed = false;
        for what in &self.what {
            let asked = parse(what)?;
            let line = match look_up(&lists, &asked) {
                Some(hit) => {
                    listed = true;
                    describe(what, &hit)
                }
                None => not_listed(&lists, what, &asked),
            };
            println!("{line}");
            if let (true, Asked::Name(name, port)) = (self.resolve, &asked) {
                listed |= resolved(&lists, name, *port)?;
            }
        }
        Ok(if listed { ExitCode::SUCCESS } else { ExitCode::from(NOT_LISTED) })
    }
}

fn resolved(lists: &Lists, name: &str, port: Option<u16>) -> Result<bool> {
    let mut listed = false;
    for ip in resolve::addresses(name)? {
        let hit = lists.address(ip, port);
        listed |= hit.is_some();
        match hit {
            Some(hit) => println!("  {}", describe(&ip.to_string(), &hit)),
            None => println!("  {ip}: not listed"),
        }
    }
    Ok(listed)
}

fn look_up<'a>(lists: &'a Lists, asked: &Asked) -> Option<Hit<'a>> {
    match asked {
        Asked::Address(ip, port) => lists.address(*ip, *port),
        Asked::Name(name, _) => lists.name(name),
    }
}

fn parse(what: &str) -> Result<Asked> {
    if let Ok(socket) = what.parse::<SocketAddr>() {
        return Ok(Asked::Address(socket.ip(), Some(socket.port())));
    }
    if let Ok(ip) = what.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(Asked::Address(ip, None));
    }
    let (name, port) = match what.rsplit_once(':') {
        Some((name, port)) => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => bail!("{what:?}: {port:?} is no port; write NAME, NAME:PORT, ADDRESS:PORT or [ADDRESS]:PORT"),
        },
        None => (what, None),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') || !byte.is_ascii();
    if name.is_empty() || !name.bytes().all(plain) {
        bail!("{what:?} is neither a name nor an address; for a URL give its host alone");
    }
    Ok(Asked::Name(name.to_ascii_lowercase(), port))
}

/// `xmr.2miners.com: pool, by entry 2miners.com and below, of list pools (2026-08-16), confidence high, coins XMR`.
fn describe(what: &str, hit: &Hit<'_>) -> String {
    let mut line = format!("{what}: {}, by entry {}", hit.category, hit.entry);
    if hit.scope == Scope::Suffix {
        line += " and below";
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
        Asked::Address(_, None) => "; addresses are listed with a port only: add one as ADDRESS:PORT".to_owned(),
        Asked::Address(_, Some(_)) => String::new(),
        Asked::Name(name, _) => match lists.look(name) {
            Answer::Allowed(by) => format!("; allowed by {by}"),
            Answer::Guarded { name, why } => format!("; {name} is never blocked ({why})"),
            Answer::Listed(_) | Answer::Unlisted => String::new(),
        },
    };
    format!("{what}: not listed{why}")
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
            ("pool.example.org:3333", Asked::Name("pool.example.org".into(), Some(3333))),
        ];
        for (what, asked) in cases {
            assert_eq!(parse(what).unwrap(), asked);
        }
        for what in ["", "http://a.b/c", "a.b:x", "a b", "a.b:70000"] {
            assert!(parse(what).is_err(), "{what}");
        }
    }
}
