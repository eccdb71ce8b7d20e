//! What rules say, kept once for all entries that say the same.

use crate::{
    entry::Entry,
    intern::Pool,
    kind::{Category, Confidence},
    parse::MAX_PORTS,
    tally::Reason,
};
use alloc::{string::String, vec::Vec};

/// What a rule says. Texts and ports by number.
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

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was new to its list.
    New,
    /// Its list has stated it before.
    Again,
    /// It says what is not to be blocked.
    Except,
    /// It names addresses without a port: it is known, and nothing is cut by it.
    Noted,
}

/// The list an entry stands on: its number, its category, the confidence of entries that state none, and the most that any
/// is believed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) list: u16,
    pub(crate) category: Category,
    pub(crate) confidence: Confidence,
    pub(crate) trust: Confidence,
}

/// Rules, and the texts and ports they name by number.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) rules: Pool<Rule>,
    pub(crate) texts: Pool<String>,
    pub(crate) ports: Pool<Vec<u16>>,
}

impl Said {
    pub(crate) fn new() -> Self {
        Self { rules: Pool::new(), texts: Pool::new(), ports: Pool::new() }
    }

    pub(crate) fn text(&mut self, text: &str) -> Result<u32, Reason> {
        self.texts.intern(text).ok_or(Reason::Full)
    }

    /// What an entry says.
    pub(crate) fn rule(&mut self, standing: Standing, entry: &Entry<'_>) -> Result<Rule, Reason> {
        Ok(Rule {
            list: standing.list,
            confidence: entry.confidence.unwrap_or(standing.confidence).min(standing.trust),
            custom: standing.category == Category::Custom,
            kind: self.text(entry.kind)?,
            coins: self.text(entry.coins)?,
            ports: self.ports.intern(entry.ports.as_slice()).ok_or(Reason::Full)?,
            date: self.text(entry.date)?,
        })
    }

    /// Which of two rules on the same place stands: of the same list, one with the ports of both and the surer word; else the
    /// user's own; else the surer; else the first.
    pub(crate) fn settle(&mut self, old: u32, rule: Rule) -> Result<(u32, Taken), Reason> {
        let Some(&standing) = self.rules.get(old) else {
            return Ok((self.number(rule)?, Taken::New));
        };
        if standing.list == rule.list {
            let ports = self.both_ports(standing.ports, rule.ports)?;
            let confidence = standing.confidence.max(rule.confidence);
            return Ok((self.number(Rule { ports, confidence, ..standing })?, Taken::Again));
        }
        let rank = |rule: &Rule| (rule.custom, rule.confidence);
        let stands = if rank(&rule) > rank(&standing) { self.number(rule)? } else { old };
        Ok((stands, Taken::New))
    }

    fn number(&mut self, rule: Rule) -> Result<u32, Reason> {
        self.rules.intern(&rule).ok_or(Reason::Full)
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
