//! D16: Aleo (PROTOCOLS.md section 1.8).

use super::act::{self, Work};
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, member, mentions, method, stratum_v1, string_at};
use crate::finding::Word;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "aleo",
    title: "Aleo stratum",
    coins: "ALEO",
    tickers: &["ALEO"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining.", "AleoStratum"],
    tokens: &[SUBSCRIBE, SUBSCRIBED, AUTHORIZE, TARGET],
    hear,
    work: Some(Work {
        tell: act::stratum_unmeasured,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; not measured",
    }),
};

const PROTOCOL: &str = "AleoStratum/";
const SUBSCRIBE: Token = miner("AleoStratum subscribe", SURE, "`mining.subscribe` with `\"AleoStratum/..\"`");
const SUBSCRIBED: Token = pool("AleoStratum subscription", SURE, "result with `\"AleoStratum/..\"`");
const AUTHORIZE: Token = miner("Aleo authorize", PROOF, "`mining.authorize` `[\"aleo1..\", ..]`");
const TARGET: Token = pool("mining.set_target with a number", PROOF, "`mining.set_target` `[n]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    if method(object).is_none() {
        return mentions(member(object, "result")?, PROTOCOL).then(|| Heard::new(SUBSCRIBED).coin("ALEO"));
    }
    if let Some(greeting) = list(object, "mining.subscribe") {
        return mentions(greeting, PROTOCOL).then(|| stratum_v1::subscribe(SUBSCRIBE, greeting).coin("ALEO"));
    }
    if let Some(target) = list(object, "mining.set_target") {
        return shape::is(target, &[Item::Number]).then(|| Heard::new(TARGET).value(Word::Target, target.index(0)));
    }
    let login = list(object, "mining.authorize")?;
    let paid = string_at(login, 0)?.starts_with("aleo1");
    paid.then(|| stratum_v1::authorize(AUTHORIZE, login).coin("ALEO"))
}
