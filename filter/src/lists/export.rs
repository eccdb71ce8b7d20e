//! `minewall lists export`: what is blocked, in the formats of other programs.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use minewall_core::config::Config;
use minewall_core::policy::CategoryAction;
use minewall_lists::{Answer, Category, Format, Hit, Lists, Reader, Shipped, Target};

use super::blocked::{Marks, Name};
use super::sources;
use crate::{output, settings};

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The format
    #[arg(long, value_enum)]
    format: Form,
    /// Only what is of this category; without any, all that the configuration blocks
    #[arg(long, value_name = "CATEGORY")]
    category: Vec<Category>,
    /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A hosts file: each name alone, as nothing else can be said there
    Hosts,
    /// A response policy zone, for BIND, Unbound, Knot Resolver and others
    Rpz,
    /// Settings of dnsmasq
    Dnsmasq,
    /// Sets of address . port for nftables
    Nft,
    /// Names, each for itself and everything below it
    Plain,
}

/// What is written: names and endpoints in order, each once.
#[derive(Debug, Default)]
struct Blocked {
    names: Vec<Name>,
    endpoints: BTreeSet<(IpAddr, u16)>,
}

impl Export {
    pub(crate) fn perform(&self) -> Result<ExitCode> {
        let config = settings::own(self.config.as_deref())?;
        let blocked = blocked(&config, &self.category)?;
        if !blocked.names.iter().any(|name| name.here || name.below) && blocked.endpoints.is_empty() {
            bail!("nothing of these categories is blocked");
        }
        let serial = u32::try_from(Timestamp::now().as_second()).unwrap_or(u32::MAX);
        let (text, unsaid) = self.format.render(&blocked, serial);
        output::write(&text)?;
        if unsaid > 0 {
            eprintln!("minewall: of {unsaid} names this format cannot say what is to be done; rpz can");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// All that would be blocked for its category.
fn blocked(config: &Config, only: &[Category]) -> Result<Blocked> {
    let (lists, _) = settings::lists(&config.lists)?;
    let wanted = |hit: Hit<'_>| match only {
        [] => config.category.listed(&hit) == CategoryAction::Block,
        only => only.contains(&hit.category),
    };
    let (mut marks, mut pairs) = (Marks::default(), BTreeSet::new());
    for source in sources::all(&config.lists)? {
        source.read(&mut |entry, _| match entry.map(|entry| (entry.target, entry.ports)) {
            Ok((Target::Name(name), _)) => marks.push(name),
            Ok((Target::Address(address), ports)) => pairs.extend(ports.iter().map(|port| (address, *port))),
            Ok((Target::Prefix(_), _)) | Err(_) => {}
        })?;
    }
    let mut guard = Reader::new(Format::Own);
    let shipped = Shipped::unpack();
    guard.push(shipped.guard().as_bytes(), &mut |entry, _| {
        if let Ok(Target::Name(name)) = entry.map(|entry| entry.target) {
            marks.push(name);
        }
    })?;
    for name in config.lists.allow.iter().filter(|name| name.contains(|c: char| c.is_ascii_alphabetic())) {
        marks.push(name.trim().trim_start_matches("*.").trim_start_matches('.'));
    }
    let is_blocked = |name: &str| is_blocked(&lists, name, &wanted);
    pairs.retain(|&(address, port)| {
        let listed = lists.address(address, Some(port)).is_some_and(wanted);
        listed || lists.resolver_address(address, port).is_some_and(wanted)
    });
    Ok(Blocked { names: marks.ask(&is_blocked), endpoints: pairs })
}

/// Whether a question for the name would be refused.
fn is_blocked(lists: &Lists, name: &str, wanted: &dyn Fn(Hit<'_>) -> bool) -> bool {
    let listed = matches!(lists.look(name), Answer::Listed(hit) if wanted(hit));
    listed || lists.resolver(name).is_some_and(wanted)
}

impl Form {
    /// The text, and how many names it could not say.
    fn render(self, blocked: &Blocked, serial: u32) -> (String, usize) {
        let mut text = String::new();
        let unsaid = match self {
            Self::Hosts => hosts(&mut text, &blocked.names),
            Self::Rpz => rpz(&mut text, &blocked.names, serial),
            Self::Dnsmasq => dnsmasq(&mut text, &blocked.names),
            Self::Plain => plain(&mut text, &blocked.names),
            Self::Nft => nft(&mut text, &blocked.endpoints),
        };
        // Writing to a text cannot fail.
        (text, unsaid.unwrap_or_default())
    }
}

/// Every name that stands anywhere and is blocked, even below another: a hosts file knows no "below".
fn hosts(text: &mut String, names: &[Name]) -> Result<usize, std::fmt::Error> {
    writeln!(text, "# made by minewall: each name alone, without what is below it")?;
    for name in names.iter().filter(|name| name.here) {
        writeln!(text, "0.0.0.0 {}", name.name)?;
    }
    Ok(0)
}

/// Both records of each name whose answer differs from that of the names above: where one node of a zone exists, no
/// wildcard above it answers for what is below (RFC 4592).
fn rpz(text: &mut String, names: &[Name], serial: u32) -> Result<usize, std::fmt::Error> {
    writeln!(text, "; made by minewall\n$TTL 300\n@ SOA localhost. hostmaster.localhost. {serial} 3600 600 86400 300")?;
    writeln!(text, "@ NS localhost.")?;
    for Name { name, here, below, above } in names.iter().filter(|name| name.differs()) {
        // A wildcard alone is said to be meant so.
        for (owner, is_blocked, is_told) in [("", *here, *above || *below), ("*.", *below, *above)] {
            match (is_blocked, is_told) {
                (true, _) => writeln!(text, "{owner}{name} CNAME .")?,
                (false, true) => writeln!(text, "{owner}{name} CNAME rpz-passthru.")?,
                (false, false) => {}
            }
        }
    }
    Ok(0)
}

/// The most specific setting stands; `#` means the usual servers, and `*.` (since dnsmasq 2.86) only what is below.
fn dnsmasq(text: &mut String, names: &[Name]) -> Result<usize, std::fmt::Error> {
    writeln!(text, "# made by minewall")?;
    for Name { name, here, below, above } in names.iter().filter(|name| name.differs()) {
        match (*here, *below) {
            (true, true) => writeln!(text, "address=/{name}/")?,
            (here, below) => {
                if *above {
                    writeln!(text, "server=/{name}/#")?;
                }
                if here {
                    writeln!(text, "host-record={name},0.0.0.0,::")?;
                }
                if below {
                    writeln!(text, "address=/*.{name}/")?;
                }
            }
        }
    }
    Ok(0)
}

/// Names that are blocked with all that is below them; neither exact ones nor exceptions can be said.
fn plain(text: &mut String, names: &[Name]) -> Result<usize, std::fmt::Error> {
    let (mut unsaid, mut last) = (0, None);
    writeln!(text, "# made by minewall: each name with everything below it")?;
    for Name { name, here, below, .. } in names {
        let above = |last: &str| name.strip_suffix(last).is_some_and(|rest| rest.ends_with('.'));
        let covered = last.is_some_and(above);
        if *here && *below && !covered {
            writeln!(text, "{name}")?;
            last = Some(name.as_str());
        } else {
            unsaid += usize::from((*here, *below) != (covered, covered));
        }
    }
    Ok(unsaid)
}

/// Sets of a table of their own, emptied and filled again in one stroke.
fn nft(text: &mut String, endpoints: &BTreeSet<(IpAddr, u16)>) -> Result<usize, std::fmt::Error> {
    writeln!(text, "# made by minewall; to be used as: ip daddr . tcp dport @endpoints4 reject")?;
    writeln!(text, "add table inet mining")?;
    for (set, kind, is_v4) in [("endpoints4", "ipv4_addr", true), ("endpoints6", "ipv6_addr", false)] {
        writeln!(text, "add set inet mining {set} {{ type {kind} . inet_service; }}\nflush set inet mining {set}")?;
        let elements = endpoints.iter().filter(|(address, _)| address.is_ipv4() == is_v4);
        let elements: Vec<_> = elements.map(|(address, port)| format!("{address} . {port}")).collect();
        if !elements.is_empty() {
            writeln!(text, "add element inet mining {set} {{\n\t{}\n}}", elements.join(",\n\t"))?;
        }
    }
    Ok(0)
}
