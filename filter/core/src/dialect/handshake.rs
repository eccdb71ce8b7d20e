//! D16: Handshake (PROTOCOLS.md section 1.8).

use super::act::Work;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, stratum_v1, string_at};
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "handshake",
    title: "Handshake stratum",
    coins: "HNS",
    tickers: &["HNS"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY, AUTHORIZE],
    hear,
    work: Some(Work {
        tell: stratum_v1::tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by `mining.set_difficulty`, 2^32 hashes each",
    }),
};

const NOTIFY: Token = pool(
    "Handshake notify",
    SURE,
    "`mining.notify` `[job, 5 x 64 hex (previous, merkle, witness, tree, reserved), 8 hex, 8 hex, 8 hex, ..]`",
);
const AUTHORIZE: Token = miner("Handshake authorize", PROOF, "`mining.authorize` `[\"hs1q..\", ..]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Hex};
    if let Some(job) = list(object, "mining.notify") {
        let roots = [Any, Hex(64), Hex(64), Hex(64), Hex(64), Hex(64), Hex(8), Hex(8), Hex(8)];
        return shape::begins(job, &roots).then(|| Heard::new(NOTIFY).coin("HNS"));
    }
    let login = list(object, "mining.authorize")?;
    let paid = string_at(login, 0)?.starts_with("hs1q");
    paid.then(|| stratum_v1::authorize(AUTHORIZE, login).coin("HNS"))
}
