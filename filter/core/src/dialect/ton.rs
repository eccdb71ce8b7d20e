//! D16: TON (PROTOCOLS.md section 1.8), in WebSocket messages mostly.

use super::act::{self, Act, Key, Work};
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, member, method, stratum_v1, string_at};
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "ton",
    title: "TON stratum",
    coins: "TON",
    tickers: &["TON"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[TARGET, NOTIFY, SUBSCRIBE, AUTHORIZE, SUBMIT],
    hear,
    work: Some(Work { tell, form: "targets handed out as jobs, shares, replies; not measured" }),
};

const TARGET: Token = pool("TON set_target", SURE, "`mining.set_target` `[seed, expire, giver, wallet]`");
const NOTIFY: Token = pool("TON notify", SURE, "`mining.notify` `[\"expire\", n]`");
const SUBSCRIBE: Token = miner("TON subscribe", PROOF, "`mining.subscribe` `[agent, null, null, null]`");
const AUTHORIZE: Token =
    miner("TON authorize", PROOF, "`mining.authorize` `[address of 48 letters from EQ, UQ, kQ or 0Q, rig]`");
const SUBMIT: Token = miner("TON submit", SURE, "`mining.submit` `[expired, rdata, rseed, null]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Null, Number, Text};
    if let Some(target) = list(object, "mining.set_target") {
        return shape::is(target, &[Text; 4]).then(|| Heard::new(TARGET).coin("TON"));
    }
    if let Some(news) = list(object, "mining.notify") {
        let shaped = shape::is(news, &[Text, Number]) && string_at(news, 0)?.eq_str("expire");
        return shaped.then(|| Heard::new(NOTIFY).coin("TON"));
    }
    if let Some(greeting) = list(object, "mining.subscribe") {
        let shaped = shape::is(greeting, &[Text, Null, Null, Null]);
        return shaped.then(|| stratum_v1::subscribe(SUBSCRIBE, greeting));
    }
    if let Some(share) = list(object, "mining.submit") {
        return shape::is(share, &[Any, Text, Text, Null]).then(|| Heard::new(SUBMIT).coin("TON"));
    }
    let login = list(object, "mining.authorize")?;
    let address = string_at(login, 0).filter(|word| is_address(*word))?;
    let rig = string_at(login, 1);
    Some(Heard::new(AUTHORIZE).login(Some(address)).worker(rig).coin("TON"))
}

fn is_address(word: Str<'_>) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let begins = ["EQ", "UQ", "kQ", "0Q"].iter().any(|start| word.starts_with(start));
    begins && word.len_decoded() == 48 && word.chars().all(is_letter)
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    if list(object, "mining.set_target").is_some() {
        act(Act::Job { id: None, share: None });
    } else if list(object, "mining.submit").is_some() {
        act(Act::Offer { request: Key::of(member(object, "id")), job: None });
    } else if method(object).is_none() {
        act::reply(object, act);
    }
}
