//! List texts to [`Lists`].

use crate::{
    endpoints::Endpoints,
    intern::Pool,
    kind::{Category, Confidence, Scope},
    lists::{AddressRule, Addresses, Index, Lists},
    meta::ListMeta,
    name,
    names::{Guard, MAX_NAMES, NONE, Node, Reading},
    parse::{self, Entry, MAX_PORTS, Target},
    shipped::{SHIPPED, SHIPPED_GUARD},
    tally::{Reason, Tally},
};
use alloc::{collections::BTreeSet, format, string::String, vec::Vec};
use core::net::{IpAddr, SocketAddr};

/// What a rule says, kept once for all names it says the same of. Texts and ports by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub(crate) list: u16,
    pub(crate) confidence: Confidence,
    pub(crate) custom: bool,
    pub(crate) kind: u32,
    pub(crate) coins: u32,
    pub(crate) ports: u32,
    pub(crate) date: u32,
}

/// Reads lists and makes the index. Bounds: 4,000,000 names and as many address and port pairs, 65,535
/// lists; what does not fit is refused as [`Reason::Full`].
///
/// Call [`Builder::shipped`] or [`Builder::never_block`] before [`Builder::add_text`]: a guarded name is then
/// counted as refused. Whatever the order, the finished index never answers with it.
#[derive(Clone, Debug)]
pub struct Builder {
    names: Reading,
    addresses: Addresses,
    resolvers: (Reading, Addresses),
    rules: Pool<Rule>,
    texts: Pool<String>,
    ports: Pool<Vec<u16>>,
    lists: Vec<ListMeta>,
    allowed: BTreeSet<(IpAddr, Option<u16>)>,
    endpoints: Endpoints,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether an entry was new to its list.
enum Taken {
    New,
    Again,
}

impl Builder {
    /// Without any list and without a guard.
    #[must_use]
    pub fn new() -> Self {
        Self {
            names: Reading::new(),
            addresses: Addresses::new(),
            resolvers: (Reading::new(), Addresses::new()),
            rules: Pool::new(),
            texts: Pool::new(),
            ports: Pool::new(),
            lists: Vec::new(),
            allowed: BTreeSet::new(),
            endpoints: Endpoints::default(),
        }
    }

    /// Adds the guard and every list of `data/`.
    pub fn shipped(&mut self) -> &mut Self {
        self.shipped_guard();
        for text in SHIPPED {
            if let Some(meta) = ListMeta::from_head(text) {
                self.add_text(meta, text);
            }
        }
        self
    }

    /// Adds the never-block guard of `data/` alone.
    pub fn shipped_guard(&mut self) -> &mut Self {
        for line in SHIPPED_GUARD.lines() {
            parse::line(line, &mut |entry| {
                if let Ok(Entry { target: Target::Name(name), scope, kind, .. }) = entry {
                    let guard = if scope == Scope::Suffix { Guard::Tree } else { Guard::Shared };
                    // The guard is far below the bounds of the index; a test counts its names.
                    let _ = self.guard(name, guard, kind);
                }
            });
        }
        self
    }

    /// Adds a list: names one a line (`a.b`, `.a.b`, `*.a.b`, `a.b:port`), hosts lines, `address:port`
    /// pairs, or our own seven columns, in any mixture. All but our own format mean a name and everything
    /// below it. What is not usable is counted by reason.
    pub fn add_text(&mut self, meta: ListMeta, text: &str) -> Tally {
        let mut tally = Tally::default();
        let Some(list) = u16::try_from(self.lists.len()).ok().filter(|&list| list < u16::MAX) else {
            tally.refuse(Reason::Full, 1);
            return tally;
        };
        let (category, confidence) = (meta.category, meta.confidence);
        self.lists.push(meta);
        for (line, number) in text.lines().zip(1..) {
            parse::line(
                line,
                &mut |entry| match entry.and_then(|entry| self.take(list, category, confidence, &entry)) {
                    Ok(Taken::New) => tally.accepted += 1,
                    Ok(Taken::Again) => tally.duplicates += 1,
                    Err(reason) => tally.refuse(reason, number),
                },
            );
        }
        if let Some(meta) = self.lists.last_mut() {
            meta.entries = tally.accepted;
        }
        tally
    }

    /// The user's word that a name and everything below it (`a.b`, `*.a.b`), an address, or an
    /// `address:port` is never listed.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn allow(&mut self, text: &str) -> Result<(), Reason> {
        let text = text.trim();
        if let Ok(address) = text.parse::<IpAddr>() {
            self.allowed.insert((address.to_canonical(), None));
        } else if let Ok(both) = text.parse::<SocketAddr>() {
            self.allowed.insert((both.ip().to_canonical(), Some(both.port())));
        } else {
            let name = name::check(parse::below(text))?;
            let node = Node { allowed: true, ..self.names.on(name) };
            self.names.put(name, node).ok_or(Reason::Full)?;
        }
        Ok(())
    }

    /// Guards a name and everything below it: no list can have it blocked.
    ///
    /// # Errors
    /// When it is not a name of at least two labels.
    pub fn never_block(&mut self, name: &str) -> Result<(), Reason> {
        self.guard(name::check(parse::below(name.trim()))?, Guard::Tree, "configured")
    }

    /// The finished index.
    #[must_use]
    pub fn build(self) -> Lists {
        let (names, addresses) = self.resolvers;
        Lists {
            names: self.names.finish(),
            addresses: self.addresses,
            resolvers: Index { names: names.finish(), addresses },
            rules: self.rules.into_items(),
            texts: self.texts.into_items(),
            ports: self.ports.into_items(),
            lists: self.lists,
            allowed: self.allowed,
            endpoints: self.endpoints,
        }
    }

    fn guard(&mut self, name: &str, guard: Guard, why: &str) -> Result<(), Reason> {
        let why = self.texts.intern(why).ok_or(Reason::Full)?;
        let node = Node { guard, why, ..self.names.on(name) };
        self.names.put(name, node).ok_or(Reason::Full)
    }

    fn take(
        &mut self,
        list: u16,
        category: Category,
        confidence: Confidence,
        entry: &Entry<'_>,
    ) -> Result<Taken, Reason> {
        let rule = Rule {
            list,
            confidence: entry.confidence.unwrap_or(confidence),
            custom: category == Category::Custom,
            kind: self.texts.intern(entry.kind).ok_or(Reason::Full)?,
            coins: self.texts.intern(entry.coins).ok_or(Reason::Full)?,
            ports: self.ports.intern(entry.ports.as_slice()).ok_or(Reason::Full)?,
            date: self.texts.intern(entry.date).ok_or(Reason::Full)?,
        };
        if category == Category::Resolver {
            // For the time of this entry, so that both kinds of rules are taken alike.
            core::mem::swap(&mut self.names, &mut self.resolvers.0);
            core::mem::swap(&mut self.addresses, &mut self.resolvers.1);
        }
        let taken = match entry.target {
            Target::Name(name) => self.take_name(name, entry.scope, rule),
            Target::Address(address) => self.take_address(address, &entry.ports, rule),
        };
        if category == Category::Resolver {
            core::mem::swap(&mut self.names, &mut self.resolvers.0);
            core::mem::swap(&mut self.addresses, &mut self.resolvers.1);
        }
        if let (Ok(_), Target::Name(name)) = (&taken, entry.target) {
            self.endpoints.note(name, category, rule.confidence, &entry.ports);
        }
        taken
    }

    fn take_name(&mut self, name: &str, scope: Scope, rule: Rule) -> Result<Taken, Reason> {
        if self.names.is_guarded(name) {
            return Err(Reason::Guarded);
        }
        let node = self.names.on(name);
        let old = if scope == Scope::Exact { node.exact } else { node.suffix };
        let (new, taken) = self.settle(old, rule)?;
        self.names.put(name, node.with(scope, new)).ok_or(Reason::Full)?;
        Ok(taken)
    }

    fn take_address(&mut self, address: IpAddr, ports: &[u16], rule: Rule) -> Result<Taken, Reason> {
        let mut all = Taken::Again;
        for &port in ports {
            let old = self.addresses.get(&(address, port)).map(|row| row.rule);
            if old.is_none() && self.addresses.len() >= MAX_NAMES {
                return Err(Reason::Full);
            }
            let (rule, taken) = self.settle(old.unwrap_or(NONE), rule)?;
            let text = self.texts.intern(format!("{}", SocketAddr::new(address, port)).as_str()).ok_or(Reason::Full)?;
            self.addresses.insert((address, port), AddressRule { rule, text });
            if matches!(taken, Taken::New) {
                all = Taken::New;
            }
        }
        Ok(all)
    }

    /// Which of two rules on the same place stands: of the same list, one with the ports of both and the surer word; else the
    /// user's own; else the surer; else the first.
    fn settle(&mut self, old: u32, rule: Rule) -> Result<(u32, Taken), Reason> {
        let new = |rules: &mut Pool<Rule>, rule: Rule| rules.intern(&rule).ok_or(Reason::Full);
        let Some(&standing) = self.rules.get(old) else {
            return Ok((new(&mut self.rules, rule)?, Taken::New));
        };
        if standing.list == rule.list {
            let ports = self.both_ports(standing.ports, rule.ports)?;
            let confidence = standing.confidence.max(rule.confidence);
            return Ok((new(&mut self.rules, Rule { ports, confidence, ..standing })?, Taken::Again));
        }
        let rank = |rule: &Rule| (rule.custom, rule.confidence);
        let stands = if rank(&rule) > rank(&standing) { new(&mut self.rules, rule)? } else { old };
        Ok((stands, Taken::New))
    }

    fn both_ports(&mut self, one: u32, other: u32) -> Result<u32, Reason> {
        if one == other {
            return Ok(one);
        }
        let mut ports = self.ports.get(one).cloned().unwrap_or_default();
        ports.extend(self.ports.get(other).into_iter().flatten());
        ports.sort_unstable();
        ports.dedup();
        ports.truncate(MAX_PORTS);
        self.ports.intern(ports.as_slice()).ok_or(Reason::Full)
    }
}
