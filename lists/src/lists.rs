//! The finished index and its answers.

use crate::{
    builder::is_of_money,
    endpoints::Endpoints,
    kind::{Category, Confidence, Scope},
    meta::ListMeta,
    name::walk,
    names::{Guard, NONE, Node},
    part::Index,
    prefixes::{AddressRule, Prefixes},
    said::Rule,
};
use alloc::{collections::BTreeSet, string::String, vec::Vec};
use core::{net::IpAddr, ops::ControlFlow};

/// The lists, immutable; share them by `Arc` and swap them whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lists {
    /// One for each number that [`Category::part`] gives.
    pub(crate) parts: [Index; 3],
    pub(crate) rules: Vec<Rule>,
    pub(crate) texts: Vec<String>,
    pub(crate) ports: Vec<Vec<u16>>,
    pub(crate) lists: Vec<ListMeta>,
    pub(crate) allowed: Allowed,
    pub(crate) endpoints: Endpoints,
}

/// The addresses the user allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// With every port; what stands on the prefixes says nothing.
    pub(crate) prefixes: Prefixes,
    /// With this port.
    pub(crate) pairs: BTreeSet<(IpAddr, u16)>,
}

impl Allowed {
    /// Whether the address is allowed with this port; without one, with every port.
    pub(crate) fn holds(&self, address: IpAddr, port: Option<u16>) -> bool {
        port.is_some_and(|port| self.pairs.contains(&(address, port))) || self.prefixes.over(address).next().is_some()
    }
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

/// What was met on the way down a name so far.
struct Way<'a> {
    best: Best<'a>,
    /// A shared host was met: rules above it say nothing.
    shared: bool,
    /// A list was met that means the name not.
    excepted: bool,
}

impl Lists {
    /// What the lists say of a name in presentation form, in any case, with or without the trailing dot.
    /// It is matched at label boundaries; the crate's head says which rule wins. Allocates nothing; one
    /// probe of the index a label, at most 127, and at most 254 bytes are read; more only where lists except names.
    #[must_use]
    pub fn look<'a>(&'a self, name: &'a str) -> Answer<'a> {
        let [mining, _, adjacent] = &self.parts;
        let answer = self.look_in(mining, name);
        let open = match answer {
            Answer::Unlisted => true,
            Answer::Guarded { why, .. } => is_of_money(why),
            Answer::Listed(_) | Answer::Allowed(_) => false,
        };
        if !open || adjacent.names.is_empty() {
            return answer;
        }
        match self.look_in(adjacent, name) {
            Answer::Listed(hit) => Answer::Listed(hit),
            _ => answer,
        }
    }

    fn look_in<'a>(&'a self, part: &'a Index, name: &'a str) -> Answer<'a> {
        let mut way = Way { best: Best::default(), shared: false, excepted: false };
        let end = walk(name, |suffix| {
            let Some(node) = part.names.find(suffix.hash) else {
                return ControlFlow::Continue(());
            };
            if node.allowed {
                return ControlFlow::Break(Answer::Allowed(suffix.text));
            }
            if node.guard == Guard::Tree || node.guard == Guard::Shared && suffix.whole {
                return ControlFlow::Break(Answer::Guarded { name: suffix.text, why: self.text(node.why) });
            }
            if node.guard == Guard::Shared {
                (way.best, way.shared) = (Best::default(), true);
            }
            way.excepted |= node.silent != NONE || suffix.whole && node.silent_exact != NONE;
            self.weigh(&mut way, suffix.text, node, suffix.whole, |_| true);
            ControlFlow::Continue(())
        });
        if let ControlFlow::Break(answer) = end {
            return answer;
        }
        let best = if way.excepted { self.best_but_excepted(part, name) } else { way.best };
        let met = best.custom.or(best.other);
        met.and_then(|met| self.hit_on(met)).map_or(Answer::Unlisted, Answer::Listed)
    }

    /// The best rules of a name of which some list says that it means it not. Walks the name again for each rule met.
    fn best_but_excepted<'a>(&'a self, part: &'a Index, name: &'a str) -> Best<'a> {
        let mut way = Way { best: Best::default(), shared: false, excepted: true };
        let _ = walk(name, |suffix| {
            if let Some(node) = part.names.find(suffix.hash) {
                if node.guard == Guard::Shared {
                    (way.best, way.shared) = (Best::default(), true);
                }
                self.weigh(&mut way, suffix.text, node, suffix.whole, |rule| !self.excepts(part, name, rule.list));
            }
            ControlFlow::<()>::Continue(())
        });
        way.best
    }

    /// Whether a list excepts the name, or one above it with all below.
    fn excepts(&self, part: &Index, name: &str, list: u16) -> bool {
        let holds = |set: u32| self.ports.get(set as usize).is_some_and(|lists| lists.contains(&list));
        let end = walk(name, |suffix| match part.names.find(suffix.hash) {
            Some(node) if holds(node.silent) || suffix.whole && holds(node.silent_exact) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        end.is_break()
    }

    /// The rule that matches a name, if one does; see [`Lists::look`].
    #[must_use]
    pub fn name<'a>(&'a self, name: &'a str) -> Option<Hit<'a>> {
        self.look(name).hit()
    }

    /// The rule on this address and port: one on the very pair, else on the longest prefix with the port. Without a port:
    /// the first rule on the address whatever its port, for people who ask; nothing may be cut by it.
    #[must_use]
    pub fn address(&self, address: IpAddr, port: Option<u16>) -> Option<Hit<'_>> {
        let address = address.to_canonical();
        let [mining, ..] = &self.parts;
        if self.allowed.holds(address, port) {
            return None;
        }
        let row = match port {
            Some(port) => mining.addresses.get(&(address, port)).copied().or_else(|| {
                let mut rows = mining.prefixes.over(address);
                rows.find(|row| self.ports_of(row).binary_search(&port).is_ok())
            }),
            None => {
                let mut rows = mining.addresses.range((address, 0)..=(address, u16::MAX));
                let pair = rows.find(|((_, port), _)| !self.allowed.holds(address, Some(*port))).map(|(_, row)| *row);
                pair.or_else(|| mining.prefixes.over(address).next())
            }
        };
        self.hit_of(row?)
    }

    /// The rule of a list of resolvers that matches a name, if one does. Such rules stand apart: neither do they make
    /// a name listed, nor does the guard hold their names. What the user allows is no resolver.
    #[must_use]
    pub fn resolver<'a>(&'a self, name: &'a str) -> Option<Hit<'a>> {
        if matches!(self.look(name), Answer::Allowed(_)) {
            return None;
        }
        let [_, resolvers, _] = &self.parts;
        self.look_in(resolvers, name).hit()
    }

    /// The rule of a list of resolvers on this address and port, if there is one.
    #[must_use]
    pub fn resolver_address(&self, address: IpAddr, port: u16) -> Option<Hit<'_>> {
        let address = address.to_canonical();
        let [_, resolvers, _] = &self.parts;
        let allowed = self.allowed.holds(address, Some(port));
        self.hit_of(*resolvers.addresses.get(&(address, port)).filter(|_| !allowed)?)
    }

    /// Why the never-block guard holds a name, if it does.
    #[must_use]
    pub fn guarded<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let [mining, ..] = &self.parts;
        match self.look_in(mining, name) {
            Answer::Guarded { why, .. } => Some(why),
            _ => None,
        }
    }

    /// How many rules there are by which something may be cut: on names, on address and port pairs, and on prefixes with
    /// ports.
    #[must_use]
    pub fn len(&self) -> usize {
        let with_ports = |part: &Index| part.prefixes.all().filter(|(_, row)| !self.ports_of(row).is_empty()).count();
        self.parts.iter().map(|part| part.names.rules() + part.addresses.len() + with_ports(part)).sum()
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
        let [mining, ..] = &self.parts;
        let pairs = mining.addresses.keys().copied();
        pairs.filter(|&(address, port)| !self.allowed.holds(address, Some(port)))
    }

    fn weigh<'a>(&'a self, way: &mut Way<'a>, name: &'a str, node: &Node, whole: bool, counts: impl Fn(&Rule) -> bool) {
        let suffix = if whole || !way.shared { node.suffix } else { NONE };
        let exact = if whole { node.exact } else { NONE };
        for (scope, rule) in [(Scope::Suffix, suffix), (Scope::Exact, exact)] {
            if let Some(rule) = self.rules.get(rule as usize).filter(|rule| counts(rule)) {
                let slot = if rule.custom { &mut way.best.custom } else { &mut way.best.other };
                *slot = Some(Met { name, scope: if way.shared { Scope::Exact } else { scope }, rule });
            }
        }
    }

    fn hit_on<'a>(&'a self, met: Met<'a>) -> Option<Hit<'a>> {
        self.hit(met.name, met.scope, met.rule)
    }

    fn hit_of(&self, row: AddressRule) -> Option<Hit<'_>> {
        self.hit(self.text(row.text), Scope::Exact, self.rules.get(row.rule as usize)?)
    }

    fn ports_of(&self, row: &AddressRule) -> &[u16] {
        let rule = self.rules.get(row.rule as usize);
        rule.and_then(|rule| self.ports.get(rule.ports as usize)).map_or(&[], Vec::as_slice)
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
