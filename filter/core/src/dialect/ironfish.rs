//! D14: Iron Fish (FishHash; PROTOCOLS.md section 1.8). The methods of stratum with `body` for `params`.

use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, member, method, string};
use crate::finding::Word;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "ironfish",
    title: "Iron Fish stratum",
    coins: "IRON",
    tickers: &["IRON"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: METHODS,
    hear,
};

/// The methods, each with an object under `body`; the last one may come without.
static METHODS: &[Token] = &[
    miner("Iron Fish mining.subscribe", SURE, "`body` `{version, agent, publicAddress, ..}`"),
    pool("Iron Fish mining.subscribed", SURE, "`body` `{clientId, graffiti, ..}`"),
    pool("Iron Fish mining.set_target", SURE, "`body` `{target}`"),
    pool("Iron Fish mining.notify", SURE, "`body` `{miningRequestId, header}`"),
    miner("Iron Fish mining.submit", SURE, "`body` `{miningRequestId, randomness, ..}`"),
    pool("Iron Fish mining.submitted", SURE, "`body` `{id, result, ..}`"),
    miner("Iron Fish mining.wait_for_work", PROOF, "with `body` or without"),
];

/// What stands in front of a method's name in its token's.
const NAME: &str = "Iron Fish ";

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let name = method(object)?;
    let token = *METHODS.iter().find(|token| token.name.strip_prefix(NAME).is_some_and(|known| name.eq_str(known)))?;
    let body = member(object, "body").filter(Value::is_object);
    if name.eq_str("mining.wait_for_work") {
        return Some(Heard::new(token).coin("IRON"));
    }
    let body = body?;
    let heard = Heard::new(token).coin("IRON");
    if !name.eq_str("mining.subscribe") {
        return Some(heard.value(Word::Target, member(body, "target")));
    }
    let heard = heard.login(string(body, "publicAddress")).agent(string(body, "agent")).worker(string(body, "name"));
    Some(heard.coin("IRON"))
}
