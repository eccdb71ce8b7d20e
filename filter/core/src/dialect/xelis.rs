//! D16: Xelis (PROTOCOLS.md section 1.8). The rig is named between the wallet and the password.

use super::act::Work;
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, mentions, stratum_v1, string_at};
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "xelis",
    title: "Xelis stratum",
    coins: "XEL",
    tickers: &["XEL"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY, AUTHORIZE, PRINT],
    hear,
    work: Some(Work {
        tell: stratum_v1::tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by `mining.set_difficulty`, a hash each",
    }),
};

const NOTIFY: Token = pool("Xelis notify", SURE, "`mining.notify` with `\"xel/..\"`");
const AUTHORIZE: Token = miner("Xelis authorize", PROOF, "`mining.authorize` `[\"xel:..\", rig, password]`");
const PRINT: Token = pool("mining.print", 60, "a list");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    if let Some(job) = list(object, "mining.notify") {
        return mentions(job, "xel/").then(|| Heard::new(NOTIFY).coin("XEL"));
    }
    if let Some(login) = list(object, "mining.authorize") {
        let paid = string_at(login, 0)?.starts_with("xel:");
        let rig = string_at(login, 2).and_then(|_| string_at(login, 1));
        return paid.then(|| stratum_v1::authorize(AUTHORIZE, login).worker(rig).coin("XEL"));
    }
    list(object, PRINT.name).map(|_| Heard::new(PRINT))
}
