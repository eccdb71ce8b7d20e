//! The mining protocols: one file and one row of [`TABLE`] each. A dialect hears; it never decides.

use alloc::string::String;
use alloc::vec::Vec;

use crate::finding::Said;
use crate::wire::json::{Str, Value};

pub mod agent;
mod cryptonote;
mod ethproxy;
mod stratum_v1;

/// Every dialect, in the order they are asked.
pub static TABLE: &[Dialect] = &[stratum_v1::DIALECT, cryptonote::DIALECT, ethproxy::DIALECT];

/// The weight of a token, or the sum of several, that makes a finding.
pub const PROOF: u8 = 100;

/// One mining protocol.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Its id in records (`minewall.dialect`) and rules.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The coins and algorithms it is spoken for.
    pub coins: &'static str,
    /// Bytes of which at least one stands in whatever this dialect can hear; searched for in one pass with those of
    /// all dialects before anything is read.
    pub anchors: &'static [&'static str],
    /// Listens to one JSON object.
    pub hear: for<'a> fn(Value<'a, '_>) -> Option<Heard<'a>>,
}

/// Which end says such things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The rig.
    Miner,
    /// The pool.
    Pool,
}

/// What a dialect heard in one object.
#[derive(Debug)]
pub struct Heard<'a> {
    /// Who says such things.
    pub speaker: Speaker,
    /// The telling token, as it stands in the dialect's documentation.
    pub token: &'static str,
    /// How much it tells, up to [`PROOF`]; weaker tokens of one flow are added up, each counted once.
    pub weight: u8,
    /// What was said.
    pub said: Said,
    /// Passwords, to be masked before anything is written down: parts of the object as they were sent. Members whose
    /// name says so need not be among them.
    pub secrets: Vec<&'a [u8]>,
}

impl<'a> Heard<'a> {
    const fn new(speaker: Speaker, token: &'static str, weight: u8) -> Self {
        let said = Said { coin: None, wallet: None, worker: None, agent: None };
        Self { speaker, token, weight, said, secrets: Vec::new() }
    }

    /// Takes the login word apart into wallet, worker and coin.
    fn login(mut self, word: Option<Str<'a>>) -> Self {
        let Some(word) = word.map(bounded) else { return self };
        let login = crate::wallet::login::read(&word);
        self.said.wallet = Some(login.wallet.into()).filter(|wallet: &String| !wallet.is_empty());
        self.said.worker = login.worker.map(Into::into);
        self.said.coin = login.coin.map(Into::into);
        self
    }

    fn agent(mut self, agent: Option<Str<'a>>) -> Self {
        self.said.agent = agent.map(bounded).filter(|agent| !agent.is_empty());
        self
    }

    /// Notes everything behind the first of several parameters: by place, passwords have no name.
    fn secrets_behind_first(mut self, parameters: Value<'a, '_>) -> Self {
        self.secrets = parameters.items().skip(1).map(|parameter| parameter.raw()).collect();
        self
    }
}

/// The text of a string, bounded.
fn bounded(text: Str<'_>) -> String {
    text.to_string_bounded(crate::limits::WORD)
}

/// The string at `index` of an array.
fn string_at<'a>(array: Value<'a, '_>, index: usize) -> Option<Str<'a>> {
    array.index(index)?.as_str()
}

/// The members of this name. Receivers differ in which of several they take and whether case matters (Go's do not
/// mind it), so all are heard.
fn members<'a, 's>(object: Value<'a, 's>, key: &str) -> impl Iterator<Item = Value<'a, 's>> {
    // Another length is another name, unless letters are escaped: each then takes six octets.
    let may_be = move |name: Str<'_>| name.raw().len() == key.len() || name.raw().len() >= key.len() + 5;
    let is = move |name: Str<'_>| may_be(name) && name.eq_ignore_ascii_case(key);
    object.entries().filter(move |(name, _)| is(*name)).map(|(_, value)| value)
}

/// The strings under `key` of an object.
fn strings<'a>(object: Value<'a, '_>, key: &str) -> impl Iterator<Item = Str<'a>> {
    members(object, key).filter_map(|value| value.as_str())
}

/// The first string under `key` of an object.
fn string<'a>(object: Value<'a, '_>, key: &str) -> Option<Str<'a>> {
    strings(object, key).next()
}

/// What is heard in a call: each of the object's methods with each of its parameters is one. Without a method it is
/// `None`, without parameters they are.
fn calls<'a, 's>(
    object: Value<'a, 's>,
    hear: impl Fn(Str<'a>, Option<Value<'a, 's>>) -> Option<Heard<'a>>,
) -> Option<Option<Heard<'a>>> {
    string(object, "method")?;
    let with = |name| members(object, "params").find_map(|parameters| hear(name, Some(parameters)));
    let heard = strings(object, "method").find_map(|name| with(name).or_else(|| hear(name, None)));
    Some(heard)
}

#[cfg(test)]
mod tests;
