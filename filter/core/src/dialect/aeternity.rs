//! D16: Aeternity (Cuckaroo29; PROTOCOLS.md section 1.8).

use super::act::{self, Work};
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, stratum_v1, string_at};
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "aeternity",
    title: "Aeternity stratum",
    coins: "AE",
    tickers: &["AE"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY, SUBMIT, AUTHORIZE],
    hear,
    work: Some(Work {
        tell: act::stratum_unmeasured,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; not measured",
    }),
};

const NOTIFY: Token = pool("Aeternity notify", SURE, "`mining.notify` `[job, version, 64 hex, bool]`");
const SUBMIT: Token = miner("Aeternity submit", SURE, "`mining.submit` `[login, job, nonce, 42 edges]`");
const AUTHORIZE: Token = miner("Aeternity authorize", PROOF, "`mining.authorize` `[\"ak_..\", ..]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Flag, Hex, HexOf, Integers, Number, Text};
    if let Some(job) = list(object, "mining.notify") {
        let shaped =
            shape::is(job, &[Any, HexOf(1, 8), Hex(64), Flag]) || shape::is(job, &[Any, Number, Hex(64), Flag]);
        return shaped.then(|| Heard::new(NOTIFY).coin("AE"));
    }
    if let Some(share) = list(object, "mining.submit") {
        let shaped = shape::is(share, &[Text, Any, Text, Integers(42)]) || is_in_text(share);
        return shaped.then(|| Heard::new(SUBMIT).login(string_at(share, 0)).coin("AE"));
    }
    let login = list(object, "mining.authorize")?;
    let paid = string_at(login, 0)?.starts_with("ak_");
    paid.then(|| stratum_v1::authorize(AUTHORIZE, login).coin("AE"))
}

/// The edges as hexadecimal strings.
fn is_in_text(share: Value<'_, '_>) -> bool {
    let Some(edges) = share.index(3) else { return false };
    shape::is(share, &[Item::Text, Item::Any, Item::Text, Item::Any]) && shape::is(edges, &[Item::HexOf(1, 8); 42])
}
