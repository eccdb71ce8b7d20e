//! D1: stratum v1 (PROTOCOLS.md section 1.6), and whatever borrows its `mining.` methods.

use super::Speaker::{Miner, Pool};
use super::{Dialect, Heard, PROOF, Speaker, method, string_at};
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
    match method(object) {
        Some(name) => call(object, name),
        None => subscription(object),
    }
}

/// A call: one of the methods, with an array of parameters.
fn call<'a>(object: Value<'a, '_>, name: Str<'a>) -> Option<Heard<'a>> {
    if name.eq_str(CAPABILITIES) {
        let asked = |word: Str<'_>| word.eq_str("verrol") || word.eq_str("subres");
        let mining = object.get("params")?.items().filter_map(|word| word.as_str()).any(asked);
        return mining.then(|| Heard::new(Miner, CAPABILITIES, PROOF));
    }
    let (token, speaker) = METHODS.iter().copied().find(|(method, _)| name.eq_str(method))?;
    let parameters = object.get("params")?;
    if !parameters.is_array() {
        return None;
    }
    let heard = Heard::new(speaker, token, PROOF);
    Some(match token {
        "mining.subscribe" => heard.agent(string_at(parameters, 0)),
        "mining.authorize" => heard.login(string_at(parameters, 0)).secret(string_at(parameters, 1)),
        "mining.submit" => heard.login(string_at(parameters, 0)),
        _ => heard,
    })
}

/// The reply to `mining.subscribe`: `[[["mining.notify","<id>"], ...], "<extranonce1>", n]`, or with the inner pair alone.
fn subscription<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let subscriptions = object.get("result")?.index(0)?;
    let names = |pair: Value<'_, '_>| {
        string_at(pair, 0).is_some_and(|name| name.eq_str("mining.notify") || name.eq_str("mining.set_difficulty"))
    };
    let found = names(subscriptions) || subscriptions.items().any(names);
    found.then(|| Heard::new(Pool, "mining.notify subscription", PROOF))
}
