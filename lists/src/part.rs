//! Rules that are looked up together: those of the lists of mining, those of resolvers, those of neighbouring matters.

use crate::{
    entry::{Entry, Target},
    kind::{Category, Scope},
    names::{MAX_NAMES, NONE, Names, Node, Reading},
    prefixes::{AddressRule, Prefixes},
    said::{Rule, Said, Taken},
    tally::Reason,
};
use alloc::{collections::BTreeMap, format, vec::Vec};
use core::net::{IpAddr, SocketAddr};
use ipnet::IpNet;

pub(crate) type Addresses = BTreeMap<(IpAddr, u16), AddressRule>;

/// A part being read.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) names: Reading,
    addresses: Addresses,
    prefixes: Prefixes,
}

/// A part that is finished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) names: Names,
    pub(crate) addresses: Addresses,
    pub(crate) prefixes: Prefixes,
}

impl Category {
    /// The part its rules stand in: 0, of mining, is guarded; 1, of resolvers, is not; 2 is as far as the guard holds
    /// what has nothing to do with money.
    pub(crate) fn part(self) -> usize {
        match self {
            Self::Resolver => 1,
            Self::Adjacent => 2,
            Self::Browser | Self::Custom | Self::Malware | Self::Pool | Self::PoolSite => 0,
        }
    }
}

impl Part {
    pub(crate) fn new() -> Self {
        Self { names: Reading::new(), addresses: Addresses::new(), prefixes: Prefixes::default() }
    }

    pub(crate) fn finish(self) -> Index {
        Index { names: self.names.finish(), addresses: self.addresses, prefixes: self.prefixes }
    }

    /// Takes an entry that says what the rule says.
    pub(crate) fn take(&mut self, said: &mut Said, entry: &Entry<'_>, rule: Rule) -> Result<Taken, Reason> {
        match entry.target {
            Target::Name(name) => self.take_name(said, name, entry.scope, rule),
            Target::Address(address) if entry.ports.is_empty() => self.take_prefix(said, address.into(), rule),
            Target::Address(address) => self.take_address(said, address, &entry.ports, rule),
            Target::Prefix(prefix) => self.take_prefix(said, prefix, rule),
        }
    }

    fn take_name(&mut self, said: &mut Said, name: &str, scope: Scope, rule: Rule) -> Result<Taken, Reason> {
        let node = self.names.on(name);
        let old = if scope == Scope::Exact { node.exact } else { node.suffix };
        let (new, taken) = said.settle(old, rule)?;
        self.names.put(name, node.with(scope, new)).ok_or(Reason::Full)?;
        Ok(taken)
    }

    fn take_address(&mut self, said: &mut Said, ip: IpAddr, ports: &[u16], rule: Rule) -> Result<Taken, Reason> {
        let mut all = Taken::Again;
        for &port in ports {
            let old = self.addresses.get(&(ip, port)).map(|row| row.rule);
            if old.is_none() && self.addresses.len() >= MAX_NAMES {
                return Err(Reason::Full);
            }
            let (rule, taken) = said.settle(old.unwrap_or(NONE), rule)?;
            let text = said.text(&format!("{}", SocketAddr::new(ip, port)))?;
            self.addresses.insert((ip, port), AddressRule { rule, text });
            if taken == Taken::New {
                all = Taken::New;
            }
        }
        Ok(all)
    }

    fn take_prefix(&mut self, said: &mut Said, prefix: IpNet, rule: Rule) -> Result<Taken, Reason> {
        let old = self.prefixes.get(prefix).map(|row| row.rule);
        if old.is_none() && self.prefixes.len() >= MAX_NAMES {
            return Err(Reason::Full);
        }
        let (rule, taken) = said.settle(old.unwrap_or(NONE), rule)?;
        let single = prefix.prefix_len() == prefix.max_prefix_len();
        let text = if single { format!("{}", prefix.addr()) } else { format!("{}", prefix.trunc()) };
        self.prefixes.put(prefix, AddressRule { rule, text: said.text(&text)? });
        let ports = said.rules.get(rule).and_then(|rule| said.ports.get(rule.ports));
        Ok(if ports.is_none_or(Vec::is_empty) { Taken::Noted } else { taken })
    }

    /// Silences a list's rules on a name, and below it where the scope reaches there.
    pub(crate) fn except(&mut self, said: &mut Said, name: &str, scope: Scope, list: u16) -> Result<Taken, Reason> {
        let node = self.names.on(name);
        let old = if scope == Scope::Exact { node.silent_exact } else { node.silent };
        let mut lists = said.ports.get(old).cloned().unwrap_or_default();
        if lists.contains(&list) {
            return Ok(Taken::Again);
        }
        lists.push(list);
        let new = said.ports.intern(lists.as_slice()).ok_or(Reason::Full)?;
        let node = match scope {
            Scope::Exact => Node { silent_exact: new, ..node },
            Scope::Suffix => Node { silent: new, ..node },
        };
        self.names.put(name, node).ok_or(Reason::Full)?;
        Ok(Taken::Except)
    }
}
