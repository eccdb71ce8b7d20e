//! D4: EthereumStratum/1.0.0 (PROTOCOLS.md section 1.4), and the older stratum of ethash with whole targets (1.3).

use super::act::{self, Act, Work};
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, member, mentions, stratum_v1, string, string_at};
use crate::finding::Word;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "ethereum-stratum-1",
    title: "EthereumStratum/1.0.0",
    coins: "ethash and etchash coins",
    tickers: &["ETH", "ETC", "ETHW", "OCTA", "UBQ"],
    section: "1.4, 1.3",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[SUBSCRIBE, SUBSCRIBED, NOTIFY, NOTIFY_TARGET, SUBMIT, SUBMIT_MIX],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by the target in the job, or `mining.set_difficulty`, 2^32 hashes each",
    }),
};

const PROTOCOL: &str = "EthereumStratum/1";
const SUBSCRIBE: Token =
    miner("EthereumStratum/1 subscribe", PROOF, "`mining.subscribe` `[agent, \"EthereumStratum/1.0.0\"]`");
const SUBSCRIBED: Token =
    pool("EthereumStratum/1 subscription", PROOF, "result `[[\"mining.notify\", id, \"EthereumStratum/1.0.0\"], hex]`");
const NOTIFY: Token = pool("ethash notify", SURE, "`mining.notify` `[job, 64 hex, 64 hex, bool]`");
const NOTIFY_TARGET: Token = pool(
    "ethash notify with target",
    SURE,
    "`mining.notify` `[job, 64 hex, 64 hex, 64 hex, bool]`, with or without `0x`",
);
const SUBMIT: Token = miner("ethash submit", PROOF, "`mining.submit` `[0x address.., job, 10 to 16 hex]`");
const SUBMIT_MIX: Token = miner(
    "ethash submit with mix",
    PROOF,
    "`mining.submit` `[login, job, 0x 16 hex, 0x 64 hex, 0x 64 hex]` with `worker` beside it",
);

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    if let Some(parameters) = list(object, "mining.subscribe") {
        return mentions(parameters, PROTOCOL).then(|| stratum_v1::subscribe(SUBSCRIBE, parameters));
    }
    if let Some(parameters) = list(object, "mining.notify") {
        return notify(parameters);
    }
    if let Some(parameters) = list(object, "mining.submit") {
        return submit(object, parameters);
    }
    let pair = member(object, "result")?.index(0)?;
    let named = string_at(pair, 0)?.eq_str("mining.notify") && mentions(pair, PROTOCOL);
    named.then(|| Heard::new(SUBSCRIBED))
}

fn notify<'a>(parameters: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Flag, Hex, Hex0x, Text};
    if shape::is(parameters, &[Text, Hex(64), Hex(64), Flag]) {
        return Some(Heard::new(NOTIFY));
    }
    let whole = shape::is(parameters, &[Text, Hex(64), Hex(64), Hex(64), Flag])
        || shape::is(parameters, &[Text, Hex0x(64), Hex0x(64), Hex0x(64), Flag]);
    whole.then(|| Heard::new(NOTIFY_TARGET).value(Word::Target, parameters.index(3)))
}

fn submit<'a>(object: Value<'a, '_>, parameters: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Hex0x, HexOf, Text};
    let user = string_at(parameters, 0);
    let paid = user.is_some_and(|user| user.starts_with("0x"));
    if paid && shape::is(parameters, &[Text, Text, HexOf(10, 16)]) {
        return Some(Heard::new(SUBMIT).login(user));
    }
    let worker = string(object, "worker")?;
    let mixed = shape::is(parameters, &[Text, Text, Hex0x(16), Hex0x(64), Hex0x(64)]);
    mixed.then(|| Heard::new(SUBMIT_MIX).login(user).worker(Some(worker)))
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let has_target = |job: Value<'_, '_>| job.count() == 5;
    act::stratum(object, |job| act::target(string_at(job, 3).filter(|_| has_target(job))), act);
}
