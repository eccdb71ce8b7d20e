//! D1: stratum v1 (PROTOCOLS.md section 1.6), and whatever borrows its `mining.` methods.

use super::Speaker::{Miner, Pool};
use super::{Dialect, Heard, PROOF, Speaker, bounded, calls, members, string_at};
use crate::wallet::login;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "stratum-v1",
    title: "Stratum v1",
    coins: "SHA-256, scrypt, X11, X16R, Lyra2, yespower, ghostrider, Equihash, KawPow and most others",
    anchors: &["mining.", "agent.get_"],
    hear,
};

/// The methods nothing else uses, and who calls them.
static METHODS: &[(&str, Speaker)] = &[
    ("mining.authorize", Miner),
    ("mining.configure", Miner),
    ("mining.extranonce.subscribe", Miner),
    ("mining.get_transactions", Miner),
    ("mining.multi_version", Miner),
    ("mining.notify", Pool),
    ("mining.set_difficulty", Pool),
    ("mining.set_extranonce", Pool),
    ("mining.set_target", Pool),
    ("mining.set_version_mask", Pool),
    ("mining.submit", Miner),
    ("mining.subscribe", Miner),
    ("mining.suggest_difficulty", Miner),
    ("mining.suggest_target", Miner),
];

/// The first line of BTCAgent, which speaks for a whole farm (PROTOCOLS.md section 1.6).
const CAPABILITIES: &str = "agent.get_capabilities";

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    calls(object, call).unwrap_or_else(|| subscription(object))
}

/// A call: one of the methods, with parameters. Those borrow the methods that give an object instead of an array.
fn call<'a>(name: Str<'a>, parameters: Option<Value<'a, '_>>) -> Option<Heard<'a>> {
    if name.eq_str(CAPABILITIES) {
        let asked = |word: Str<'_>| word.eq_str("verrol") || word.eq_str("subres");
        let mining = parameters?.items().filter_map(|word| word.as_str()).any(asked);
        return mining.then(|| Heard::new(Miner, CAPABILITIES, PROOF));
    }
    let (token, speaker) = METHODS.iter().copied().find(|(method, _)| name.eq_str(method))?;
    let parameters = parameters.filter(|parameters| parameters.is_array() || parameters.is_object())?;
    let heard = Heard::new(speaker, token, PROOF);
    let first = string_at(parameters, 0);
    Some(match token {
        "mining.authorize" => heard.login(first).secrets_behind_first(parameters),
        "mining.submit" => heard.login(first),
        // Some dialects log in here.
        "mining.subscribe" if first.is_some_and(is_wallet) => heard.login(first).secrets_behind_first(parameters),
        "mining.subscribe" => heard.agent(first),
        _ => heard,
    })
}

fn is_wallet(word: Str<'_>) -> bool {
    login::read(&bounded(word)).telling
}

/// The reply to `mining.subscribe`: `[[["mining.notify","<id>"], ...], "<extranonce1>", n]`, or with the inner pair alone.
fn subscription<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let subscriptions = members(object, "result").find_map(|result| result.index(0))?;
    let names = |pair: Value<'_, '_>| {
        string_at(pair, 0).is_some_and(|name| name.eq_str("mining.notify") || name.eq_str("mining.set_difficulty"))
    };
    let found = names(subscriptions) || subscriptions.items().any(names);
    found.then(|| Heard::new(Pool, "mining.notify subscription", PROOF))
}
