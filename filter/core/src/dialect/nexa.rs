//! D16: Nexa (PROTOCOLS.md section 1.6, last lines).

use super::act::Work;
use super::heard::whole;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, stratum_v1, string_at};
use crate::finding::Word;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "nexa",
    title: "Nexa stratum",
    coins: "NEXA",
    tickers: &["NEXA"],
    section: "1.6",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY, AUTHORIZE],
    hear,
    work: Some(Work {
        tell: stratum_v1::tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by `mining.set_difficulty`, 2^32 hashes each",
    }),
};

const NOTIFY: Token = pool("Nexa notify", SURE, "`mining.notify` `[job, 64 hex commitment, height, 8 hex bits]`");
const AUTHORIZE: Token = miner("Nexa authorize", PROOF, "`mining.authorize` `[\"nexa:..\", ..]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    if let Some(job) = list(object, "mining.notify") {
        let shaped = shape::is(job, &[Item::Any, Item::Hex(64), Item::Numeral, Item::Hex(8)]);
        let heard = || Heard::new(NOTIFY).coin("NEXA").count(Word::Height, job.index(2).and_then(whole));
        return shaped.then(heard);
    }
    let login = list(object, "mining.authorize")?;
    let paid = string_at(login, 0)?.starts_with("nexa:");
    paid.then(|| stratum_v1::authorize(AUTHORIZE, login).coin("NEXA"))
}
