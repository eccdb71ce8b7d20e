//! D20: the agent of BTC.com (PROTOCOLS.md sections 1.6 and 1.9): four lines of JSON, then binary messages.

use super::act::Work;
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, member, mentions, method, stratum_v1, string_at};
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "btccom-agent",
    title: "BTC.com agent",
    coins: "SHA-256 and others of the BTC.com pools",
    tickers: &[],
    section: "1.6, 1.9",
    narrows: Some("stratum-v1"),
    anchors: &["agent.get_capabi", "\"capabilities\"", "mining."],
    tokens: &[CAPABILITIES, CAPABLE, SUBSCRIBE],
    hear,
    work: Some(Work {
        tell: stratum_v1::tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by `mining.set_difficulty`, 2^32 hashes each",
    }),
};

const CAPABILITIES: Token = miner("agent.get_capabilities", SURE, "`[\"verrol\" or \"subres\", ..]`");
const CAPABLE: Token = pool("agent capabilities", PROOF, "result `{capabilities: [\"verrol\" or \"subres\", ..]}`");
const SUBSCRIBE: Token = miner("btccom-agent subscribe", SURE, "`mining.subscribe` `[\"btccom-agent/..\", ..]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    if method(object).is_none() {
        let able = member(member(object, "result")?, "capabilities")?;
        return is_able(able).then(|| Heard::new(CAPABLE));
    }
    if let Some(wanted) = list(object, CAPABILITIES.name) {
        return is_able(wanted).then(|| Heard::new(CAPABILITIES));
    }
    let greeting = list(object, "mining.subscribe")?;
    let named = string_at(greeting, 0)?.starts_with("btccom-agent");
    named.then(|| stratum_v1::subscribe(SUBSCRIBE, greeting))
}

/// Whether the list names what only these agents do.
fn is_able(words: Value<'_, '_>) -> bool {
    mentions(words, "verrol") || mentions(words, "subres")
}
