//! D14: Iron Fish (FishHash; PROTOCOLS.md section 1.8). The methods of stratum with `body` for `params`.

use super::act::{self, Act, Key, Work};
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
    work: Some(Work {
        tell,
        form: "jobs, shares, `mining.submitted`; measured by `mining.set_target`: 2^256 / target",
    }),
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

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let (Some(name), Some(body)) = (method(object), member(object, "body").filter(Value::is_object)) else { return };
    let job = Key::of(member(body, "miningRequestId"));
    if name.eq_str("mining.notify") {
        act(Act::Job { id: job, share: None });
    } else if name.eq_str("mining.set_target") {
        act::target(string(body, "target")).into_iter().for_each(|share| act(Act::Target(share)));
    } else if name.eq_str("mining.submit") {
        act(Act::Offer { request: Key::of(member(object, "id")), job });
    } else if name.eq_str("mining.submitted") {
        let is_accepted = member(body, "result").and_then(|result| result.as_bool()).unwrap_or_default();
        act(Act::Reply { request: Key::of(member(body, "id")), is_accepted });
    }
}
