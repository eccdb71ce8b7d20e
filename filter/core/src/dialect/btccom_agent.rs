//! D20: the agent of BTC.com (PROTOCOLS.md sections 1.6 and 1.9): four lines of JSON, then binary messages.

use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, mentions, method, stratum_v1, string_at};
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "btccom-agent",
    title: "BTC.com agent",
    coins: "SHA-256 and others of the BTC.com pools",
    section: "1.6, 1.9",
    narrows: Some("stratum-v1"),
    anchors: &["agent.get_capabi", "\"capabilities\"", "mining."],
    tokens: &[CAPABILITIES, CAPABLE, SUBSCRIBE],
    hear,
};

const CAPABILITIES: Token = miner("agent.get_capabilities", SURE, "a list");
const CAPABLE: Token = pool("agent capabilities", PROOF, "result `{capabilities: [\"verrol\" or \"subres\", ..]}`");
const SUBSCRIBE: Token = miner("btccom-agent subscribe", SURE, "`mining.subscribe` `[\"btccom-agent/..\", ..]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    if method(object).is_none() {
        let able = object.get("result")?.get("capabilities")?;
        return (mentions(able, "verrol") || mentions(able, "subres")).then(|| Heard::new(CAPABLE));
    }
    if list(object, CAPABILITIES.name).is_some() {
        return Some(Heard::new(CAPABILITIES));
    }
    let greeting = list(object, "mining.subscribe")?;
    let named = string_at(greeting, 0)?.starts_with("btccom-agent");
    named.then(|| stratum_v1::subscribe(SUBSCRIBE, greeting))
}
