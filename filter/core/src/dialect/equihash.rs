//! D7: Equihash over stratum (ZIP-301; PROTOCOLS.md section 1.7).

use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, string_at};
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "equihash",
    title: "Equihash stratum",
    coins: "ZEC, ZEN, FLUX, BTG, BTCZ, KMD, VRSC, ARRR",
    section: "1.7",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY, SUBMIT, SUBSCRIBE],
    hear,
};

const NOTIFY: Token =
    pool("Equihash notify", SURE, "`mining.notify` `[job, 8 hex version, 3 x 64 hex, 8 hex, 8 hex, bool, ..]`");
const SUBMIT: Token =
    miner("Equihash submit", SURE, "`mining.submit` `[login, job, 8 hex, hex nonce, solution of a known size]`");
const SUBSCRIBE: Token =
    miner("ZIP-301 subscribe", PROOF, "`mining.subscribe` `[agent, null or session, host, port]`; others borrow it");

/// Solutions: their length in front (one byte, or `fd` and two) and the hexadecimal digits in all.
static SOLUTIONS: &[(&str, usize)] = &[("fd4005", 2694), ("fd8005", 2822), ("fd9001", 806), ("64", 202), ("34", 106)];

/// Personalisations that one coin uses (PROTOCOLS.md section 1.7).
static COINS: &[(&str, &str)] = &[("BgoldPoW", "BTG"), ("BitcoinZ", "BTCZ"), ("ZelProof", "FLUX")];

/// Software that greets so whatever it mines.
static GENERAL: &[&str] = &["gminer", "kawpowminer"];

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Flag, Hex, HexOf, Numeral, Text};
    if let Some(job) = list(object, "mining.notify") {
        let shaped = shape::begins(job, &[Any, Hex(8), Hex(64), Hex(64), Hex(64), Hex(8), Hex(8), Flag]);
        // The parameters and the personalisation, in either order.
        let words = [8, 9].into_iter().filter_map(|place| string_at(job, place));
        return shaped.then(|| words.fold(Heard::new(NOTIFY), personal));
    }
    if let Some(share) = list(object, "mining.submit") {
        let shaped = shape::is(share, &[Text, Any, Hex(8), HexOf(8, 64), Text]);
        let solved = shaped && string_at(share, 4).is_some_and(is_solution);
        return solved.then(|| Heard::new(SUBMIT).login(string_at(share, 0)));
    }
    let greeting = list(object, "mining.subscribe")?;
    let session = greeting.index(1)?;
    let shaped = shape::is(greeting, &[Text, Any, Text, Numeral]) && (session.is_null() || session.as_str().is_some());
    let agent = string_at(greeting, 0)?;
    let lower = super::bounded(agent).to_ascii_lowercase();
    let general = GENERAL.iter().any(|name| lower.starts_with(name));
    (shaped && !general).then(|| Heard::new(SUBSCRIBE).agent(Some(agent)))
}

fn personal<'a>(heard: Heard<'a>, text: Str<'a>) -> Heard<'a> {
    match COINS.iter().find(|(name, _)| text.eq_str(name)) {
        Some((_, coin)) => heard.coin(coin),
        None => heard,
    }
}

fn is_solution(text: Str<'_>) -> bool {
    SOLUTIONS.iter().any(|(length, digits)| text.starts_with(length) && text.is_hex(*digits))
}
