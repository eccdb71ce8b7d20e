//! `minewall check`: whether names or addresses are listed, by which list and entry.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use minewall_lists::{Hit, Lists};

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
