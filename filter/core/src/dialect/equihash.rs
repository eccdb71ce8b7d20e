//! D7: Equihash over stratum (ZIP-301; PROTOCOLS.md section 1.7).

use alloc::string::String;

use super::act::Work;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, bounded, list, stratum_v1, string_at};
use crate::finding::Word;
use crate::wallet::coin;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "equihash",
    title: "Equihash stratum",
    coins: "ZEC, ZEN, FLUX, BTG, BTCZ, KMD, VRSC, ARRR",
    tickers: &["ZEC", "ZEN", "FLUX", "BTG", "BTCZ", "KMD", "VRSC", "ARRR"],
    section: "1.7",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY, SUBMIT, SUBSCRIBE],
    hear,
    work: Some(Work {
        tell: stratum_v1::tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by `mining.set_target`: 2^256 / target solutions",
    }),
};

const NOTIFY: Token =
    pool("Equihash notify", SURE, "`mining.notify` `[job, 8 hex version, 3 x 64 hex, 8 hex, 8 hex, bool, ..]`");
const SUBMIT: Token =
    miner("Equihash submit", SURE, "`mining.submit` `[login, job, 8 hex, hex nonce, solution of a known size]`");
const SUBSCRIBE: Token =
    miner("ZIP-301 subscribe", PROOF, "`mining.subscribe` `[agent, null or session, host, port]`; others borrow it");

/// Solutions: their length in front (one byte, or `fd` and two) and the hexadecimal digits in all.
static SOLUTIONS: &[(&str, usize)] = &[("fd4005", 2694), ("fd8005", 2822), ("fd9001", 806), ("64", 202), ("34", 106)];

/// Software that greets so whatever it mines.
static GENERAL: &[&str] = &["gminer", "kawpowminer"];

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Flag, Hex, HexOf, Numeral, Text};
    if let Some(job) = list(object, "mining.notify") {
        let shaped = shape::begins(job, &[Any, Hex(8), Hex(64), Hex(64), Hex(64), Hex(8), Hex(8), Flag]);
        return shaped.then(|| personal(Heard::new(NOTIFY), job));
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
    let lower = bounded(agent).to_ascii_lowercase();
    let general = GENERAL.iter().any(|name| lower.starts_with(name));
    (shaped && !general).then(|| Heard::new(SUBSCRIBE).agent(Some(agent)))
}

/// Notes the algorithm by its personalisation or by the size of its graph, in either order: by what fewer coins use; and the
/// coin where only one does.
fn personal<'a>(heard: Heard<'a>, job: Value<'a, '_>) -> Heard<'a> {
    let known = |name: &String| !coin::of_algorithm(name).is_empty();
    let names = [8, 9].into_iter().filter_map(|at| string_at(job, at)).map(bounded).filter(known);
    let Some(name) = names.min_by_key(|name| coin::of_algorithm(name).len()) else { return heard };
    let heard = heard.note(Word::Algorithm, Some(&name));
    match coin::of_algorithm(&name) {
        [coin] => heard.coin(coin),
        _ => heard,
    }
}

fn is_solution(text: Str<'_>) -> bool {
    SOLUTIONS.iter().any(|(length, digits)| text.starts_with(length) && text.is_hex(*digits))
}
