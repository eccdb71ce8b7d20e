//! The mining protocols: one file and one row of [`TABLE`] each. A dialect hears; it never decides.

use alloc::string::String;
use alloc::vec::Vec;

use crate::finding::Said;
use crate::wire::json::{Str, Value};

mod act;
mod aeternity;
pub mod agent;
mod aleo;
mod alephium;
mod asked;
mod beam;
mod btccom_agent;
mod ckb;
mod coinbase;
mod conflux;
mod cryptonote;
mod decred;
mod equihash;
mod ergo;
mod ethereum_stratum_1;
mod ethereum_stratum_2;
mod ethproxy;
mod grin;
mod handshake;
pub mod head;
mod heard;
mod ironfish;
mod kadena;
mod kaspa;
mod kawpow;
mod kin;
mod nexa;
mod node_rpc;
mod shape;
mod stratum_v1;
pub mod stream;
mod token;
mod ton;
mod units;
mod web_miner;
mod xelis;

pub use act::{Act, Key, Measure, Work};
pub use asked::asked;
pub use kin::{Kin, hear, kin};
pub use token::{PROOF, SURE, Token};
pub use units::unit;

/// Every dialect, in the order they are asked: a narrower one before the one it narrows.
pub static TABLE: &[Dialect] = &[
    aeternity::DIALECT,
    aleo::DIALECT,
    alephium::DIALECT,
    btccom_agent::DIALECT,
    ckb::DIALECT,
    conflux::DIALECT,
    decred::DIALECT,
    equihash::DIALECT,
    ergo::DIALECT,
    handshake::DIALECT,
    ironfish::DIALECT,
    kadena::DIALECT,
    kaspa::DIALECT,
    kawpow::DIALECT,
    nexa::DIALECT,
    ton::DIALECT,
    xelis::DIALECT,
    ethereum_stratum_1::DIALECT,
    ethereum_stratum_2::DIALECT,
    stratum_v1::DIALECT,
    grin::DIALECT,
    cryptonote::DIALECT,
    beam::DIALECT,
    ethproxy::DIALECT,
    node_rpc::DIALECT,
    web_miner::DIALECT,
];

/// One mining protocol.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Its id in records (`minewall.dialect`) and rules.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The coins and algorithms it is spoken for.
    pub coins: &'static str,
    /// The tickers of these coins, the typical one first; none where it may be any.
    pub tickers: &'static [&'static str],
    /// The section of the catalogue (PROTOCOLS.md) it was made from.
    pub section: &'static str,
    /// The id of the dialect this one is a kind of: what that one hears is this one's too.
    pub narrows: Option<&'static str>,
    /// Bytes of which at least one stands in whatever this dialect can hear, 16 at most each; searched for in one
    /// pass with those of all dialects before anything is read.
    pub anchors: &'static [&'static str],
    /// Everything it can hear.
    pub tokens: &'static [Token],
    /// Listens to one JSON object.
    pub hear: for<'a> fn(Value<'a, '_>) -> Option<Heard<'a>>,
    /// What it tells of the work in a session; none where it is spoken in bodies of HTTP, which are not followed.
    pub work: Option<Work>,
}

/// Id and title of a dialect: a row of [`TABLE`], or behind them of [`stream::STREAMS`].
#[must_use]
pub fn row(place: usize) -> Option<(&'static str, &'static str)> {
    match TABLE.get(place) {
        Some(dialect) => Some((dialect.id, dialect.title)),
        None => stream::STREAMS.get(place - TABLE.len()).map(|dialect| (dialect.id, dialect.title)),
    }
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
    /// How much it tells: [`PROOF`] and more make a finding; weaker tokens of one flow are added up, each counted once.
    pub weight: u8,
    /// What was said.
    pub said: Said,
    /// Passwords, to be masked before anything is written down: parts of the object as they were sent. Members whose
    /// name says so need not be among them.
    pub secrets: Vec<&'a [u8]>,
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

/// The first member of this name.
fn member<'a, 's>(object: Value<'a, 's>, key: &str) -> Option<Value<'a, 's>> {
    members(object, key).next()
}

/// The strings under `key` of an object.
fn strings<'a>(object: Value<'a, '_>, key: &str) -> impl Iterator<Item = Str<'a>> {
    members(object, key).filter_map(|value| value.as_str())
}

/// The first string under `key` of an object.
fn string<'a>(object: Value<'a, '_>, key: &str) -> Option<Str<'a>> {
    strings(object, key).next()
}

/// The first number under `key` of an object.
fn number(object: Value<'_, '_>, key: &str) -> Option<f64> {
    members(object, key).find_map(|value| value.as_f64())
}

/// All that an object calls: every string under `method`.
#[derive(Clone, Copy)]
struct Called<'a, 's>(Value<'a, 's>);

impl Called<'_, '_> {
    /// Whether one of them is this.
    fn eq_str(self, name: &str) -> bool {
        strings(self.0, "method").any(|method| method.eq_str(name))
    }
}

/// What the object calls, if it calls anything.
fn method<'a, 's>(object: Value<'a, 's>) -> Option<Called<'a, 's>> {
    string(object, "method").map(|_| Called(object))
}

/// What is heard in a call: each of the object's methods with each of its parameters is one. Without a method it is
/// `None`, without parameters they are.
fn calls<'a, 's>(
    object: Value<'a, 's>,
    hear: impl Fn(Str<'a>, Option<Value<'a, 's>>) -> Option<Heard<'a>>,
) -> Option<Option<Heard<'a>>> {
    method(object)?;
    let with = |name| members(object, "params").find_map(|parameters| hear(name, Some(parameters)));
    let heard = strings(object, "method").find_map(|name| with(name).or_else(|| hear(name, None)));
    Some(heard)
}

/// The parameters of a call of this name, where they are a list.
fn list<'a, 's>(object: Value<'a, 's>, name: &str) -> Option<Value<'a, 's>> {
    method(object).filter(|called| called.eq_str(name))?;
    members(object, "params").find(Value::is_array)
}

/// The parameters of a call of this name, where they are a list or an object.
fn parameters<'a, 's>(object: Value<'a, 's>, name: &str) -> Option<Value<'a, 's>> {
    method(object).filter(|called| called.eq_str(name))?;
    members(object, "params").find(|given| given.is_array() || given.is_object())
}

/// Whether a list holds a string that begins so.
fn mentions(list: Value<'_, '_>, start: &str) -> bool {
    list.items().filter_map(|item| item.as_str()).any(|text| text.starts_with(start))
}

#[cfg(test)]
mod tests;
