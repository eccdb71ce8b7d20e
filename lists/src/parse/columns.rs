//! Rows of tables: which words of a head line or keys of an object say what, and a row to its entries.

use super::{MAX_LINE, MAX_PORTS, Out, misp, urls, word};
use crate::{
    entry::{Entry, Target},
    kind::{Confidence, Scope},
    tally::Reason,
};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// A host in any spelling: name, address, URL, with or without a port.
    Host,
    Port,
    Coins,
    Confidence,
    Status,
    Date,
    Scope,
    Family,
    /// Of an attribute of MISP or an object of STIX.
    Kind,
    Value,
    Pattern,
    /// `false`: told for context, not to be acted on.
    Meant,
}

/// The words, in lower case and without blanks, `-` and `_`.
const WORDS: &[(&str, Column)] = &[
    ("domain", Column::Host),
    ("domains", Column::Host),
    ("domainname", Column::Host),
    ("host", Column::Host),
    ("hosts", Column::Host),
    ("hostname", Column::Host),
    ("hostnames", Column::Host),
    ("fqdn", Column::Host),
    ("server", Column::Host),
    ("servers", Column::Host),
    ("endpoint", Column::Host),
    ("endpoints", Column::Host),
    ("url", Column::Host),
    ("urls", Column::Host),
    ("link", Column::Host),
    ("website", Column::Host),
    ("ip", Column::Host),
    ("ips", Column::Host),
    ("ipaddress", Column::Host),
    ("address", Column::Host),
    ("port", Column::Port),
    ("ports", Column::Port),
    ("coin", Column::Coins),
    ("coins", Column::Coins),
    ("coinsymbol", Column::Coins),
    ("symbol", Column::Coins),
    ("confidence", Column::Confidence),
    ("status", Column::Status),
    ("date", Column::Date),
    ("lastseen", Column::Date),
    ("sourcesnapshot", Column::Date),
    ("scope", Column::Scope),
    ("match", Column::Scope),
    ("family", Column::Family),
    ("type", Column::Kind),
    ("value", Column::Value),
    ("indicator", Column::Value),
    ("pattern", Column::Pattern),
    ("toids", Column::Meant),
];

/// What the words of lists for confidence mean here.
const CONFIDENCES: &[(&str, Confidence)] = &[
    ("high", Confidence::High),
    ("confirmed", Confidence::High),
    ("medium", Confidence::Medium),
    ("probable", Confidence::Medium),
    ("low", Confidence::Low),
    ("candidate", Confidence::Low),
];

impl Column {
    pub(super) fn of(word: &str) -> Option<Self> {
        let plain = word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase());
        WORDS.iter().find(|(known, _)| plain.clone().eq(known.chars())).map(|row| row.1)
    }
}

/// Hosts of one row at most; more are given out at once, without what the row says of them.
const MAX_HOSTS: usize = 32;
/// Bytes of one value; only ports and patterns are longer.
pub(super) const MAX_VALUE: usize = 512;
/// Bytes of all ports of a row: twice what the most ports take.
const MAX_PORTS_TEXT: usize = MAX_PORTS * 12;

/// What a row has said up to now. The texts are bounded by [`MAX_VALUE`], the pattern by [`MAX_LINE`].
#[derive(Debug, Default)]
pub(super) struct Row {
    hosts: Vec<String>,
    ports: String,
    coins: String,
    confidence: Option<Confidence>,
    date: String,
    scope: Option<Scope>,
    family: String,
    kind: String,
    value: String,
    pattern: String,
    wrong: Option<Reason>,
}

impl Row {
    /// Takes a value. Empty ones say nothing.
    pub(super) fn take(&mut self, column: Column, value: &str, out: Out<'_>) {
        let value = value.trim();
        if value.is_empty() || value == "-" || value == "null" {
            return;
        }
        let most = match column {
            Column::Pattern => MAX_LINE,
            Column::Port => MAX_PORTS_TEXT,
            _ => MAX_VALUE,
        };
        if value.len() > most {
            self.wrong = Some(Reason::LongLine);
            return;
        }
        match column {
            Column::Host if self.hosts.len() >= MAX_HOSTS => self.give_host(value, out),
            Column::Host => self.hosts.push(value.into()),
            Column::Port if self.ports.len() < MAX_PORTS_TEXT => {
                let divider = if self.ports.is_empty() { "" } else { "," };
                self.ports.extend([divider, value]);
            }
            Column::Port => self.wrong = Some(Reason::BadPort),
            Column::Coins => value.clone_into(&mut self.coins),
            Column::Confidence => self.confidence = self.confidence(value),
            Column::Status => {
                self.confidence(value);
            }
            Column::Date => {
                let date = value.get(..10).unwrap_or("");
                let fits = date.bytes().enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                });
                if fits {
                    date.clone_into(&mut self.date);
                }
            }
            Column::Scope => self.scope = value.parse().ok(),
            Column::Family => value.clone_into(&mut self.family),
            Column::Kind => value.clone_into(&mut self.kind),
            Column::Value => value.clone_into(&mut self.value),
            Column::Pattern => value.clone_into(&mut self.pattern),
            Column::Meant if value.eq_ignore_ascii_case("false") || value == "0" => {
                self.wrong = Some(Reason::Unsupported)
            }
            Column::Meant => {}
        }
    }

    /// A word for how sure the list is; what it calls over is no entry.
    fn confidence(&mut self, word: &str) -> Option<Confidence> {
        if ["retired", "inactive", "dead", "offline"].iter().any(|over| word.eq_ignore_ascii_case(over)) {
            self.wrong = Some(Reason::Retired);
        }
        CONFIDENCES.iter().find(|(known, _)| word.eq_ignore_ascii_case(known)).map(|row| row.1)
    }

    /// Gives out what the row names, if it names anything.
    pub(super) fn give(&self, out: Out<'_>) {
        let attribute = !self.kind.is_empty() && !self.value.is_empty();
        if self.hosts.is_empty() && self.pattern.is_empty() && !attribute {
            return;
        }
        if let Some(reason) = self.wrong {
            return out(Err(reason));
        }
        for host in &self.hosts {
            self.give_host(host, out);
        }
        if attribute {
            misp::attribute(&self.kind, &self.value, &mut |entry| out(self.dress(entry)));
        }
        if !self.pattern.is_empty() {
            misp::pattern(&self.pattern, &mut |entry| out(self.dress(entry)));
        }
    }

    fn give_host(&self, host: &str, out: Out<'_>) {
        if !urls::any(host, &mut |entry| out(self.dress(entry))) {
            out(Err(Reason::UnknownShape));
        }
    }

    /// An entry with what the row says besides.
    fn dress<'a>(&'a self, entry: Result<Entry<'a>, Reason>) -> Result<Entry<'a>, Reason> {
        let mut entry = entry?;
        let ports = word::ports(&self.ports)?;
        if !ports.is_empty() && !entry.ports.is_empty() && entry.ports.iter().any(|port| !ports.contains(port)) {
            return Err(Reason::Contradiction);
        }
        if entry.ports.is_empty() {
            entry.ports = ports;
        }
        if let (Some(scope), Target::Name(_)) = (self.scope, entry.target) {
            entry.scope = scope;
        }
        Ok(Entry { confidence: self.confidence, kind: &self.family, coins: &self.coins, date: &self.date, ..entry })
    }

    pub(super) fn held(&self) -> usize {
        let texts = [&self.ports, &self.coins, &self.date, &self.family, &self.kind, &self.value, &self.pattern];
        let hosts =
            self.hosts.iter().map(String::capacity).sum::<usize>() + self.hosts.capacity() * size_of::<String>();
        texts.iter().map(|text| text.capacity()).sum::<usize>() + hosts + size_of::<Self>()
    }
}
