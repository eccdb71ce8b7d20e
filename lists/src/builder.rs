//! List texts to [`Lists`].

use crate::{
    endpoints::Endpoints,
    entry::{Entry, Target},
    format::Format,
    kind::{Category, Scope},
    lists::{Allowed, Lists},
    meta::ListMeta,
    names::{Guard, Node},
    parse,
    part::Part,
    prefixes::NO_RULE,
    reader::Reader,
    said::{Said, Standing, Taken},
    shipped::Shipped,
    tally::Reason,
};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use ipnet::IpNet;

/// Reads lists and makes the index. Bounds: 4,000,000 names and as many address and port pairs, 65,535
/// lists; what does not fit is refused as [`Reason::Full`].
///
/// Call [`Builder::shipped`] or [`Builder::never_block`] before [`Builder::add_text`]: a guarded name is then
/// counted as refused. Whatever the order, the finished index never answers with it.
#[derive(Clone, Debug)]
pub struct Builder {
    /// One for each number that [`Category::part`] gives.
    parts: [Part; 3],
    said: Said,
    lists: Vec<ListMeta>,
    allowed: Allowed,
    endpoints: Endpoints,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// Without any list and without a guard.
    #[must_use]
    pub fn new() -> Self {
        Self {
            parts: [Part::new(), Part::new(), Part::new()],
            said: Said::new(),
            lists: Vec::new(),
            allowed: Allowed::default(),
            endpoints: Endpoints::default(),
        }
    }

    /// Adds the guard and every list of `data/`.
    pub fn shipped(&mut self) -> &mut Self {
        let shipped = Shipped::unpack();
        self.never(shipped.guard());
        for text in shipped.lists() {
            if let Some(meta) = ListMeta::from_head(text) {
                self.add_text(meta, text);
            }
        }
        self
    }

    /// Adds the never-block guard of `data/` alone.
    pub fn shipped_guard(&mut self) -> &mut Self {
        self.never(Shipped::unpack().guard());
        self
    }

    fn never(&mut self, guard: &str) {
        let mut reader = Reader::new(Format::Own);
        // The guard is a list of our own and far below the bounds of the index; a test counts its names.
        let _ = reader.push(guard.as_bytes(), &mut |entry, _| {
            if let Ok(Entry { target: Target::Name(name), scope, kind, .. }) = entry {
                let guard = if scope == Scope::Suffix { Guard::Tree } else { Guard::Shared };
                let _ = self.guard(name, guard, kind);
            }
        });
    }

    /// Begins with a list: its number, or `None` when there are too many.
    pub(crate) fn begin(&mut self, meta: ListMeta) -> Option<u16> {
        let list = u16::try_from(self.lists.len()).ok().filter(|&list| list < u16::MAX)?;
        self.lists.push(meta);
        Some(list)
    }

    /// The list begun last is over.
    pub(crate) fn finished(&mut self, entries: usize) {
        if let Some(meta) = self.lists.last_mut() {
            meta.entries = entries;
        }
    }

    /// The user's word that a name and everything below it (`a.b`, `*.a.b`), an address, a prefix, or an
    /// `address:port` is never listed.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn allow(&mut self, text: &str) -> Result<(), Reason> {
        let text = text.trim();
        if let Ok(address) = text.parse::<IpAddr>() {
            self.allowed.prefixes.put(address.to_canonical().into(), NO_RULE);
        } else if let Ok(both) = text.parse::<SocketAddr>() {
            self.allowed.pairs.insert((both.ip().to_canonical(), both.port()));
        } else if let Ok(prefix) = text.parse::<IpNet>() {
            self.allowed.prefixes.put(prefix, NO_RULE);
        } else {
            let name = parse::name(parse::below(text))?;
            let [mining, ..] = &mut self.parts;
            let node = Node { allowed: true, ..mining.names.on(&name) };
            mining.names.put(&name, node).ok_or(Reason::Full)?;
        }
        Ok(())
    }

    /// Guards a name and everything below it: no list can have it blocked.
    ///
    /// # Errors
    /// When it is not a name of at least two labels.
    pub fn never_block(&mut self, name: &str) -> Result<(), Reason> {
        self.guard(&parse::name(parse::below(name.trim()))?, Guard::Tree, "configured")
    }

    /// The finished index.
    #[must_use]
    pub fn build(self) -> Lists {
        Lists {
            parts: self.parts.map(Part::finish),
            rules: self.said.rules.into_items(),
            texts: self.said.texts.into_items(),
            ports: self.said.ports.into_items(),
            lists: self.lists,
            allowed: self.allowed,
            endpoints: self.endpoints,
        }
    }

    fn guard(&mut self, name: &str, guard: Guard, why: &str) -> Result<(), Reason> {
        let why = self.said.text(why)?;
        let [mining, ..] = &mut self.parts;
        let node = Node { guard, why, ..mining.names.on(name) };
        mining.names.put(name, node).ok_or(Reason::Full)
    }

    pub(crate) fn take(&mut self, standing: Standing, entry: &Entry<'_>) -> Result<Taken, Reason> {
        if let (Target::Name(name), false) = (entry.target, entry.except) {
            self.pass(name, standing.category)?;
        }
        // Whoever writes an address to a list of their own wants it cut, and is to know that it is not.
        if standing.category == Category::Custom && !matches!(entry.target, Target::Name(_)) && entry.ports.is_empty() {
            return Err(Reason::BareAddress);
        }
        let Some(part) = self.parts.get_mut(standing.category.part()) else { return Err(Reason::Full) };
        if !entry.except {
            let rule = self.said.rule(standing, entry)?;
            let taken = part.take(&mut self.said, entry, rule)?;
            if let Target::Name(name) = entry.target {
                self.endpoints.note(name, standing.category, rule.confidence, &entry.ports);
            }
            return Ok(taken);
        }
        match entry.target {
            Target::Name(name) => part.except(&mut self.said, name, entry.scope, standing.list),
            Target::Address(_) | Target::Prefix(_) => Err(Reason::ExceptedAddress),
        }
    }

    /// Whether the guard lets a rule on this name pass.
    fn pass(&self, name: &str, category: Category) -> Result<(), Reason> {
        let [mining, ..] = &self.parts;
        let why = mining.names.guarded(name).and_then(|why| self.said.texts.get(why));
        match why {
            Some(_) if category == Category::Resolver => Ok(()),
            Some(why) if category == Category::Adjacent && is_of_money(why) => Ok(()),
            Some(_) => Err(Reason::Guarded),
            None => Ok(()),
        }
    }
}

/// Whether the guard holds a name for what it has to do with money: such names are not mining, and may be unwanted.
pub(crate) fn is_of_money(why: &str) -> bool {
    matches!(why, "crypto-info" | "exchange")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kind::Confidence, lists::Answer};
    use std::{string::ToString, vec};

    /// An entry on a list of this number.
    struct On<'a>(u16, Category, Entry<'a>);

    fn name(name: &str, scope: Scope) -> Entry<'_> {
        entry(Target::Name(name), scope)
    }

    fn entry(target: Target<'_>, scope: Scope) -> Entry<'_> {
        Entry { scope, ..Entry::of(target) }
    }

    fn index(allow: &[&str], entries: &[On<'_>]) -> Lists {
        let mut builder = Builder::new();
        builder.shipped_guard();
        for text in allow {
            builder.allow(text).unwrap();
        }
        for number in 0..3 {
            builder.lists.push(ListMeta::new(&number.to_string(), Category::Pool));
        }
        for On(list, category, entry) in entries {
            let standing =
                Standing { list: *list, category: *category, confidence: Confidence::Medium, trust: Confidence::High };
            builder.take(standing, entry).unwrap();
        }
        builder.build()
    }

    #[test]
    fn an_exception_silences_its_own_list_alone() {
        let except = |entry: Entry<'static>| Entry { except: true, ..entry };
        let (pool, suffix, exact) = (Category::Pool, Scope::Suffix, Scope::Exact);
        for (entries, silent, listed) in [
            (
                vec![On(0, pool, name("a.com", suffix)), On(0, pool, except(name("b.a.com", suffix)))],
                "x.b.a.com",
                "a.com",
            ),
            (
                vec![On(0, pool, name("a.com", suffix)), On(0, pool, except(name("b.a.com", exact)))],
                "b.a.com",
                "x.b.a.com",
            ),
            (vec![On(0, pool, except(name("a.com", suffix))), On(0, pool, name("b.a.com", suffix))], "b.a.com", ""),
            (vec![On(0, pool, name("a.com", suffix)), On(1, pool, except(name("a.com", suffix)))], "", "a.com"),
            (
                vec![
                    On(0, pool, name("a.com", suffix)),
                    On(1, pool, name("b.a.com", suffix)),
                    On(1, pool, except(name("c.b.a.com", suffix))),
                    On(0, pool, except(name("d.a.com", suffix))),
                    On(1, pool, except(name("d.a.com", suffix))),
                ],
                "d.a.com",
                "c.b.a.com",
            ),
        ] {
            let index = index(&[], &entries);
            assert!(silent.is_empty() || index.name(silent).is_none(), "{silent}");
            assert!(listed.is_empty() || index.name(listed).is_some(), "{listed}");
        }
        let both = [
            On(0, pool, name("a.com", suffix)),
            On(1, pool, name("b.a.com", suffix)),
            On(1, pool, except(name("c.b.a.com", suffix))),
        ];
        let index = index(&[], &both);
        assert_eq!(index.name("x.b.a.com").map(|hit| hit.list.name.as_str()), Some("1"));
        assert_eq!(index.name("c.b.a.com").map(|hit| hit.list.name.as_str()), Some("0"), "the other list still speaks");
    }

    #[test]
    fn prefixes_speak_where_they_have_ports() {
        let prefix = |text: &str, ports: &[u16]| Entry {
            ports: ports.to_vec(),
            ..entry(Target::Prefix(text.parse().unwrap()), Scope::Exact)
        };
        let pool = Category::Pool;
        let entries = [
            On(0, pool, prefix("192.0.2.0/24", &[3333, 4444])),
            On(1, pool, prefix("192.0.2.128/25", &[3333])),
            On(1, pool, prefix("2001:db8::/32", &[3333])),
            On(1, pool, prefix("198.51.100.0/24", &[])),
            On(1, pool, entry(Target::Address("203.0.113.9".parse().unwrap()), Scope::Exact)),
        ];
        let index = index(&["192.0.2.7", "192.0.2.64/28", "192.0.2.8:3333"], &entries);
        let says = |ip: &str, port| index.address(ip.parse().unwrap(), port).map(|hit| hit.entry);
        for (ip, port, want) in [
            ("192.0.2.1", Some(3333), Some("192.0.2.0/24")),
            ("::ffff:192.0.2.1", Some(3333), Some("192.0.2.0/24")),
            ("192.0.2.200", Some(3333), Some("192.0.2.128/25")),
            ("192.0.2.200", Some(4444), Some("192.0.2.0/24")),
            ("192.0.2.1", Some(80), None),
            ("192.0.2.7", Some(3333), None),
            ("192.0.2.70", Some(3333), None),
            ("192.0.2.8", Some(3333), None),
            ("192.0.2.8", Some(4444), Some("192.0.2.0/24")),
            ("2001:db8::1", Some(3333), Some("2001:db8::/32")),
            ("198.51.100.1", Some(3333), None),
            ("198.51.100.1", None, Some("198.51.100.0/24")),
            ("203.0.113.9", Some(3333), None),
            ("203.0.113.9", None, Some("203.0.113.9")),
            ("203.0.113.10", None, None),
        ] {
            assert_eq!(says(ip, port), want, "{ip} {port:?}");
        }
        assert_eq!(index.len(), 3, "what has no port cuts nothing");
    }

    #[test]
    fn neighbouring_matters_are_listed_where_money_alone_is_the_guards_reason() {
        let adjacent = Category::Adjacent;
        let mut builder = Builder::new();
        builder.shipped_guard();
        let text = "binance.com\nwallet.example\ngithub.com\n";
        let tally = builder.add_text(ListMeta::new("money", adjacent), text);
        assert_eq!((tally.accepted, tally.rejected()), (2, 1));
        let lists = builder.build();
        assert_eq!(lists.name("www.binance.com").map(|hit| hit.category), Some(adjacent));
        assert_eq!(lists.name("wallet.example").map(|hit| hit.category), Some(adjacent));
        assert!(matches!(lists.look("github.com"), Answer::Guarded { .. }));
        assert_eq!(lists.guarded("binance.com"), Some("exchange"));
    }
}
