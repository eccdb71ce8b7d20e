//! D16: Kadena (Blake2s; PROTOCOLS.md section 1.8).

use super::act::{self, Work};
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, stratum_v1, string_at};
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "kadena",
    title: "Kadena stratum",
    coins: "KDA",
    tickers: &["KDA"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY, AUTHORIZE],
    hear,
    work: Some(Work {
        tell: act::stratum_unmeasured,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; not measured",
    }),
};

/// Hexadecimal digits of a block header of 286 bytes.
const HEADER: usize = 572;

const NOTIFY: Token = pool("Kadena notify", SURE, "`mining.notify` `[job, 572 hex header, bool]`");
const AUTHORIZE: Token = miner("Kadena authorize", PROOF, "`mining.authorize` `[\"k:\" and 64 hex, ..]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    if let Some(job) = list(object, "mining.notify") {
        let shaped = shape::is(job, &[Item::Any, Item::Hex(HEADER), Item::Flag]);
        return shaped.then(|| Heard::new(NOTIFY).coin("KDA"));
    }
    let login = list(object, "mining.authorize")?;
    let mut letters = string_at(login, 0)?.chars();
    let named = letters.next() == Some('k') && letters.next() == Some(':');
    let key = letters.take_while(|letter| !matches!(letter, '.' | '/' | '@')).take(65);
    let is_key = named && key.filter(char::is_ascii_hexdigit).count() == 64;
    is_key.then(|| stratum_v1::authorize(AUTHORIZE, login).coin("KDA"))
}
