//! D8: Kaspa and its forks (PROTOCOLS.md section 1.8).

use super::act::Work;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, member, mentions, stratum_v1, string_at};
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "kaspa",
    title: "Kaspa stratum",
    coins: "KAS, KLS, PYI, SPR, NXL, HTN",
    tickers: &["KAS", "KLS", "PYI", "SPR", "NXL", "HTN"],
    section: "1.8",
    narrows: Some("ethereum-stratum-1"),
    anchors: &["mining.", "set_extranonce", "EthereumStratum", "KaspaStratum"],
    tokens: &[NOTIFY, NOTIFY_HEX, SUBSCRIBE, SUBSCRIBED, AUTHORIZE, SUBMIT, EXTRANONCE],
    hear,
    work: Some(Work {
        tell: stratum_v1::tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by `mining.set_difficulty`, 2^32 hashes each",
    }),
};

const NOTIFY: Token = pool("Kaspa notify", SURE, "`mining.notify` `[job, [4 integers], time]`");
const NOTIFY_HEX: Token = pool("Kaspa notify in hexadecimal", SURE, "`mining.notify` `[job, 80 hex]`");
const SUBSCRIBE: Token = miner("KaspaStratum subscribe", SURE, "`mining.subscribe` with `\"KaspaStratum/..\"`");
const SUBSCRIBED: Token =
    pool("Kaspa subscription", PROOF, "result `[true, \"EthereumStratum/..\"]` or `\"KaspaStratum/..\"`");
const AUTHORIZE: Token = miner("Kaspa authorize", PROOF, "`mining.authorize` `[\"kaspa:..\", ..]` or a fork's address");
const SUBMIT: Token = miner("Kaspa submit", PROOF, "`mining.submit` `[login, job, 0x 16 hex]`");
const EXTRANONCE: Token = pool("set_extranonce", 50, "`[hex, n]`");

/// How the addresses begin (PROTOCOLS.md section 2.6).
static PREFIXES: &[(&str, &str)] = &[
    ("hoosat:", "HTN"),
    ("karlsen:", "KLS"),
    ("kaspa:", "KAS"),
    ("nexellia:", "NXL"),
    ("pyrin:", "PYI"),
    ("spectre:", "SPR"),
];

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Hex, Hex0x, HexOf, Integers, Number, Numeral, Text};
    if let Some(job) = list(object, "mining.notify") {
        if shape::is(job, &[Any, Integers(4), Numeral]) {
            return Some(Heard::new(NOTIFY));
        }
        return shape::is(job, &[Any, Hex(80)]).then(|| Heard::new(NOTIFY_HEX));
    }
    if let Some(greeting) = list(object, "mining.subscribe") {
        return mentions(greeting, "KaspaStratum/").then(|| stratum_v1::subscribe(SUBSCRIBE, greeting));
    }
    if let Some(login) = list(object, "mining.authorize") {
        let coin = coin(login)?;
        return Some(stratum_v1::authorize(AUTHORIZE, login).coin(coin));
    }
    if let Some(share) = list(object, "mining.submit") {
        let shaped = shape::is(share, &[Text, Any, Hex0x(16)]);
        let heard = || Heard::new(SUBMIT).login(string_at(share, 0));
        return shaped.then(|| coin(share).map_or_else(heard, |coin| heard().coin(coin)));
    }
    if let Some(parameters) = list(object, "set_extranonce") {
        return shape::is(parameters, &[HexOf(2, 16), Number]).then(|| Heard::new(EXTRANONCE));
    }
    let result = member(object, "result")?;
    let named = mentions(result, "EthereumStratum/") || mentions(result, "KaspaStratum/");
    (named && result.index(0)?.as_bool() == Some(true)).then(|| Heard::new(SUBSCRIBED))
}

/// The coin whose address the login begins with.
fn coin(parameters: Value<'_, '_>) -> Option<&'static str> {
    let login = string_at(parameters, 0)?;
    PREFIXES.iter().find(|(prefix, _)| login.starts_with(prefix)).map(|(_, coin)| *coin)
}
