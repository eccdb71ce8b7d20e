//! The mining protocols: one file and one row of [`TABLE`] each. A dialect hears; it never decides.

use alloc::string::String;

use crate::finding::Said;
use crate::wire::json::{Str, Value};

mod aeternity;
pub mod agent;
mod aleo;
mod alephium;
mod beam;
mod btccom_agent;
mod ckb;
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
mod web_miner;
mod xelis;

pub use kin::{Kin, hear, kin};
pub use token::{PROOF, SURE, Token};

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
    /// Passwords, to be masked before anything is written down.
    pub secrets: [Option<Str<'a>>; 2],
}

impl<'a> Heard<'a> {
    const fn new(token: Token) -> Self {
        let said = Said { coin: None, wallet: None, worker: None, agent: None };
        Self { speaker: token.speaker, token: token.name, weight: token.weight, said, secrets: [None, None] }
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

    /// The coin this dialect is spoken for, whatever the login asks to be paid in.
    fn coin(mut self, coin: &str) -> Self {
        self.said.coin = Some(coin.into());
        self
    }

    /// The rig, where it is named beside the login; otherwise the login's stays.
    fn worker(mut self, worker: Option<Str<'a>>) -> Self {
        self.said.worker = worker.map(bounded).filter(|worker| !worker.is_empty()).or(self.said.worker);
        self
    }

    fn secret(mut self, secret: Option<Str<'a>>) -> Self {
        self.secrets = [secret, None];
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

/// The string under `key` of an object.
fn string<'a>(object: Value<'a, '_>, key: &str) -> Option<Str<'a>> {
    object.get(key)?.as_str()
}

/// The number under `key` of an object.
fn number(object: Value<'_, '_>, key: &str) -> Option<f64> {
    object.get(key)?.as_f64()
}

/// The object's `method`, where it is a string.
fn method<'a>(object: Value<'a, '_>) -> Option<Str<'a>> {
    string(object, "method")
}

/// The parameters of a call of this name, where they are a list.
fn list<'a, 's>(object: Value<'a, 's>, name: &str) -> Option<Value<'a, 's>> {
    parameters(object, name).filter(Value::is_array)
}

/// The parameters of a call of this name.
fn parameters<'a, 's>(object: Value<'a, 's>, name: &str) -> Option<Value<'a, 's>> {
    method(object).filter(|method| method.eq_str(name))?;
    object.get("params")
}

/// Whether a list holds a string that begins so.
fn mentions(list: Value<'_, '_>, start: &str) -> bool {
    list.items().filter_map(|item| item.as_str()).any(|text| text.starts_with(start))
}

#[cfg(test)]
mod tests;
