//! D16: Decred (PROTOCOLS.md section 1.6, last lines): stratum v1 with a piece of the header for the coinbase.

use super::act::Work;
use super::shape::{self, Item, hex_digits};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, stratum_v1, string_at};
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "decred",
    title: "Decred stratum",
    coins: "DCR",
    tickers: &["DCR"],
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

const NOTIFY: Token = pool(
    "Decred notify",
    SURE,
    "`mining.notify` `[job, 64 hex, 216 hex, up to 72 hex, [], 8 hex, 8 hex, 8 hex, bool]`",
);
const AUTHORIZE: Token =
    miner("Decred authorize", PROOF, "`mining.authorize` `[address of 35 letters from Ds or Dc, ..]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Flag, Hex, Integers, Text};
    if let Some(job) = list(object, "mining.notify") {
        // The end of a Bitcoin coinbase, its outputs, never fits 40 bytes.
        let shape = [Any, Hex(64), Hex(216), Text, Integers(0), Hex(8), Hex(8), Hex(8), Flag];
        let short = hex_digits(string_at(job, 3)?)? <= 72;
        return (shape::is(job, &shape) && short).then(|| Heard::new(NOTIFY).coin("DCR"));
    }
    let login = list(object, "mining.authorize")?;
    is_address(string_at(login, 0)?).then(|| stratum_v1::authorize(AUTHORIZE, login).coin("DCR"))
}

fn is_address(login: Str<'_>) -> bool {
    let address = login.chars().take_while(char::is_ascii_alphanumeric).count();
    address == 35 && (login.starts_with("Ds") || login.starts_with("Dc"))
}
