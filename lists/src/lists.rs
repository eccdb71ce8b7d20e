//! The finished index and its answers.

use crate::{
    builder::Rule,
    endpoints::Endpoints,
    kind::{Category, Confidence, Scope},
    meta::ListMeta,
    name::walk,
    names::{Guard, NONE, Names, Node},
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};
use core::{net::IpAddr, ops::ControlFlow};

pub(crate) type Addresses = BTreeMap<(IpAddr, u16), AddressRule>;

#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressRule {
    pub(crate) rule: u32,
    pub(crate) text: u32,
}

/// Rules that are looked up apart from the others; no guard holds any of their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) names: Names,
    pub(crate) addresses: Addresses,
}

/// The lists, immutable; share them by `Arc` and swap them whole.
#[derive(Clone, Debug)]
pub struct Lists {
    pub(crate) names: Names,
    pub(crate) addresses: Addresses,
    pub(crate) resolvers: Index,
    pub(crate) rules: Vec<Rule>,
    pub(crate) texts: Vec<String>,
    pub(crate) ports: Vec<Vec<u16>>,
    pub(crate) lists: Vec<ListMeta>,
    pub(crate) allowed: BTreeSet<(IpAddr, Option<u16>)>,
    pub(crate) endpoints: Endpoints,
}

/// What the lists say of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// A rule matches.
    Listed(Hit<'a>),
    /// The user allows it, by this name, in the letters of the one that was asked for.
    Allowed(&'a str),
    /// The never-block guard holds it.
    Guarded {
        /// The guarded name at or above it.
        name: &'a str,
        /// Why: `exchange`, `platform`, `configured`, ...
        why: &'a str,
    },
    /// Nothing is known of it.
    Unlisted,
}

impl<'a> Answer<'a> {
    /// The rule that matches, if one does.
    #[must_use]
    pub fn hit(self) -> Option<Hit<'a>> {
        match self {
            Self::Listed(hit) => Some(hit),
            _ => None,
        }
    }
}

/// The rule that matches a name or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    /// The name the rule stands on, in the letters of the name that was asked for; or `address:port`, an IPv6 address in
    /// brackets.
    pub entry: &'a str,
    /// Whether the rule speaks of that name alone.
    pub scope: Scope,
    /// Of the list.
    pub category: Category,
    /// Of the entry, or of its list where the entry states none.
    pub confidence: Confidence,
    /// `endpoint`, `pool`, `site`, `script`, or the family of the malware; may be empty.
    pub kind: &'a str,
    /// Symbols of the coins mined there, with commas; may be empty.
    pub coins: &'a str,
    /// The ports known, rising; may be empty. They do not narrow a rule on a name.
    pub ports: &'a [u16],
    /// The date of the entry's source, else of the list, `YYYY-MM-DD`; may be empty.
    pub date: &'a str,
    /// The list the rule comes from.
    pub list: &'a ListMeta,
}

/// A rule met on the way down a name.
#[derive(Clone, Copy)]
struct Met<'a> {
    name: &'a str,
    scope: Scope,
    rule: &'a Rule,
}

/// The best rules met on the way down a name; the later one is the more specific.
#[derive(Clone, Copy, Default)]
struct Best<'a> {
    custom: Option<Met<'a>>,
    other: Option<Met<'a>>,
}

impl Lists {
    /// What the lists say of a name in presentation form, in any case, with or without the trailing dot.
    /// It is matched at label boundaries; the crate's head says which rule wins. Allocates nothing; one
    /// probe of the index a label, at most 127, and at most 254 bytes are read.
    #[must_use]
    pub fn look<'a>(&'a self, name: &'a str) -> Answer<'a> {
        let mut best = Best::default();
        let mut shared = false;
        let end = walk(name, |suffix| {
            let Some(node) = self.names.find(suffix.hash) else {
                return ControlFlow::Continue(());
            };
            if node.allowed {
                return ControlFlow::Break(Answer::Allowed(suffix.text));
            }
            if node.guard == Guard::Tree || node.guard == Guard::Shared && suffix.whole {
                return ControlFlow::Break(Answer::Guarded { name: suffix.text, why: self.text(node.why) });
            }
            if node.guard == Guard::Shared {
                (best, shared) = (Best::default(), true);
            }
            self.weigh(&mut best, suffix.text, node, suffix.whole, shared);
            ControlFlow::Continue(())
        });
        match end {
            ControlFlow::Break(answer) => answer,
            ControlFlow::Continue(()) => {
                let met = best.custom.or(best.other);
                met.and_then(|met| self.hit_on(met)).map_or(Answer::Unlisted, Answer::Listed)
            }
        }
    }

    /// The rule that matches a name, if one does; see [`Lists::look`].
    #[must_use]
    pub fn name<'a>(&'a self, name: &'a str) -> Option<Hit<'a>> {
        self.look(name).hit()
    }

    /// The rule on this address and port. Without a port: the first rule on the address whatever its port,
    /// for people who ask; nothing may be cut by it.
    #[must_use]
    pub fn address(&self, address: IpAddr, port: Option<u16>) -> Option<Hit<'_>> {
        let address = address.to_canonical();
        let is_allowed = |port| self.allowed.contains(&(address, port));
        let row = match port {
            Some(port) => self.addresses.get(&(address, port)).filter(|_| !is_allowed(Some(port)))?,
            None => {
                let mut rows = self.addresses.range((address, 0)..=(address, u16::MAX));
                rows.find(|((_, port), _)| !is_allowed(Some(*port)))?.1
            }
        };
        if is_allowed(None) {
            return None;
        }
        self.hit(self.text(row.text), Scope::Exact, self.rules.get(row.rule as usize)?)
    }

    /// The rule of a list of resolvers that matches a name, if one does. Such rules stand apart: neither do they make
    /// a name listed, nor does the guard hold their names. What the user allows is no resolver.
    #[must_use]
    pub fn resolver<'a>(&'a self, name: &'a str) -> Option<Hit<'a>> {
        if matches!(self.look(name), Answer::Allowed(_)) {
            return None;
        }
        let names = &self.resolvers.names;
        let mut best = Best::default();
        let _ = walk(name, |suffix| {
            if let Some(node) = names.find(suffix.hash) {
                self.weigh(&mut best, suffix.text, node, suffix.whole, false);
            }
            ControlFlow::<()>::Continue(())
        });
        let met = best.other?;
        self.hit_on(met)
    }

    /// The rule of a list of resolvers on this address and port, if there is one.
    #[must_use]
    pub fn resolver_address(&self, address: IpAddr, port: u16) -> Option<Hit<'_>> {
        let address = address.to_canonical();
        let allowed = |port| self.allowed.contains(&(address, port));
        let row = self.resolvers.addresses.get(&(address, port)).filter(|_| !allowed(None) && !allowed(Some(port)))?;
        self.hit(self.text(row.text), Scope::Exact, self.rules.get(row.rule as usize)?)
    }

    /// Why the never-block guard holds a name, if it does.
    #[must_use]
    pub fn guarded<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        match self.look(name) {
            Answer::Guarded { why, .. } => Some(why),
            _ => None,
        }
    }

    /// How many rules there are, on names and on address and port pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        let Index { names, addresses } = &self.resolvers;
        self.names.rules() + self.addresses.len() + names.rules() + addresses.len()
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lists, in the order they were read.
    #[must_use]
    pub fn metas(&self) -> &[ListMeta] {
        &self.lists
    }

    /// The address and port pairs, for the kernel's sets; those the user allows are left out.
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, u16)> + '_ {
        let allowed = |port, address| self.allowed.contains(&(address, port));
        let pairs = self.addresses.keys().copied();
        pairs.filter(move |&(address, port)| !allowed(None, address) && !allowed(Some(port), address))
    }

    fn weigh<'a>(&'a self, best: &mut Best<'a>, name: &'a str, node: &Node, whole: bool, shared: bool) {
        let suffix = if whole || !shared { node.suffix } else { NONE };
        let exact = if whole { node.exact } else { NONE };
        for (scope, rule) in [(Scope::Suffix, suffix), (Scope::Exact, exact)] {
            if let Some(rule) = self.rules.get(rule as usize) {
                let slot = if rule.custom { &mut best.custom } else { &mut best.other };
                *slot = Some(Met { name, scope: if shared { Scope::Exact } else { scope }, rule });
            }
        }
    }

    fn hit_on<'a>(&'a self, met: Met<'a>) -> Option<Hit<'a>> {
        self.hit(met.name, met.scope, met.rule)
    }

    fn hit<'a>(&'a self, entry: &'a str, scope: Scope, rule: &Rule) -> Option<Hit<'a>> {
        let list = self.lists.get(usize::from(rule.list))?;
        let date = self.text(rule.date);
        Some(Hit {
            entry,
            scope,
            category: list.category,
            confidence: rule.confidence,
            kind: self.text(rule.kind),
            coins: self.text(rule.coins),
            ports: self.ports.get(rule.ports as usize).map_or(&[], Vec::as_slice),
            date: if date.is_empty() { &list.date } else { date },
            list,
        })
    }

    fn text(&self, at: u32) -> &str {
        self.texts.get(at as usize).map_or("", String::as_str)
    }
}
